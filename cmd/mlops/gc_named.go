package main

import (
	"context"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"

	"github.com/mlops-runner/mlops/runner"
	"github.com/mlops-runner/mlops/runner/baseline"
	"github.com/mlops-runner/mlops/runner/store"
)

// runNames are the runs that something in a store still names, by id or by
// the digest of their record.
type runNames map[string]bool

func (n runNames) has(id string, digest store.Digest) bool {
	return n[id] || !digest.IsZero() && n[digest.String()]
}

// unnaming are the places of a store that hold content, records themselves, what
// strangers wrote, or what can be made anew, such as the index of the records,
// which names them all. Whatever else lies there (refs, models, baselines,
// datasets, and what a later version adds) may name a run, and is read.
var unnaming = []string{
	"cas", "actions", "last", "trees", "bad", "tmp", "runs", "plans", "snapshots", "worktrees", "aside", "definitions", "lock",
	"untrusted", "caches", baseline.Folder,
}

// maxNaming bounds what is read of one file; a journal of models is far shorter.
const maxNaming = 64 << 20

// namedRuns collects them. A cached result names the run that executed it: its
// log is in that run's record.
func namedRuns(ctx context.Context, s *store.Dir) (runNames, error) {
	names := runNames{}
	for a, err := range s.Actions(ctx) {
		if err != nil {
			return nil, err
		}
		if r, err := runner.ParseResult(a.Data); err == nil {
			names[r.Run] = true
		}
	}
	name := regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}|sha256:[0-9a-f]{64}`)
	err := filepath.WalkDir(s.Root(), func(path string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case slices.Contains(unnaming, relativeTo(s.Root(), path)) && e.IsDir():
			return fs.SkipDir
		case !e.Type().IsRegular():
			return nil
		}
		text, err := readLimited(path, maxNaming)
		for _, found := range name.FindAll(text, -1) {
			names[string(found)] = true
		}
		return err
	})
	return names, err
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
