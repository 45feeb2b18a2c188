package oci

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/errdef"

	"github.com/mlops-runner/mlops/runner/store"
)

// An Attachment is a file that says something about an artifact, such as an
// attestation. It is small: it is held in memory.
type Attachment struct {
	Name      string
	MediaType string
	Data      []byte
}

// A Referrer is an artifact that refers to another one.
type Referrer struct {
	Digest       store.Digest // of its manifest
	ArtifactType string
	Annotations  map[string]string
}

// Attach brings files to a repository that refer to a subject there, which is the
// descriptor of a manifest ([Artifact.Descriptor]), and returns the digest of their
// manifest. The same files attached again are the same manifest. Where the registry
// has no referrers API, they are listed under the tag sha256-<hex of the subject>
// (distribution-spec, "Referrers Tag Schema"), as clients expect.
func Attach(ctx context.Context, r *Repository, subject ocispec.Descriptor, artifactType string, files []Attachment) (store.Digest, error) {
	m := ocispec.Manifest{Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: ocispec.MediaTypeImageManifest, ArtifactType: artifactType,
		Config: ocispec.DescriptorEmptyJSON, Subject: &ocispec.Descriptor{MediaType: subject.MediaType, Digest: subject.Digest, Size: subject.Size}}
	files = slices.Clone(files)
	slices.SortFunc(files, func(a, b Attachment) int { return cmp.Compare(a.Name, b.Name) })
	blobs := map[digest.Digest][]byte{m.Config.Digest: m.Config.Data}
	m.Config.Data = nil
	for _, f := range files {
		l := content.NewDescriptorFromBytes(f.MediaType, f.Data)
		l.Annotations = map[string]string{ocispec.AnnotationTitle: f.Name}
		m.Layers, blobs[l.Digest] = append(m.Layers, l), f.Data
	}
	if len(m.Layers) == 0 {
		return store.Digest{}, errors.New("attach: there are no files")
	}
	data, err := json.Marshal(m)
	if err != nil {
		return store.Digest{}, fmt.Errorf("attach: %w", err)
	}
	for _, b := range append([]ocispec.Descriptor{m.Config}, m.Layers...) {
		if err := r.put(ctx, b, blobs[b.Digest]); err != nil {
			return store.Digest{}, fmt.Errorf("attach to %s: %w", r, err)
		}
	}
	desc := content.NewDescriptorFromBytes(m.MediaType, data)
	err = r.again(ctx, "attach to "+r.String(), func() (int64, error) {
		err := r.remote.Manifests().Push(ctx, desc, bytes.NewReader(data))
		if errors.Is(err, errdef.ErrAlreadyExists) {
			err = nil
		}
		return 0, err
	})
	return store.Sum(data), err
}

// put sends a small blob if it is not there.
func (r *Repository) put(ctx context.Context, b ocispec.Descriptor, data []byte) error {
	return r.again(ctx, b.Digest.Encoded()[:12], func() (int64, error) {
		there, err := r.remote.Blobs().Exists(ctx, b)
		if err == nil && !there {
			err = r.remote.Blobs().Push(ctx, b, bytes.NewReader(data))
		}
		return 0, err
	})
}

// Referrers returns what refers to a subject, of one artifact type or, if that is
// "", of all, sorted by digest.
func Referrers(ctx context.Context, r *Repository, subject ocispec.Descriptor, artifactType string) (out []Referrer, err error) {
	err = r.remote.Referrers(ctx, subject, artifactType, func(page []ocispec.Descriptor) error {
		for _, d := range page {
			out = append(out, Referrer{fromOCI(d.Digest), d.ArtifactType, d.Annotations})
		}
		return nil
	})
	slices.SortFunc(out, func(a, b Referrer) int { return bytes.Compare(a.Digest[:], b.Digest[:]) })
	return out, r.explain(err)
}

// maxAttachment bounds what is read of one, in bytes.
const maxAttachment = 16 << 20

// Attached fetches the files of a referrer, verified.
func Attached(ctx context.Context, r *Repository, ref Referrer) ([]Attachment, error) {
	at, err := r.At(ref.Digest.String())
	if err != nil {
		return nil, err
	}
	a, err := at.Manifest(ctx)
	if err != nil {
		return nil, err
	}
	var out []Attachment
	for _, l := range a.Manifest.Layers {
		if l.Size > maxAttachment {
			return nil, &KindError{at.String(), fmt.Sprintf("%s has %d bytes", l.Annotations[ocispec.AnnotationTitle], l.Size)}
		}
		var data []byte
		err := at.again(ctx, "pull "+l.Digest.Encoded(), func() (int64, error) {
			data, err = content.FetchAll(ctx, at.remote.Blobs(), l)
			if errors.Is(err, content.ErrMismatchedDigest) {
				err = &MismatchError{What: l.Annotations[ocispec.AnnotationTitle], Want: fromOCI(l.Digest), Got: store.Sum(data), WantSize: l.Size, GotSize: l.Size}
			}
			return 0, err
		})
		if err != nil {
			return nil, err
		}
		out = append(out, Attachment{l.Annotations[ocispec.AnnotationTitle], l.MediaType, data})
	}
	return out, nil
}
