package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/pflag"

	"github.com/mlops-runner/mlops/runner/forge"
	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/report"
	"github.com/mlops-runner/mlops/runner/report/render"
	"github.com/mlops-runner/mlops/runner/store"
	"github.com/mlops-runner/mlops/spec"
)

// deliverOptions are the flags of the commands that tell others of a run.
type deliverOptions struct {
	comment string // when the pull request gets a comment
	folder  string // for the report's files
	fresh   bool
	status  bool
	dryRun  bool
	place   placeOptions
}

// placeOptions say where a report goes, where the environment does not.
type placeOptions struct {
	forge, api, repo         string
	number                   int
	head, headRepo, headName string // the pull request's, for a bundle
}

func (o *deliverOptions) register(f *pflag.FlagSet) {
	f.StringVar(&o.comment, "comment", envOr("MLOPS_COMMENT", string(forge.Changed)), "when the pull request gets a comment: changed, always, on-failure or never")
	f.StringVar(&o.folder, "report-dir", "", "`folder` for report.html, report.md, report.junit.xml, metrics.txt and bundle.json")
	f.BoolVar(&o.fresh, "fresh", false, "write a new comment, which notifies people, and fold the old one away")
	f.BoolVar(&o.status, "status", true, "set the commit status mlops/PIPELINE")
	o.place.api = os.Getenv("MLOPS_FORGE_API")
}

func (o *placeOptions) register(f *pflag.FlagSet) {
	f.StringVar(&o.forge, "forge", "", "github, gitea, gitlab or bitbucket (default: that of the CI service)")
	f.StringVar(&o.api, "api", os.Getenv("MLOPS_FORGE_API"), "address of its API, such as https://github.example.com/api/v3")
	f.StringVar(&o.repo, "repo", "", "repository of the pull request: `owner/name`")
	f.IntVar(&o.number, "pr", 0, "number of the pull request (default: that of the event, or the one with the run's commit)")
}

// bundleFile holds a report for whoever may post it.
const bundleFile = "bundle.json"

// bundleFormats are what is written beside it.
func bundleFormats() []string { return []string{"html", "markdown", "junit", "openmetrics"} }

// fillFolder fills the folder of a report.
func fillFolder(folder string, r *report.Report, o render.Options) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	for _, name := range bundleFormats() {
		f, _ := render.Lookup(name)
		if err := writeFormat(filepath.Join(folder, f.File), f, r, o); err != nil {
			return err
		}
	}
	f, _ := render.Lookup("json")
	return writeFormat(filepath.Join(folder, bundleFile), f, r, o)
}

func writeFormat(path string, f render.Format, r *report.Report, o render.Options) error {
	var text bytes.Buffer
	if err := f.Render(&text, r, o); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return os.WriteFile(path, text.Bytes(), 0o644)
}

// marker is what a report's comment is found by. Its digest is that of what the
// report tells: runs that come to the same have the same.
func marker(r *report.Report, ci forge.CI) forge.Marker {
	m := forge.Marker{
		Key: forge.Key(r.Pipeline), Run: ci.Run, Attempt: max(1, ci.Attempt), Head: r.Head.Commit,
		Base: r.Baseline.Found, Digest: told(r).String(), Verdict: forge.Key(string(r.Decision)),
	}
	if m.Run == "" {
		m.Run = r.Head.Run
	}
	return m
}

// told is the digest of what a report says, without what differs between two
// runs that come to the same: ids, times and durations.
func told(r *report.Report) store.Digest {
	t := *r
	t.Head = report.Side{Name: r.Head.Name, Dirty: r.Head.Dirty}
	t.Base, t.Cost, t.BaseCost = nil, report.Cost{}, nil
	t.Baseline = report.Baseline{Asked: r.Baseline.Asked, Found: r.Baseline.Found}
	t.Code = report.Code{}
	t.Gates = slices.Clone(r.Gates)
	for i := range t.Gates {
		t.Gates[i].Pos = spec.Pos{} // a record knows less of it than a run
	}
	t.Jobs = nil
	for _, j := range r.Jobs {
		t.Jobs = append(t.Jobs, report.Job{ID: j.ID, Status: j.Status, Reason: j.Reason, Equal: j.Equal, Outputs: j.Outputs})
	}
	text, err := record.Canonical(t)
	if err != nil {
		return store.Digest{}
	}
	return store.Sum(text)
}

