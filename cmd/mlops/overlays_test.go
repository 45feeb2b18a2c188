package main

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/store"
)

// overlayPlace is a store with overlays.
type overlayPlace struct {
	*testing.T
	overlays
}

func newOverlayPlace(t *testing.T) *overlayPlace {
	t.Helper()
	o, err := overlaysOf(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return &overlayPlace{t, o}
}

// run begins an untrusted run so long ago.
func (p *overlayPlace) run(ago time.Duration) *overlay {
	p.Helper()
	l, err := p.begin(p.Context(), time.Now().Add(-ago))
	if err != nil {
		p.Fatal(err)
	}
	return l
}

// record leaves the record of a run in an overlay, sealed or not.
func (p *overlayPlace) record(l *overlay, sealed bool) {
	p.Helper()
	w, err := record.Create(l.dir, record.Run{Pipeline: "p"})
	if err != nil {
		p.Fatal(err)
	}
	if sealed {
		if _, err = w.Seal(record.Run{Pipeline: "p", Status: record.Success}); err != nil {
			p.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		p.Fatal(err)
	}
}

// over ends a run as its process does.
func (p *overlayPlace) over(l *overlay) {
	p.Helper()
	if err := l.end(); err != nil {
		p.Fatal(err)
	}
}

// gone clears, and returns the names of what that removed.
func (p *overlayPlace) gone(before time.Time, dry bool) (names []string) {
	p.Helper()
	left, err := p.clear(p.Context(), before, dry)
	if err != nil {
		p.Fatal(err)
	}
	for _, l := range left {
		names = append(names, filepath.Base(l.Name))
	}
	return names
}

func (p *overlayPlace) want(what string, got []string, want ...*overlay) {
	p.Helper()
	var names []string
	for _, l := range want {
		names = append(names, filepath.Base(l.dir))
	}
	if !slices.Equal(got, names) {
		p.Errorf("%s: %v, want %v", what, got, names)
	}
}

// TestOverlaysGo shows which overlays are stale. One that is alive never is,
// however old and however many others there are.
func TestOverlaysGo(t *testing.T) {
	t.Parallel()
	p := newOverlayPlace(t)
	alive := p.run(400 * 24 * time.Hour)
	p.record(alive, true)
	old := p.run(300 * 24 * time.Hour)
	p.record(old, true)
	p.over(old)
	killed := p.run(time.Minute)
	p.record(killed, false)
	killed.release()

	p.want("dry run", p.gone(time.Time{}, true), killed)
	p.want("killed", p.gone(time.Time{}, false), killed)
	p.want("again", p.gone(time.Time{}, false))
	p.want("old", p.gone(time.Now().Add(-time.Hour), false), old)
	alive.release()
	p.want("no more alive", p.gone(time.Now().Add(-time.Hour), false), alive)
	if es, err := os.ReadDir(filepath.Join(filepath.Dir(p.dir), "tmp")); err != nil || len(es) > 0 {
		t.Errorf("left behind: %v, %v", es, err)
	}
}

// TestOverlaysInUse shows that an overlay stays that has no lock, if a living
// process works on its store: what earlier versions made.
func TestOverlaysInUse(t *testing.T) {
	t.Parallel()
	p := newOverlayPlace(t)
	l := p.run(300 * 24 * time.Hour)
	l.release()
	if err := os.Remove(filepath.Join(l.dir, "alive")); err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(l.dir)
	if err != nil {
		t.Fatal(err)
	}
	pin, err := s.Pin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	p.want("in use", p.gone(time.Now(), false))
	for range keptOverlays + 2 {
		next := p.run(0)
		p.record(next, true)
		p.over(next)
	}
	if names, err := p.names(); err != nil || !slices.Contains(names, filepath.Base(l.dir)) {
		t.Errorf("further runs removed it: %v, %v", names, err)
	}
	if err := pin.Release(); err != nil {
		t.Fatal(err)
	}
	p.want("no more in use", p.gone(time.Now().Add(-time.Hour), false), l)
}

// TestOverlaysKept shows that each run leaves room for itself among the newest,
// and that one which never began leaves nothing.
func TestOverlaysKept(t *testing.T) {
	t.Parallel()
	p := newOverlayPlace(t)
	var all []*overlay
	for i := range keptOverlays + 1 {
		l := p.run(time.Duration(100-i) * time.Hour)
		p.record(l, true)
		p.over(l)
		all = append(all, l)
	}
	names, err := p.names()
	if err != nil {
		t.Fatal(err)
	}
	p.want("kept", names, all[1:]...)
	p.over(p.run(0))
	names, err = p.names()
	if err != nil {
		t.Fatal(err)
	}
	p.want("after one that never began", names, all[2:]...)
}
