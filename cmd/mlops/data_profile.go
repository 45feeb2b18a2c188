package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/bmatcuk/doublestar/v4"
	"github.com/spf13/cobra"

	"github.com/mlops-runner/mlops/actions/datacheck"
	"github.com/mlops-runner/mlops/actions/profile"
	"github.com/mlops-runner/mlops/actions/table"
	"github.com/mlops-runner/mlops/runner/plan"
	"github.com/mlops-runner/mlops/spec"
)

type dataProfileOptions struct {
	json, html, fresh bool
}

func newDataProfile(a *app) *cobra.Command {
	var o dataProfileOptions
	c := &cobra.Command{
		Use:     "profile FILE|DATASET[@VERSION]",
		Short:   "Describe a table: each column's kind, nulls, values, shape",
		Example: "  mlops data profile data/train.csv\n  mlops data profile 'data/*.parquet' --json\n  mlops data profile customers --html > customers.html\n  mlops data profile customers@1",
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if o.json && o.html {
				return usagef("data profile: --json and --html exclude each other")
			}
			return a.dataProfile(c.Context(), o, args[0])
		},
	}
	f := c.Flags()
	f.BoolVar(&o.json, "json", false, "print the profile as JSON, as runs keep it")
	f.BoolVar(&o.html, "html", false, "print a page")
	f.BoolVar(&o.fresh, "no-cache", false, "read the files again, even if they did not change")
	return c
}

func (a *app) dataProfile(ctx context.Context, o dataProfileOptions, name string) error {
	p, err := a.profileOf(ctx, name, !o.fresh)
	if err != nil {
		return err
	}
	switch {
	case o.json:
		return p.EncodeTo(a.stdout)
	case o.html:
		return writeProfilePage(a.stdout, name, p)
	}
	return writeProfile(a.stdout, name, p)
}

// profileOf describes a file, glob or folder, a dataset of mlops.yaml, or a kept
// version of one.
func (a *app) profileOf(ctx context.Context, name string, cached bool) (*profile.Profile, error) {
	root, pattern := split(name)
	cache := ""
	p, err := a.openProject("", nil)
	if err == nil && cached {
		cache = p.profiles()
	}
	files, missing := table.Files(root, pattern)
	if missing == nil {
		return datacheck.Describe(ctx, root, files, cache)
	}
	if err != nil {
		return nil, fixError{missing, "name a file, glob or folder, or a dataset of mlops.yaml"}
	}
	if set, ref, ok := strings.Cut(strings.TrimPrefix(name, "data."), "@"); ok {
		return a.profileOfVersion(ctx, set, ref, cache)
	}
	pl, err := p.plan()
	if err != nil {
		return nil, err
	}
	set, err := datasetCalled(pl, name, missing)
	if err != nil {
		return nil, err
	}
	if files, err = table.Files(p.root, set.Path); err != nil {
		return nil, err
	}
	return datacheck.Describe(ctx, p.root, files, cache)
}

// profiles is the folder where profiles of files are kept, "" in a project without
// a store: a look makes none.
func (p *project) profiles() string {
	if _, err := os.Stat(p.sharedStore()); err != nil {
		return ""
	}
	return filepath.Join(p.sharedStore(), "profiles")
}

// datasetCalled finds a dataset by its name, whatever its case. missing says that no file is
// called so either.
func datasetCalled(pl *plan.Plan, name string, missing error) (plan.Dataset, error) {
	var names []string
	for _, d := range pl.Data {
		if strings.EqualFold(d.Name, strings.TrimPrefix(name, "data.")) {
			return d, nil
		}
		names = append(names, d.Name)
	}
	if near := spec.Nearest(name, names); near != "" {
		return plan.Dataset{}, fixError{missing, `did you mean the dataset "` + near + `"?`}
	}
	return plan.Dataset{}, fixError{missing, "name a file, glob or folder, or a dataset of mlops.yaml"}
}

// split takes a path that does not lie below the working folder apart into a
// folder and what is meant in it; of others the folder is the working one.
func split(name string) (root, pattern string) {
	if filepath.IsLocal(name) {
		return ".", name
	}
	return doublestar.SplitPattern(filepath.ToSlash(filepath.Clean(name)))
}

// writeProfile shows a profile as a table of its columns.
func writeProfile(out io.Writer, name string, p *profile.Profile) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %d rows, %d columns\n\n", name, p.Rows, len(p.Columns))
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "column\tkind\tnulls\tdistinct\tmin\tmedian\tmax\tshape\tmost common")
	for i := range p.Columns {
		c := &p.Columns[i]
		cells := []string{clipped(c.Name, 80), c.Kind.String(), nullText(c), distinctText(c), "", "", "", datacheck.Blocks(datacheck.Shape(c)), commonText(c)}
		if n := c.Numbers; n != nil && n.Count > 0 && c.Kind != table.Bool {
			cells[4], cells[5], cells[6] = datacheck.NumberText(c.Kind, n.Min), datacheck.NumberText(c.Kind, n.Quantile(0.5)), datacheck.NumberText(c.Kind, n.Max)
		}
		fmt.Fprintln(w, strings.Join(cells, "\t"))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for line := range strings.Lines(b.String()) {
		if _, err := fmt.Fprintln(out, strings.TrimRight(line, " \n")); err != nil {
			return err
		}
	}
	return nil
}

func nullText(c *profile.Column) string {
	if c.Nulls == 0 {
		return "0"
	}
	return strconv.FormatFloat(100*float64(c.Nulls)/float64(c.Rows), 'f', 1, 64) + "%"
}

func distinctText(c *profile.Column) string {
	if c.Exact {
		return strconv.FormatInt(c.Distinct(), 10)
	}
	return "~" + strconv.FormatInt(c.Distinct(), 10)
}

// clipped is a foreign text of at most so many characters.
func clipped(text string, most int) string {
	text = foreign(text)
	if r := []rune(text); len(r) > most {
		text = string(r[:most-1]) + "…"
	}
	return text
}

// commonText are the commonest values with their shares, if one value is common.
func commonText(c *profile.Column) string {
	values := float64(c.Rows - c.Nulls)
	var parts []string
	for _, v := range c.Values[:min(3, len(c.Values))] {
		if share := float64(v.Count) / values; share >= 0.01 {
			parts = append(parts, fmt.Sprintf("%s %.0f%%", clipped(v.Text, 24), 100*share))
		}
	}
	return strings.Join(parts, ", ")
}
