package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/mlops-runner/mlops/actions/pack"
	"github.com/mlops-runner/mlops/actions/promote"
	"github.com/mlops-runner/mlops/runner"
	"github.com/mlops-runner/mlops/runner/plan"
	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/registry"
)

// A promotion registers the models of a session's run and moves aliases to them,
// when the run is sealed and judged. It is no part of a job: what a step leaves is
// a wish, and neither its container nor its cached result can do more.
type promotion struct {
	app      *app
	session  *session
	registry *registry.Registry
	seen     map[string]map[string]int // model → alias → version, before the run
	run      *record.Run               // with its jobs
	said     []string
	done     []record.Promotion
	told     int                                            // how many of done were told to those who watch
	later    []func(ctx context.Context, unpublished error) // what waits until it is certain that what was done stays
	claims   map[string][]claim                             // by model and alias
	outlet   *outlet                                        // to the shared store

	looked   bool      // whether somebody looked for what was reviewed
	reviewed *reviewed // nil for nothing
	mute     bool      // the forge keeps no deployments of ours
}

// promotes makes ready for the promotions of a run; nil if it has none.
func promotes(a *app, s *session) (*promotion, error) {
	if !slices.ContainsFunc(s.Plan.Nodes, asksToPromote) {
		return nil, nil
	}
	out, err := a.outlet(s.project, s.Store)
	return &promotion{app: a, session: s, registry: registry.Open(s.Store, nil), outlet: out}, err
}

// look notes what the aliases point to as the run begins: by its end the gates have
// judged the model beside that, and not beside what another run may have put there meanwhile.
func (p *promotion) look() error {
	p.seen = map[string]map[string]int{}
	names, err := p.registry.Names()
	for _, name := range names {
		m, readErr := p.registry.Model(name)
		if readErr != nil {
			continue // told when it is to be changed
		}
		p.seen[name] = m.Aliases
	}
	return err
}

func asksToPromote(n *plan.Node) bool {
	return n.Kind == plan.Run && slices.ContainsFunc(n.Steps, func(s plan.Step) bool { return s.Uses == promote.Name || s.Uses == pack.Name })
}

// finish does what the steps of an ended run ask for: first promotions, so that
// what is packed has its number.
func (p *promotion) finish(ctx context.Context, f *runner.Finished) (err error) {
	if p.run, err = (record.Entry{ID: f.Record.ID, Dir: f.Record.Dir}).Load(); err != nil {
		return err
	}
	if err := p.each(ctx, promote.Name, promote.IsRequest, p.claim); err != nil {
		return err
	}
	return errors.Join(p.each(ctx, promote.Name, promote.IsRequest, p.request), p.each(ctx, pack.Name, pack.IsRequest, p.pack))
}

// each does what the steps that use an action ask for.
func (p *promotion) each(ctx context.Context, uses string, asks func(name string) bool, do func(ctx context.Context, job *record.Job, name string) error) (err error) {
	for _, n := range p.session.Plan.Nodes {
		job := p.run.Job(n.ID)
		if n.Kind != plan.Run || job == nil || job.Status != record.Success || !slices.ContainsFunc(n.Steps, func(s plan.Step) bool { return s.Uses == uses }) {
			continue
		}
		if slices.ContainsFunc(n.Steps, func(s plan.Step) bool { return s.Uses == "" }) {
			return fixError{fmt.Errorf("job %s: uses: %s stands beside steps with run:, which could ask in its name", n.ID, uses), "give it a job of its own"}
		}
		for _, kept := range job.Kept {
			if asks(kept.Path) {
				err = errors.Join(err, do(ctx, job, kept.Path))
			}
		}
	}
	return err
}

// asked reads what a step asked for.
func (p *promotion) asked(job *record.Job, name string) ([]byte, error) {
	data, err := keptFile(p.run, p.session.Store, job.ID, name)
	if err != nil {
		return nil, fmt.Errorf("job %s: %w", job.ID, err)
	}
	if data == nil {
		return nil, fixError{fmt.Errorf("job %s: what it asked for is no longer in the record of run %s", job.ID, job.CachedFrom), "run it again: \"mlops run " + job.ID + " --force\""}
	}
	return data, nil
}

