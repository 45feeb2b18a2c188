package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/mlops-runner/mlops/cmd/mlops/view"
	"github.com/mlops-runner/mlops/runner"
	"github.com/mlops-runner/mlops/runner/bisect"
	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/report"
)

type bisectOptions struct {
	runOptions
	good, bad string
	yes       bool
	json      bool
}

func newBisect(a *app) *cobra.Command {
	var o bisectOptions
	c := &cobra.Command{
		Use:   "bisect METRIC",
		Short: "Find the commit where a metric fell",
		Long: `Find the first commit whose run is worse in a metric. Runs that are recorded are
looked at first; others are made in a folder of their own, from the same cache.
Commits are those of the first-parent line. A commit is bad if it is worse than the
good end, and good if it is better than the bad end, as "mlops diff" judges it; if
neither can be told and its job has seeds, more of them run. A commit that cannot
be run is passed over. Interrupted, the same command goes on where it was.`,
		Example: "  mlops bisect auc\n  mlops bisect auc --good v1.2 --bad main --yes",
		Args:    cobra.ExactArgs(1),
		RunE:    func(c *cobra.Command, args []string) error { return a.bisect(c.Context(), o, args[0]) },
	}
	f := c.Flags()
	f.StringVar(&o.executor, "executor", envOr("MLOPS_EXECUTOR", "docker"), "where jobs run: docker or host")
	f.StringVar(&o.agent, "agent", os.Getenv("MLOPS_AGENT"), "mlops `binary` for containers, where this one does not fit their platform")
	f.IntVarP(&o.jobs, "jobs", "j", 0, "jobs at once (default: the number of cores)")
	o.secrets.register(f)
	f.StringVar(&o.good, "good", "", "a `commit` where the metric was right (default: the newest with a run that is clearly better)")
	f.StringVar(&o.bad, "bad", "HEAD", "a `commit` where it has fallen")
	f.BoolVarP(&o.yes, "yes", "y", false, "run commits without asking")
	f.BoolVar(&o.json, "json", false, "print JSON")
	return c
}

// A bisection is the search for the commit where a metric fell.
type bisection struct {
	*judging        // how commits are run
	y               *yardstick
	hard, soft      context.Context
	options         bisectOptions
	metric          string
	line            []string               // commits, the good end first
	runs            map[string]*record.Run // by commit; nil for one that is known to have none
	history         []*record.Run          // by which one sees how much the metric moves by itself
	state           bisectState
	tried           []trial
	goodRun, badRun *record.Run
}

func (a *app) bisect(ctx context.Context, o bisectOptions, metric string) (err error) {
	p, err := a.findProject("")
	if err != nil {
		return err
	}
	secrets, err := o.secrets.read(os.LookupEnv)
	if err != nil {
		return err
	}
	s, err := a.openSession(ctx, p, o.engineOptions, nil)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	if err := a.giveSecrets(s, secrets, os.LookupEnv); err != nil {
		return err
	}
	s.Watch = func(e runner.Event) {
		if e.Kind == runner.Notice {
			a.say("%s", e.Text)
		}
	}
	y, err := a.openYardstick(ctx, p, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, y.close()) }()
	if y.repo == nil {
		return fixError{errors.New("bisect needs the history of a git repository"), "run it where the project was cloned"}
	}
	hard, soft, stop := interruptible(ctx, a.leave)
	defer stop()
	b := &bisection{
		judging: &judging{app: a, session: s, options: o.runOptions, params: s.Plan.ParamTree}, y: y, hard: hard, soft: soft, options: o,
		metric: metric, runs: map[string]*record.Run{},
	}
	answer, err := b.find()
	if err != nil {
		return err
	}
	if o.json {
		return a.printJSON(answer)
	}
	return answer.write(a.stdout)
}

// find finds the ends, searches between them, and says what it found.
func (b *bisection) find() (*bisectAnswer, error) {
	if err := b.ends(); err != nil {
		return nil, err
	}
	s := bisect.New(len(b.line), func(i int) bool { return b.recorded(b.line[i]) != nil })
	b.skipKnown(s)
	if err := b.consent(b.costs(s), s.Most()); err != nil {
		return nil, err
	}
	for i, ok := s.Next(); ok; i, ok = s.Next() {
		m, err := b.try(b.line[i])
		if err != nil {
			return nil, b.interrupted(err)
		}
		s.Mark(i, m)
	}
	answer, err := b.answer(s)
	if err != nil {
		return nil, err
	}
	return answer, b.forget()
}

