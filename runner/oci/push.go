package oci

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

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

// blob sends one. A registry drops an upload that breaks off, so each try begins
// at the first byte, and bytes of a lost one are no progress.
func (p *pusher) blob(ctx context.Context, b ocispec.Descriptor) error {
	what := fmt.Sprintf("push %s (%s)", b.Digest.Encoded()[:12], b.Annotations[annotationPath])
	return p.repo.again(ctx, what, func() (int64, error) {
		f, err := p.from.open(b)
		if err != nil {
			return 0, &diskError{err}
		}
		defer f.Close() // the transport may have done so
		w := watch(f, &p.progress)
		err = p.repo.remote.Blobs().Push(ctx, b, f)
		if sent := w.end(b.Size, err == nil); err != nil {
			p.progress.add(-sent)
		}
		return 0, err
	})
}

// A watched is a file on its way to a registry. Only a bare file is sent by the kernel,
// without a copy of each byte here, so its progress is where it is read.
type watched struct {
	file *os.File
	to   *progress
	told int64
	stop chan struct{}
	done sync.WaitGroup
}

// looked is how often it is asked for.
const looked = 100 * time.Millisecond

func watch(f *os.File, to *progress) *watched {
	w := &watched{file: f, to: to, stop: make(chan struct{})}
	w.done.Go(func() {
		for {
			select {
			case <-w.stop:
				return
			case <-time.After(looked):
				if at, err := f.Seek(0, io.SeekCurrent); err == nil { // else it is closed, as the answer comes
					w.tell(at)
				}
			}
		}
	})
	return w
}

func (w *watched) tell(at int64) {
	if at > w.told {
		w.to.add(at - w.told)
		w.told = at
	}
}

// end tells of the rest, if all was sent, and returns how much was told.
func (w *watched) end(size int64, all bool) int64 {
	close(w.stop)
	w.done.Wait()
	if all {
		w.tell(size)
	}
	return w.told
}
