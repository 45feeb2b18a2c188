package main

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/mlops-runner/mlops/actions/datacheck"
	"github.com/mlops-runner/mlops/actions/evaluate"
	"github.com/mlops-runner/mlops/actions/profile"
	"github.com/mlops-runner/mlops/cmd/mlops/view"
	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/registry"
	"github.com/mlops-runner/mlops/runner/store"
)

func newModelCard(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "card MODEL@REF",
		Short: "Write a version's model card, in Markdown",
		Long: `Write a version's model card in Markdown: figures with their intervals, slices, gates,
parameters, data, files, and what made it. All of it comes from the registry and from the
record of the run. The same card is in the artifact that "mlops model push" sends.`,
		Example: "  mlops model card churn@production > MODEL_CARD.md",
		Args:    cobra.ExactArgs(1),
		RunE:    func(_ *cobra.Command, args []string) error { return a.modelCard(args[0]) },

		ValidArgsFunction: a.completeModels(true),
	}
}

func (a *app) modelCard(name string) error {
	_, v, s, err := a.readPicked(name)
	if err != nil {
		return err
	}
	text, err := versionCard(s, v)
	if err != nil {
		return err
	}
	_, err = a.stdout.Write(text)
	return err
}

// versionCard is the card of a version. It depends on what never changes: the
// version and the sealed record of its run.
func versionCard(s *store.Dir, v *registry.Version) ([]byte, error) {
	run, err := record.Load(s.Root(), v.Run)
	if err != nil && !errors.Is(err, record.ErrNotFound) {
		return nil, err
	}
	if errors.Is(err, record.ErrNotFound) {
		run = nil
	}
	c := &card{store: s, version: v, run: run}
	for _, part := range []func() error{c.head, c.figures, c.gates, c.params, c.data, c.files, c.provenance} {
		if err := part(); err != nil {
			return nil, err
		}
	}
	return []byte(c.text.String()), nil
}

// A card is a model card on its way.
type card struct {
	store   *store.Dir
	version *registry.Version
	run     *record.Run // nil if its record is gone
	text    strings.Builder
}

func (c *card) line(format string, args ...any) { fmt.Fprintf(&c.text, format+"\n", args...) }

func (c *card) section(title string) { c.line("\n## %s\n", title) }

// table writes rows, whose first one names the columns.
func (c *card) table(rows [][]string) {
	for i, row := range rows {
		cells := make([]string, len(row))
		for j, cell := range row {
			cells[j] = cellText(cell)
		}
		c.line("| %s |", strings.Join(cells, " | "))
		if i == 0 {
			c.line("|%s", strings.Repeat("---|", len(row)))
		}
	}
}

var cellReplacer = strings.NewReplacer("\\", "\\\\", "|", "\\|", "\n", " ", "\r", " ", "<", "&lt;", ">", "&gt;", "`", "'", "*", "\\*", "_", "\\_", "[", "\\[")

// cellText is a text of a stranger that no table or link of the card comes from.
func cellText(s string) string { return cellReplacer.Replace(foreign(s)) }

func (c *card) head() error {
	v := c.version
	title := v.Model
	if v.Version > 0 {
		title = versionName(v.Model, v.Version)
	}
	c.line("# %s\n", title)
	c.line("Made by run `%s` of `%s`, job `%s`, at commit `%s`%s.", v.Run, v.Pipeline, v.Job, cmp.Or(v.Source.Commit, "none"), subjectText(v.Source))
	if v.Source.Dirty {
		c.line("It was made from changes that are in no commit, so nobody can make it again.")
	}
	for _, d := range v.Departs {
		c.line("The run departs from its commit: %s.", cellText(d))
	}
	if v.Checked != nil {
		c.line("Its files were checked as `%s` and found safe to load (%s).", v.Checked.Format, strings.Join(v.Checked.Found, ", "))
	}
	return nil
}

func subjectText(s record.Source) string {
	if s.Subject == "" {
		return ""
	}
	return " (" + cellText(s.Subject) + ")"
}

// evaluations are what the run's jobs found predictions to be worth.
func (c *card) evaluations() []*evaluation {
	if c.run == nil {
		return nil
	}
	return evaluationsOf(c.store, "", c.run)
}

// maxCardSlices bounds the rows of slices in a card.
const maxCardSlices = 60