// request does what one step asks for.
func (p *promotion) request(ctx context.Context, job *record.Job, name string) error {
	defer func() { p.announce(ctx, nil) }()
	data, err := p.asked(job, name)
	if err != nil {
		return err
	}
	r, err := promote.Parse(data)
	if why := p.undecided(); err == nil && why != "" {
		p.say("%s is not registered: %s", r.Model, why)
		p.note(record.Promotion{Model: r.Model, Alias: r.Alias, Outcome: record.Undecided, DryRun: r.DryRun, Why: why})
		return nil
	}
	var v *registry.Version
	if err == nil {
		v, err = registry.From(p.run, job, strings.TrimPrefix(r.From, "./"))
	}
	if err != nil {
		return cured(fmt.Errorf("job %s: %w", job.ID, err))
	}
	v.Model = r.Model
	work := p.published
	if r.DryRun {
		work = p.tell
	}
	if err = p.contested(r); err == nil {
		if err = checkFormat(ctx, p.session.Store, v, r.Format, r.Allow); err != nil {
			err = fmt.Errorf("job %s: %w", job.ID, err)
		}
	}
	if err == nil {
		err = work(ctx, r, v)
	}
	if err != nil {
		p.note(record.Promotion{Model: r.Model, Alias: r.Alias, Outcome: record.Unpromoted, DryRun: r.DryRun, Why: err.Error()})
		return cured(err)
	}
	return nil
}

// undecided says why nothing can be said of the run's models; "" if all jobs did
// what they should, so that only gates were left to decide, and those were judged.
func (p *promotion) undecided() string {
	switch {
	case p.run.Status != record.Success && (p.run.Status != record.Failure || p.run.Reason != "gate"):
		return "the run did not succeed"
	case len(p.session.Plan.Gates) > 0 && len(p.run.Gates) == 0:
		return "the gates were not judged, since not all jobs ran"
	}
	return ""
}

func (p *promotion) say(format string, args ...any) { p.tellOf(promote.Name, format, args...) }

// tellOf notes what an action came to.
func (p *promotion) tellOf(action, format string, args ...any) {
	p.said = append(p.said, action+": "+foreign(fmt.Sprintf(format, args...)))
}

func (p *promotion) by(reason string) registry.By {
	return registry.By{Actor: p.run.Trigger.Actor, Reason: reason, Run: p.run.ID, RunDigest: p.run.Digest, Gates: p.run.Gates}
}

func (p *promotion) register(ctx context.Context, r promote.Request, v *registry.Version) error {
	v, added, err := p.registry.Register(ctx, *v, p.by(""))
	if err != nil {
		return err
	}
	if added {
		p.say("registered %s@%d, %s", r.Model, v.Version, v.Digest)
		if v.Source.Dirty {
			p.say("%s@%d was made from changes that are in no commit, so nobody can make it again", r.Model, v.Version)
		}
	}
	switch m, err := p.registry.Model(r.Model); {
	case err != nil:
		return err
	case r.Alias != "":
		return p.move(ctx, r, m, v, record.Promotion{Model: r.Model, Alias: r.Alias, Version: v.Version, New: added, Was: m.Aliases[r.Alias]})
	case !added:
		p.say("the model is %s@%d already", r.Model, v.Version)
		p.note(record.Promotion{Model: r.Model, Version: v.Version, Outcome: record.Unchanged})
	default:
		p.note(record.Promotion{Model: r.Model, Version: v.Version, New: true, Outcome: record.Registered})
	}
	return nil
}

