package main

import (
	"context"
	"strings"

	"github.com/mlops-runner/mlops/runner/plan"
	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/store"
	"github.com/mlops-runner/mlops/runner/trigger"
	"github.com/mlops-runner/mlops/runner/worktree"
	"github.com/mlops-runner/mlops/spec"
)

// dataVersion is a dataset of on.data beside what was recorded of it.
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

// dataVersions compares the datasets of on.data with the last runs that read them.
func (a *app) dataVersions(ctx context.Context, p *project, tree *worktree.Tree) ([]dataVersion, error) {
	pl, err := p.plan()
	if err != nil {
		return nil, err
	}
	names := make([]string, len(p.spec.On.Data))
	now := map[string]store.Digest{}
	out := make([]dataVersion, len(names))
	for i, name := range p.spec.On.Data {
		v := dataVersion{Name: datasetName(p.spec, name.Value)}
		if v.Version, err = contentVersion(ctx, pl, tree, v.Name); err != nil {
			v.Error, _, _ = strings.Cut(err.Error(), "\n")
		}
		names[i], now[v.Name], out[i] = v.Name, v.Version, v
	}
	last, runs := lastVersions(p, names)
	for _, e := range trigger.NewData(names, now, last) {
		for i := range out {
			out[i].Changed = out[i].Changed || out[i].Name == e.Dataset
		}
	}
	for i := range out {
		out[i].Last, out[i].Run = last[out[i].Name], runs[out[i].Name]
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

// contentVersion is what the files of a dataset are now. A remote one has the
// digest that the file pins.
func contentVersion(ctx context.Context, pl *plan.Plan, tree *worktree.Tree, name string) (store.Digest, error) {
	for _, d := range pl.Data {
		if d.Name != name {
			continue
		}
		if d.Digest != "" {
			return store.Parse(d.Digest)
		}
		es, err := tree.Entries(ctx, []string{d.Path}, nil)
		if err != nil {
			return store.Digest{}, err
		}
		files := make(map[string]store.Digest, len(es))
		for _, e := range es {
			files[e.Path] = e.Digest
		}
		return trigger.Version(files), nil
	}
	return store.Digest{}, nil
}

// lookBack is how many runs are searched for one that read a dataset.
const lookBack = 500

// lastVersions finds for each dataset the newest run of the pipeline that has
// read it to its end, whatever became of its jobs.
func lastVersions(p *project, names []string) (versions map[string]store.Digest, runs map[string]string) {
	versions, runs = map[string]store.Digest{}, map[string]string{}
	seen := 0
	for e, err := range record.List(p.store()) {
		if seen++; err != nil || seen > lookBack || len(runs) == len(names) {
			break
		}
		head, err := e.Head()
		if err != nil || head.Pipeline != p.name() || !head.Sealed || head.Status == record.Cancelled {
			continue
		}
		r, err := e.Load()
		if err != nil {
			continue // a damaged record does not hide the others
		}
		for name, v := range trigger.Recorded(r) {
			if _, known := runs[name]; !known {
				versions[name], runs[name] = v, r.ID
			}
		}
	}
	return versions, runs
}
