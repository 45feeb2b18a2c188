package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/mlops-runner/mlops/cmd/mlops/view"
	"github.com/mlops-runner/mlops/runner/registry"
)

func newModelDiff(a *app) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:     "diff MODEL@REF MODEL@REF",
		Short:   "Show how two versions differ: metrics, parameters, files, code",
		Example: "  mlops model diff churn@1 churn@2\n  mlops model diff churn@production churn@staging",
		Args:    cobra.ExactArgs(2),
		RunE:    func(_ *cobra.Command, args []string) error { return a.modelDiff(args[0], args[1], asJSON) },

		ValidArgsFunction: a.completeModels(true),
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

// A modelChange is one thing in which two versions differ, as text; "" for
// what only one has.
type modelChange struct {
	Kind string `json:"kind"` // metric, param, file, commit, job
	Name string `json:"name"`
	From string `json:"from"`
	To   string `json:"to"`
}

// brief returns both sides for people: metrics are as long as elsewhere, but for those
// that differ in later digits alone.
func (c modelChange) brief() (from, to string) {
	if c.Kind != "metric" {
		return c.From, c.To
	}
	if from, to = briefNumber(c.From), briefNumber(c.To); from == to {
		return c.From, c.To
	}
	return from, to
}

func briefNumber(text string) string {
	v, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return text // "", of a version without it
	}
	return view.Number(v)
}

func (a *app) modelDiff(from, to string, asJSON bool) error {
	var vs [2]*registry.Version
	for i, name := range []string{from, to} {
		p, err := a.pickModel(name)
		if err != nil {
			return err
		}
		if vs[i], err = p.read(); err != nil {
			return err
		}
	}
	changes := versionChanges(vs[0], vs[1])
	if asJSON {
		return a.printJSON(changes)
	}
	if len(changes) == 0 {
		_, err := fmt.Fprintln(a.stdout, "the same")
		return err
	}
	rows := make([][]string, len(changes))
	for i, c := range changes {
		from, to := c.brief()
		rows[i] = []string{c.Kind, foreign(c.Name), foreign(from), foreign(to)}
	}
	header := []string{"", "", versionName(vs[0].Model, vs[0].Version), versionName(vs[1].Model, vs[1].Version)}
	return view.Table(a.stdout, header, rows, a.color())
}

// versionChanges lists how two versions differ, kind by kind.
func versionChanges(from, to *registry.Version) []modelChange {
	changes := []modelChange{}
	for _, kind := range []struct {
		name string
		of   func(*registry.Version) map[string]string
	}{{"metric", metricTexts}, {"param", paramTexts}, {"file", fileTexts}, {"made", madeTexts}} {
		a, b := kind.of(from), kind.of(to)
		names := slices.Collect(maps.Keys(a))
		for name := range b {
			if _, ok := a[name]; !ok {
				names = append(names, name)
			}
		}
		slices.Sort(names)
		for _, name := range names {
			if a[name] != b[name] {
				changes = append(changes, modelChange{kind.name, name, a[name], b[name]})
			}
		}
	}
	return changes
}

func metricTexts(v *registry.Version) map[string]string {
	out := map[string]string{}
	for _, m := range v.Metrics {
		name := m.Key()
		if _, ok := out[name]; ok {
			name += " (" + m.Job + ")"
		}
		out[name] = fmt.Sprint(m.Value)
	}
	return out
}

func paramTexts(v *registry.Version) map[string]string {
	out := map[string]string{}
	for name, value := range v.Params {
		out[name] = fmt.Sprint(value)
	}
	return out
}

func fileTexts(v *registry.Version) map[string]string {
	out := map[string]string{}
	for _, f := range v.Files {
		out[f.Path] = cmp.Or(f.Link, f.Digest.Short()+" "+view.Bytes(f.Size))
	}
	return out
}

func madeTexts(v *registry.Version) map[string]string {
	return map[string]string{"commit": short(v.Source.Commit, v.Source.Dirty), "job": v.Job, "run": shortID(v.Run)}
}