// move moves an alias, or says what is against it.
func (p *promotion) move(ctx context.Context, r promote.Request, m *registry.Model, v *registry.Version, one record.Promotion) error {
	if one.Was == one.Version {
		p.say("%s@%d is %s already", r.Model, one.Version, r.Alias)
		one.Outcome = record.Unchanged
		p.note(one)
		p.deployed(one, v, nil)
		return p.vouch(ctx, r.Model, r.Alias)
	}
	line, err := p.compareReviewed(ctx, v, versionName(r.Model, one.Version))
	if err != nil {
		return err
	}
	if one.Why = p.against(r, m, one.Version); one.Why != "" {
		p.say("%s stays at %s, %s@%d is not promoted: %s", r.Alias, versionName(r.Model, one.Was), r.Model, one.Version, one.Why)
		one.Outcome = record.Refused
		p.note(one)
		return p.registry.Reject(ctx, r.Model, r.Alias, one.Version, p.by(one.Why))
	}
	from, err := p.registry.Move(ctx, r.Model, r.Alias, p.seen[r.Model][r.Alias], one.Version, p.by(line))
	if err != nil {
		p.deployed(one, v, err)
		return err
	}
	p.say("%s@%d is %s now, which was %s", r.Model, one.Version, r.Alias, versionName(r.Model, from))
	one.Was, one.Outcome, one.Why = from, record.Moved, line
	p.note(one)
	err = p.vouch(ctx, r.Model, r.Alias)
	p.deployed(one, v, err)
	return err
}

// against says why an alias is not to move to a version; "" if it may. A gate that
// compares with what is not there yet is no reason while the alias points to nothing.
func (p *promotion) against(r promote.Request, m *registry.Model, version int) string {
	for _, g := range p.run.Gates {
		if g.Outcome != runner.GatePassed && (g.Outcome != "no baseline" || m.Aliases[r.Alias] != 0) {
			return fmt.Sprintf("gate %s %s: %s", g.Gate, g.Outcome, g.Detail)
		}
	}
	if p.run.Source.Dirty && !r.AllowDirty {
		return "tracked files differ from the commit, so an auditor could not find what made it; commit them and run again, or set allow-dirty: true"
	}
	if m.IsRetired(version) {
		return "it is retired"
	}
	if e := m.Undone(r.Alias, version); e != nil {
		return fmt.Sprintf("%s %s (%s); \"mlops model alias %s@%d %s\" puts it there again", e.Actor, undoing(e.Action), orNothing(e.Reason), r.Model, version, r.Alias)
	}
	return ""
}

// undoing is what somebody did who took an alias from a version.
func undoing(a registry.Action) string {
	if a == registry.Removed {
		return "removed the alias from it"
	}
	return "rolled it back"
}

func orNothing(reason string) string {
	if reason == "" {
		return "no reason given"
	}
	return reason
}

func versionName(model string, version int) string {
	if version == 0 {
		return "nothing"
	}
	return fmt.Sprintf("%s@%d", model, version)
}

// tell says what would happen.
func (p *promotion) tell(ctx context.Context, r promote.Request, v *registry.Version) error {
	tree, err := p.session.Store.PutTree(ctx, v.Entries())
	if err != nil {
		return err
	}
	m, err := p.registry.Model(r.Model)
	if errors.Is(err, registry.ErrNotFound) {
		m, err = &registry.Model{Name: r.Model}, nil
	}
	if err != nil {
		return err
	}
	version := m.Find(tree)
	one := record.Promotion{Model: r.Model, Version: version, Alias: r.Alias, Was: m.Aliases[r.Alias], Outcome: record.Unchanged, DryRun: true}
	if version == 0 {
		version = m.Versions() + 1
		one.Version, one.New, one.Outcome = version, true, record.Registered
		p.say("dry run: would register %s@%d, %s", r.Model, version, tree)
	}
	if r.Alias != "" && m.Aliases[r.Alias] != version {
		v.Digest = tree
		if one.Why, err = p.compareReviewed(ctx, v, versionName(r.Model, version)); err != nil {
			return err
		}
	}
	why := p.against(r, m, version)
	switch {
	case r.Alias == "":
	case m.Aliases[r.Alias] == version:
		p.say("dry run: %s@%d is %s already", r.Model, version, r.Alias)
	case why != "":
		one.Outcome, one.Why = record.Refused, why
		p.say("dry run: %s would stay at %s: %s", r.Alias, versionName(r.Model, m.Aliases[r.Alias]), why)
	default:
		one.Outcome = record.Moved
		p.say("dry run: would move %s from %s to %s@%d", r.Alias, versionName(r.Model, m.Aliases[r.Alias]), r.Model, version)
	}
	p.note(one)
	return nil
}
