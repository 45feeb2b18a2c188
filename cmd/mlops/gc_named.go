package main

import (
	"context"
	"fmt"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"

	"github.com/mlops-runner/mlops/runner"
	"github.com/mlops-runner/mlops/runner/baseline"
	"github.com/mlops-runner/mlops/runner/index"
	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/registry"
	"github.com/mlops-runner/mlops/runner/store"
)

// runNames are the runs that something in a store still names, by id or by
// the digest of their record, with what names them.
type runNames map[string]string

// by is what names a run; "" if nothing does.
func (n runNames) by(id string, digest store.Digest) string {
	if why := n[id]; why != "" || digest.IsZero() {
		return why
	}
	return n[digest.String()]
}

// add notes what names a run, unless that is known.
func (n runNames) add(name, why string) {
	if n[name] == "" && name != "" {
		n[name] = why
	}
}

// unnaming are the places of a store that hold content, records themselves, what
// strangers wrote, or what can be made anew, such as the indexes of the records,
// which name them all. Whatever else lies there (refs, models, baselines,
// datasets, and what a later version adds) may name a run, and is read.
var unnaming = []string{
	"cas", "actions", "last", "trees", "bad", "tmp", "runs", "plans", "snapshots", "worktrees", "aside", "definitions", "lock",
	"untrusted", "caches", baseline.Folder, index.File, index.File + "-wal", index.File + "-shm",
}

// maxNaming bounds what is read of one file; a journal of models is far shorter.
const maxNaming = 64 << 20

// namedRuns collects them. A cached result names the run that executed it: its
// log is in that run's record. So does a version that came out of such a result.
func namedRuns(ctx context.Context, s *store.Dir) (runNames, error) {
	names := runNames{}
	for a, err := range s.Actions(ctx) {
		if err != nil {
			return nil, err
		}
		if r, err := runner.ParseResult(a.Data); err == nil {
			names.add(r.Run, "the cached result of job "+r.Job)
		}
	}
	if err := names.models(s); err != nil {
		return nil, err
	}
	name := regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}|sha256:[0-9a-f]{64}`)
	err := filepath.WalkDir(s.Root(), func(path string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case slices.Contains(unnaming, relativeTo(s.Root(), path)) && e.IsDir():
			return fs.SkipDir
		case !e.Type().IsRegular() || slices.Contains(unnaming, relativeTo(s.Root(), path)):
			return nil
		}
		text, err := readLimited(path, maxNaming)
		for _, found := range name.FindAll(text, -1) {
			names.add(string(found), relativeTo(s.Root(), path))
		}
		return err
	})
	return names, err
}

// models adds the runs behind registered versions: that which registered one, and
// that which executed the job if the result was reused. Damaged models are left to
// the search through all files.
func (n runNames) models(s *store.Dir) error {
	r := registry.Open(s, nil)
	all, err := r.Names()
	if err != nil {
		return err
	}
	for _, name := range all {
		m, err := r.Model(name)
		if err != nil {
			continue
		}
		for i := 1; i <= m.Versions(); i++ {
			v, err := r.Version(m, i)
			if err != nil {
				continue
			}
			n.add(v.Run, versionName(name, i)+", which it made")
			if run, err := record.Load(s.Root(), v.Run); err == nil && run.Job(v.Job) != nil {
				n.add(run.Job(v.Job).CachedFrom, versionName(name, i)+", whose job it executed")
			}
		}
		for _, e := range m.Journal {
			n.add(e.Run, fmt.Sprintf("line %d of the journal of %s", e.Seq, name))
		}
	}
	return nil
}

// asideFile is a file that was set aside.
type asideFile struct {
	path string
	size int64
}

// asideFiles lists the files below a folder.
func asideFiles(dir string) (files []asideFile) {
	filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return nil
		}
		if info, err := e.Info(); err == nil {
			files = append(files, asideFile{path, info.Size()})
		}
		return nil
	})
	return files
}
