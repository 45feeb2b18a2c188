package main

import (
	"cmp"
	"slices"
	"sort"

	"github.com/mlops-runner/mlops/runner/baseline"
	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/store"
)

// A pastBasis is what jobs got of earlier runs, so that it is seen when they
// would get something else.
type pastBasis struct {
	Trail *baseline.Trail `json:"trail"`
	Run   string          `json:"run,omitempty"` // the baseline
	Files []pastFile      `json:"files"`
	Kept  store.Digest    `json:"kept"` // of all that they got
}

// basis is what jobs have got; nil if none has asked. ok is false where nothing
// but a new search tells whether they would get the same.
func (p *pastFiles) basis() (b *pastBasis, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.asked) == 0 {
		return nil, true
	}
	files := slices.Clone(p.asked)
	sort.Slice(files, func(i, j int) bool {
		a, b := files[i], files[j]
		return cmp.Or(cmp.Compare(a.Job, b.Job), cmp.Compare(a.Name, b.Name)) < 0
	})
	files = slices.Compact(files)
	b = &pastBasis{Trail: p.trail, Files: files, Kept: keptDigest(p.runs, files)}
	if len(p.runs) > 0 {
		b.Run = p.runs[0].ID
	}
	return b, p.failed == nil && p.trail != nil
}

// holds reports whether jobs would get the same now. The branches of the
// repository are as they were.
func (b *pastBasis) holds(root string) bool {
	index, err := baseline.OpenIndex(root, nil)
	if err != nil {
		return false
	}
	r := &baseline.Resolver{Root: root, Index: index}
	run, ok := r.Again(b.Trail)
	switch {
	case !ok:
		return false
	case run != nil && run.ID == b.Run || run == nil && b.Run == "":
		return true // what was before it is as it was
	}
	y := &yardstick{project: &project{}, root: root, index: index}
	return keptDigest(y.newestFirst(&baseline.Found{Run: run}), b.Files) == b.Kept
}

// keptDigest is the digest of all versions of files that jobs get of runs.
func keptDigest(runs []*record.Run, files []pastFile) store.Digest {
	var all []byte
	for _, f := range files {
		all = append(append(all, f.Job...), 0)
		all = append(append(all, f.Name...), 0)
		for _, v := range versions(runs, f.Job, f.Name) {
			all = append(all, v.kept.Digest[:]...)
		}
		all = append(all, 0)
	}
	return store.Sum(all)
}
