package oci

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"sort"
	"time"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/mlops-runner/mlops/runner/store"
)

// A Model is what an artifact is made of.
type Model struct {
	Name     string
	Version  string    // "" for none
	Revision string    // commit; "" for none
	Format   string    // such as onnx; "" if nobody looked
	Authors  []string  //
	Created  time.Time // zero for none
	Run      string    // that made it; "" for none
	Params   map[string]any
	Tree     store.Digest // of the files together, by which an artifact is found again
	Files    []File       // of the model, in any order; all in the store
	Card     store.Digest // Markdown that describes it, in the store; zero for none
}

// A File is one file of a model.
type File struct {
	Path   string // slash-separated, relative to the model's folder
	Digest store.Digest
	Size   int64 // bytes
	Exec   bool
	Link   string // target of a symbolic link; such a file has no bytes
	Kind   Kind   // zero: by its name
}

// An Artifact is a packed model: where its manifest, and with it all, is found.
type Artifact struct {
	Digest   store.Digest // of the manifest
	Manifest ocispec.Manifest
	bytes    []byte
}

// Descriptor points to the manifest.
func (a *Artifact) Descriptor() ocispec.Descriptor {
	return ocispec.Descriptor{MediaType: ocispec.MediaTypeImageManifest, ArtifactType: a.Manifest.ArtifactType,
		Digest: toOCI(a.Digest), Size: int64(len(a.bytes))}
}

// Name is that of the model, as the manifest has it; "" if it has none.
func (a *Artifact) Name() string { return a.Manifest.Annotations[ocispec.AnnotationTitle] }

// Tree is the digest of the model's files together, as the manifest has it; zero if it
// has none. [Pull] fails if the files are others.
func (a *Artifact) Tree() store.Digest {
	d, _ := store.Parse(a.Manifest.Annotations[annotationTree])
	return d
}

// Bytes are those of the manifest; they are not to be changed.
func (a *Artifact) Bytes() []byte { return a.bytes }

// Size is how many bytes the artifact has in all.
func (a *Artifact) Size() int64 {
	n := int64(len(a.bytes)) + a.Manifest.Config.Size
	for _, l := range a.Manifest.Layers {
		n += l.Size
	}
	return n
}

// Blobs are the config and the layers, each once.
func (a *Artifact) Blobs() []ocispec.Descriptor {
	all := append([]ocispec.Descriptor{a.Manifest.Config}, a.Manifest.Layers...)
	seen := map[digest.Digest]bool{}
	return slices.DeleteFunc(all, func(d ocispec.Descriptor) bool {
		was := seen[d.Digest]
		seen[d.Digest] = true
		return was
	})
}

func toOCI(d store.Digest) digest.Digest { return digest.Digest(d.String()) }

// Pack makes the artifact of a model. Its config, its manifest and what stands for
// links go into the store; the files have to be there and are not read. Nothing
// keeps the new blobs from the store's garbage collection: see [Keep].
func Pack(ctx context.Context, d *store.Dir, m Model) (*Artifact, error) {
	p := &packing{d: d}
	files := slices.Clone(m.Files)
	sort.Slice(files, func(i, j int) bool { return files[i].Path < files[j].Path })
	if len(files) == 0 {
		return nil, fmt.Errorf("pack %s: it has no files", m.Name)
	}
	for i, kind := range kinds(files) {
		if err := p.file(ctx, files[i], kind); err != nil {
			return nil, fmt.Errorf("pack %s: %s: %w", m.Name, files[i].Path, err)
		}
	}
	if err := p.card(m, files); err != nil {
		return nil, fmt.Errorf("pack %s: model card: %w", m.Name, err)
	}
	return p.manifest(ctx, m)
}

// CardName is the model card's in an artifact.
const CardName = "MODEL_CARD.md"

type packing struct {
	d      *store.Dir
	layers []ocispec.Descriptor
}

// file adds a layer.
func (p *packing) file(ctx context.Context, f File, kind Kind) error {
	l := ocispec.Descriptor{MediaType: kind.mediaType("raw"), Digest: toOCI(f.Digest), Size: f.Size,
		Annotations: map[string]string{annotationPath: f.Path, ocispec.AnnotationTitle: f.Path}}
	if f.Link != "" {
		data, err := linkTar(f)
		if err != nil {
			return err
		}
		dig, err := p.d.PutBytes(ctx, data)
		l.MediaType, l.Digest, l.Size = kind.mediaType("tar"), toOCI(dig), int64(len(data))
		p.layers = append(p.layers, l)
		return err
	}
	if f.Exec {
		meta, err := json.Marshal(fileMetadata{Name: f.Path, Mode: 0o755, Size: f.Size, Typeflag: tar.TypeReg})
		if err != nil {
			return err
		}
		l.Annotations[annotationMetadata] = string(meta)
	}
	size, err := p.d.Size(f.Digest)
	if err == nil && size != f.Size {
		err = fmt.Errorf("it has %d bytes, and the store %d", f.Size, size)
	}
	p.layers = append(p.layers, l)
	return err
}

