package docker

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/mlops-runner/mlops/runner"
)

// A packer writes files into an archive for a container, owned by its user.
type packer struct {
	*tar.Writer
	owner identity
}

func (p packer) header(h *tar.Header) error {
	h.Uid, h.Gid, h.Uname, h.Gname = p.owner.uid, p.owner.gid, "", ""
	return p.WriteHeader(h)
}

// dir adds a folder with the permissions of Unix, sticky bit included.
func (p packer) dir(name string, mode int64) error {
	return p.header(&tar.Header{Typeflag: tar.TypeDir, Name: name + "/", Mode: mode, ModTime: time.Now()})
}

func (p packer) bytes(name string, b []byte) error {
	if err := p.header(&tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o644, Size: int64(len(b)), ModTime: time.Now()}); err != nil {
		return err
	}
	_, err := p.Write(b)
	return err
}

// path adds a file, a symbolic link or a folder with all below it under name.
// mode, if not 0, replaces the file's own. Sockets, pipes and devices are left
// out: they mean nothing elsewhere.
func (p packer) path(source, name string, mode int64) error {
	return filepath.WalkDir(source, func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(source, file)
		if err != nil {
			return err
		}
		return p.entry(file, path.Join(name, filepath.ToSlash(rel)), d, mode)
	})
}

func (p packer) entry(file, name string, d fs.DirEntry, mode int64) error {
	info, err := d.Info()
	if err != nil {
		return err
	}
	if t := info.Mode().Type(); t != 0 && t != fs.ModeDir && t != fs.ModeSymlink {
		return nil
	}
	link := ""
	if info.Mode().Type() == fs.ModeSymlink {
		if link, err = os.Readlink(file); err != nil {
			return err
		}
	}
	h, err := tar.FileInfoHeader(info, link)
	if err != nil {
		return err
	}
	h.Name = name
	if mode != 0 {
		h.Mode = mode
	}
	if err := p.header(h); err != nil || !info.Mode().IsRegular() {
		return err
	}
	return p.content(file, h.Size)
}

// content adds exactly size bytes of a file: an archive that was announced
// longer or shorter would be broken.
func (p packer) content(file string, size int64) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := io.CopyN(p, f, size); err != nil {
		return fmt.Errorf("%s shrank while it was copied: %w", file, err)
	}
	return nil
}

// mount adds a mount's source where it would have been mounted.
func (p packer) mount(m runner.Mount) error {
	source, err := filepath.EvalSymlinks(m.Source)
	if err != nil {
		return err
	}
	return p.path(source, strings.TrimPrefix(target(m.Target), "/"), 0)
}

// unpack writes one archive entry below root, which nothing can escape: not a
// name with "..", not a link that an earlier entry made. What is in the way of
// a file or link is replaced. Devices and pipes are left out.
func unpack(root *os.Root, name string, h *tar.Header, r io.Reader) error {
	name = path.Clean(name)
	if dir := path.Dir(name); dir != "." {
		if err := root.MkdirAll(dir, 0o755); err != nil {
			return fmt.Errorf("docker: unpack %s: %w", name, err)
		}
	}
	var err error
	switch h.Typeflag {
	case tar.TypeDir:
		if name != "." {
			err = root.MkdirAll(name, 0o755)
		}
	case tar.TypeSymlink:
		err = errors.Join(clearWay(root, name), root.Symlink(h.Linkname, name))
	case tar.TypeReg:
		err = unpackFile(root, name, h, r)
	}
	if err != nil {
		return fmt.Errorf("docker: unpack %s: %w", name, err)
	}
	return nil
}

func unpackFile(root *os.Root, name string, h *tar.Header, r io.Reader) error {
	if err := clearWay(root, name); err != nil {
		return err
	}
	f, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, fs.FileMode(h.Mode)&0o777|0o400)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, r)
	return errors.Join(err, f.Close())
}

func clearWay(root *os.Root, name string) error {
	if err := root.RemoveAll(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
