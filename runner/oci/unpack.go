package oci

import (
	"archive/tar"
	"cmp"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/klauspost/compress/zstd"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/mlops-runner/mlops/runner/store"
)

// unpack makes the files of the verified layers. Names are a stranger's: all files
// are made within a root that no name or link leads out of.
func (p *puller) unpack(ctx context.Context, out *Pulled) error {
	if err := os.RemoveAll(p.files()); err != nil {
		return err
	}
	if err := os.MkdirAll(p.files(), 0o755); err != nil {
		return err
	}
	root, err := os.OpenRoot(p.files())
	if err != nil {
		return err
	}
	defer root.Close()
	u := &unpacking{puller: p, root: root, uses: map[string]int{}}
	for _, l := range p.layers {
		u.uses[l.Digest.String()]++
	}
	for _, l := range p.layers {
		if err := ctx.Err(); err != nil {
			return context.Cause(ctx)
		}
		if err := u.layer(l); err != nil {
			return fmt.Errorf("unpack %s: %w", firstOf(l.Annotations[annotationPath], l.Digest.String()), err)
		}
	}
	for _, l := range u.links { // last, so that no file is written through one
		if err := u.symlink(l); err != nil {
			return fmt.Errorf("unpack %s: %w", l.Path, err)
		}
	}
	slices.SortFunc(u.made, func(a, b store.Entry) int { return cmp.Compare(a.Path, b.Path) })
	if err := store.CheckEntries(u.made); err != nil {
		return err
	}
	out.Files = u.made
	for _, e := range u.made {
		out.Size += e.Size
	}
	return nil
}

type unpacking struct {
	*puller
	root  *os.Root
	uses  map[string]int // layers that a blob still has to become
	made  []store.Entry
	links []store.Entry

	unpacked int64 // bytes of files that came out of archives
	passed   int64 // bytes of the archives themselves, with the heads of empty files
}

func (u *unpacking) layer(l ocispec.Descriptor) error {
	form, _ := layerForm(l.MediaType)
	u.uses[l.Digest.String()]--
	if form == "raw" {
		return u.raw(l)
	}
	f, err := os.Open(u.blob(l))
	if err != nil {
		return err
	}
	defer f.Close()
	r, done, err := inflated(form, f)
	if err != nil {
		return err
	}
	defer done()
	own := u.bound(l, u.passed)
	before := own.all
	err = u.tar(&bounded{r, own}, u.bound(l, u.unpacked))
	u.passed += before - own.all
	return err
}

// maxWindow is how many bytes of what came before a compressed stream may refer to:
// as many as zstd --long does.
const maxWindow = 128 << 20

func inflated(form string, r io.Reader) (io.Reader, func(), error) {
	switch form {
	case "tar+gzip":
		z, err := gzip.NewReader(r)
		return z, func() {}, err
	case "tar+zstd":
		z, err := zstd.NewReader(r, zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return nil, nil, err
		}
		return z, z.Close, nil
	}
	return r, func() {}, nil
}

// raw gives a blob the name of its file, and copies it where others need it too.
func (u *unpacking) raw(l ocispec.Descriptor) error {
	name := firstOf(l.Annotations[annotationPath], l.Annotations[ocispec.AnnotationTitle])
	mode := store.Normal(fs.FileMode(metadataOf(l).Mode))
	e := store.Entry{Path: name, Mode: mode, Size: l.Size, Digest: fromOCI(l.Digest)}
	if err := store.CheckEntries([]store.Entry{e}); err != nil {
		return err
	}
	if err := u.folder(name); err != nil {
		return err
	}
	if _, err := u.root.Lstat(name); err == nil {
		return errors.New("two layers have this name")
	}
	if u.uses[l.Digest.String()] > 0 {
		f, err := os.Open(u.blob(l))
		if err != nil {
			return err
		}
		defer f.Close()
		_, err = u.write(name, mode, f)
		u.made = append(u.made, e)
		return err
	}
	// No part of the path is a link yet: links are made last.
	to := filepath.Join(u.files(), filepath.FromSlash(name))
	if err := os.Chmod(u.blob(l), mode); err != nil {
		return err
	}
	u.made = append(u.made, e)
	return os.Rename(u.blob(l), to)
}

func (u *unpacking) folder(name string) error {
	dir := path.Dir(name)
	if dir == "." {
		return nil
	}
	return u.root.MkdirAll(dir, 0o755)
}

// write makes a file and returns its digest and size.
func (u *unpacking) write(name string, mode fs.FileMode, r io.Reader) (e store.Entry, err error) {
	f, err := u.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return e, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	h := sha256.New()
	n, err := io.CopyBuffer(io.MultiWriter(f, h), struct{ io.Reader }{r}, make([]byte, buffer))
	e = store.Entry{Path: name, Mode: mode, Size: n}
	h.Sum(e.Digest[:0])
	return e, err
}

// tar unpacks files, folders and links; other clients pack folders so. What comes is
// bounded by b: a file with holes is larger than what the archive has of it.
func (u *unpacking) tar(r io.Reader, b *bound) error {
	t := tar.NewReader(r)
	for {
		h, err := t.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		name := path.Clean(strings.TrimPrefix(h.Name, "./"))
		e := store.Entry{Path: name, Mode: store.Normal(h.FileInfo().Mode()), Size: h.Size, Link: h.Linkname}
		switch h.Typeflag {
		case tar.TypeDir:
			if !fs.ValidPath(name) {
				return fmt.Errorf("%q leads out of the folder", h.Name)
			}
			err = u.root.MkdirAll(name, 0o755)
		case tar.TypeSymlink:
			e.Mode, e.Size, e.Digest = fs.ModeSymlink, 0, store.Sum([]byte(h.Linkname))
			u.links = append(u.links, e)
		case tar.TypeReg:
			e.Link = ""
			if err = b.take(h.Size); err != nil {
				return err
			}
			u.unpacked += h.Size
			if err = store.CheckEntries([]store.Entry{e}); err == nil {
				err = u.folder(name)
			}
			if err == nil {
				e, err = u.write(name, e.Mode, t)
				u.made = append(u.made, e)
			}
		default:
			err = fmt.Errorf("%q is neither file, folder nor symbolic link", h.Name)
		}
		if err != nil {
			return err
		}
	}
}

func (u *unpacking) symlink(e store.Entry) error {
	if err := store.CheckEntries(append(slices.Clone(u.made), e)); err != nil {
		return err
	}
	if err := u.folder(e.Path); err != nil {
		return err
	}
	u.made = append(u.made, e)
	return u.root.Symlink(e.Link, e.Path)
}
