package serve

import (
	"bytes"
	"context"
	"iter"
	"maps"
	"slices"

	"cuelabs.dev/go/oci/ociregistry"

	"github.com/mlops-runner/mlops/runner/store"
)

// Repositories lists the repositories in order of their names.
func (r *Registry) Repositories(ctx context.Context, after string) iter.Seq2[string, error] {
	all, err := r.load(ctx)
	if err != nil || r.shelf == nil {
		return listed(maps.Keys(all), after, err)
	}
	names := slices.Collect(maps.Keys(all))
	models, err := r.shelf.Names(ctx)
	for _, m := range models {
		names = append(names, shelved+m)
	}
	return listed(slices.Values(names), after, err)
}

// Tags lists a repository's tags in their order.
func (r *Registry) Tags(ctx context.Context, repo, after string) iter.Seq2[string, error] {
	known, err := r.repository(ctx, repo, true)
	if err != nil {
		return ociregistry.ErrorSeq[string](err)
	}
	return listed(maps.Keys(known.tags), after, nil)
}

func listed(names iter.Seq[string], after string, err error) iter.Seq2[string, error] {
	if err != nil {
		return ociregistry.ErrorSeq[string](err)
	}
	sorted := slices.Sorted(names)
	i, found := slices.BinarySearch(sorted, after)
	if found {
		i++
	}
	return ociregistry.SliceSeq(sorted[i:])
}

// Referrers lists the manifests that say that they are about another one, which
// need not be here.
func (r *Registry) Referrers(ctx context.Context, repo string, d ociregistry.Digest, artifactType string) iter.Seq2[ociregistry.Descriptor, error] {
	dig, err := parseDigest(d)
	if err != nil {
		return ociregistry.ErrorSeq[ociregistry.Descriptor](err)
	}
	known, err := r.repository(ctx, repo, true)
	if err != nil {
		return ociregistry.ErrorSeq[ociregistry.Descriptor](err)
	}
	var all []ociregistry.Descriptor
	for _, of := range slices.SortedFunc(maps.Keys(known.manifests), func(a, b store.Digest) int { return bytes.Compare(a[:], b[:]) }) {
		m := known.manifests[of]
		if m.subject == dig && (artifactType == "" || artifactType == m.ArtifactType) {
			all = append(all, m.Descriptor)
		}
	}
	return ociregistry.SliceSeq(all)
}
