package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/mlops-runner/mlops/cmd/mlops/view"
	"github.com/mlops-runner/mlops/runner/baseline"
	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/report"
	"github.com/mlops-runner/mlops/spec"
)

// bisectReach is how many commits are looked at at most.
const bisectReach = 1000

// ends finds both ends and the commits between them, makes the runs that the ends
// lack, and sees that the metric fell between them.
func (b *bisection) ends() error {
	bad, err := b.commit(b.options.bad)
	if err != nil {
		return err
	}
	if err := b.load(bad); err != nil {
		return err
	}
	line, err := b.y.repo.Line(b.soft, bad, bisectReach)
	if err != nil && len(line) < 2 {
		return err
	}
	good := ""
	if b.options.good != "" {
		if good, err = b.commit(b.options.good); err != nil {
			return err
		}
		if at := slices.Index(line, good); at < 1 {
			return fixError{fmt.Errorf("%s (%.12s) is no first parent before %s (%.12s)", b.options.good, good, b.options.bad, bad),
				"name a commit of git log --first-parent " + b.options.bad}
		}
	}
	if err := b.runEnds(good, bad); err != nil {
		return err
	}
	if good == "" {
		if good, err = b.nearestBetter(line[1:]); err != nil {
			return err
		}
	}
	b.goodRun = b.runs[good]
	b.line = line[:slices.Index(line, good)+1]
	slices.Reverse(b.line)
	return b.fell()
}

func (b *bisection) commit(word string) (string, error) {
	if id, ok := b.y.repo.Commit(b.soft, word); ok {
		return id, nil
	}
	if word == "HEAD" {
		return "", usagef("this branch has no commit yet, so there is nothing to look through")
	}
	return "", b.y.unsure(word, usagef("%s is no commit here", word))
}

// runEnds makes the runs that the named ends lack.
func (b *bisection) runEnds(good, bad string) error {
	var lack []string
	for _, c := range []string{good, bad} {
		if c != "" && b.recorded(c) == nil {
			lack = append(lack, c)
		}
	}
	if len(lack) > 0 {
		text := fmt.Sprintf("%s of the ends first, which %s no run", counted(len(lack), "run"), map[bool]string{true: "has", false: "have"}[len(lack) == 1])
		if err := b.consent(text, len(lack)); err != nil {
			return err
		}
	}
	for _, c := range lack {
		if _, err := b.runOf(c, nil); err != nil {
			if errors.Is(err, context.Canceled) {
				return b.interrupted(err)
			}
			return fixError{fmt.Errorf("%.12s cannot be run: %w", c, err), "name other ends with --good and --bad"}
		}
	}
	b.badRun = b.runs[bad]
	b.history = b.y.past(&baseline.Found{Run: b.badRun})
	return b.known(b.badRun)
}

// known reports a metric that a run has not.
func (b *bisection) known(run *record.Run) error {
	r, m := b.compare(run, nil)
	if m != nil && m.Head != nil {
		if m.Better == "" {
			return fixError{fmt.Errorf("nobody says which way %s is better", b.metric), fmt.Sprintf("declare it: metrics: {%s: {better: higher}}", b.metric)}
		}
		return nil
	}
	var names []string
	for _, m := range r.Metrics {
		names = append(names, m.Name)
	}
	err := fmt.Errorf("no job reported %s in run %.13s of %.12s", b.metric, run.ID, run.Source.Commit)
	if near := spec.Nearest(b.metric, names); near != "" {
		return usageError{fixError{err, fmt.Sprintf("did you mean %q?", near)}}
	}
	return usageError{err}
}

// nearestBetter is the newest of some commits whose recorded run is clearly better
// than the bad end's.
func (b *bisection) nearestBetter(line []string) (string, error) {
	looked, closest := 0, ""
	for _, c := range line {
		run := b.recorded(c)
		if run == nil {
			continue
		}
		looked++
		_, m := b.compare(b.badRun, run)
		if m == nil || m.Base == nil {
			continue
		}
		if m.Verdict == report.Worse {
			return c, nil
		}
		if closest == "" {
			closest = fmt.Sprintf("; against %.12s it is %s%s", c, m.Verdict, needNote(m))
		}
	}
	err := fmt.Errorf("no recorded run before %.12s is clearly better in %s; looked at %s%s", b.badRun.Source.Commit, b.metric, counted(looked, "run"), closest)
	return "", fixError{err, "name a commit where it was better: --good COMMIT; it is run if it has no run"}
}

// fell sees that the metric fell between the ends, with more seeds if they can
// tell, and says so.
func (b *bisection) fell() error {
	for {
		_, m := b.compare(b.badRun, b.goodRun)
		if m == nil || m.Base == nil {
			return b.known(b.goodRun)
		}
		good, bad := b.goodRun.Source.Commit, b.badRun.Source.Commit
		if m.Verdict == report.Worse {
			b.app.say("good %.12s %s %s, bad %.12s %s %s: worse by %s%s", good, m.Name, metricNumber(*m.Base), bad, m.Name, metricNumber(*m.Head), metricNumber(abs(*m.Change)), intervalText(m))
			return nil
		}
		more := nextSeeds(b.session.Plan, b.badRun, m)
		if m.Verdict != report.CantTell || len(more) == 0 {
			err := fmt.Errorf("%s did not fall: %s at %.12s, %s at %.12s, %s%s", b.metric, metricNumber(*m.Base), good, metricNumber(*m.Head), bad, m.Verdict, needNote(m))
			return fixError{err, "name other ends with --good and --bad, or give the job more seeds"}
		}
		run, err := b.grow(bad, more)
		if err != nil {
			return b.interrupted(err)
		}
		b.badRun = run
	}
}

func abs(n report.Number) report.Number { return max(n, -n) }

func metricNumber(n report.Number) string { return view.Number(float64(n)) }

// intervalText is where the true change lies, for people; "" if nobody knows.
func intervalText(m *report.Metric) string {
	i := m.Interval
	if i == nil {
		return " (one run on each side: no interval)"
	}
	return fmt.Sprintf(" (%s %% interval of the change %s … %s, %s)", view.Number(100*i.Level), metricNumber(i.Low), metricNumber(i.High), i.Method)
}
