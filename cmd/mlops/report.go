package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/mlops-runner/mlops/runner/forge"
	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/report"
	"github.com/mlops-runner/mlops/runner/report/render"
	"github.com/mlops-runner/mlops/spec"
)

type reportOptions struct {
	deliverOptions
	bundle   string
	minimize bool
}

func newReport(a *app) *cobra.Command {
	var o reportOptions
	c := &cobra.Command{
		Use:   "report [RUN]",
		Short: "Tell a pull request what a run came to",
		Long: `Post the report of a recorded run (the newest one, if none is named): one comment
that is kept up to date, and a commit status. Forge, repository and pull request
are those of the CI service's environment, or of the flags.

With --bundle the report comes from a file that another run wrote, such as one of
a fork's pull request, whose token may not write. Such a file may be forged: it is
held against its schema, the pull request is taken from the forge, by the commit
and the repository that the flags name, and the figures are judged again by the
gates of its base branch's mlops.yaml. Comment and status say that nobody has
verified them.`,
		Example: `  mlops report
  mlops report --dry-run 0192a8
  mlops report --forge github --repo acme/churn --pr 7
  mlops report --bundle bundle.json --head-sha "$SHA" --head-repo "$REPO"`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return a.reportRun(c.Context(), o, args) },
	}
	f := c.Flags()
	o.deliverOptions.register(f)
	o.place.register(f)
	f.BoolVar(&o.dryRun, "dry-run", false, "print the comment instead of posting it")
	f.BoolVar(&o.minimize, "minimize", false, "fold the comment away instead; the next report writes a new one")
	f.StringVar(&o.bundle, "bundle", "", "post the report in this `file`")
	f.StringVar(&o.place.head, "head-sha", "", "newest commit of the bundle's pull request, as the event has it")
	f.StringVar(&o.place.headRepo, "head-repo", "", "repository it was pushed to: `owner/name`")
	f.StringVar(&o.place.headName, "head-branch", "", "branch it was pushed to")
	return c
}

func (a *app) reportRun(ctx context.Context, o reportOptions, args []string) error {
	r, err := a.reportOf(ctx, o, args)
	if err != nil {
		return err
	}
	ci, err := o.place.place(os.LookupEnv)
	if err != nil && !(o.dryRun && errors.Is(err, errNoForge)) {
		return err
	}
	if err := o.concerns(r, ci); err != nil {
		return err
	}
	d := a.delivery(r, ci, o.deliverOptions)
	if o.bundle != "" {
		if err := a.judgeBundle(ctx, &d); err != nil {
			return helped(err)
		}
	}
	about(d.report, ci)
	if o.dryRun {
		return a.printReport(d.report, ci)
	}
	if o.folder != "" {
		if err := fillFolder(o.folder, d.report, d.links); err != nil {
			return err
		}
	}
	if o.minimize {
		return helped(a.minimize(ctx, d))
	}
	said, err := a.send(ctx, d)
	for _, line := range said {
		fmt.Fprintln(a.stderr, "mlops:", line)
	}
	return err
}

// concerns returns an error if a recorded run is not that of the job's pull
// request: its figures must not stand there as those of another commit.
func (o *reportOptions) concerns(r *report.Report, ci forge.CI) error {
	c := r.Head.Commit
	if o.bundle != "" || ci.Head == "" || c == "" || c == ci.Commit || forge.SameCommit(c, ci.Head) {
		return nil
	}
	return fixError{fmt.Errorf("run %s is about commit %.12s, and this job about %.12s; it is not posted", r.Head.Run, c, ci.Head), "name a run of this commit, or the pull request by --pr"}
}

