package serve

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"strings"

	"cuelabs.dev/go/oci/ociregistry"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/mlops-runner/mlops/runner/store"
)

const top = "registry/"

// maxName is how many bytes the name of a repository may have: clients keep to it
// (spec.md, "Pulling manifests"), and a part of it is a folder's name.
const maxName = 255

// A repository is what its refs say.
type repository struct {
	manifests map[store.Digest]*manifest
	tags      map[string]store.Digest
	blobs     map[store.Digest]bool // that its manifests name
	state     string                // of a [Shelf]'s
}

func newRepository() *repository {
	return &repository{manifests: map[store.Digest]*manifest{}, tags: map[string]store.Digest{}, blobs: map[store.Digest]bool{}}
}

// A manifest is one of a repository, and what clients ask of it.
type manifest struct {
	ociregistry.Descriptor
	subject store.Digest
}

func manifestRef(repo string, d store.Digest) string {
	return path.Join(top, repo, "_manifests", d.Hex())
}

// tagRef ends in a sign that no tag has, so that a tag may be called x.lock.
func tagRef(repo, tag string) string { return path.Join(top, repo, "_tags", tag+"@") }

// repository returns what is known of one; fresh reads it again.
func (r *Registry) repository(ctx context.Context, name string, fresh bool) (*repository, error) {
	if model, ok := r.model(name); ok {
		return r.onShelf(ctx, model)
	}
	r.mu.Lock()
	known := r.repos[name]
	r.mu.Unlock()
	if known != nil && !fresh {
		return known, nil
	}
	all, err := r.load(ctx)
	if err != nil {
		return nil, err
	}
	if all[name] == nil {
		return nil, ociregistry.ErrNameUnknown
	}
	return all[name], nil
}

// load reads all repositories of the store's refs.
func (r *Registry) load(ctx context.Context) (map[string]*repository, error) {
	refs, err := r.store.Refs()
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	repos := map[string]*repository{}
	for ref, d := range refs {
		name, kind, key, ok := splitRef(ref)
		if _, shelved := r.model(name); !ok || shelved {
			continue
		}
		repo := repos[name]
		if repo == nil {
			repo = newRepository()
			repos[name] = repo
		}
		if kind == "_tags" {
			repo.tags[key] = d
			continue
		}
		if err := r.loadManifest(ctx, repo, r.repos[name], key, d); err != nil {
			return nil, fmt.Errorf("repository %s: %w", name, err)
		}
	}
	r.repos = repos
	return repos, nil
}

// splitRef takes a ref's name apart: registry/<repository>/<kind>/<key>.
func splitRef(ref string) (repo, kind, key string, ok bool) {
	rest, ok := strings.CutPrefix(ref, top)
	if !ok {
		return "", "", "", false
	}
	rest, key = path.Split(rest)
	repo, kind = path.Split(strings.TrimSuffix(rest, "/"))
	return strings.TrimSuffix(repo, "/"), kind, strings.TrimSuffix(key, "@"), kind == "_manifests" || kind == "_tags"
}

// loadManifest adds a manifest to a repository. What is no longer whole is no
// part of it: a client then pushes it again.
func (r *Registry) loadManifest(ctx context.Context, repo, before *repository, hex string, tree store.Digest) error {
	dig, err := store.Parse("sha256:" + hex)
	if err != nil {
		return err
	}
	es, err := r.store.ReadTree(ctx, tree)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	var mediaType string
	for _, e := range es {
		switch {
		case e.Path == "type":
			text, err := r.store.ReadBlob(e.Digest)
			if errors.Is(err, store.ErrNotFound) {
				return nil
			}
			if err != nil {
				return err
			}
			mediaType = string(text)
		default:
			repo.blobs[e.Digest] = true
		}
	}
	if before != nil && before.manifests[dig] != nil {
		repo.manifests[dig] = before.manifests[dig]
		return nil
	}
	data, err := r.store.ReadBlob(dig)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	repo.manifests[dig], _, err = parseManifest(data, mediaType)
	return err
}

// fields are those of an image manifest, an index and docker's forms of them.
type fields struct {
	MediaType    string               `json:"mediaType"`
	ArtifactType string               `json:"artifactType"`
	Config       *ocispec.Descriptor  `json:"config"`
	Layers       []ocispec.Descriptor `json:"layers"`
	Blobs        []ocispec.Descriptor `json:"blobs"`
	Manifests    []ocispec.Descriptor `json:"manifests"`
	Subject      *ocispec.Descriptor  `json:"subject"`
	Annotations  map[string]string    `json:"annotations"`
}

// needs is what a manifest names and a registry must have before it. A layer that
// is kept elsewhere (with urls) and the subject may be missing.
type needs struct{ blobs, manifests []ocispec.Descriptor }

func parseManifest(data []byte, mediaType string) (*manifest, needs, error) {
	var f fields
	if err := json.Unmarshal(data, &f); err != nil {
		return nil, needs{}, fmt.Errorf("%w: %w", ociregistry.ErrManifestInvalid, err)
	}
	if f.MediaType != "" && f.MediaType != mediaType {
		return nil, needs{}, fmt.Errorf("%w: it says %s and came as %s", ociregistry.ErrManifestInvalid, f.MediaType, mediaType)
	}
	m := &manifest{Descriptor: ociregistry.Descriptor{
		MediaType: mediaType, Digest: digest.FromBytes(data), Size: int64(len(data)), ArtifactType: f.ArtifactType, Annotations: f.Annotations,
	}}
	n := needs{blobs: append(f.Layers, f.Blobs...), manifests: f.Manifests}
	if f.Config != nil {
		n.blobs = append(n.blobs, *f.Config)
		if m.ArtifactType == "" { // as the specification has it for referrers
			m.ArtifactType = f.Config.MediaType
		}
	}
	if f.Subject != nil {
		var err error
		if m.subject, err = parseDigest(f.Subject.Digest); err != nil {
			return nil, needs{}, err
		}
	}
	return m, n, nil
}

// parseDigest takes the digests that a store has.
func parseDigest(d ociregistry.Digest) (store.Digest, error) {
	dig, err := store.Parse(string(d))
	if err != nil {
		return store.Digest{}, fmt.Errorf("%w: only sha256 is supported", ociregistry.ErrDigestInvalid)
	}
	return dig, nil
}
