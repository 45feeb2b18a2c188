package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/mlops-runner/mlops/runner"
	"github.com/mlops-runner/mlops/runner/baseline"
	"github.com/mlops-runner/mlops/runner/forge"
	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/registry"
)

// A reviewed change is what people looked at before it was merged into the commit
// that runs: its pull request, and the newest run of it whose report they read.
type reviewed struct {
	number int         // of the pull request; 0 if it is not known
	head   string      // newest commit of the change
	run    *record.Run // nil if none is recorded
}

func (r *reviewed) String() string {
	if r.number > 0 {
		return fmt.Sprintf("pull request #%d", r.number)
	}
	return fmt.Sprintf("the merged commit %.12s", r.head)
}

// whatWasReviewed looks, once a run, for the change that was merged into its commit:
// the forge knows also of squashed ones, the repository of merges. nil is none.
func (p *promotion) whatWasReviewed(ctx context.Context) (*reviewed, error) {
	if p.looked || p.run.Source.Commit == "" || p.run.Trigger.Event == "pull_request" {
		return p.reviewed, nil
	}
	p.looked = true
	y, err := p.session.judging.app.openYardstick(ctx, p.session.project, false)
	if err != nil {
		return nil, err
	}
	defer y.close()
	r := &reviewed{}
	if change, ok := mergedChange(ctx, p.run.Source.Commit); ok {
		r.number, r.head = change.Number, change.Head
	}
	if r.head == "" && y.repo != nil {
		if parents, err := y.repo.Parents(ctx, p.run.Source.Commit); err == nil && len(parents) == 2 {
			r.head = parents[1]
		}
	}
	if r.run, err = r.newest(y, p.run); err == nil && r.run == nil && (r.head != "" || r.number > 0) {
		r.run, err = p.recall(ctx, y, r)
	}
	if err != nil || r.head == "" && r.run == nil {
		return nil, err
	}
	if r.run != nil {
		r.number = cmp.Or(r.number, r.run.Trigger.Number)
	}
	if r.number > 0 || r.run != nil { // else it is a merge that nobody reviewed here
		p.reviewed = r
	}
	return p.reviewed, nil
}

// recall looks for the run of a change in the shared store: in CI it mostly was another
// machine's. The newest records are looked at first; names of records do not tell what ran.
func (p *promotion) recall(ctx context.Context, y *yardstick, r *reviewed) (*record.Run, error) {
	if p.session.far == nil {
		return nil, nil
	}
	for _, n := range []int{maxTried / 5, maxTried} {
		came, err := p.session.far.Newest(ctx, n)
		if err != nil {
			return nil, err
		}
		if !came {
			continue
		}
		if err := y.again(); err != nil {
			return nil, err
		}
		if run, err := r.newest(y, p.run); err != nil || run != nil {
			return run, err
		}
	}
	return nil, nil
}

// newest is the last run of the change that came to its end: of its newest commit,
// or of the pull request, whose trial merge ran. A change that was merged without a
// commit of its own ran under the commit that runs now.
func (r *reviewed) newest(y *yardstick, now *record.Run) (*record.Run, error) {
	tried := 0
	for _, l := range y.index.Lines() {
		pull := l.Event == "pull_request"
		same := r.head != "" && l.Commit == r.head || l.Commit == now.Source.Commit && pull
		if l.Pipeline != now.Pipeline || l.ID == now.ID || !l.Done() || l.Dirty || l.Event == baseline.Event || !same && !pull {
			continue
		}
		if tried++; !same && (r.number == 0 || tried > maxTried) {
			continue
		}
		run, err := record.Load(y.root, l.ID)
		if err != nil {
			return nil, err
		}
		if same || run.Trigger.Number == r.number {
			return run, nil
		}
	}
	return nil, nil
}

// maxTried is how many runs of pull requests are looked into for their numbers.
const maxTried = 100

// mergedChange asks the forge of the CI service for the pull request that made a commit.
func mergedChange(ctx context.Context, commit string) (forge.Change, bool) {
	ctx, stop := context.WithTimeout(ctx, 15*time.Second)
	defer stop()
	f, _ := forgeOf(os.LookupEnv)
	m, ok := f.(forge.Merger)
	if !ok {
		return forge.Change{}, false
	}
	change, err := m.Merged(ctx, commit)
	return change, err == nil
}

// forgeOf is the forge of the CI service that this is a job of, asked with the
// workflow's own token; nil without one.
func forgeOf(lookup func(string) (string, bool)) (forge.Forge, forge.CI) {
	api, _ := lookup("MLOPS_FORGE_API")
	ci, err := placeOptions{api: api}.place(lookup)
	if err != nil || ci.Token == "" || ci.Repo == "" {
		return nil, ci
	}
	f, err := openForgeAs(ci, nil)
	if err != nil {
		return nil, ci
	}
	return f, ci
}