// reportOf reads a bundle, or compares a recorded run with its baseline.
func (a *app) reportOf(ctx context.Context, o reportOptions, args []string) (*report.Report, error) {
	switch {
	case o.bundle == "":
		return a.recorded(ctx, args)
	case len(args) > 0:
		return nil, usagef("name a run or a bundle, not both")
	case o.place.head == "" && o.place.number == 0:
		return nil, usagef("--bundle needs --head-sha (and --head-repo for a fork), or --pr: what the bundle says of its pull request is not to be trusted")
	}
	r, err := readBundle(o.bundle)
	if err != nil {
		return nil, err
	}
	if o.place.head != "" && !forge.SameCommit(o.place.head, r.Head.Commit) {
		return nil, fmt.Errorf("%s is about commit %.12s, and the event about %.12s; it is not posted", o.bundle, r.Head.Commit, o.place.head)
	}
	return r, nil
}

// recorded compares a recorded run, or the newest one, with its baseline, by the
// gates that judged it.
func (a *app) recorded(ctx context.Context, args []string) (*report.Report, error) {
	d, err := a.openDiff(ctx)
	if err != nil {
		return nil, err
	}
	defer d.close()
	head, err := d.latest()
	if len(args) > 0 {
		head, err = d.operand(ctx, args[0])
	}
	if err != nil {
		return nil, err
	}
	q := d.query(head.run.Source, head.run.Pipeline, head.run.ID)
	q.Asked = d.project.spec.Baseline.Value
	f, err := d.find(ctx, q, head.run.Started)
	if err != nil {
		return nil, err
	}
	return d.compare(ctx, head, &operand{f.Run, f.Name, f.Baseline}, gatesOf(head.run))
}

// gatesOf are the gates that judged a run, which need not be those of its file.
func gatesOf(r *record.Run) (gates []spec.Str) {
	for _, g := range r.Gates {
		gates = append(gates, spec.Str{Value: g.Gate, Pos: spec.Pos{Line: g.Line}})
	}
	return gates
}

// printReport shows what would be posted.
func (a *app) printReport(r *report.Report, ci forge.CI) error {
	var text bytes.Buffer
	opts := a.renderOptions(r)
	opts.Budget, opts.Trailer = render.GitHubComment, marker(r, ci).String()
	if err := render.Markdown(&text, r, opts); err != nil {
		return err
	}
	_, err := a.stdout.Write(text.Bytes())
	return err
}

// renderOptions are what renderings of a report need to know of this run of mlops.
func (a *app) renderOptions(r *report.Report) render.Options {
	o := render.Options{Version: version()}
	if ci, ok := forge.Detect(os.LookupEnv); ok {
		o.Links.Run, o.Links.Report = ci.URL, ci.URL
		if ci.Server != "" && ci.Repo != "" {
			o.Links.Commit = ci.Server + "/" + ci.Repo + "/commit/"
		}
	}
	return o
}

// about lets a report tell of the newest commit of its pull request, where the
// trial merge of that commit was run: nobody knows the merge's id.
func about(r *report.Report, ci forge.CI) {
	if ci.Head != "" {
		r.Head.Commit = ci.Head
	}
}

// delivery is a report on its way.
func (a *app) delivery(r *report.Report, ci forge.CI, o deliverOptions) delivery {
	return delivery{ci: ci, report: r, links: a.renderOptions(r), file: cmp.Or(a.file, "mlops.yaml"), o: o}
}

// send posts a report to the forge of a CI service.
func (a *app) send(ctx context.Context, d delivery) (said []string, err error) {
	if err = d.open(); err == nil {
		said, err = d.send(ctx)
	}
	return said, helped(err)
}

// minimize folds the report's comment away.
func (a *app) minimize(ctx context.Context, d delivery) error {
	if err := d.open(); err != nil {
		return err
	}
	hider, ok := d.forge.(forge.Minimizer)
	if !ok || !d.forge.Caps().Minimize {
		return fmt.Errorf("%s cannot fold comments away", d.ci.Forge)
	}
	c, err := d.change(ctx)
	if err != nil {
		return err
	}
	return hider.Minimize(ctx, c.Number, forge.Key(d.report.Pipeline))
}

// helped shows what helps against a forge's error as all errors do.
func helped(err error) error {
	var e *forge.Error
	if errors.As(err, &e) && e.Fix != "" {
		return fixError{err, e.Fix}
	}
	return err
}
