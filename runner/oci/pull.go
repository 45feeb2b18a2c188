package oci

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"syscall"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"golang.org/x/sync/errgroup"
	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/errdef"

	"github.com/mlops-runner/mlops/runner/bulk"
	"github.com/mlops-runner/mlops/runner/disk"
	"github.com/mlops-runner/mlops/runner/store"
)

func isNotFound(err error) bool {
	var missing *NotFoundError
	return errors.As(err, &missing) || errors.Is(err, errdef.ErrNotFound)
}

// Pulled says what was pulled.
type Pulled struct {
	Digest store.Digest  // of the manifest
	Tree   store.Digest  // of the files together, as the registry of models has it; computed, not believed
	Files  []store.Entry // sorted by path
	Size   int64         // bytes of the files
	Reused int64         // bytes that an earlier pull had left
	Name   string        // of the model, as the artifact has it
}

// PartName is the folder in which a pull grows that goes to a folder that exists.
const PartName = ".mlops-part"

// maxManifest bounds what is read of a manifest, in bytes.
const maxManifest = 4 << 20

// Manifest fetches the manifest that the reference names, verified. It fails with a
// *NotFoundError, a *KindError for one that is no image manifest, or an *AccessError.
func (r *Repository) Manifest(ctx context.Context) (*Artifact, error) {
	if r.Tag() == "" {
		return nil, &RefError{r.String(), errors.New("it names no tag")}
	}
	var a *Artifact
	err := r.again(ctx, r.String(), func() (int64, error) {
		desc, body, err := r.remote.Manifests().FetchReference(ctx, r.Tag())
		if err != nil {
			return 0, err
		}
		defer body.Close()
		if desc.MediaType != ocispec.MediaTypeImageManifest {
			return 0, &KindError{r.String(), "it is " + desc.MediaType + ", no model"}
		}
		if desc.Size > maxManifest {
			return 0, &KindError{r.String(), fmt.Sprintf("its manifest has %d bytes", desc.Size)}
		}
		data, err := content.ReadAll(body, desc)
		if errors.Is(err, content.ErrMismatchedDigest) || errors.Is(err, content.ErrTrailingData) {
			return 0, &MismatchError{What: "the manifest of " + r.String(), Want: fromOCI(desc.Digest), Got: store.Sum(data), WantSize: desc.Size, GotSize: desc.Size}
		}
		if err != nil {
			return 0, err
		}
		a, err = parse(data)
		return 0, err
	})
	return a, err
}

func fromOCI(d digest.Digest) store.Digest {
	dig, _ := store.Parse(d.String()) // zero if it is of another algorithm
	return dig
}

// Pull puts the files of a model into the folder dir, which must be empty or not
// exist. The folder appears when all its bytes have been hashed; until then they
// lie in dir with ".part" behind it, from where the next pull goes on. A folder that
// exists may be a volume: it is filled at the end, from [PartName] in it. The model card
// that mlops adds to an artifact is left out: the files are the registered ones. It
// fails with a *MismatchError, *NotFoundError, *AccessError or *KindError.
func Pull(ctx context.Context, r *Repository, dir string) (*Pulled, error) {
	a, err := r.Manifest(ctx)
	if err != nil {
		return nil, err
	}
	p := &puller{repo: r, part: filepath.Clean(dir) + ".part", progress: progress{tell: r.opts.Progress}}
	if info, err := os.Stat(dir); err == nil && info.IsDir() {
		p.part, p.within = filepath.Join(dir, PartName), true
	}
	if err := p.check(a); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(p.blobs(), 0o755); err != nil {
		return nil, err
	}
	if err := p.fetch(ctx); err != nil {
		return nil, err
	}
	out := &Pulled{Digest: a.Digest, Reused: p.reused, Name: a.Manifest.Annotations[ocispec.AnnotationTitle]}
	if err := p.unpack(ctx, out); err != nil {
		if ctx.Err() != nil || errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
			return nil, err
		}
		return nil, errors.Join(err, os.RemoveAll(p.part)) // the next pull would come to the same
	}
	if out.Tree, err = store.TreeDigest(out.Files); err != nil {
		return nil, err
	}
	if want := a.Manifest.Annotations[annotationTree]; want != "" && want != out.Tree.String() {
		dig, _ := store.Parse(want) // zero if it is none
		return nil, errors.Join(&MismatchError{What: "what is in " + r.String(), Want: dig, Got: out.Tree}, os.RemoveAll(p.part))
	}
	if err := p.flush(out.Files); err != nil {
		return nil, err
	}
	return out, p.publish(dir)
}

