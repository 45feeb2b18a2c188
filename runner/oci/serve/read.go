package serve

import (
	"context"
	"errors"
	"fmt"
	"io"

	"cuelabs.dev/go/oci/ociregistry"

	"github.com/mlops-runner/mlops/runner/store"
)

// reader is a blob, or a range of it, of the descriptor of the whole.
type reader struct {
	io.Reader
	io.Closer
	descriptor ociregistry.Descriptor
}

// Descriptor is that of the whole blob, also of a range of it.
func (r reader) Descriptor() ociregistry.Descriptor { return r.descriptor }

// WriteTo hands out what is read itself, so that the kernel sends a file.
func (r reader) WriteTo(w io.Writer) (int64, error) { return io.Copy(w, r.Reader) }

// blob finds a blob that the repository may show.
func (r *Registry) blob(ctx context.Context, repo string, d ociregistry.Digest) (store.Digest, ociregistry.Descriptor, error) {
	dig, err := parseDigest(d)
	if err != nil {
		return dig, ociregistry.Descriptor{}, err
	}
	shown, err := r.shows(ctx, repo, dig)
	if err != nil {
		return dig, ociregistry.Descriptor{}, err
	}
	if !shown {
		return dig, ociregistry.Descriptor{}, ociregistry.ErrBlobUnknown
	}
	if err := r.store.Check(dig); err != nil {
		return dig, ociregistry.Descriptor{}, unknown(err, ociregistry.ErrBlobUnknown)
	}
	size, err := r.store.Size(dig)
	return dig, ociregistry.Descriptor{MediaType: "application/octet-stream", Digest: d, Size: size}, unknown(err, ociregistry.ErrBlobUnknown)
}

// shows reports whether a blob is one of the repository's.
func (r *Registry) shows(ctx context.Context, repo string, d store.Digest) (bool, error) {
	r.mu.Lock()
	pushed := r.pushed[repo][d]
	r.mu.Unlock()
	if pushed {
		return true, nil
	}
	for _, fresh := range []bool{false, true} {
		known, err := r.repository(ctx, repo, fresh)
		if errors.Is(err, ociregistry.ErrNameUnknown) {
			r.mu.Lock()
			started := r.pushed[repo] != nil
			r.mu.Unlock()
			if started {
				return false, nil
			}
		}
		if err != nil {
			return false, err
		}
		if known.blobs[d] {
			return true, nil
		}
	}
	return false, nil
}

// unknown gives a missing blob the name that clients know it by.
func unknown(err, as error) error {
	if errors.Is(err, store.ErrNotFound) {
		return as
	}
	return err
}

// ResolveBlob describes a blob.
func (r *Registry) ResolveBlob(ctx context.Context, repo string, d ociregistry.Digest) (ociregistry.Descriptor, error) {
	_, desc, err := r.blob(ctx, repo, d)
	return desc, err
}

// GetBlob opens a blob.
func (r *Registry) GetBlob(ctx context.Context, repo string, d ociregistry.Digest) (ociregistry.BlobReader, error) {
	return r.GetBlobRange(ctx, repo, d, 0, -1)
}

// GetBlobRange opens the bytes of a blob from one offset up to another.
func (r *Registry) GetBlobRange(ctx context.Context, repo string, d ociregistry.Digest, from, to int64) (ociregistry.BlobReader, error) {
	dig, desc, err := r.blob(ctx, repo, d)
	if err != nil {
		return nil, err
	}
	if to < 0 || to > desc.Size {
		to = desc.Size
	}
	if from < 0 || from > to || from > 0 && from == desc.Size { // there is no byte of it: who has all, asks so
		return nil, ociregistry.ErrRangeInvalid
	}
	f, err := r.store.Open(dig)
	if err != nil {
		return nil, unknown(err, ociregistry.ErrBlobUnknown)
	}
	if _, err := f.Seek(from, io.SeekStart); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return reader{io.LimitReader(f, to-from), f, desc}, nil
}

// find looks for something of a repository, first in what is known of it.
func find[T any](ctx context.Context, r *Registry, repo string, look func(*repository) (T, bool), missing error) (T, error) {
	var none T
	for _, fresh := range []bool{false, true} {
		known, err := r.repository(ctx, repo, fresh)
		if err != nil {
			return none, err
		}
		if found, ok := look(known); ok {
			return found, nil
		}
	}
	return none, missing
}

// ResolveManifest describes a manifest.
func (r *Registry) ResolveManifest(ctx context.Context, repo string, d ociregistry.Digest) (ociregistry.Descriptor, error) {
	dig, err := parseDigest(d)
	if err != nil {
		return ociregistry.Descriptor{}, err
	}
	m, err := find(ctx, r, repo, func(k *repository) (*manifest, bool) { m, ok := k.manifests[dig]; return m, ok }, ociregistry.ErrManifestUnknown)
	if err != nil {
		return ociregistry.Descriptor{}, err
	}
	return ociregistry.Descriptor{MediaType: m.MediaType, Digest: m.Digest, Size: m.Size}, nil
}

// GetManifest opens a manifest.
func (r *Registry) GetManifest(ctx context.Context, repo string, d ociregistry.Digest) (ociregistry.BlobReader, error) {
	desc, err := r.ResolveManifest(ctx, repo, d)
	if err != nil {
		return nil, err
	}
	dig, err := parseDigest(d)
	if err != nil {
		return nil, err
	}
	f, err := r.store.Open(dig)
	if err != nil {
		return nil, unknown(err, ociregistry.ErrManifestUnknown)
	}
	return reader{f, f, desc}, nil
}

// ResolveTag describes the manifest that a tag names now: tags move, also by
// other processes, so what is known is not enough.
func (r *Registry) ResolveTag(ctx context.Context, repo, tag string) (ociregistry.Descriptor, error) {
	if len(repo) > maxName {
		return ociregistry.Descriptor{}, ociregistry.ErrNameUnknown
	}
	if model, ok := r.model(repo); ok {
		d, err := r.shelf.Tagged(ctx, model, tag)
		if err != nil {
			return ociregistry.Descriptor{}, notShown(err, fmt.Errorf("tag %s: %w", tag, ociregistry.ErrManifestUnknown))
		}
		return r.ResolveManifest(ctx, repo, ociregistry.Digest(d.String()))
	}
	d, err := r.store.Ref(tagRef(repo, tag))
	if errors.Is(err, store.ErrNotFound) {
		if _, err := r.repository(ctx, repo, true); err != nil {
			return ociregistry.Descriptor{}, err
		}
		return ociregistry.Descriptor{}, fmt.Errorf("tag %s: %w", tag, ociregistry.ErrManifestUnknown)
	}
	if err != nil {
		return ociregistry.Descriptor{}, err
	}
	return r.ResolveManifest(ctx, repo, ociregistry.Digest(d.String()))
}

// GetTag opens the manifest that a tag names.
func (r *Registry) GetTag(ctx context.Context, repo, tag string) (ociregistry.BlobReader, error) {
	desc, err := r.ResolveTag(ctx, repo, tag)
	if err != nil {
		return nil, err
	}
	return r.GetManifest(ctx, repo, desc.Digest)
}
