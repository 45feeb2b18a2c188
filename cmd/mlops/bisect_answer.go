package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/mlops-runner/mlops/runner/bisect"
	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/report"
	"github.com/mlops-runner/mlops/runner/store"
)

// A bisectAnswer is what a search found, as --json prints it.
type bisectAnswer struct {
	Pipeline string         `json:"pipeline"`
	Metric   string         `json:"metric"`
	Fell     []bisectCommit `json:"fell"`   // the commit where it fell; several if those between could not be told
	Before   bisectCommit   `json:"before"` // the last good one
	After    bisectCommit   `json:"after"`  // the first bad one
	// Change and what follows hold the first bad run against the last good one.
	Change   *report.Number       `json:"change,omitempty"`
	Interval *report.Interval     `json:"interval,omitempty"`
	Verdict  report.Verdict       `json:"verdict"`
	Params   []report.Change      `json:"params,omitempty"`
	Inputs   []report.InputChange `json:"inputs,omitempty"`
	Code     report.Code          `json:"code,omitzero"`
	Tried    []trial              `json:"tried,omitempty"`

	metric report.Metric
}

// A bisectCommit is a commit with what its run came to.
type bisectCommit struct {
	Commit  string         `json:"commit"`
	Subject string         `json:"subject,omitempty"`
	Run     string         `json:"run,omitempty"`
	Value   *report.Number `json:"value,omitempty"`
}

func (b *bisection) answer(s *bisect.Search) (*bisectAnswer, error) {
	good, bad := s.Range()
	before, after := b.runAt(good), b.runAt(bad)
	if lacks := lone(b.session.Plan, after, before); len(lacks) > 0 {
		run, err := b.runOf(b.line[good], allSeeds(b.session.Plan, before, lacks))
		if err != nil {
			return nil, b.interrupted(err)
		}
		before = run
	}
	r, m := b.compare(after, before)
	r.Code = code(b.soft, b.session.Tree, before, after)
	a := &bisectAnswer{
		Pipeline: b.session.Plan.Pipeline, Metric: b.metric, Before: b.told(good, before, m.Base), After: b.told(bad, after, m.Head),
		Change: m.Change, Interval: m.Interval, Verdict: m.Verdict, Params: r.Params, Inputs: r.Inputs, Code: r.Code, Tried: b.tried, metric: *m,
	}
	for i := good + 1; i < bad; i++ {
		a.Fell = append(a.Fell, b.told(i, nil, nil))
	}
	a.Fell = append(a.Fell, a.After)
	return a, b.soft.Err()
}

// runAt is the run of a commit that was tried; of the ends, that with all seeds.
func (b *bisection) runAt(i int) *record.Run {
	switch i {
	case 0:
		return b.goodRun
	case len(b.line) - 1:
		return b.badRun
	}
	return b.runs[b.line[i]]
}

func (b *bisection) told(i int, run *record.Run, value *report.Number) bisectCommit {
	c := bisectCommit{Commit: b.line[i], Subject: b.subject(b.line[i]), Value: value}
	if run != nil {
		c.Run = run.ID
	}
	return c
}

// write tells the answer to people.
func (a *bisectAnswer) write(w io.Writer) error {
	var out strings.Builder
	if len(a.Fell) == 1 {
		fmt.Fprintf(&out, "%s fell in %s\n", a.Metric, a.After.text())
	} else {
		fmt.Fprintf(&out, "%s fell in one of %d commits, since those before the last could not be told\n", a.Metric, len(a.Fell))
		for _, c := range a.Fell {
			fmt.Fprintf(&out, "  %s\n", c.text())
		}
	}
	row := func(name, text string) { fmt.Fprintf(&out, "  %-8s %s\n", name, text) }
	row(a.Metric, fmt.Sprintf("%s → %s, %s%s", metricNumber(*a.Before.Value), metricNumber(*a.After.Value), a.Verdict, intervalText(&a.metric)))
	row("before", a.Before.text())
	for _, p := range a.Params {
		row("params", fmt.Sprintf("%s %s → %s", p.Name, orNone(p.Old), orNone(p.New)))
	}
	for _, in := range a.Inputs {
		row("inputs", fmt.Sprintf("%s %s → %s", in.Path, digestText(in.Old), digestText(in.New)))
	}
	if n := a.Code.Count; n > 0 {
		files := a.Code.Files[:min(len(a.Code.Files), 5)]
		row("code", fmt.Sprintf("%s: %s", counted(n, "file"), foreign(strings.Join(files, ", "))))
	}
	row("tried", a.trials())
	_, err := io.WriteString(w, out.String())
	return err
}

func (c bisectCommit) text() string {
	if c.Subject == "" {
		return fmt.Sprintf("%.12s", c.Commit)
	}
	return fmt.Sprintf("%.12s %q", c.Commit, c.Subject)
}

// trials counts what was tried beside the ends.
func (a *bisectAnswer) trials() string {
	made, skipped := 0, 0
	for _, t := range a.Tried {
		if t.Made {
			made++
		}
		if t.Verdict == "skipped" {
			skipped++
		}
	}
	text := fmt.Sprintf("%s beside the ends, %d of them run", counted(len(a.Tried), "commit"), made)
	if skipped > 0 {
		text += fmt.Sprintf("; %d could not be told", skipped)
	}
	return text
}

func orNone(s *string) string {
	if s == nil {
		return "none"
	}
	return *s
}

func digestText(d store.Digest) string {
	if d.IsZero() {
		return "none"
	}
	return d.Short()
}
