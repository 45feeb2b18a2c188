package oci

import (
	"bytes"
	"context"
	"fmt"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"golang.org/x/sync/errgroup"

	"github.com/mlops-runner/mlops/runner/store"
)

// Sent says what a push came to.
type Sent struct {
	Blobs int   // that the registry did not have
	Bytes int64 // of those, and of the manifest
	Moved bool  // whether the tag points to something else than before
}

// Push brings an artifact to a repository and lets its tag point to it. Blobs that
// are there are not sent, and nothing is if the tag points to it already. It fails
// with a *store.MissingError, an *AccessError or what the registry says.
func Push(ctx context.Context, d *store.Dir, a *Artifact, r *Repository) (Sent, error) {
	var sent Sent
	desc := a.Descriptor()
	tag := r.Tag()
	if tag == "" {
		tag = desc.Digest.String()
	}
	at, err := r.remote.Resolve(ctx, tag)
	if err == nil && at.Digest == desc.Digest {
		return sent, nil
	}
	if err != nil && !isNotFound(r.explain(err)) {
		return sent, r.explain(err)
	}
	p := &pusher{repo: r, from: Storage{d}, progress: progress{tell: r.opts.Progress}}
	if err := p.blobs(ctx, a.Blobs()); err != nil {
		return sent, err
	}
	sent = Sent{p.sent, p.bytes + desc.Size, true}
	return sent, r.again(ctx, "push the manifest", func() (int64, error) {
		return 0, r.remote.Manifests().PushReference(ctx, desc, bytes.NewReader(a.bytes), tag)
	})
}

type pusher struct {
	repo     *Repository
	from     Storage
	progress progress
	sent     int
	bytes    int64
}

// blobs sends those that are missing. All are asked for first: what is to be sent
// is then known, and a stranger is told so before the first byte.
func (p *pusher) blobs(ctx context.Context, all []ocispec.Descriptor) error {
	missing := make([]bool, len(all))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(p.repo.opts.Parallel)
	for i, b := range all {
		g.Go(func() error {
			return p.repo.again(gctx, "look for "+b.Digest.Encoded()[:12], func() (int64, error) {
				there, err := p.repo.remote.Blobs().Exists(gctx, b)
				missing[i] = !there
				return 0, err
			})
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	for i, b := range all {
		if missing[i] {
			p.sent, p.bytes = p.sent+1, p.bytes+b.Size
		}
	}
	p.progress.total.Store(p.bytes)
	g, gctx = errgroup.WithContext(ctx)
	g.SetLimit(p.repo.opts.Parallel)
	for i, b := range all {
		if missing[i] {
			g.Go(func() error { return p.blob(gctx, b) })
		}
	}
	return g.Wait()
}

// blob sends one.
func (p *pusher) blob(ctx context.Context, b ocispec.Descriptor) error {
	u := &upload{pusher: p, blob: b}
	what := fmt.Sprintf("push %s (%s)", b.Digest.Encoded()[:12], b.Annotations[annotationPath])
	return p.repo.again(ctx, what, func() (int64, error) { return u.more(ctx) })
}