// costs says how far the ends are apart, and what finding out costs at most.
func (b *bisection) costs(s *bisect.Search) string {
	between, known := b.line[1:len(b.line)-1], 0
	for _, c := range between {
		if b.recorded(c) != nil {
			known++
		}
	}
	if len(between) == 0 {
		return "no commit between them, so nothing has to run"
	}
	with := "none with a run"
	if known > 0 {
		with = fmt.Sprintf("%d with a run", known)
	}
	return fmt.Sprintf("%s between them, %s; at most %s%s", counted(len(between), "commit"), with, counted(s.Most(), "run"), b.length())
}

// length is how long a run takes, as far as the records tell.
func (b *bisection) length() string {
	var walls []time.Duration
	for _, r := range b.runs {
		if r == nil || !slices.ContainsFunc(r.Jobs, func(j record.Job) bool { return !j.Cached }) {
			continue
		}
		walls = append(walls, r.Ended.Sub(r.Started))
	}
	if len(walls) == 0 {
		return ""
	}
	slices.Sort(walls)
	return " of about " + view.Duration(walls[len(walls)/2])
}

// consent says what it costs to go on, and asks whoever sits at the terminal.
func (b *bisection) consent(text string, runs int) error {
	b.app.say("bisect %s: %s", b.metric, text)
	stdin, ok := b.app.stdin.(*os.File)
	if runs == 0 || b.options.yes || !ok || !term.IsTerminal(int(stdin.Fd())) {
		return nil
	}
	fmt.Fprint(b.app.stderr, "go on? [y/N] ")
	answer, _ := bufio.NewReader(stdin).ReadString('\n')
	if strings.HasPrefix(strings.ToLower(strings.TrimSpace(answer)), "y") {
		return nil
	}
	return failedError{exitFailed}
}

// interrupted says how to go on, if a signal ended the search.
func (b *bisection) interrupted(err error) error {
	if b.soft.Err() != nil {
		b.app.say(`the same command goes on from here`)
		return context.Canceled
	}
	return err
}

// recorded is the run that stands for a commit, nil if there is none.
func (b *bisection) recorded(commit string) *record.Run {
	run, known := b.runs[commit]
	if !known {
		run = b.y.resolver(time.Now()).Recorded(b.session.Plan.Pipeline, commit)
		b.runs[commit] = run
	}
	return run
}

// runOf is the run of a commit, made if there is none. An error that is none of
// the contexts' is why the commit cannot be run.
func (b *bisection) runOf(commit string, spare []string) (*record.Run, error) {
	if run := b.recorded(commit); run != nil && len(spare) == 0 {
		return run, nil
	}
	b.app.say("running %.12s %q", commit, b.subject(commit))
	run, err := b.runCommit(b.hard, b.soft, b.y, commitRun{commit, b.session.source.Branch, spare})
	switch {
	case b.soft.Err() != nil:
		return nil, context.Canceled
	case err != nil:
		return nil, errors.New(foreign(err.Error()))
	case run.Status != record.Success:
		return nil, errors.New(foreign(run.Error))
	}
	whole, err := record.Load(b.session.Store.Root(), run.ID)
	if err == nil {
		b.runs[commit] = whole
	}
	return whole, err
}

func (b *bisection) subject(commit string) string { return b.y.repo.Subject(b.soft, commit) }

// statePath is where a search is kept that was interrupted.
func (b *bisection) statePath() string { return filepath.Join(b.y.root, "bisect.json") }

// compare tells how the metric moved between two runs; nil if neither has it.
func (b *bisection) compare(head, base *record.Run) (*report.Report, *report.Metric) {
	o := b.basisOf(head)
	if now, then, err := evaluations(b.soft, b.session.Store, b.session.project.root, head, base, &o); err == nil { // else it was interrupted, as whoever asks will see
		head, base = now, then
	}
	r := report.Compare(head, base, o)
	for i := range r.Metrics {
		if m := &r.Metrics[i]; m.Name == b.metric && len(m.Slice) == 0 {
			return r, m
		}
	}
	return r, nil
}
