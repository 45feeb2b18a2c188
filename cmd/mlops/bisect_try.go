package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/mlops-runner/mlops/runner/bisect"
	"github.com/mlops-runner/mlops/runner/plan"
	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/report"
	"github.com/mlops-runner/mlops/spec"
)

// A trial is what one commit came to.
type trial struct {
	Commit  string `json:"commit"`
	Verdict string `json:"verdict"` // good, bad, skipped
	Made    bool   `json:"made"`    // a run was made for it
	Why     string `json:"why,omitempty"`
}

// bisectState is what a search that goes on needs beside the records.
type bisectState struct {
	Pipeline string            `json:"pipeline"`
	Metric   string            `json:"metric"`
	Bad      string            `json:"bad"`
	Skipped  map[string]string `json:"skipped"` // commits that cannot be run, and why
}

// try tells whether a commit is good or bad, and notes it.
func (b *bisection) try(commit string) (bisect.Mark, error) {
	t := trial{Commit: commit, Made: b.recorded(commit) == nil}
	m, why, err := b.tell(commit)
	if errors.Is(err, context.Canceled) {
		return m, err
	}
	if err != nil {
		m, why = bisect.Skipped, "cannot be run: "+err.Error()
		if err := b.skip(commit, why); err != nil {
			return m, err
		}
	}
	t.Verdict, t.Why = [...]string{"open", "good", "bad", "skipped"}[m], why
	b.tried = append(b.tried, t)
	text := t.Verdict
	if why != "" {
		text += ": " + why
	}
	b.app.say("%.12s %q: %s", commit, b.subject(commit), text)
	return m, nil
}

// tell holds a commit's run against both ends, with more seeds while neither
// verdict is clear and there are some.
func (b *bisection) tell(commit string) (bisect.Mark, string, error) {
	run, err := b.runOf(commit, nil)
	for err == nil {
		_, down := b.compare(run, b.goodRun)
		_, up := b.compare(run, b.badRun)
		switch {
		case down == nil || down.Head == nil:
			return bisect.Skipped, "its run reports no " + b.metric, nil
		case down.Verdict == report.Worse:
			return bisect.Bad, valueNote(down), nil
		case up.Verdict == report.Better, down.Verdict == report.Same:
			return bisect.Good, valueNote(down), nil
		}
		more := nextSeeds(b.session.Plan, run, down)
		if len(more) == 0 {
			return bisect.Skipped, "can't tell it from either end" + needNote(down), nil
		}
		run, err = b.grow(commit, more)
	}
	return bisect.Skipped, "", err
}

// grow runs more seeds of a commit, and of the ends, so that they are in pairs.
func (b *bisection) grow(commit string, ids []string) (run *record.Run, err error) {
	b.app.say("%.12s %q: can't tell; running %s", commit, b.subject(commit), strings.Join(ids, ", "))
	if run, err = b.runOf(commit, ids); err != nil {
		return nil, err
	}
	for _, end := range []**record.Run{&b.goodRun, &b.badRun} {
		at := (*end).Source.Commit
		lacks := slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return (*end).Job(id) != nil })
		if at == commit || len(lacks) == 0 {
			continue
		}
		if *end, err = b.runOf(at, allSeeds(b.session.Plan, *end, lacks)); err != nil {
			return nil, err
		}
	}
	return run, nil
}

// allSeeds are the spare legs that a run had and those that it is to have.
func allSeeds(p *plan.Plan, run *record.Run, more []string) []string {
	for _, n := range p.Nodes {
		if n.Spare && run.Job(n.ID) != nil {
			more = append(more, n.ID)
		}
	}
	return more
}

// nextSeeds are the spare legs that a run is to have for another look at a metric.
func nextSeeds(p *plan.Plan, run *record.Run, m *report.Metric) []string {
	for _, g := range growths(p, run) {
		if next := g.next(); g.reports(*m) && len(next) > 0 {
			return allSeeds(p, run, p.WithSpares(idsOf(next)))
		}
	}
	return nil
}

// basisOf is what runs are compared by: as their file says, and the metric as one
// that is asked for by itself.
func (b *bisection) basisOf(head *record.Run) report.CompareOptions {
	p := b.session.Plan
	return report.CompareOptions{
		Metrics: p.Metrics, Gates: append(slices.Clip(p.Gates), spec.Str{Value: "worse(" + b.metric + ")"}), Contexts: map[string]any{"params": b.params},
		History: b.history, Noise: noise(b.y.root, p.Pipeline), SeedLevels: seedLevels(growths(p, head)),
	}
}

func valueNote(m *report.Metric) string { return fmt.Sprintf("%s %s", m.Name, metricNumber(*m.Head)) }

func needNote(m *report.Metric) string {
	switch i := m.Interval; {
	case i != nil && i.Needs > 0:
		return fmt.Sprintf(" (needs about %d more %s)", i.Needs, i.Unit)
	case i != nil:
		return fmt.Sprintf(" (%s on %d %s)", i.Method, i.N, i.Unit)
	}
	return ""
}

// load reads the state of a search that was interrupted, if it was this one.
func (b *bisection) load(bad string) error {
	b.state = bisectState{Pipeline: b.session.Plan.Pipeline, Metric: b.metric, Bad: bad, Skipped: map[string]string{}}
	data, err := os.ReadFile(b.statePath())
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	var was bisectState
	if err != nil || json.Unmarshal(data, &was) != nil {
		return err
	}
	if was.Pipeline == b.state.Pipeline && was.Metric == b.metric && was.Bad == bad && len(was.Skipped) > 0 {
		b.state = was
		b.app.say("bisect %s: going on; %s known not to run", b.metric, counted(len(was.Skipped), "commit"))
	}
	return nil
}

// skip notes that a commit cannot be run, also for a search that goes on.
func (b *bisection) skip(commit, why string) error {
	b.state.Skipped[commit] = why
	text, err := json.MarshalIndent(b.state, "", "  ")
	if err != nil {
		return err
	}
	return b.session.Store.WriteFile("bisect.json", append(text, '\n'))
}

// skipKnown passes over what an interrupted search found not to run.
func (b *bisection) skipKnown(s *bisect.Search) {
	for i, c := range b.line {
		if why, ok := b.state.Skipped[c]; ok && i > 0 && i < len(b.line)-1 && b.recorded(c) == nil {
			s.Mark(i, bisect.Skipped)
			b.tried = append(b.tried, trial{Commit: c, Verdict: "skipped", Why: why})
		}
	}
}

// forget removes the state of a search that has ended.
func (b *bisection) forget() error {
	if err := os.Remove(b.statePath()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
