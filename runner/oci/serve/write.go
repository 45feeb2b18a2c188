package serve

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"cuelabs.dev/go/oci/ociregistry"
	"cuelabs.dev/go/oci/ociregistry/ociref"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/mlops-runner/mlops/runner/store"
)

// maxManifest is how many bytes a manifest may have; the specification asks that
// 4 MiB be taken.
const maxManifest = 4 << 20

// PushBlob takes a blob at once.
func (r *Registry) PushBlob(ctx context.Context, repo string, desc ociregistry.Descriptor, content io.Reader) (ociregistry.Descriptor, error) {
	w, err := r.PushBlobChunked(ctx, repo, 0)
	if err != nil {
		return ociregistry.Descriptor{}, err
	}
	defer w.Cancel()
	n, err := io.Copy(w, content)
	if err != nil {
		return ociregistry.Descriptor{}, err
	}
	if desc.Size >= 0 && n != desc.Size {
		return ociregistry.Descriptor{}, ociregistry.ErrSizeInvalid
	}
	return w.Commit(desc.Digest)
}

// MountBlob shows a blob of one repository in another.
func (r *Registry) MountBlob(ctx context.Context, from, to string, d ociregistry.Digest) (ociregistry.Descriptor, error) {
	if !ociref.IsValidRepository(to) {
		return ociregistry.Descriptor{}, ociregistry.ErrNameInvalid
	}
	dig, desc, err := r.blob(ctx, from, d)
	if err != nil {
		return ociregistry.Descriptor{}, err
	}
	return desc, r.show(ctx, to, dig)
}

