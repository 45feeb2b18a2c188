package main

import (
	"context"
	"strings"

	"github.com/mlops-runner/mlops/runner/dataset"
	"github.com/mlops-runner/mlops/runner/plan"
	"github.com/mlops-runner/mlops/runner/store"
	"github.com/mlops-runner/mlops/runner/trigger"
	"github.com/mlops-runner/mlops/runner/worktree"
	"github.com/mlops-runner/mlops/spec"
)

// dataVersion is a dataset of on.data beside what was last read of it.
type dataVersion struct {
	Name    string       `json:"name"`
	Version store.Digest `json:"version,omitzero"` // zero if it has no files now
	Last    store.Digest `json:"last,omitzero"`    // zero if no run has read it
	Run     string       `json:"run,omitempty"`    // id of the last run that read it
	Changed bool         `json:"changed"`          // whether on.data starts a run
	Error   string       `json:"error,omitempty"`  // why it has no version
}

func (d dataVersion) text() string {
	switch {
	case d.Error != "":
		return d.Error
	case d.Run == "":
		return "no recorded run has read it; starts a run"
	case d.Changed:
		return "new version since run " + d.Run + "; starts a run"
	}
	return "as run " + d.Run + " read it"
}

// dataVersions compares the datasets of on.data with what the last run of the
// pipeline read, which the store's versions know.
func (a *app) dataVersions(ctx context.Context, p *project, tree *worktree.Tree) ([]dataVersion, error) {
	pl, err := p.plan()
	if err != nil {
		return nil, err
	}
	s, err := store.OpenWith(p.sharedStore(), store.Options{ReadOnly: true})
	if err != nil {
		return nil, err
	}
	names := make([]string, len(p.spec.On.Data))
	now, last := map[string]store.Digest{}, map[string]store.Digest{}
	out := make([]dataVersion, len(names))
	for i, name := range p.spec.On.Data {
		v := dataVersion{Name: datasetName(p.spec, name.Value)}
		if v.Version, err = contentVersion(ctx, pl, tree, v.Name); err != nil {
			v.Error, _, _ = strings.Cut(err.Error(), "\n")
		}
		if r, ok := dataset.In(s).Last(v.Name, p.name()); ok {
			v.Last, v.Run = r.Version, r.Run
		}
		names[i], now[v.Name], last[v.Name], out[i] = v.Name, v.Version, v.Last, v
	}
	for _, e := range trigger.NewData(names, now, last) {
		for i := range out {
			out[i].Changed = out[i].Changed || out[i].Name == e.Dataset
		}
	}
	return out, nil
}

// datasetName is the name as data: spells it.
func datasetName(f *spec.File, name string) string {
	for _, d := range f.Data {
		if strings.EqualFold(d.Name.Value, name) {
			return d.Name.Value
		}
	}
	return name
}

// contentVersion is what the files of a dataset are now. One from an address has
// the digest that the file pins.
func contentVersion(ctx context.Context, pl *plan.Plan, tree *worktree.Tree, name string) (store.Digest, error) {
	for _, d := range pl.Data {
		if d.Name != name {
			continue
		}
		if d.Source != "" {
			return store.Parse(d.Digest)
		}
		es, err := tree.Entries(ctx, []string{d.Path}, nil)
		if err != nil {
			return store.Digest{}, err
		}
		return dataset.New(d.Name, d.Path, es).Digest, nil
	}
	return store.Digest{}, nil
}
