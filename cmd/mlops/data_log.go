package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/mlops-runner/mlops/cmd/mlops/view"
	"github.com/mlops-runner/mlops/runner/dataset"
	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/store"
)

func newDataLog(a *app) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:     "log NAME",
		Short:   "List the versions of a dataset, newest first",
		Example: "  mlops data log customers",
		Args:    cobra.ExactArgs(1),
		RunE:    func(c *cobra.Command, args []string) error { return a.dataLog(c, args[0], asJSON) },

		ValidArgsFunction: a.completeData,
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

// versionLine is a version in the log of its dataset.
type versionLine struct {
	Number int `json:"number"` // 1 for the oldest
	*dataset.Version
	Rows       *int64         `json:"rows,omitempty"`
	Changes    dataset.Change `json:"changes"`    // against the version before
	Restorable bool           `json:"restorable"` // whether the store has all of its bytes
}

func (a *app) dataLog(c *cobra.Command, name string, asJSON bool) error {
	d, err := a.openData()
	if err != nil {
		return err
	}
	all, err := d.history(a, name)
	if err != nil {
		return err
	}
	lines := make([]versionLine, len(all))
	for i, v := range all {
		var before *dataset.Version
		if i+1 < len(all) {
			before = all[i+1]
		}
		missing, err := d.versions.Missing(c.Context(), v, false)
		if err != nil {
			return err
		}
		lines[i] = versionLine{Number: len(all) - i, Version: v, Changes: v.Since(before), Restorable: missing == 0}
		if rows, ok := d.versions.Rows(v.Dataset, v.Digest); ok {
			lines[i].Rows = &rows
		}
	}
	if asJSON {
		return a.printJSON(lines)
	}
	rows := make([][]string, len(lines))
	for i, l := range lines {
		rows[i] = l.cells()
	}
	return view.Table(a.stdout, []string{"", "version", "first read", "commit", "branch", "run", "rows", "size", "files", "changed", "bytes"}, rows, a.color())
}

func (l versionLine) cells() []string {
	rows := ""
	if l.Rows != nil {
		rows = view.Count(*l.Rows)
	}
	kept := "kept"
	switch {
	case l.Restorable:
	case !l.Kept:
		kept = "not kept"
	default:
		kept = "removed"
	}
	f := l.First
	return []string{fmt.Sprintf("@%d", l.Number), l.Digest.Short(), f.Time.Local().Format(time.DateTime), short(f.Commit, f.Dirty), f.Branch,
		f.Run, rows, view.Bytes(l.Size), view.Count(len(l.Files)), changeText(l.Changes, l.Number == 1), kept}
}

// changeText says how many files came, went and changed: +2 -1 ~3.
func changeText(c dataset.Change, first bool) string {
	if first {
		return ""
	}
	var parts []string
	for _, p := range []struct {
		sign string
		n    int
	}{{"+", c.Added}, {"-", c.Removed}, {"~", c.Changed}} {
		if p.n > 0 {
			parts = append(parts, p.sign+view.Count(p.n))
		}
	}
	return strings.Join(parts, " ")
}

// pickVersion finds a version by number, digest, latest, or a run that read it.
func (d *dataStore) pickVersion(all []*dataset.Version, ref string) (*dataset.Version, error) {
	v, err := dataset.Pick(all, ref)
	if err == nil {
		return v, nil
	}
	if of, ok := d.readBy(all[0].Dataset, ref); ok {
		for _, v := range all {
			if v.Digest == of {
				return v, nil
			}
		}
	}
	return nil, usageError{fixError{fmt.Errorf("%s: %w", all[0].Dataset, err), fmt.Sprintf("\"mlops data log %s\" lists the versions; @latest, @1 for the oldest, the beginning of a digest, or a run", all[0].Dataset)}}
}

// readBy is the version of a dataset that a recorded run read.
func (d *dataStore) readBy(name, ref string) (store.Digest, bool) {
	r, err := record.Load(d.project.sharedStore(), ref)
	if err != nil {
		return store.Digest{}, false
	}
	files := map[string]store.Digest{}
	for _, in := range r.Inputs() {
		switch {
		case in.Name != name:
		case in.Source != "":
			return in.Digest, true
		default:
			files[in.Path] = in.Digest
		}
	}
	return dataset.Digest(files), len(files) > 0
}