// show makes a blob the repository's until a manifest names it.
func (r *Registry) show(ctx context.Context, repo string, d store.Digest) error {
	if err := r.pin.Keep(ctx, d); err != nil {
		return err
	}
	if err := r.store.Check(d); err != nil { // collected before it was pinned
		return unknown(err, ociregistry.ErrBlobUnknown)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.pushed[repo] == nil {
		r.pushed[repo] = map[store.Digest]bool{}
	}
	r.pushed[repo][d] = true
	return nil
}

// PushManifest takes a manifest whose blobs are here, and moves a tag to it.
func (r *Registry) PushManifest(ctx context.Context, repo, tag string, data []byte, mediaType string) (ociregistry.Descriptor, error) {
	var none ociregistry.Descriptor
	switch {
	case !ociref.IsValidRepository(repo):
		return none, ociregistry.ErrNameInvalid
	case tag != "" && !ociref.IsValidTag(tag):
		return none, fmt.Errorf("%w: tag %q", ociregistry.ErrManifestInvalid, tag)
	case len(data) > maxManifest:
		return none, fmt.Errorf("%w: more than 4 MiB", ociregistry.ErrManifestInvalid)
	}
	m, need, err := parseManifest(data, mediaType)
	if err != nil {
		return none, err
	}
	es, err := r.needed(ctx, repo, need)
	if err != nil {
		return none, err
	}
	dig, err := r.keepManifest(ctx, repo, data, mediaType, es)
	if err != nil {
		return none, err
	}
	if tag != "" {
		err = r.setRef(ctx, tagRef(repo, tag), dig)
	}
	if err == nil {
		_, err = r.load(ctx)
	}
	return ociregistry.Descriptor{MediaType: m.MediaType, Digest: m.Digest, Size: m.Size}, err
}

// needed are entries of what a manifest names; all of it must be the repository's.
func (r *Registry) needed(ctx context.Context, repo string, n needs) ([]store.Entry, error) {
	var es []store.Entry
	seen := map[store.Digest]bool{}
	add := func(d, ours ocispec.Descriptor, err error) error {
		switch {
		case err != nil && len(d.URLs) > 0:
			return nil
		case err != nil:
			return fmt.Errorf("%w: %s", ociregistry.ErrManifestBlobUnknown, d.Digest)
		case d.Size != ours.Size:
			return fmt.Errorf("%w: it gives %s %d bytes, which has %d", ociregistry.ErrManifestInvalid, d.Digest, d.Size, ours.Size)
		}
		dig, err := parseDigest(d.Digest)
		if err == nil && !seen[dig] {
			seen[dig] = true
			es = append(es, store.Entry{Path: "blobs/" + dig.Hex(), Mode: fs.FileMode(0o644), Size: d.Size, Digest: dig})
		}
		return err
	}
	for _, d := range n.blobs {
		_, ours, err := r.blob(ctx, repo, d.Digest)
		if err := add(d, ours, err); err != nil {
			return nil, err
		}
	}
	for _, d := range n.manifests {
		ours, err := r.ResolveManifest(ctx, repo, d.Digest)
		if err := add(d, ours, err); err != nil {
			return nil, err
		}
	}
	return es, nil
}

// keepManifest stores a manifest and the ref that keeps it with all it names.
func (r *Registry) keepManifest(ctx context.Context, repo string, data []byte, mediaType string, es []store.Entry) (store.Digest, error) {
	dig, err := r.store.PutBytes(ctx, data)
	if err != nil {
		return dig, err
	}
	kind, err := r.store.PutBytes(ctx, []byte(mediaType))
	if err != nil {
		return dig, err
	}
	if err := r.pin.Keep(ctx, dig, kind); err != nil {
		return dig, err
	}
	es = append(es, store.Entry{Path: "manifest", Mode: 0o644, Size: int64(len(data)), Digest: dig},
		store.Entry{Path: "type", Mode: 0o644, Size: int64(len(mediaType)), Digest: kind})
	tree, err := r.store.PutTree(ctx, es)
	if err != nil {
		return dig, err
	}
	if err := r.pin.Keep(ctx, tree); err != nil {
		return dig, err
	}
	for _, e := range es { // collected between its push and the pin of the tree
		if err := r.store.Check(e.Digest); err != nil {
			return dig, unknown(err, ociregistry.ErrManifestBlobUnknown)
		}
	}
	return dig, r.setRef(ctx, manifestRef(repo, dig), tree)
}

// setRef moves a ref wherever it is now: of two pushes of one tag the later wins,
// as in every registry.
func (r *Registry) setRef(ctx context.Context, name string, to store.Digest) error {
	for {
		was, err := r.store.Ref(name)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		if was == to {
			return nil
		}
		var moved *store.ConflictError
		if err := r.store.SetRef(ctx, name, was, to); !errors.As(err, &moved) {
			return err
		}
	}
}

// DeleteTag removes a tag and leaves its manifest.
func (r *Registry) DeleteTag(ctx context.Context, repo, tag string) error {
	if _, err := r.ResolveTag(ctx, repo, tag); err != nil {
		return err
	}
	if err := r.setRef(ctx, tagRef(repo, tag), store.Digest{}); err != nil {
		return err
	}
	_, err := r.load(ctx)
	return err
}

// DeleteManifest removes a manifest and the tags that name it. Its blobs go with
// the next garbage collection, unless something else needs them.
func (r *Registry) DeleteManifest(ctx context.Context, repo string, d ociregistry.Digest) error {
	if _, err := r.ResolveManifest(ctx, repo, d); err != nil {
		return err
	}
	dig, err := parseDigest(d)
	if err != nil {
		return err
	}
	known, err := r.repository(ctx, repo, true)
	if err != nil {
		return err
	}
	for tag, of := range known.tags {
		if of != dig {
			continue
		}
		if err := r.setRef(ctx, tagRef(repo, tag), store.Digest{}); err != nil {
			return err
		}
	}
	if err := r.setRef(ctx, manifestRef(repo, dig), store.Digest{}); err != nil {
		return err
	}
	_, err = r.load(ctx)
	return err
}

// DeleteBlob takes back a blob that no manifest of the repository names.
func (r *Registry) DeleteBlob(ctx context.Context, repo string, d ociregistry.Digest) error {
	dig, _, err := r.blob(ctx, repo, d)
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if known := r.repos[repo]; known != nil && known.blobs[dig] {
		return fmt.Errorf("%w: a manifest names it", ociregistry.ErrDenied)
	}
	delete(r.pushed[repo], dig)
	return nil
}