type puller struct {
	repo     *Repository
	part     string // folder in which the pull grows
	within   bool   // whether that is within the wanted one
	layers   []ocispec.Descriptor
	progress progress
	reused   int64
}

func (p *puller) blobs() string { return filepath.Join(p.part, "blobs") }
func (p *puller) files() string { return filepath.Join(p.part, "files") }

func (p *puller) blob(l ocispec.Descriptor) string {
	return filepath.Join(p.blobs(), l.Digest.Encoded())
}

// check looks at a manifest before anything is fetched.
func (p *puller) check(a *Artifact) error {
	ref := p.repo.String()
	if a.Manifest.ArtifactType != ArtifactType && a.Manifest.Config.MediaType != ConfigType {
		return &KindError{ref, fmt.Sprintf("it is no model, but %s", firstOf(a.Manifest.ArtifactType, a.Manifest.Config.MediaType))}
	}
	for _, l := range a.Manifest.Layers {
		if l.Annotations[annotationCard] != "" {
			continue
		}
		if _, ok := layerForm(l.MediaType); !ok {
			return &KindError{ref, "a layer is " + l.MediaType}
		}
		if fromOCI(l.Digest).IsZero() {
			return &KindError{ref, fmt.Sprintf("a layer is named %q, and only sha256 is known", l.Digest)}
		}
		if l.Size < 0 {
			return &KindError{ref, fmt.Sprintf("a layer has %d bytes", l.Size)}
		}
		p.layers = append(p.layers, l)
	}
	if len(p.layers) == 0 {
		return &KindError{ref, "it holds no file"}
	}
	return nil
}

func firstOf(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// fetch brings all layers, each digest once.
func (p *puller) fetch(ctx context.Context) error {
	seen := map[digest.Digest]bool{}
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(p.repo.opts.Parallel)
	var todo []*download
	for _, l := range p.layers {
		if !seen[l.Digest] {
			seen[l.Digest] = true
			todo = append(todo, &download{puller: p, layer: l})
			p.progress.total.Add(l.Size)
		}
	}
	for _, d := range todo {
		g.Go(func() error { return d.run(gctx) })
	}
	err := g.Wait()
	for _, d := range todo {
		p.reused += d.reused
	}
	return err
}

// A download is a blob on its way.
type download struct {
	*puller
	layer  ocispec.Descriptor
	file   *os.File
	sum    hash.Hash
	have   int64 // bytes that are there and in sum
	reused int64
}

func (d *download) run(ctx context.Context) (err error) {
	if d.file, err = os.OpenFile(d.puller.blob(d.layer), os.O_RDWR|os.O_CREATE, 0o644); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.file.Close()) }()
	if err := d.start(); err != nil {
		return err
	}
	d.reused = d.have
	d.progress.add(d.have)
	what := "pull " + firstOf(d.layer.Annotations[annotationPath], d.layer.Digest.String())
	if err := d.repo.again(ctx, what, func() (int64, error) { return d.more(ctx) }); err != nil {
		return err
	}
	return d.verify()
}

// start reads what an earlier pull left.
func (d *download) start() error {
	d.sum, d.have = sha256.New(), 0
	n, err := io.CopyBuffer(d.sum, struct{ io.Reader }{d.file}, make([]byte, buffer))
	if err != nil {
		return &diskError{err}
	}
	if n > d.layer.Size {
		return d.restart()
	}
	d.have = n
	if n == d.layer.Size && d.digest() != fromOCI(d.layer.Digest) {
		return d.restart() // of another time, or damaged
	}
	return nil
}