// state is how a decision reads as a commit status. A gate that nothing is known
// of blocks nobody, unless somebody else says so: figures that nobody has verified
// are green only if all trusted gates pass on them, and the status says whose they are.
func (d *delivery) state() forge.StatusState {
	switch d.report.Decision {
	case report.Blocked:
		return forge.Failure
	case report.Broken:
		return forge.Errored
	case report.Promote:
		return forge.Success
	case report.Unjudged:
		if d.gated {
			return forge.Success
		}
	}
	if d.report.Unverified != "" {
		return forge.Pending
	}
	return forge.Success
}

// failed reports whether a decision says that a job or gate failed.
func failed(d report.Decision) bool { return d == report.Blocked || d == report.Broken }

// notable reports whether a report tells more than that all is as it was.
func notable(r *report.Report) bool {
	for _, m := range r.Metrics {
		if m.Verdict != report.Same && m.Verdict != "" || m.Change != nil && *m.Change != 0 {
			return true
		}
	}
	for _, s := range r.Sections {
		if s.Failing {
			return true
		}
	}
	return len(r.Changed) > 0 || len(r.Params) > 0 || len(r.Inputs) > 0 || r.Base == nil && len(r.Metrics) > 0
}

// A delivery brings a report to a forge.
type delivery struct {
	forge  forge.Forge
	ci     forge.CI
	report *report.Report
	links  render.Options
	file   string // path of the mlops.yaml in the repository
	o      deliverOptions

	known *forge.Change // the pull request, if somebody has asked for it
	gated bool          // the gates of a bundle are those of the base branch
}

// open makes the client of the forge, unless there is one.
func (d *delivery) open() (err error) {
	if d.forge == nil {
		d.forge, err = openForge(d.ci)
	}
	return err
}

// send posts comment and status. Where the token may not, the error is
// [forge.ErrReadOnly].
func (d *delivery) send(ctx context.Context) ([]string, error) {
	mode, err := forge.ParseMode(d.o.comment)
	if err != nil {
		return nil, usageError{err}
	}
	change, err := d.change(ctx)
	if err != nil {
		return nil, err
	}
	var said []string
	url := d.ci.URL
	if change.Number > 0 && mode == forge.Never && !forge.SameCommit(change.Head, d.report.Head.Commit) {
		return []string{fmt.Sprintf("status: not set, as pull request %d is at %.12s by now, and this report is about %.12s", change.Number, change.Head, d.report.Head.Commit)}, nil
	}
	if change.Number > 0 && mode != forge.Never {
		result, err := d.comment(ctx, change, mode)
		if err != nil {
			return said, err
		}
		said = append(said, commentLine(change, result))
		if result.URL != "" {
			url = result.URL
		}
		switch result.Outcome {
		case forge.Moved, forge.Ended: // a status would tell of a commit that nobody looks at,
			return said, nil
		case forge.Superseded: // or replace that of the newer run
			return said, nil
		}
		if result.Known && d.ci.Attempt <= 1 {
			return said, nil // it was set with the comment; who runs the job again wants it set again
		}
	}
	if !d.o.status || d.report.Head.Commit == "" {
		return said, nil
	}
	line, err := d.status(ctx, url)
	if errors.Is(err, forge.ErrReadOnly) && len(said) > 0 {
		return append(said, "status: not set, as the token may not write statuses; give the job statuses: write, or --status=false"), nil
	}
	if err != nil {
		return said, err
	}
	return append(said, line), nil
}

