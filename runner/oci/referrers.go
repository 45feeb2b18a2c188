package oci

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sort"

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

// A Note is an artifact that says something about another one.
type Note struct {
	ArtifactType string
	Annotations  map[string]string
	Files        []Attachment // in any order
}

// Pack makes the manifest of a note about a subject, which is the descriptor of a
// manifest ([Artifact.Descriptor]), and the blobs that it names. The same note about
// the same subject is the same manifest.
func (n Note) Pack(subject ocispec.Descriptor) (manifest []byte, blobs [][]byte, err error) {
	m := ocispec.Manifest{Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: ocispec.MediaTypeImageManifest, ArtifactType: n.ArtifactType, Annotations: n.Annotations,
		Config: ocispec.DescriptorEmptyJSON, Subject: &ocispec.Descriptor{MediaType: subject.MediaType, Digest: subject.Digest, Size: subject.Size}}
	blobs = append(blobs, m.Config.Data)
	m.Config.Data = nil
	files := slices.Clone(n.Files)
	sort.Slice(files, func(i, j int) bool { return files[i].Name < files[j].Name })
	for _, f := range files {
		l := content.NewDescriptorFromBytes(f.MediaType, f.Data)
		l.Annotations = map[string]string{ocispec.AnnotationTitle: f.Name}
		m.Layers, blobs = append(m.Layers, l), append(blobs, f.Data)
	}
	if len(m.Layers) == 0 {
		return nil, nil, errors.New("there are no files")
	}
	manifest, err = json.Marshal(m)
	return manifest, blobs, err
}

// Attach brings notes to a repository that refer to a subject there, and returns
// how many were not there. Where the registry has no referrers API, they are listed
// under the tag sha256-<hex of the subject> (distribution-spec, "Referrers Tag
// Schema"), as clients expect.
func Attach(ctx context.Context, r *Repository, subject ocispec.Descriptor, notes ...Note) (added int, err error) {
	if len(notes) == 0 {
		return 0, nil
	}
	refs, err := Referrers(ctx, r, subject, "")
	if err != nil {
		return 0, fmt.Errorf("attach to %s: %w", r, err)
	}
	for _, n := range notes {
		manifest, blobs, err := n.Pack(subject)
		if err == nil && slices.ContainsFunc(refs, func(ref Referrer) bool { return ref.Digest == store.Sum(manifest) }) {
			continue
		}
		if err == nil {
			err = r.attach(ctx, manifest, blobs)
		}
		if err != nil {
			return added, fmt.Errorf("attach to %s: %w", r, err)
		}
		added++
	}
	return added, nil
}

func (r *Repository) attach(ctx context.Context, manifest []byte, blobs [][]byte) error {
	for _, b := range blobs {
		if err := r.put(ctx, content.NewDescriptorFromBytes("application/octet-stream", b), b); err != nil {
			return err
		}
	}
	desc := content.NewDescriptorFromBytes(ocispec.MediaTypeImageManifest, manifest)
	return r.again(ctx, "attach to "+r.String(), func() (int64, error) {
		err := r.remote.Manifests().Push(ctx, desc, bytes.NewReader(manifest))
		if errors.Is(err, errdef.ErrAlreadyExists) {
			err = nil
		}
		return 0, err
	})
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
	sort.Slice(out, func(i, j int) bool { return bytes.Compare(out[i].Digest[:], out[j].Digest[:]) < 0 })
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
