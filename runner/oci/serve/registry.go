package serve

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"sync"

	"cuelabs.dev/go/oci/ociregistry"
	"cuelabs.dev/go/oci/ociregistry/ociserver"

	"github.com/mlops-runner/mlops/runner/store"
)

// A Registry serves a store. It is safe for concurrent use, also beside other
// processes that use the store. Close it at the end.
type Registry struct {
	*ociregistry.Funcs // says of all that is not here that it is not supported

	store   *store.Dir
	pin     *store.Pin // of blobs that no manifest names yet
	uploads string     // folder

	mu     sync.Mutex
	repos  map[string]*repository // by name; what was read of the refs
	pushed map[string]map[store.Digest]bool
	open   map[string]*upload // by id
}

var _ ociregistry.Interface = (*Registry)(nil)

// New makes a registry of a store.
func New(ctx context.Context, d *store.Dir) (*Registry, error) {
	r := &Registry{
		Funcs: &ociregistry.Funcs{}, store: d, uploads: filepath.Join(d.Root(), "registry", "uploads"),
		repos: map[string]*repository{}, pushed: map[string]map[store.Digest]bool{}, open: map[string]*upload{},
	}
	if err := os.MkdirAll(r.uploads, 0o755); err != nil {
		return nil, fmt.Errorf("registry: %w", err)
	}
	if err := r.sweep(); err != nil {
		return nil, fmt.Errorf("registry: %w", err)
	}
	var err error
	if r.pin, err = d.Pin(ctx); err != nil {
		return nil, fmt.Errorf("registry: %w", err)
	}
	return r, nil
}

// Close lets go of what was pushed and named by no manifest.
func (r *Registry) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	var all error
	for id, u := range r.open {
		if u.file != nil {
			all = errors.Join(all, u.file.Close())
		}
		delete(r.open, id)
	}
	return errors.Join(all, r.pin.Release())
}

// Handler answers the requests of clients that access lets in.
func (r *Registry) Handler(a Access) http.Handler {
	return a.guard(r.tidy(ociserver.New(r, &ociserver.Options{})))
}
