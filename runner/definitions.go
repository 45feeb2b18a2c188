package runner

import (
	"encoding/binary"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"github.com/mlops-runner/mlops/runner/store"
)

// definitions notes every definition of a job that was ever started, in one
// file of digests that only grows. What is not in it cannot be cached, whatever
// the inputs: a forecast may then be certain although they are not known yet.
// A file, not one for each, because making a file costs more than many jobs do.
type definitions struct {
	path  string
	nodes int // of the plan, each of which may add one
	once  sync.Once
	err   error

	mu   sync.Mutex          // guards what follows
	seen map[uint64]struct{} // beginnings of digests: they are for forecasts, and no two are ever alike
	file *os.File
}

func newDefinitions(s *store.Dir, nodes int) *definitions {
	return &definitions{path: filepath.Join(s.Root(), "definitions"), nodes: nodes}
}

func (d *definitions) load() error {
	d.once.Do(func() {
		data, err := os.ReadFile(d.path)
		if !errors.Is(err, fs.ErrNotExist) {
			d.err = err
		}
		d.seen = make(map[uint64]struct{}, max(len(data)/len(store.Digest{}), d.nodes))
		for len(data) >= len(store.Digest{}) {
			d.seen[binary.NativeEndian.Uint64(data)] = struct{}{}
			data = data[len(store.Digest{}):]
		}
	})
	return d.err
}

// has reports whether the definition was ever started. If that cannot be told
// it says yes.
func (d *definitions) has(def store.Digest) bool {
	if d.load() != nil {
		return true
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.saw(def)
}

func (d *definitions) saw(def store.Digest) bool {
	_, ok := d.seen[binary.NativeEndian.Uint64(def[:])]
	return ok
}

// add notes a definition, before its job runs.
func (d *definitions) add(def store.Digest) error {
	if err := d.load(); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.saw(def) {
		return nil
	}
	if d.file == nil {
		f, err := os.OpenFile(d.path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o644)
		if err != nil {
			return err
		}
		d.file = f
		if err := d.align(); err != nil {
			return err
		}
	}
	d.seen[binary.NativeEndian.Uint64(def[:])] = struct{}{}
	_, err := d.file.Write(def[:])
	return err
}

// align fills up a digest that a full disk or a power cut left torn.
func (d *definitions) align() error {
	end, err := d.file.Seek(0, io.SeekEnd)
	if rest := int(end % int64(len(store.Digest{}))); err == nil && rest != 0 {
		_, err = d.file.Write(make([]byte, len(store.Digest{})-rest))
	}
	return err
}

func (d *definitions) close() error {
	if d.file == nil {
		return nil
	}
	return d.file.Close()
}
