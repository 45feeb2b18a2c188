package runner

import (
	"fmt"
	"maps"
	"slices"
	"sort"

	"github.com/mlops-runner/mlops/runner/dataset"
	"github.com/mlops-runner/mlops/runner/plan"
	"github.com/mlops-runner/mlops/runner/store"
	"github.com/mlops-runner/mlops/runner/worktree"
)

// A DataRead is a dataset as the jobs of a run read it.
type DataRead struct {
	Name    string
	Path    string            // file, glob or folder of the workspace
	Source  string            // address, without secrets; "" if it lies in the repository
	Pin     store.Digest      // of one from an address
	Entries []store.Entry     // of one from an address nil if the run did not need its bytes
	Tags    map[string]string // what the server calls the content of each file; empty if nothing was fetched
}

// noteData remembers what a node reads of datasets.
func (x *execution) noteData(n *plan.Node, in inputs) {
	for _, p := range n.Inputs {
		if p.Data == "" || p.Source != "" {
			continue
		}
		var es []store.Entry
		for _, e := range in.repo {
			if worktree.Match([]string{p.Pattern}, e.Path) {
				es = append(es, e)
			}
		}
		if len(es) > 0 { // none: another job writes it
			x.used.addData(DataRead{Name: p.Data, Path: p.Pattern, Entries: es})
		}
	}
	for _, r := range in.remote {
		x.noteRemote(r)
	}
}

// noteRemote remembers a dataset from an address, with its files if they are here.
func (x *execution) noteRemote(in remoteInput) {
	d := DataRead{Name: in.Data, Path: in.Pattern, Pin: in.pin, Source: dataset.Shown(in.Source)}
	if es, err := x.remoteEntries(in); err == nil {
		d.Entries = es
	}
	b := x.remotes.get(in)
	if b.mu.TryLock() { // otherwise it is being brought, and noted again afterwards
		d.Tags = b.tags
		b.mu.Unlock()
	}
	x.used.addData(d)
}

// asPinned finds a dataset of the repository that is not what its digest says: of
// a file its SHA-256, of several that of their manifest.
func asPinned(patterns []plan.Input, es []store.Entry) error {
	for _, p := range patterns {
		if p.Data == "" || p.Digest == "" {
			continue
		}
		inside := slices.DeleteFunc(slices.Clone(es), func(e store.Entry) bool { return !worktree.Match([]string{p.Pattern}, e.Path) })
		is := dataset.New(p.Data, p.Pattern, inside).Digest
		if len(inside) == 1 && inside[0].Path == p.Pattern {
			is = inside[0].Digest
		}
		if len(inside) > 0 && is.String() != p.Digest {
			return &inputError{p.Pattern, fmt.Sprintf("the dataset %s has %s, and digest: says %s", p.Data, is, p.Digest),
				fmt.Sprintf("put the pinned version back (\"mlops data log %s\" lists them), or correct the digest", p.Data)}
		}
	}
	return nil
}

// addData notes a dataset. Of two jobs, one that left files out does not hide
// the other's.
func (u *usedFiles) addData(d DataRead) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.data == nil {
		u.data = map[string]DataRead{}
	}
	if before, ok := u.data[d.Name]; !ok || len(d.Entries) >= len(before.Entries) {
		u.data[d.Name] = d
	}
}

// datasets returns them in the order of their names.
func (u *usedFiles) datasets() []DataRead {
	u.mu.Lock()
	defer u.mu.Unlock()
	all := slices.Collect(maps.Values(u.data))
	sort.Slice(all, func(i, j int) bool { return all[i].Name < all[j].Name })
	return all
}