func (c *card) figures() error {
	evaluated := c.evaluations()
	intervals := map[string]*evaluate.Measured{}
	for _, e := range evaluated {
		for i, m := range e.result.Metrics {
			intervals[e.job.ID+"\x00"+m.Name+"\x00"+sliceText(m.Slice)] = &e.result.Metrics[i]
		}
	}
	whole, parts := [][]string{{"metric", "value", "interval", "rows", "better", "job"}}, [][]string{{"slice", "metric", "value", "interval", "rows", "job"}}
	for _, m := range c.version.Metrics {
		within, rows := "", ""
		if known := intervals[m.Job+"\x00"+m.Name+"\x00"+sliceText(m.Slice)]; known != nil {
			rows = view.Count(known.Rows)
			if known.Own != nil {
				within = fmt.Sprintf("%.4g to %.4g (%.0f %%, %s)", float64(known.Own.Low), float64(known.Own.High), 100*known.Own.Level, known.Own.Method)
			}
		}
		value := strings.TrimSpace(fmt.Sprintf("%.6g %s", m.Value, m.Unit))
		if len(m.Slice) == 0 {
			whole = append(whole, []string{m.Name, value, within, rows, m.Better, m.Job})
		} else {
			parts = append(parts, []string{sliceText(m.Slice), m.Name, value, within, rows, m.Job})
		}
	}
	if len(whole) > 1 {
		c.section("Figures")
		c.table(whole)
	}
	if len(parts) > 1 {
		c.section("Slices")
		c.table(parts[:min(len(parts), maxCardSlices+1)])
		if more := len(parts) - 1 - maxCardSlices; more > 0 {
			c.line("\nand %s.", counted(more, "more row"))
		}
	}
	c.found(evaluated)
	return nil
}

// found are slices in which the model is worse than elsewhere.
func (c *card) found(evaluated []*evaluation) {
	var lines []string
	for _, e := range evaluated {
		for _, f := range e.result.Found {
			lines = append(lines, "- "+cellText(f.Sentence))
		}
	}
	if len(lines) > 0 {
		c.section("Where it is worse than elsewhere")
		c.line("%s", strings.Join(lines, "\n"))
	}
}

func sliceText(slice map[string]string) string {
	var parts []string
	for _, k := range slices.Sorted(maps.Keys(slice)) {
		parts = append(parts, k+" = "+slice[k])
	}
	return strings.Join(parts, ", ")
}

func (c *card) gates() error {
	if len(c.version.Gates) == 0 {
		return nil
	}
	rows := [][]string{{"gate", "outcome", "detail"}}
	for _, g := range c.version.Gates {
		rows = append(rows, []string{g.Gate, g.Outcome, g.Detail})
	}
	c.section("Gates")
	c.table(rows)
	return nil
}

func (c *card) params() error {
	if len(c.version.Params) == 0 {
		return nil
	}
	rows := [][]string{{"parameter", "value"}}
	for _, name := range slices.Sorted(maps.Keys(c.version.Params)) {
		rows = append(rows, []string{name, fmt.Sprint(c.version.Params[name])})
	}
	c.section("Parameters")
	c.table(rows)
	return nil
}

// data says what the run read, and what checks of data found in it.
func (c *card) data() error {
	if c.run == nil {
		return nil
	}
	rows := [][]string{{"data", "digest", "size"}}
	for _, in := range c.run.Inputs() {
		rows = append(rows, []string{in.Path, in.Digest.String(), view.Bytes(in.Size)})
	}
	if len(rows) > 1 {
		c.section("Data")
		c.table(rows[:min(len(rows), maxCardSlices+1)])
		if more := len(rows) - 1 - maxCardSlices; more > 0 {
			c.line("\nand %s.", counted(more, "more file"))
		}
	}
	for _, j := range c.run.Jobs {
		text, err := keptFile(c.run, c.store, j.ID, datacheck.ProfileFile)
		if err != nil {
			return err
		}
		if text == nil {
			continue
		}
		if p, err := profile.Decode(text); err == nil { // any job may keep a file of that name
			c.profile(j.ID, p)
		}
	}
	return nil
}

func (c *card) profile(job string, p *profile.Profile) {
	c.line("\n`%s` read %s:\n", job, counted(int(p.Rows), "row"))
	rows := [][]string{{"column", "kind", "nulls", "distinct", "from", "to"}}
	for _, col := range p.Columns[:min(len(p.Columns), maxCardSlices)] {
		row := []string{col.Name, fmt.Sprint(col.Kind), view.Count(int(col.Nulls)), view.Count(int(col.Distinct())), "", ""}
		if n := col.Numbers; n != nil {
			row[4], row[5] = fmt.Sprintf("%.6g", float64(n.Min)), fmt.Sprintf("%.6g", float64(n.Max))
		}
		rows = append(rows, row)
	}
	c.table(rows)
}

func (c *card) files() error {
	rows := [][]string{{"file", "size", "digest"}}
	for _, f := range c.version.Files {
		rows = append(rows, []string{f.Path, view.Bytes(f.Size), f.Digest.String()})
	}
	c.section("Files")
	c.table(rows)
	return nil
}

func (c *card) provenance() error {
	v := c.version
	c.section("Provenance")
	c.line("- files together: `%s`", v.Digest)
	c.line("- record of the run: `%s`", v.RunDigest)
	c.line("- commit: `%s` of %s", cmp.Or(v.Source.Commit, "none"), cellText(v.Source.Repository))
	if !v.Time.IsZero() {
		c.line("- registered: %s by %s", v.Time.UTC().Format(time.RFC3339), cellText(v.Actor))
	}
	if c.run == nil {
		c.line("- the record of the run is gone: data and intervals are not known")
		return nil
	}
	for _, j := range c.run.Jobs {
		if j.Image.ID != "" {
			c.line("- job `%s` ran in `%s`, `%s`", j.ID, j.Image.Name, j.Image.ID)
		}
	}
	return nil
}
