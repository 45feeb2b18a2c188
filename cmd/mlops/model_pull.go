package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/mlops-runner/mlops/cmd/mlops/view"
	"github.com/mlops-runner/mlops/runner/oci"
	"github.com/mlops-runner/mlops/runner/registry"
	"github.com/mlops-runner/mlops/runner/store"
	"github.com/mlops-runner/mlops/spec"
)

func newModelPull(a *app) *cobra.Command {
	var o pullOptions
	c := &cobra.Command{
		Use:   "pull MODEL@REF|oci://REGISTRY/REPOSITORY:TAG DIR",
		Short: "Put the files of a version into a folder, verified",
		Long: `Put the files of a version into a folder that is empty or does not exist. The journal
and the version are held against their digests, and every byte is read. Where a shared store is
named, it is asked first where the alias points to, and bytes that are only there come from there; a
machine without a project keeps them in MLOPS_HOME. Where
mlops.trust.yaml requires it, the version must be signed by a key that may sign the model.
From a registry comes what its manifest names, byte for byte; @sha256:… behind the
repository pins the manifest. No project is needed for that; a policy that MLOPS_TRUST names
is gone by, with the attestations that are attached to the manifest. A pull that was broken off
goes on where it was.`,
		Example: "  mlops model pull churn@production /srv/churn\n  mlops model pull oci://registry.example.com/team/churn:production /srv/churn",
		Args:    cobra.ExactArgs(2),
		RunE: func(c *cobra.Command, args []string) error {
			if strings.HasPrefix(args[0], oci.Prefix) {
				return a.registryPull(c.Context(), o, args[0], args[1])
			}
			return a.modelPull(c.Context(), args[0], args[1])
		},

		ValidArgsFunction: a.completeModels(true),
	}
	a.storeFlag(c.Flags())
	c.Flags().BoolVar(&o.plain, "plain-http", false, "speak HTTP without TLS; registries of this machine are asked which they speak")
	c.Flags().StringVar(&o.most, "max-unpacked", "", "what compressed layers of a registry may unpack to, as in 500GiB (default: 100 times their size, but at least 64MiB, and 256GiB in all)")
	return c
}

// pullOptions are the flags of a pull.
type pullOptions struct {
	registryOptions
	most string // bytes that archives may unpack to, as it was written
}

// A foreignError names things as a stranger has called them.
type foreignError struct{ error }

func (e foreignError) Error() string { return foreign(e.error.Error()) }
func (e foreignError) Unwrap() error { return e.error }

// checkEmpty fails for a folder that holds something.
func checkEmpty(dir string) error {
	if dir == "" {
		return usagef("the folder has no name; write one behind the model")
	}
	es, err := os.ReadDir(dir)
	if len(es) == 1 && es[0].Name() == oci.PartName {
		es = nil // of a pull that was broken off
	}
	if err == nil && len(es) > 0 {
		return usagef("%s is not empty; name a new folder", dir)
	} else if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// registryPull pulls from a registry, without a store.
func (a *app) registryPull(ctx context.Context, o pullOptions, ref, dir string) error {
	if err := checkEmpty(dir); err != nil {
		return err
	}
	if o.most != "" {
		n, err := spec.ParseSize(o.most)
		if err != nil || n <= 0 {
			return usagef("--max-unpacked %s: write a size such as 500GiB", o.most)
		}
		o.unpacked = n
	}
	r, err := a.openRegistry(ctx, ref, o.registryOptions, "pull")
	if err != nil {
		return err
	}
	c, err := a.checkSigned(ctx, r)
	var fix fixError
	if errors.As(err, &fix) {
		return fixError{fmt.Errorf("pull: %w", err), fix.fix}
	}
	if err != nil {
		return cured(fmt.Errorf("pull: %w", err))
	}
	p, err := oci.Pull(ctx, c.at, dir)
	if err != nil {
		return cured(fmt.Errorf("pull: %w", foreignError{err}))
	}
	again := ""
	if p.Reused > 0 {
		again = fmt.Sprintf(" (%s were there from a pull before)", view.Bytes(p.Reused))
	}
	_, err = fmt.Fprintf(a.stdout, "%s: %s, %s in %s%s\nmanifest %s\nfiles    %s\n", foreign(r.String()), counted(len(p.Files), "file"), view.Bytes(p.Size), dir, again, p.Digest, p.Tree)
	if err == nil && c.signed != "" {
		_, err = fmt.Fprintln(a.stdout, c.signed)
	}
	return err
}

func (a *app) modelPull(ctx context.Context, name, dir string) error {
	if err := checkEmpty(dir); err != nil {
		return err
	}
	if err := a.refresh(ctx, name); err != nil {
		return err
	}
	p, v, s, err := a.readPicked(name)
	if err != nil {
		return err
	}
	signed, err := a.verify(ctx, s, p, v)
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
	if errors.Is(err, os.ErrPermission) || errors.Is(err, syscall.ENOSPC) { // of the folder, and no fault of the model
		return fixError{fmt.Errorf("%s@%d: %w", v.Model, v.Version, err), "name a folder that is yours and has room for " + view.Bytes(v.Size)}
	}
	if err != nil {
		return fixError{fmt.Errorf("%s@%d: %w", v.Model, v.Version, err), fmt.Sprintf("\"mlops model verify %s\" lists what is missing; the run that made it was %s", v.Model, v.Run)}
	}
	if e := p.model.Retirement(v.Version); e != nil {
		a.say("%s is retired, by %s: %s", versionName(v.Model, v.Version), foreign(e.Actor), foreign(orNothing(e.Reason)))
	}
	_, err = fmt.Fprintf(a.stdout, "%s@%d: %s, %s in %s\n%s\n", v.Model, v.Version, counted(len(v.Files), "file"), view.Bytes(v.Size), dir, v.Digest)
	if err == nil && signed != "" {
		_, err = fmt.Fprintln(a.stdout, signed)
	}
	return err
}

// refresh takes over what the shared store knows of a model, so that an alias is where
// others let it point to. Where it cannot be asked, what is known here has to do.
func (a *app) refresh(ctx context.Context, name string) error {
	p, err := a.here()
	if err != nil {
		return err
	}
	if s, err := a.sharing(p); err != nil || s.address.Value == "" {
		return err
	}
	local, err := store.OpenWith(p.sharedStore(), store.Options{Counters: a.counters})
	if err != nil {
		return err
	}
	c, err := a.cache(p, local)
	if err != nil {
		return err
	}
	model, _ := registry.Split(name)
	_, moved, err := (&outlet{share: c.Share}).take(ctx, model)
	a.sayAll(moved)
	if err == nil {
		return nil
	}
	if _, unknown := registry.Open(local, nil).Model(model); unknown != nil {
		return curedFar(err)
	}
	a.say("%s is as it is known here: %v", foreign(model), err)
	return nil
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