func (d *download) restart() error {
	d.sum.Reset()
	d.have = 0
	if err := d.file.Truncate(0); err != nil {
		return &diskError{err}
	}
	return nil
}

const buffer = 1 << 20

// more fetches from where the file ends to the end of the blob.
func (d *download) more(ctx context.Context) (n int64, err error) {
	if d.have == d.layer.Size {
		return 0, nil
	}
	body, err := d.repo.remote.Blobs().Fetch(ctx, d.layer)
	if err != nil {
		return 0, err
	}
	defer body.Close()
	if d.have > 0 {
		s, ok := body.(io.Seeker)
		if !ok { // the registry knows no ranges
			d.progress.add(-d.have)
			d.reused = 0
			if err := d.restart(); err != nil {
				return 0, err
			}
		} else if _, err := s.Seek(d.have, io.SeekStart); err != nil {
			return 0, err
		}
	}
	n, err = d.copy(ctx, io.LimitReader(body, d.layer.Size-d.have))
	if err == nil && d.have < d.layer.Size {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// copy appends to the file what comes, hashed.
func (d *download) copy(ctx context.Context, r io.Reader) (n int64, err error) {
	n, err = bulk.Receive(ctx, d.file, d.have, d.sum, r, d.progress.add)
	d.have += n
	var full *bulk.WriteError
	if errors.As(err, &full) {
		err = &diskError{err}
	}
	return n, err
}

func (d *download) digest() (dig store.Digest) {
	d.sum.Sum(dig[:0])
	return dig
}

// verify removes a blob that is not the announced one: the next pull must not
// begin with it.
func (d *download) verify() error {
	got := d.digest()
	if want := fromOCI(d.layer.Digest); got != want {
		return errors.Join(&MismatchError{What: firstOf(d.layer.Annotations[annotationPath], "a layer"), Want: want, Got: got, WantSize: d.layer.Size, GotSize: d.have},
			os.Remove(d.file.Name()))
	}
	return nil
}

// flush brings the files to the disk: what has its name is whole after a power cut, too.
func (p *puller) flush(es []store.Entry) error {
	var paths []string
	for _, e := range es {
		if e.Link == "" {
			paths = append(paths, filepath.Join(p.files(), filepath.FromSlash(e.Path)))
		}
	}
	if len(paths) == 1 {
		return disk.Real{}.Sync(paths[0])
	}
	_, err := disk.Real{}.SyncAll(p.files(), paths)
	return err
}

// publish gives the folder its name.
func (p *puller) publish(dir string) error {
	if p.within {
		return p.fill(dir)
	}
	if err := os.Remove(dir); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err // somebody put something there meanwhile
	}
	if err := os.MkdirAll(filepath.Dir(filepath.Clean(dir)), 0o755); err != nil {
		return err
	}
	if err := os.Rename(p.files(), dir); err != nil {
		return err
	}
	return errors.Join(os.RemoveAll(p.part), disk.Real{}.Sync(filepath.Dir(filepath.Clean(dir))))
}

// fill moves the files into the folder that was there before.
func (p *puller) fill(dir string) error {
	es, err := os.ReadDir(p.files())
	if err != nil {
		return err
	}
	for _, e := range es {
		if _, err := os.Lstat(filepath.Join(dir, e.Name())); err == nil {
			return fmt.Errorf("%s: somebody put it there meanwhile", filepath.Join(dir, e.Name()))
		}
	}
	for _, e := range es {
		if err := os.Rename(filepath.Join(p.files(), e.Name()), filepath.Join(dir, e.Name())); err != nil {
			return err
		}
	}
	return errors.Join(os.RemoveAll(p.part), disk.Real{}.Sync(dir))
}

func metadataOf(l ocispec.Descriptor) (m fileMetadata) {
	json.Unmarshal([]byte(l.Annotations[annotationMetadata]), &m) // without it, a plain file
	return m
}
