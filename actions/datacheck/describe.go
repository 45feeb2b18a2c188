package datacheck

import (
	"context"
	"crypto/sha256"
	"io"
	"os"
	"path/filepath"

	"github.com/mlops-runner/mlops/actions/profile"
	"github.com/mlops-runner/mlops/actions/table"
	"github.com/mlops-runner/mlops/runner/store"
)

// Describe makes the profile of a table of files, whose paths in it are relative
// to root. Where cache names a folder, what was found of each file by its content
// before is taken from there, so that files which came later cost only themselves.
// Figures that are estimates may then differ within what they promise.
func Describe(ctx context.Context, root string, files []string, cache string) (*profile.Profile, error) {
	return describe(ctx, root, files, nil, cache)
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
func describe(ctx context.Context, root string, files []string, kinds map[string]table.Kind, cache string) (*profile.Profile, error) {
	t, err := table.Open(table.Paths(root, files), tableOptions(kinds))
	if err != nil {
		return nil, err
	}
	var p *profile.Profile
	if cache != "" {
		p, err = (&describer{root: root, kinds: kinds, cache: profile.Cache{Dir: cache}}).all(ctx, files)
	}
	if p == nil && err == nil {
		p, err = profile.Of(ctx, t)
	}
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

func tableOptions(kinds map[string]table.Kind) table.Options {
	return table.Options{Kinds: kinds, Misfit: func(table.Misfit) {}}
}