// status sets the commit status or, for an App, the check run, and says so.
func (d *delivery) status(ctx context.Context, url string) (string, error) {
	name := "mlops/" + d.report.Pipeline
	if checker, ok := d.forge.(forge.Checker); ok && d.forge.Caps().Checks {
		c, err := d.check(name, url)
		if err != nil {
			return "", err
		}
		page, err := checker.Check(ctx, d.report.Head.Commit, c)
		return fmt.Sprintf("check: %s is %s %s", name, c.Conclusion, page), err
	}
	s := forge.Status{Context: name, State: d.state(), Description: render.Status(d.report), URL: url}
	return fmt.Sprintf("status: %s is %s", name, s.State), d.forge.Status(ctx, d.report.Head.Commit, s)
}

// check is the check run of the report. Its text is the comment's.
func (d *delivery) check(name, url string) (forge.Check, error) {
	o := d.links
	o.Budget = checkBudget
	var text bytes.Buffer
	if err := render.Markdown(&text, d.report, o); err != nil {
		return forge.Check{}, err
	}
	c := forge.Check{Name: name, ExternalID: d.report.Head.Run, Conclusion: conclusion(d.report), URL: url, Title: render.Title(d.report), Summary: text.String()}
	for _, g := range d.report.Gates {
		if (g.Outcome == report.Failed || g.Outcome == report.Errored) && g.Pos.Line > 0 {
			c.Annotations = append(c.Annotations, forge.Annotation{Path: d.file, Line: g.Pos.Line, Level: "failure", Title: g.Gate, Message: g.Detail})
		}
	}
	return c, nil
}

// checkBudget is how many bytes the summary of a check run gets, of 65,535.
const checkBudget = 60_000

// conclusion is how a decision reads as a check run.
func conclusion(r *report.Report) string {
	switch r.Decision {
	case report.Blocked, report.Broken:
		return "failure"
	case report.NoComparison, report.Inconclusive:
		return "neutral"
	}
	if r.Unverified != "" {
		return "neutral"
	}
	return "success"
}

// change is the pull request that the report is about; its number is 0 if there
// is none, as after a push.
func (d *delivery) change(ctx context.Context) (forge.Change, error) {
	if d.known != nil {
		return *d.known, nil
	}
	ref := forge.Ref{Number: d.ci.Number, Head: d.report.Head.Commit, Repo: d.ci.HeadRepo, Branch: d.ci.HeadRef}
	if ref.Number == 0 && ref.Head == "" {
		return forge.Change{}, nil
	}
	c, err := d.forge.Change(ctx, ref)
	if errors.Is(err, forge.ErrNoChange) && ref.Number == 0 {
		return forge.Change{}, nil
	}
	return c, err
}

func (d *delivery) comment(ctx context.Context, c forge.Change, mode forge.Mode) (forge.Result, error) {
	caps := d.forge.Caps()
	format := render.Markdown
	if !caps.HTML {
		format = render.Plain
	}
	o := d.links
	o.Budget = caps.MaxComment
	if o.Links.Fetch == "" && c.Number > 0 {
		o.Links.Fetch = fetchRef(d.ci.Forge, c)
	}
	var text bytes.Buffer
	if err := format(&text, d.report, o); err != nil {
		return forge.Result{}, err
	}
	return d.forge.Upsert(ctx, forge.Post{
		Number: c.Number, Change: &c, Marker: marker(d.report, d.ci), Text: text.String(), Mode: mode,
		Notable: notable(d.report), Failed: failed(d.report.Decision), Fresh: d.o.fresh,
	})
}

// fetchRef is what origin has of a pull request's head.
func fetchRef(kind forge.Kind, c forge.Change) string {
	switch kind {
	case forge.GitHub, forge.Gitea:
		return fmt.Sprintf("pull/%d/head", c.Number)
	case forge.GitLab:
		return fmt.Sprintf("merge-requests/%d/head", c.Number)
	}
	return c.HeadRef
}

func commentLine(c forge.Change, r forge.Result) string {
	line := fmt.Sprintf("comment: %s on pull request %d", r.Outcome, c.Number)
	if r.Why != "" {
		line += ": " + r.Why
	}
	if r.URL != "" {
		line += " " + r.URL
	}
	return line
}
