package profile

import (
	"errors"
	"fmt"
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
	text, err := os.ReadFile(c.path(k))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("profile cache: %w", err)
	}
	sum, rest, ok := cutLine(text)
	if !ok || sum != store.Sum(rest).String() {
		return nil, nil
	}
	p, err := Decode(rest)
	if err != nil {
		return nil, nil // what this version cannot read it makes anew
	}
	return p, nil
}

// cutLine splits off the first line.
func cutLine(text []byte) (line string, rest []byte, ok bool) {
	for i, b := range text {
		if b == '\n' {
			return string(text[:i]), text[i+1:], true
		}
	}
	return "", nil, false
}

// Save keeps a profile. Readers see the whole of it or nothing.
func (c Cache) Save(k Key, p *Profile) error {
	text, err := p.Encode()
	if err != nil {
		return err
	}
	path := c.path(k)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("profile cache: %w", err)
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return fmt.Errorf("profile cache: %w", err)
	}
	defer os.Remove(f.Name())
	_, err = f.Write(append([]byte(store.Sum(text).String()+"\n"), text...))
	if err = errors.Join(err, f.Chmod(0o644), f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("profile cache: %w", err)
	}
	return nil
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
