package datacheck

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/mlops-runner/mlops/actions/profile"
	"github.com/mlops-runner/mlops/actions/table"
	"github.com/mlops-runner/mlops/runner/store"
)

// A describer makes profiles file by file and keeps them.
type describer struct {
	root  string
	kinds map[string]table.Kind
	cache profile.Cache
}

// all merges the profiles of files. It returns nil if they do not go together: a
// column that is a number in one file and text in another can only be read as
// text in both, which takes all files at once.
func (d *describer) all(ctx context.Context, files []string) (*profile.Profile, error) {
	each := make([]*profile.Profile, len(files))
	procs := runtime.GOMAXPROCS(0)
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(procs)
	for i, path := range table.Paths(d.root, files) {
		g.Go(func() (err error) {
			each[i], err = d.one(ctx, path, profile.Options{Workers: max(1, procs/len(files))})
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	whole := each[0]
	for _, p := range each[1:] {
		var err error
		if whole, err = profile.Merge(whole, p); err != nil {
			return nil, nil
		}
	}
	return whole, nil
}

// one describes a file, by the cache if that knows its content. A cache that
// cannot be read or written costs time and nothing else.
func (d *describer) one(ctx context.Context, path string, o profile.Options) (*profile.Profile, error) {
	before, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	digest, err := sumFile(path)
	if err != nil {
		return nil, err
	}
	key := profile.Key{File: digest, Reading: d.reading(path)}
	p, _ := d.cache.Load(key)
	fresh := p == nil
	if fresh {
		t, err := table.Open([]string{path}, tableOptions(d.kinds))
		if err != nil {
			return nil, err
		}
		if p, err = o.Of(ctx, t); err != nil {
			return nil, err
		}
	}
	for i := range p.Files {
		p.Files[i].Path, p.Files[i].Digest = path, digest
	}
	after, err := os.Stat(path)
	if fresh && err == nil && after.Size() == before.Size() && after.ModTime().Equal(before.ModTime()) {
		kept := *p
		kept.Files = slices.Clone(p.Files)
		for i := range kept.Files {
			kept.Files[i].Path = filepath.Base(path) // whoever has the same content has his own name for it
		}
		_ = d.cache.Save(key, &kept)
	}
	return p, nil
}

// reading is the digest of what decides how a file is read beside its content.
func (d *describer) reading(path string) store.Digest {
	var b strings.Builder
	b.WriteString("2" + filepath.Ext(path) + "\n") // 1 knew no yes and no
	for _, name := range slices.Sorted(maps.Keys(d.kinds)) {
		fmt.Fprintf(&b, "%q %s\n", name, d.kinds[name])
	}
	return store.Sum([]byte(b.String()))
}
