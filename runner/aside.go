package runner

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/mlops-runner/mlops/runner/plan"
	"github.com/mlops-runner/mlops/runner/store"
)

// setAside moves files that mlops did not write out of the way of a job's
// outputs, into the store's folder, and says so: a person's file is never lost
// because a job declares its path.
func (x *execution) setAside(ctx context.Context, n *plan.Node, outputs []string, es []store.Entry) error {
	foreign, err := x.Tree.Foreign(ctx, outputs, es)
	if err != nil || len(foreign) == 0 {
		return err
	}
	place := filepath.Join(x.Store.Root(), "aside", x.writer.ID())
	for _, f := range foreign {
		to := filepath.Join(place, filepath.FromSlash(f))
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			return err
		}
		if err := move(filepath.Join(x.Root, filepath.FromSlash(f)), to); err != nil {
			return err
		}
		x.watch.send(Event{Kind: Notice, Level: "warning", Job: n.ID, File: f,
			Text: f + " was not written by mlops and stands where this job's outputs go; it is now " + x.relative(to)})
	}
	return nil
}

// move renames a file, or copies it where it cannot be renamed.
func move(from, to string) error {
	err := os.Rename(from, to)
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	text, readErr := os.ReadFile(from)
	if readErr != nil {
		return err
	}
	if err := os.WriteFile(to, text, 0o644); err != nil {
		return err
	}
	return os.Remove(from)
}
