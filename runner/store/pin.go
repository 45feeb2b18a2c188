package store

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/mlops-runner/mlops/runner/disk"
)

// A Pin keeps GC away from what a process needs for longer than one call: the
// outputs of a cached job until they are used, blobs mounted into a container.
// It is safe for concurrent use and ends with Release or with the process.
type Pin struct {
	d    *Dir
	mu   sync.Mutex
	file disk.File
}

// Pin starts a pin of this process, with nothing in it.
func (d *Dir) Pin(ctx context.Context) (*Pin, error) {
	release, err := d.share(ctx)
	if err != nil {
		return nil, fmt.Errorf("pin: %w", err)
	}
	defer release()
	f, err := d.disk.Append(d.path(Pins, d.scratchName()), 0o644)
	if err != nil {
		return nil, fmt.Errorf("pin: %w", err)
	}
	return &Pin{d: d, file: f}, nil
}

// Keep adds fingerprints of actions, and digests of blobs or trees with all
// that they hold. When it returns, a GC that has not finished yet respects
// them; what an earlier one removed is gone, so look them up after Keep.
func (p *Pin) Keep(ctx context.Context, ds ...Digest) error {
	release, err := p.d.share(ctx)
	if err != nil {
		return fmt.Errorf("pin: %w", err)
	}
	defer release()
	p.mu.Lock()
	defer p.mu.Unlock()
	var lines strings.Builder
	for _, dig := range ds {
		lines.WriteString(dig.String() + "\n")
	}
	if _, err := p.file.Write([]byte(lines.String())); err != nil {
		return fmt.Errorf("pin: %w", err)
	}
	return nil
}

// Release ends the pin.
func (p *Pin) Release() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := errors.Join(p.file.Close(), p.d.disk.Remove(p.file.Name())); err != nil {
		return fmt.Errorf("release pin: %w", err)
	}
	return nil
}

// pinned returns what living processes keep. A torn last line, of a process
// that was killed while writing, is no digest and is ignored.
func (d *Dir) pinned() (map[Digest]bool, error) {
	kept := make(map[Digest]bool)
	es, err := os.ReadDir(d.path(Pins))
	if err != nil {
		return nil, err
	}
	for _, e := range es {
		p, ok := FileOwner(e.Name())
		if !ok || !p.Alive() {
			continue
		}
		if err := readPin(filepath.Join(d.path(Pins), e.Name()), kept); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
	return kept, nil
}

// Abandoned reports whether a process that worked on the store in the folder
// root died before it had ended: every run pins what it needs. It costs one
// listing of a folder that is empty while nobody works, opens no store, and
// says no where there is none.
func Abandoned(root string) bool { return pinnedBy(root, false) }

// InUse reports whether a living process works on the store in the folder root.
func InUse(root string) bool { return pinnedBy(root, true) }

// Pins is the folder of pins in a store.
const Pins = "pins"

// pinnedBy reports whether a process that is alive, or dead, has a pin.
func pinnedBy(root string, alive bool) bool {
	es, err := os.ReadDir(filepath.Join(root, Pins))
	if err != nil {
		return false
	}
	return slices.ContainsFunc(es, func(e fs.DirEntry) bool {
		p, ok := FileOwner(e.Name())
		return ok && p.Alive() == alive
	})
}

func readPin(path string, into map[Digest]bool) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		if dig, err := Parse(lines.Text()); err == nil {
			into[dig] = true
		}
	}
	return lines.Err()
}
