package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/mlops-runner/mlops/runner/oci"
	"github.com/mlops-runner/mlops/runner/oci/ocitest"
	"github.com/mlops-runner/mlops/runner/store"
)

// ociRows measure a model's way to a registry on this machine and back, beside
// a copy of its file. The registry hashes and writes what it gets: a push is both.
func ociRows() []row {
	return []row{
		{"push/1GiB", "push a model of 1 GiB to Debian's docker-registry on this machine", seconds, func(b *bench) (contest, error) { return setupOCI(b, "oci-push", target{copyName, 2}) }},
		{"pull/1GiB", "pull it into a folder, hashed", seconds, func(b *bench) (contest, error) { return setupOCI(b, "oci-pull", target{copyName, 2}) }},
		{"repush/1GiB", "push it again, nothing to send", seconds, func(b *bench) (contest, error) { return setupOCI(b, "oci-repush", target{"", 0.05}) }},
	}
}

const copyName = "cp"

func setupOCI(b *bench, workload string, t target) (contest, error) {
	dir, err := b.dir(workload)
	if err != nil {
		return contest{}, err
	}
	large := filepath.Join(dir, "large")
	if err := writeLarge(large, 1<<30); err != nil {
		return contest{}, err
	}
	if err := ocitest.Missing(); err != nil {
		return contest{contestants: []contestant{skipped(workload, ours, err)}}, nil
	}
	kept := filepath.Join(dir, "store")
	tree, err := keepLarge(b.ctx, kept, large)
	if err != nil {
		return contest{}, err
	}
	to := filepath.Join(dir, "copy")
	ks := []contestant{inside(workload, ours, workload, kept, dir, tree.String()), peerCommand(copyName, "", "cp", large, to)}
	ks[1].reset = func() error { return os.RemoveAll(to) }
	return contest{contestants: ks, targets: []target{t}}, nil
}

// keepLarge packs a model of one file and returns the digest of its files together.
func keepLarge(ctx context.Context, kept, large string) (tree store.Digest, err error) {
	d, err := store.Open(kept)
	if err != nil {
		return tree, err
	}
	f, err := os.Open(large)
	if err != nil {
		return tree, err
	}
	defer f.Close()
	dig, n, err := d.Put(ctx, f)
	if err != nil {
		return tree, err
	}
	const name = "weights.bin"
	if tree, err = d.PutTree(ctx, []store.Entry{{Path: name, Mode: 0o644, Size: n, Digest: dig}}); err != nil {
		return tree, err
	}
	_, _, err = oci.Keep(ctx, d, oci.Model{Name: "bench", Tree: tree, Files: []oci.File{{Path: name, Digest: dig, Size: n}}})
	return tree, err
}

func ociPush(args []string) (time.Duration, error) {
	return withRegistry(args, func(ctx context.Context, d *store.Dir, a *oci.Artifact, r *oci.Repository) (time.Duration, error) {
		began := time.Now()
		_, err := oci.Push(ctx, d, a, r)
		return time.Since(began), err
	})
}

func ociRepush(args []string) (time.Duration, error) {
	return withRegistry(args, func(ctx context.Context, d *store.Dir, a *oci.Artifact, r *oci.Repository) (time.Duration, error) {
		if _, err := oci.Push(ctx, d, a, r); err != nil {
			return 0, err
		}
		began := time.Now()
		again, err := oci.Open(ctx, r.String(), oci.Options{})
		if err != nil {
			return 0, err
		}
		sent, err := oci.Push(ctx, d, a, again)
		if sent != (oci.Sent{}) {
			return 0, fmt.Errorf("something was sent again: %+v", sent)
		}
		return time.Since(began), err
	})
}

func ociPull(args []string) (time.Duration, error) {
	return withRegistry(args, func(ctx context.Context, d *store.Dir, a *oci.Artifact, r *oci.Repository) (time.Duration, error) {
		if _, err := oci.Push(ctx, d, a, r); err != nil {
			return 0, err
		}
		to := filepath.Join(args[1], "pulled")
		defer os.RemoveAll(to)
		began := time.Now()
		_, err := oci.Pull(ctx, r, to)
		return time.Since(began), err
	})
}

// withRegistry does a piece of work beside a registry that is new and then gone.
func withRegistry(args []string, work func(context.Context, *store.Dir, *oci.Artifact, *oci.Repository) (time.Duration, error)) (time.Duration, error) {
	ctx := context.Background()
	dir, err := os.MkdirTemp(args[1], "registry-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	s, err := ocitest.Start(dir, ocitest.Options{})
	if err != nil {
		return 0, err
	}
	defer s.Close()
	d, err := store.Open(args[0])
	if err != nil {
		return 0, err
	}
	tree, err := store.Parse(args[2])
	if err != nil {
		return 0, err
	}
	a, err := oci.Find(ctx, d, "bench", tree)
	if err != nil {
		return 0, err
	}
	r, err := oci.Open(ctx, s.Direct+"/bench/model:1", oci.Options{})
	if err != nil {
		return 0, err
	}
	return work(ctx, d, a, r)
}
