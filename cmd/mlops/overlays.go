package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/mlops-runner/mlops/runner/agent"
	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/store"
)

// overlays are the stores of untrusted runs, one for each, below untrusted/ in
// the store that they may not write to:
//
//	.lock          held while one is made or some are removed
//	TIME-RANDOM/   the store of one run, with its outputs
//	  alive        locked as long as the run lives
type overlays struct{ dir string }

// keptOverlays is how many are kept for a look.
const keptOverlays = 5

const overlayTime = "20060102-150405"

func overlaysOf(sharedStore string) (overlays, error) {
	dir, err := filepath.Abs(filepath.Join(sharedStore, "untrusted"))
	return overlays{dir}, err
}

// An overlay is that of a run of this process.
type overlay struct {
	dir     string
	release func()
}

// begin makes an overlay and removes the oldest of earlier ones.
func (o overlays) begin(ctx context.Context, now time.Time) (*overlay, error) {
	if err := os.MkdirAll(o.dir, 0o755); err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(o.dir, ".gitignore"), []byte("*\n"), 0o644); err != nil {
		return nil, err
	}
	unlock, err := store.Lock(ctx, filepath.Join(o.dir, ".lock"))
	if err != nil {
		return nil, err
	}
	surplus, err := o.stale(func(i, n int, _ string) bool { return i <= n-keptOverlays })
	var out *trash
	if err == nil {
		out, err = o.moveOut(surplus)
	}
	var made *overlay
	if err == nil {
		made, err = o.make(ctx, now)
	}
	unlock()
	return made, errors.Join(err, out.empty())
}

func (o overlays) make(ctx context.Context, now time.Time) (*overlay, error) {
	var id [4]byte
	_, _ = rand.Read(id[:]) // never fails
	dir := filepath.Join(o.dir, now.UTC().Format(overlayTime+"-")+hex.EncodeToString(id[:]))
	if err := os.Mkdir(dir, 0o755); err != nil {
		return nil, err
	}
	release, err := store.Lock(ctx, filepath.Join(dir, "alive"))
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return &overlay{dir, release}, nil
}

// end says that the run is over. What nobody can want to look at goes: the
// overlay of a run that did not come to begin.
func (l *overlay) end() error {
	defer l.release()
	if _, err := os.Stat(filepath.Join(l.dir, "runs")); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return os.RemoveAll(l.dir)
}

// stale lists the overlays that no run is at work in and that want chooses, by
// their number from the oldest, how many there are, and their name.
func (o overlays) stale(want func(i, n int, name string) bool) (names []string, err error) {
	all, err := o.names()
	for i, name := range all {
		if want(i, len(all), name) && !o.live(name) {
			names = append(names, name)
		}
	}
	return names, err
}

// names lists all overlays, the oldest first.
func (o overlays) names() (names []string, err error) {
	es, err := os.ReadDir(o.dir)
	for _, e := range es {
		if _, ok := begun(e.Name()); ok && e.IsDir() {
			names = append(names, e.Name())
		}
	}
	return names, err
}

// begun is when the run of an overlay began.
func begun(name string) (time.Time, bool) {
	if len(name) <= len(overlayTime) {
		return time.Time{}, false
	}
	t, err := time.Parse(overlayTime, name[:len(overlayTime)])
	return t, err == nil && strings.HasPrefix(name[len(overlayTime):], "-")
}

// live reports whether a run may be at work in an overlay.
func (o overlays) live(name string) bool {
	dir := filepath.Join(o.dir, name)
	if store.InUse(dir) {
		return true
	}
	held, err := store.Locked(filepath.Join(dir, "alive"))
	if errors.Is(err, fs.ErrNotExist) { // of an earlier version, which made none
		t, _ := begun(name)
		return time.Since(t) < time.Hour
	}
	return held || err != nil
}

// killed reports whether the run of an overlay, which is over, did not come to
// its end.
func (o overlays) killed(name string) bool {
	e, err := record.Find(filepath.Join(o.dir, name), record.LATEST)
	if err != nil {
		return true
	}
	r, err := e.Head()
	return err != nil || !r.Status.Final()
}

// clear removes the overlays of killed runs, those beyond the newest few and,
// unless before is zero, those of runs that began before it. It says which they
// are; with dryRun it removes nothing.
func (o overlays) clear(ctx context.Context, before time.Time, dryRun bool) (gone []leftover, err error) {
	if _, err := os.Stat(o.dir); err != nil {
		return nil, nil // there never was one
	}
	unlock, err := store.Lock(ctx, filepath.Join(o.dir, ".lock"))
	if err != nil {
		return nil, err
	}
	names, err := o.stale(func(i, n int, name string) bool {
		t, _ := begun(name)
		return i < n-keptOverlays || t.Before(before) || o.killed(name)
	})
	for _, name := range names {
		gone = append(gone, leftover{"untrusted run", "untrusted/" + name, agent.Taken(filepath.Join(o.dir, name))})
	}
	var out *trash
	if err == nil && !dryRun {
		out, err = o.moveOut(names)
	}
	unlock()
	return gone, errors.Join(err, out.empty())
}

// trash is what moveOut took away and what is still to be removed. A kill leaves
// it to the next sweep of the store.
type trash struct {
	store *store.Dir
	dir   string
}

// moveOut takes overlays from where others look for them, at once: removing them
// can take a while, in which no run shall have to wait for the lock. It returns
// nil if there are none.
func (o overlays) moveOut(names []string) (*trash, error) {
	if len(names) == 0 {
		return nil, nil
	}
	s, err := store.Open(filepath.Dir(o.dir))
	if err != nil {
		return nil, err
	}
	t := &trash{store: s}
	if t.dir, err = s.Scratch(); err != nil {
		return nil, err
	}
	for _, name := range names {
		err = errors.Join(err, os.Rename(filepath.Join(o.dir, name), filepath.Join(t.dir, name)))
	}
	return t, err
}

func (t *trash) empty() error {
	if t == nil {
		return nil
	}
	return t.store.RemoveScratch(t.dir)
}
