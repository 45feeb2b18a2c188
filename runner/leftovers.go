package runner

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/mlops-runner/mlops/runner/store"
)

// A runner that is killed leaves things behind, which the next one removes. An
// engine may make one more of them after the next runner has looked: it does
// what it was asked to although nobody waits for the answer any more. A file in
// the store therefore notes a death, before anything else that tells of it is
// removed, and runs look again, also those that have nothing to do, until
// one has looked long enough after it.
const (
	deathFile = "death"     // when a death was noticed
	lastWords = time.Minute // how long an engine may take for what a runner asked before it was killed
)

// Unsettled reports whether the engine may hold what a dead runner asked for,
// of the store in the folder root.
func Unsettled(root string) bool {
	_, err := os.Lstat(filepath.Join(root, deathFile))
	return err == nil || store.Abandoned(root)
}

// Traces are the names, in a store, of what Unsettled looks at: where none of
// them is there, but perhaps empty folders, nothing is unsettled.
func Traces() []string { return []string{deathFile, store.Pins} }

// noteDeath notes that a runner was found dead, if one was.
func (x *execution) noteDeath() error {
	if !store.Abandoned(x.Store.Root()) {
		return nil
	}
	return x.Store.WriteFile(deathFile, []byte(x.now().UTC().Format(time.RFC3339)))
}

// reap removes what dead runners left, and forgets a death after which the
// engine has had time enough.
func (x *execution) reap(ctx context.Context) {
	r, ok := x.Executor.(Reaper)
	if !ok {
		return
	}
	began := x.now()
	_, err := r.Reap(ctx, false)
	if err == nil {
		err = x.forgetDeath(began)
	}
	if err != nil {
		x.log().Warn("reap", "error", err)
	}
}

// forgetDeath forgets one that was noticed long enough before a time.
func (x *execution) forgetDeath(before time.Time) error {
	path := filepath.Join(x.Store.Root(), deathFile)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	noticed, parseErr := time.Parse(time.RFC3339, string(text))
	if err != nil || parseErr == nil && before.Sub(noticed) < lastWords {
		return err
	}
	return os.Remove(path)
}

// reapBeside looks once, beside the first job that runs.
func (x *execution) reapBeside(ctx context.Context) {
	if x.images.imager == nil {
		return
	}
	x.reapOnce.Do(func() {
		x.reaping.Go(func() {
			ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
			defer stop()
			x.reap(ctx)
		})
	})
}
