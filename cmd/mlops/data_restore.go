package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mlops-runner/mlops/cmd/mlops/view"
	"github.com/mlops-runner/mlops/runner/dataset"
	"github.com/mlops-runner/mlops/runner/store"
	"github.com/mlops-runner/mlops/runner/worktree"
)

type restoreOptions struct {
	to    string
	force bool
}

func newDataRestore(a *app) *cobra.Command {
	var o restoreOptions
	c := &cobra.Command{
		Use:   "restore NAME[@VERSION]",
		Short: "Put a version of a dataset back",
		Long: `Put the files of a version where the dataset has them, or below another folder.
VERSION is the beginning of a digest, 1 for the oldest, latest (the default), or a run
that read it. Every byte is verified before anything is written, and each file
appears whole. A file whose content no version knows is not overwritten or removed
without --force.`,
		Example: "  mlops data restore customers@1\n  mlops data restore customers@3f2a --to old/",
		Args:    cobra.ExactArgs(1),
		RunE:    func(c *cobra.Command, args []string) error { return a.dataRestore(c.Context(), args[0], o) },

		ValidArgsFunction: a.completeData,
	}
	c.Flags().StringVar(&o.to, "to", "", "put the files below this `folder` instead")
	c.Flags().BoolVar(&o.force, "force", false, "overwrite and remove files whose content would be lost")
	return c
}

func (a *app) dataRestore(ctx context.Context, arg string, o restoreOptions) (err error) {
	d, err := a.openData()
	if err != nil {
		return err
	}
	name, ref, ok := strings.Cut(arg, "@")
	if !ok {
		ref = "latest"
	}
	all, err := d.history(a, name)
	if err != nil {
		return err
	}
	v, err := d.pickVersion(all, ref)
	if err != nil {
		return err
	}
	if err := d.bring(ctx, a, v); err != nil {
		return err
	}
	if err := d.restorable(ctx, v); err != nil {
		return err
	}
	r := &restoring{data: d, version: v, all: all, force: o.force, dir: d.project.root}
	if o.to != "" {
		r.dir, r.aside = o.to, true
	}
	if err := r.run(ctx); err != nil {
		return err
	}
	_, err = fmt.Fprintf(a.stdout, "restored %s@%s: %s files, %s%s\n", v.Dataset, v.Digest.Short(), view.Count(len(v.Files)), view.Bytes(v.Size), removedText(len(r.surplus)))
	return err
}

func removedText(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("; removed %s that it does not have", view.Count(n))
}

// bring brings what of a version is only in the shared store.
func (d *dataStore) bring(ctx context.Context, a *app, v *dataset.Version) error {
	if !v.Kept {
		return nil
	}
	s, err := store.Open(d.store.Root())
	if err != nil {
		return err
	}
	return a.bring(ctx, s, v.Entries())
}

// restorable reads all bytes of a version.
func (d *dataStore) restorable(ctx context.Context, v *dataset.Version) error {
	missing, err := d.versions.Missing(ctx, v, true)
	if err != nil || missing == 0 {
		return err
	}
	what := fmt.Errorf("%s@%s cannot be restored any more: the store has lost %s of its %s files", v.Dataset, v.Digest.Short(), view.Count(missing), view.Count(len(v.Files)))
	fix := `"mlops cache gc --max-size" has made room, or they were damaged; "mlops data log" tells which versions are kept`
	switch {
	case !v.Kept:
		what = fmt.Errorf("%s@%s cannot be restored: its bytes were not kept", v.Dataset, v.Digest.Short())
		fix = "with keep: true in data:, those of later versions are"
	case v.Origin != nil:
		fix = "they come from " + v.Origin.Address + "; a run that needs them fetches them again"
	}
	return fixError{what, fix}
}

// restoring is one restore at work.
type restoring struct {
	data    *dataStore
	version *dataset.Version
	all     []*dataset.Version
	dir     string // that the files' paths are relative to
	aside   bool   // another folder than the repository's
	force   bool
	surplus []string // files of the dataset that the version does not have
}

func (r *restoring) run(ctx context.Context) error {
	if err := r.findSurplus(ctx); err != nil {
		return err
	}
	if err := r.guard(); err != nil {
		return err
	}
	s, err := store.Open(r.data.store.Root())
	if err != nil {
		return err
	}
	if _, err := s.Restore(ctx, r.version.Entries(), r.dir, store.RestoreOptions{}); err != nil {
		return err
	}
	root, err := os.OpenRoot(r.dir)
	if err != nil {
		return err
	}
	defer root.Close()
	for _, path := range r.surplus {
		err = errors.Join(err, root.Remove(filepath.FromSlash(path)))
	}
	return err
}

// findSurplus lists the files that the dataset has now and the version does not.
func (r *restoring) findSurplus(ctx context.Context) (err error) {
	set, declared := r.data.declared(r.version.Dataset)
	if r.aside || !declared || set.Source != "" {
		return nil
	}
	tree, err := worktree.Open(r.data.project.root, worktree.Options{Index: r.data.project.indexPath(), Skip: r.data.project.storeInside()})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, tree.Close()) }()
	es, err := tree.Entries(ctx, []string{set.Path}, nil)
	var missing *worktree.MissingError
	if errors.As(err, &missing) {
		return nil // all of it is gone
	}
	for _, e := range es {
		if !slices.ContainsFunc(r.version.Files, func(f dataset.File) bool { return f.Path == e.Path }) {
			r.surplus = append(r.surplus, e.Path)
		}
	}
	return err
}

// guard refuses to lose what no version knows.
func (r *restoring) guard() error {
	if r.force {
		return nil
	}
	known := map[store.Digest]bool{}
	for _, v := range r.all {
		for _, f := range v.Files {
			known[f.Digest] = known[f.Digest] || v.Kept && (f.Link != "" || r.data.store.Has(f.Digest))
		}
	}
	var lost []string
	paths := slices.Clone(r.surplus)
	want := map[string]store.Digest{}
	for _, f := range r.version.Files {
		paths = append(paths, f.Path)
		want[f.Path] = f.Digest
	}
	for _, path := range paths {
		dig, err := contentOf(filepath.Join(r.dir, filepath.FromSlash(path)))
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return err
		case dig != want[path] && !known[dig]:
			lost = append(lost, path)
		}
	}
	if len(lost) == 0 {
		return nil
	}
	return fixError{fmt.Errorf("%s would be lost: no version that is kept has that content", listed(lost)),
		"run the pipeline, which keeps it as a version; or --to FOLDER; or --force"}
}

// listed names the first few of some paths.
func listed(paths []string) string {
	const few = 3
	if len(paths) <= few {
		return strings.Join(paths, ", ")
	}
	return fmt.Sprintf("%s and %s more", strings.Join(paths[:few], ", "), view.Count(len(paths)-few))
}

// contentOf digests a file, or the target of a link.
func contentOf(path string) (store.Digest, error) {
	st, err := os.Lstat(path)
	if err != nil {
		return store.Digest{}, err
	}
	if st.Mode()&fs.ModeSymlink != 0 {
		target, err := os.Readlink(path)
		return store.Sum([]byte(target)), err
	}
	if !st.Mode().IsRegular() {
		return store.Digest{}, fixError{fmt.Errorf("%s is in the way", path), "move it away, or restore --to another folder"}
	}
	f, err := os.Open(path)
	if err != nil {
		return store.Digest{}, err
	}
	defer f.Close()
	h := sha256.New()
	_, err = io.Copy(h, f)
	return store.Digest(h.Sum(nil)), err
}
