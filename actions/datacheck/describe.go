package datacheck

import (
	"context"
	"crypto/sha256"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/mlops-runner/mlops/actions/profile"
	"github.com/mlops-runner/mlops/actions/table"
	"github.com/mlops-runner/mlops/runner/store"
)

// Files lists the files that a path, glob or folder names, relative to root and
// sorted; hidden ones and those that begin with _ are left out. It fails with
// [MissingError] if there are none.
func Files(root, pattern string) ([]string, error) { return expand(root, pattern) }

// Describe makes the profile of a table of files, whose paths in it are relative
// to root. Where cache names a folder, what was found of files with the same
// content before is taken from there.
func Describe(ctx context.Context, root string, files []string, cache string) (*profile.Profile, error) {
	if cache == "" {
		return describe(ctx, root, files, nil)
	}
	var all strings.Builder
	digests := make([]store.Digest, len(files))
	for i, path := range pathsOf(root, files) {
		d, err := sumFile(path)
		if err != nil {
			return nil, err
		}
		digests[i] = d
		all.WriteString(files[i] + "\n" + d.String() + "\n")
	}
	kept, key := profile.Cache{Dir: cache}, profile.Key{File: store.Sum([]byte(all.String()))}
	if p, err := kept.Load(key); p != nil || err != nil {
		return p, err
	}
	p, err := describe(ctx, root, files, nil)
	if err != nil {
		return nil, err
	}
	for i := range p.Files {
		for k, name := range files {
			if p.Files[i].Path == name {
				p.Files[i].Digest = digests[k]
			}
		}
	}
	return p, kept.Save(key, p)
}

func sumFile(path string) (store.Digest, error) {
	f, err := os.Open(path)
	if err != nil {
		return store.Digest{}, err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return store.Digest{}, err
	}
	return store.Digest(h.Sum(nil)), nil
}

// describe reads files, whose columns have the kinds that are known. Values of
// other kinds count as nulls.
func describe(ctx context.Context, root string, files []string, kinds map[string]table.Kind) (*profile.Profile, error) {
	t, err := table.Open(pathsOf(root, files), table.Options{Kinds: kinds, Misfit: func(table.Misfit) {}})
	if err != nil {
		return nil, err
	}
	p, err := profile.Of(ctx, t)
	if err != nil {
		return nil, err
	}
	for i := range p.Files {
		if rel, err := filepath.Rel(root, p.Files[i].Path); err == nil {
			p.Files[i].Path = filepath.ToSlash(rel)
		}
	}
	return p, nil
}
