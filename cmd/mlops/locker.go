package main

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/mlops-runner/mlops/runner"
	"github.com/mlops-runner/mlops/runner/lock"
)

// A locker makes the next lock file of the images in use and of the last one.
type locker struct {
	app     *app
	imager  runner.Imager
	update  bool
	names   []string // images that the person named; empty means all
	next    lock.File
	changes []lockChange
}

func (l *locker) named(image string) bool {
	return len(l.names) == 0 || slices.Contains(l.names, image)
}

func (l *locker) run(ctx context.Context, used map[string]runner.ImageRequest, old lock.File) error {
	for _, key := range slices.Sorted(maps.Keys(used)) {
		r := used[key]
		was, pinned := old.Images[key]
		if pinned && !(l.update && l.named(r.Name)) {
			l.keep(key, was)
			continue
		}
		if !l.named(r.Name) {
			continue
		}
		is, err := l.resolve(ctx, r)
		if err != nil {
			return err
		}
		l.set(key, was, is)
	}
	for _, key := range slices.Sorted(maps.Keys(old.Images)) {
		if _, ok := used[key]; !ok && len(l.names) == 0 {
			l.changes = append(l.changes, lockChange{Image: key, What: "dropped", Was: old.Images[key].Sum(), Note: "no job uses it"})
		} else if !ok {
			l.next.Images[key] = old.Images[key]
		}
	}
	return nil
}

func (l *locker) keep(key string, e lock.Entry) {
	l.next.Images[key] = e
	l.changes = append(l.changes, lockChange{Image: key, What: "kept", Is: e.Sum()})
}

// set puts an entry, and says what it was before, if it was.
func (l *locker) set(key string, was, is lock.Entry) {
	if was.Sum() == is.Sum() {
		l.keep(key, was)
		return
	}
	l.next.Images[key] = is
	c := lockChange{Image: key, What: "pinned", Was: was.Sum(), Is: is.Sum()}
	if c.Was != "" {
		c.What = "moved"
	}
	l.changes = append(l.changes, c)
}

// resolve finds out what an image is now. An update asks the registry, unless
// the image here came from none: it would ask for what nobody has.
func (l *locker) resolve(ctx context.Context, r runner.ImageRequest) (lock.Entry, error) {
	if l.update {
		look := r
		look.Look = true
		if here, err := l.imager.Resolve(ctx, look); err == nil && here.Digest == "" {
			return lock.EntryOf(here), nil
		}
		r.Pull = "always"
	}
	r.Progress = func(s string) { fmt.Fprintln(l.app.stderr, s) }
	found, err := l.imager.Resolve(ctx, r)
	if err != nil {
		return lock.Entry{}, err
	}
	return lock.EntryOf(found), nil
}