// fileMetadata is what model-spec's FileMetadata says of a file.
type fileMetadata struct {
	Name     string    `json:"name"`
	Mode     uint32    `json:"mode"`
	Uid      uint32    `json:"uid"`
	Gid      uint32    `json:"gid"`
	Size     int64     `json:"size"`
	ModTime  time.Time `json:"mtime"`
	Typeflag byte      `json:"typeflag"`
}

func linkTar(f File) ([]byte, error) {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeSymlink, Name: f.Path, Linkname: f.Link, Mode: 0o777, Format: tar.FormatPAX}); err != nil {
		return nil, err
	}
	err := w.Close()
	return b.Bytes(), err
}

// card adds the model card, unless the model has a file of that name.
func (p *packing) card(m Model, files []File) error {
	if m.Card.IsZero() || slices.ContainsFunc(files, func(f File) bool { return f.Path == CardName }) {
		return nil
	}
	size, err := p.d.Size(m.Card)
	p.layers = append(p.layers, ocispec.Descriptor{MediaType: Doc.mediaType("raw"), Digest: toOCI(m.Card), Size: size,
		Annotations: map[string]string{annotationPath: CardName, ocispec.AnnotationTitle: CardName, annotationCard: "true"}})
	return err
}

// modelConfig is the config (model-spec: docs/config.md, schema/config-schema.json,
// which allows no other fields: params stand among the manifest's annotations).
type modelConfig struct {
	Descriptor struct {
		CreatedAt *time.Time `json:"createdAt,omitempty"`
		Authors   []string   `json:"authors,omitempty"`
		Name      string     `json:"name,omitempty"`
		Version   string     `json:"version,omitempty"`
		Revision  string     `json:"revision,omitempty"`
	} `json:"descriptor"`
	Config struct {
		Format string `json:"format,omitempty"`
	} `json:"config"`
	ModelFS struct {
		Type    string          `json:"type"`
		DiffIDs []digest.Digest `json:"diffIds"`
	} `json:"modelfs"`
}

func (p *packing) config(m Model) ([]byte, error) {
	var c modelConfig
	if !m.Created.IsZero() {
		utc := m.Created.UTC()
		c.Descriptor.CreatedAt = &utc
	}
	c.Descriptor.Authors, c.Descriptor.Name, c.Descriptor.Version, c.Descriptor.Revision = m.Authors, m.Name, m.Version, m.Revision
	c.Config.Format, c.ModelFS.Type = m.Format, "layers"
	for _, l := range p.layers {
		c.ModelFS.DiffIDs = append(c.ModelFS.DiffIDs, l.Digest) // raw layers and plain tars are what they are
	}
	return json.Marshal(c)
}

// manifest stores the config and the manifest over the layers.
func (p *packing) manifest(ctx context.Context, m Model) (*Artifact, error) {
	config, err := p.config(m)
	if err != nil {
		return nil, fmt.Errorf("pack %s: %w", m.Name, err)
	}
	notes, err := annotations(m)
	if err != nil {
		return nil, fmt.Errorf("pack %s: %w", m.Name, err)
	}
	a := &Artifact{Manifest: ocispec.Manifest{
		Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: ocispec.MediaTypeImageManifest, ArtifactType: ArtifactType,
		Config:      ocispec.Descriptor{MediaType: ConfigType, Digest: digest.FromBytes(config), Size: int64(len(config))},
		Layers:      p.layers,
		Annotations: notes,
	}}
	if a.bytes, err = json.Marshal(a.Manifest); err != nil {
		return nil, fmt.Errorf("pack %s: %w", m.Name, err)
	}
	if _, err = p.d.PutBytes(ctx, config); err == nil {
		a.Digest, err = p.d.PutBytes(ctx, a.bytes)
	}
	if err != nil {
		return nil, fmt.Errorf("pack %s: %w", m.Name, err)
	}
	return a, nil
}

func annotations(m Model) (map[string]string, error) {
	notes := map[string]string{ocispec.AnnotationTitle: m.Name, ocispec.AnnotationVersion: m.Version, ocispec.AnnotationRevision: m.Revision, annotationRun: m.Run}
	if !m.Tree.IsZero() {
		notes[annotationTree] = m.Tree.String()
	}
	if !m.Created.IsZero() {
		notes[ocispec.AnnotationCreated] = m.Created.UTC().Format(time.RFC3339)
	}
	if len(m.Params) > 0 {
		params, err := json.Marshal(m.Params)
		if err != nil {
			return nil, fmt.Errorf("params: %w", err)
		}
		notes[annotationParams] = string(params)
	}
	maps.DeleteFunc(notes, func(_, v string) bool { return v == "" })
	return notes, nil
}
