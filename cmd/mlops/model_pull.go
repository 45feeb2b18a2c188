package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/mlops-runner/mlops/cmd/mlops/view"
	"github.com/mlops-runner/mlops/runner/store"
)

func newModelPull(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:   "pull MODEL@REF DIR",
		Short: "Put the files of a version into a folder, verified",
		Long: `Put the files of a version into a folder that is empty or does not exist. The journal
and the version are held against their digests, and every byte is read. Bytes that are
only in the shared store come from there; "mlops pull" brings which models there are.`,
		Example: "  mlops model pull churn@production /srv/churn",
		Args:    cobra.ExactArgs(2),
		RunE:    func(c *cobra.Command, args []string) error { return a.modelPull(c.Context(), args[0], args[1]) },

		ValidArgsFunction: a.completeModels(true),
	}
	a.storeFlag(c.Flags())
	return c
}

func (a *app) modelPull(ctx context.Context, name, dir string) error {
	if es, err := os.ReadDir(dir); err == nil && len(es) > 0 {
		return usagef("%s is not empty; name a new folder", dir)
	} else if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	p, err := a.pickModel(name)
	if err != nil {
		return err
	}
	v, err := p.read()
	if err != nil {
		return err
	}
	s, err := a.openStore()
	if err != nil {
		return err
	}
	if err := a.bring(ctx, s, v.Entries()); err != nil {
		return err
	}
	es, err := sound(ctx, s, v.Digest)
	if err == nil {
		_, err = s.Restore(ctx, es, dir, store.RestoreOptions{})
	}
	if err != nil {
		return fixError{fmt.Errorf("%s@%d: %w", v.Model, v.Version, err), fmt.Sprintf("\"mlops model verify %s\" lists what is missing; the run that made it was %s", v.Model, v.Run)}
	}
	_, err = fmt.Fprintf(a.stdout, "%s@%d: %s, %s in %s\n%s\n", v.Model, v.Version, counted(len(v.Files), "file"), view.Bytes(v.Size), dir, v.Digest)
	return err
}

// sound are the entries of a tree, all of whose bytes have been read.
func sound(ctx context.Context, s *store.Dir, tree store.Digest) ([]store.Entry, error) {
	if err := s.Reread(ctx, tree); err != nil {
		return nil, err
	}
	es, err := s.ReadTree(ctx, tree)
	for i := 0; i < len(es) && err == nil; i++ {
		if es[i].Link == "" && !es[i].Mode.IsDir() {
			err = s.Reread(ctx, es[i].Digest)
		}
	}
	return es, err
}
