package serve

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"cuelabs.dev/go/oci/ociregistry"
	"cuelabs.dev/go/oci/ociregistry/ociref"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/mlops-runner/mlops/runner/store"
)

// A Shelf shows what nobody pushed: the artifacts of models, in repositories below
// models/. It is asked for each tag anew, so what it says may change. It is safe for
// concurrent use. Its methods fail with [ErrNotShown] for what it does not have.
type Shelf interface {
	// Names lists the models.
	Names(ctx context.Context) ([]string, error)
	// Tags lists the tags of a model.
	Tags(ctx context.Context, model string) ([]string, error)
	// State changes when what the other methods say of a model does.
	State(ctx context.Context, model string) (string, error)
	// Tagged returns the manifest that a tag names now, made if it was not asked for before.
	Tagged(ctx context.Context, model, tag string) (store.Digest, error)
	// Manifests returns what there is of a model: manifests that were made, and those that
	// say something about them.
	Manifests(ctx context.Context, model string) ([]Shown, error)
}

// ErrNotShown is what a [Shelf] does not have.
var ErrNotShown = errors.New("not shown")

// Shown is an image manifest on a [Shelf].
type Shown struct {
	Manifest []byte   // JSON, as it is served
	Blobs    [][]byte // that it names and that the store does not have; the others it has
}

// shelved are the repositories of a [Shelf].
const shelved = "models/"

// model is the one that a repository shows; ok is false for one that is pushed to.
func (r *Registry) model(repo string) (name string, ok bool) {
	if r.shelf == nil {
		return "", false
	}
	return strings.CutPrefix(repo, shelved)
}

// writable fails for a repository that nobody may push to.
func (r *Registry) writable(repo string) error {
	if !ociref.IsValidRepository(repo) || len(repo) > maxName {
		return ociregistry.ErrNameInvalid
	}
	if name, ok := r.model(repo); ok {
		return fmt.Errorf("%w: %s shows the registered versions and aliases of model %s, and is not pushed to: register one by \"uses: promote\" and move aliases by \"mlops model alias\", or push to another repository", ociregistry.ErrDenied, repo, name)
	}
	return nil
}

// onShelf returns the repository of a model as it is now.
func (r *Registry) onShelf(ctx context.Context, model string) (*repository, error) {
	state, err := r.shelf.State(ctx, model)
	if err != nil {
		return nil, notShown(err, ociregistry.ErrNameUnknown)
	}
	r.mu.Lock()
	known := r.shown[model]
	r.mu.Unlock()
	if known != nil && known.state == state {
		return known, nil
	}
	tags, err := r.shelf.Tags(ctx, model)
	if err != nil {
		return nil, notShown(err, ociregistry.ErrNameUnknown)
	}
	all, err := r.shelf.Manifests(ctx, model)
	if err != nil {
		return nil, notShown(err, ociregistry.ErrNameUnknown)
	}
	repo := newRepository()
	repo.state = state
	for _, tag := range tags {
		repo.tags[tag] = store.Digest{} // of a tag the shelf is asked
	}
	for _, s := range all {
		m, need, err := parseManifest(s.Manifest, ocispec.MediaTypeImageManifest)
		if err == nil {
			err = r.place(ctx, s)
		}
		if err != nil {
			return nil, fmt.Errorf("model %s: %w", model, err)
		}
		repo.manifests[store.Sum(s.Manifest)] = m
		for _, b := range need.blobs {
			dig, err := parseDigest(b.Digest)
			if err != nil {
				return nil, fmt.Errorf("model %s: %w", model, err)
			}
			repo.blobs[dig] = true
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.shown[model] = repo
	return repo, nil
}

// place puts what is served and lies nowhere else into the store, for as long as this
// server runs.
func (r *Registry) place(ctx context.Context, s Shown) error {
	if len(s.Blobs) == 0 {
		return nil
	}
	var digs []store.Digest
	for _, data := range append([][]byte{s.Manifest}, s.Blobs...) {
		dig := store.Sum(data)
		if !r.store.Has(dig) {
			if _, err := r.store.PutBytes(ctx, data); err != nil {
				return err
			}
		}
		digs = append(digs, dig)
	}
	return r.pin.Keep(ctx, digs...)
}

func notShown(err, as error) error {
	if errors.Is(err, ErrNotShown) {
		return as
	}
	return err
}
