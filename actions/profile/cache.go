package profile

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/mlops-runner/mlops/runner/store"
)

// A Cache keeps profiles of files by the files' digests, each in a file of a
// folder, so that data which did not change is not read again. Several processes
// may use one folder at once.
type Cache struct{ Dir string }

// Key is what a profile is kept by: the digest of the file it describes, and of
// whatever else decides how the file is read, such as the kinds of its columns.
type Key struct{ File, Reading store.Digest }

// Load returns the profile kept by a key, nil if there is none or what is there
// was written by another version or is damaged.
func (c Cache) Load(k Key) (*Profile, error) {
	f, err := os.Open(c.path(k))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("profile cache: %w", err)
	}
	defer f.Close()
	if !intact(f) {
		return nil, nil
	}
	if _, err := f.Seek(headSize, io.SeekStart); err != nil {
		return nil, fmt.Errorf("profile cache: %w", err)
	}
	p, err := DecodeFrom(f)
	if err != nil {
		return nil, nil // what this version cannot read it makes anew
	}
	return p, nil
}

// headSize is the length of the line before a profile, with its digest.
const headSize = int64(len("sha256:") + 2*sha256.Size + len("\n"))

// intact reports whether a file holds what its first line says.
func intact(f io.Reader) bool {
	head := make([]byte, headSize)
	if _, err := io.ReadFull(f, head); err != nil {
		return false
	}
	sum := sha256.New()
	_, err := io.Copy(sum, f)
	return err == nil && string(head) == store.Digest(sum.Sum(nil)).String()+"\n"
}

// Save keeps a profile. Readers see the whole of it or nothing.
func (c Cache) Save(k Key, p *Profile) error {
	path := c.path(k)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("profile cache: %w", err)
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return fmt.Errorf("profile cache: %w", err)
	}
	defer os.Remove(f.Name())
	if err = errors.Join(write(f, p), f.Chmod(0o644), f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("profile cache: %w", err)
	}
	return nil
}

// write writes a profile behind its digest, which is known when all is written.
func write(f *os.File, p *Profile) error {
	if _, err := f.Seek(headSize, io.SeekStart); err != nil {
		return err
	}
	sum := sha256.New()
	if err := p.EncodeTo(io.MultiWriter(f, sum)); err != nil {
		return err
	}
	_, err := f.WriteAt([]byte(store.Digest(sum.Sum(nil)).String()+"\n"), 0)
	return err
}

// path returns the file of a key. A checksum in its first line finds torn writes:
// a cache is not worth a sync.
func (c Cache) path(k Key) string {
	name := fmt.Sprintf("%s-v%d.profile", k.File.Hex(), Version)
	if !k.Reading.IsZero() {
		name = fmt.Sprintf("%s-%s-v%d.profile", k.File.Hex(), k.Reading.Short(), Version)
	}
	return filepath.Join(c.Dir, name)
}