// compareReviewed says whether a model is the one that the report of its change
// showed, and else what differs. The gates of this run have judged it in any case. The
// line is what the journal and the report say of it; "" if there was no such change.
func (p *promotion) compareReviewed(ctx context.Context, v *registry.Version, name string) (line string, err error) {
	r, err := p.whatWasReviewed(ctx)
	if err != nil || r == nil {
		return "", err
	}
	if r.run == nil {
		p.say("no run of %s is recorded %s", r, p.unrecorded(name))
		return fmt.Sprintf("judged anew: no run of %s is recorded", r), nil
	}
	shown, err := p.shown(ctx, r.run, v)
	if err != nil {
		return "", err
	}
	why := unpassed(r.run)
	if len(r.run.Gates) == 0 && len(p.run.Gates) > 0 {
		why = "no gate was judged"
	}
	switch {
	case shown == nil:
		p.say("run %s of %s has no %s, so %s is judged anew", shortID(r.run.ID), r, v.Path, name)
		return fmt.Sprintf("judged anew: %s showed no model", r), nil
	case shown.Digest != v.Digest:
		p.say("%s is not the model of %s: %s, there %s in run %s; it is judged anew", name, r, v.Digest.Short(), shown.Digest.Short(), shortID(r.run.ID))
		for _, d := range differences(r.run, p.run) {
			p.say("differs: %s", d)
		}
		return fmt.Sprintf("judged anew: %s showed %s", r, shown.Digest.Short()), nil
	case why != "":
		p.say("%s is the model of %s, where %s; it is judged anew", name, r, why)
		return fmt.Sprintf("the model of %s, judged anew: %s there", r, why), nil
	}
	if len(r.run.Gates) == 0 {
		p.say("%s is the model of %s, which run %s made", name, r, shortID(r.run.ID))
	} else {
		p.say("%s is the model of %s, whose gates passed in run %s", name, r, shortID(r.run.ID))
	}
	return fmt.Sprintf("the model of %s", r), nil
}

// unrecorded says where was looked in vain, and what follows.
func (p *promotion) unrecorded(name string) string {
	if p.session.far == nil {
		return fmt.Sprintf("here, so %s is judged anew; \"mlops pull\" before the run brings it", name)
	}
	return fmt.Sprintf("here or among the newest %d of the shared store, so %s is judged anew; \"mlops push\" behind the run of a change brings it there, or MLOPS_STORE_PUSH=all", maxTried, name)
}

// unpassed says which gate of a run did not pass; "" if all did. One that compared with
// what was not there yet has let it through.
func unpassed(run *record.Run) string {
	for _, g := range run.Gates {
		if g.Outcome != runner.GatePassed && g.Outcome != "no baseline" {
			return fmt.Sprintf("gate %s %s", g.Gate, g.Outcome)
		}
	}
	return ""
}

// shown is the model that another run made, as far as its report showed it; nil if it
// made none.
func (p *promotion) shown(ctx context.Context, run *record.Run, like *registry.Version) (*registry.Version, error) {
	v := registry.Written(run, like.Job, like.Path)
	if v == nil {
		return nil, nil
	}
	tree, err := p.session.Store.PutTree(ctx, v.Entries())
	v.Digest = tree
	return v, err
}

// maxDiffering is how many outputs are named that two runs do not share.
const maxDiffering = 5

// differences names the outputs of jobs that differ between two runs, and jobs that
// only one of them has.
func differences(there, here *record.Run) (lines []string) {
	for _, j := range here.Jobs {
		before := there.Job(j.ID)
		if before == nil {
			lines = append(lines, fmt.Sprintf("job %s did not run there", j.ID))
			continue
		}
		for _, o := range j.Outputs {
			i := slices.IndexFunc(before.Outputs, func(b record.Artifact) bool { return b.Path == o.Path })
			switch {
			case i < 0:
				lines = append(lines, fmt.Sprintf("job %s did not write %s there", j.ID, o.Path))
			case before.Outputs[i].Digest != o.Digest || before.Outputs[i].Link != o.Link:
				lines = append(lines, fmt.Sprintf("output %s of job %s: %s, there %s", o.Path, j.ID, o.Digest.Short(), before.Outputs[i].Digest.Short()))
			}
		}
	}
	if n := len(lines); n > maxDiffering {
		lines = append(lines[:maxDiffering], fmt.Sprintf("%d more; \"mlops diff %s %s\" lists them", n-maxDiffering, shortID(there.ID), shortID(here.ID)))
	}
	return lines
}
