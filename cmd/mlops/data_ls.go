package main

import (
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/mlops-runner/mlops/cmd/mlops/view"
	"github.com/mlops-runner/mlops/runner/dataset"
	"github.com/mlops-runner/mlops/runner/plan"
	"github.com/mlops-runner/mlops/runner/store"
)

func newDataLs(a *app) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "ls",
		Short: "List the datasets and the version that was read last",
		Args:  cobra.NoArgs,
		RunE:  func(*cobra.Command, []string) error { return a.dataLs(asJSON) },
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

// dataLine is a dataset in the list.
type dataLine struct {
	Name     string       `json:"name"`
	Path     string       `json:"path,omitempty"`    // in the workspace; "" if the file does not declare it
	Address  string       `json:"address,omitempty"` // where it comes from, without secrets
	Version  store.Digest `json:"version,omitzero"`  // that the pipeline's last run read; zero if none has
	Versions int          `json:"versions"`          // that are known
	Rows     *int64       `json:"rows,omitempty"`    // of that version, if a profile is known
	Files    int          `json:"files"`
	Size     int64        `json:"size"` // bytes
	Run      string       `json:"run,omitempty"`
	Time     time.Time    `json:"time,omitzero"` // when that run began
}

func (a *app) dataLs(asJSON bool) error {
	d, err := a.openData()
	if err != nil {
		return err
	}
	lines, err := d.lines(a)
	if err != nil {
		return err
	}
	if asJSON {
		return a.printJSON(lines)
	}
	if len(lines) == 0 {
		a.say("%s declares no data:, and no run has read any", d.project.name())
		return nil
	}
	rows := make([][]string, len(lines))
	for i, l := range lines {
		rows[i] = l.cells()
	}
	return view.Table(a.stdout, []string{"dataset", "version", "rows", "files", "size", "versions", "last run", "at", "path"}, rows, a.color())
}

func (l dataLine) cells() []string {
	where := l.Path
	if l.Address != "" {
		where = l.Address
	}
	if l.Run == "" {
		return []string{l.Name, "-", "", "", "", "", "no run has read it", "", where}
	}
	rows := ""
	if l.Rows != nil {
		rows = view.Count(*l.Rows)
	}
	return []string{l.Name, l.Version.Short(), rows, view.Count(l.Files), view.Bytes(l.Size), view.Count(l.Versions), l.Run,
		l.Time.Local().Format(time.DateTime), where}
}

// lines are the declared datasets in the order of the file, then those that
// only the store knows.
func (d *dataStore) lines(a *app) ([]dataLine, error) {
	out := []dataLine{}
	known := map[string]bool{}
	for _, set := range d.plan.Data {
		known[set.Name] = true
		out = append(out, d.line(set))
	}
	names, err := d.versions.Names()
	for _, name := range names {
		if l := d.line(plan.Dataset{Name: name}); !known[name] && l.Run != "" {
			out = append(out, l)
		}
	}
	return slices.Clip(out), err
}

func (d *dataStore) line(set plan.Dataset) dataLine {
	l := dataLine{Name: set.Name, Path: set.Path, Address: dataset.Shown(set.Source), Versions: d.versions.Count(set.Name)}
	r, ok := d.versions.Last(set.Name, d.project.name())
	if !ok {
		return l
	}
	l.Version, l.Run, l.Time, l.Files, l.Size = r.Version, r.Run, r.Time, r.Files, r.Size
	if rows, ok := d.versions.Rows(set.Name, r.Version); ok {
		l.Rows = &rows
	}
	return l
}
