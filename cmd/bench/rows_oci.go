package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/mlops-runner/mlops/runner/oci"
	"github.com/mlops-runner/mlops/runner/oci/ocitest"
	"github.com/mlops-runner/mlops/runner/store"
)

// ociRows measure a model's way to a registry on this machine and back, beside
// a copy of its file. The registry hashes and writes what it gets: a push is both.
// That registry is "mlops registry serve", or Debian's docker-registry.
func ociRows() []row {
	type work struct {
		name, of string
		ts       []target
	}
	// Both flush, and hash what came: cp does neither.
	large := []target{{copyName, 2}, {flushedCopy, 2}, {hashing, 1.3}}
	var rows []row
	for _, w := range []work{{"push", "push a model of 1 GiB", large}, {"pull", "pull a model of 1 GiB into a folder, hashed,", large}, {"repush", "push a model of 1 GiB that is there", []target{{"", 0.05}}}} {
		way := map[string]string{"push": "to", "pull": "from", "repush": "to"}[w.name]
		rows = append(rows,
			row{"serve-" + w.name + "/1GiB", w.of + " " + way + " mlops registry serve on this machine", seconds, func(b *bench) (contest, error) { return setupOCI(b, "serve-"+w.name, "oci-"+w.name, b.mlops, w.ts) }},
			row{"oci-" + w.name + "/1GiB", w.of + " " + way + " Debian's docker-registry on this machine", seconds, func(b *bench) (contest, error) { return setupOCI(b, "oci-"+w.name, "oci-"+w.name, "", w.ts) }})
	}
	return rows
}

const (
	copyName    = "cp"
	flushedCopy = "cp, then sync"
	hashing     = "sha256"
)

// setupOCI prepares a workload beside the registry of mlops, or docker-registry if
// that is "".
func setupOCI(b *bench, name, workload, mlops string, ts []target) (contest, error) {
	dir, err := b.dir(name)
	if err != nil {
		return contest{}, err
	}
	large := filepath.Join(dir, "large")
	if err := writeLarge(large, 1<<30); err != nil {
		return contest{}, err
	}
	if err := ocitest.Missing(); err != nil && mlops == "" {
		return contest{contestants: []contestant{skipped(workload, ours, err)}}, nil
	}
	kept := filepath.Join(dir, "store")
	tree, err := keepLarge(b.ctx, kept, large)
	if err != nil {
		return contest{}, err
	}
	to := filepath.Join(dir, "copy")
	fresh := func(k contestant) contestant {
		k.reset = func() error { return os.RemoveAll(to) }
		return k
	}
	ks := []contestant{
		inside(name, ours, workload, kept, dir, tree.String(), mlops),
		fresh(peerCommand(copyName, "", "cp", large, to)),
		fresh(peerCommand(flushedCopy, "", "sh", "-c", `cp "$0" "$1" && sync "$1"`, large, to)), // as a registry does
		peerCommand(hashing, "", "openssl", "dgst", "-sha256", large),                           // as none can do without
	}
	return contest{contestants: ks, targets: ts}, nil
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
		if err := freeMemory(args[1]); err != nil {
			return 0, err
		}
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
		if err := freeMemory(args[1]); err != nil {
			return 0, err
		}
		began := time.Now()
		_, err := oci.Pull(ctx, r, to)
		return time.Since(began), err
	})
}

// freeMemory copies the large file and removes the copy, as is done right before cp is
// measured. A virtual machine gives free memory back to its host after seconds and pays
// for each page that it takes again: cp of 1 GiB has cost 0.22 s of CPU into pages that were
// freed just now, and 1.8 s into others.
func freeMemory(dir string) error {
	from, err := os.Open(filepath.Join(dir, "large"))
	if err != nil {
		return err
	}
	defer from.Close()
	to, err := os.CreateTemp(dir, "gone-")
	if err != nil {
		return err
	}
	defer os.Remove(to.Name())
	_, err = io.Copy(to, from)
	return errors.Join(err, to.Close())
}

// withRegistry does a piece of work beside a registry that is new and then gone.
func withRegistry(args []string, work func(context.Context, *store.Dir, *oci.Artifact, *oci.Repository) (time.Duration, error)) (time.Duration, error) {
	ctx := context.Background()
	dir, err := os.MkdirTemp(args[1], "registry-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	host, stop, err := startRegistry(dir, args[3])
	if err != nil {
		return 0, err
	}
	defer stop()
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
	r, err := oci.Open(ctx, host+"/bench/model:1", oci.Options{})
	if err != nil {
		return 0, err
	}
	return work(ctx, d, a, r)
}

// startRegistry starts docker-registry, or "mlops registry serve" if that program is named.
func startRegistry(dir, mlops string) (host string, stop func(), err error) {
	if mlops == "" {
		s, err := ocitest.Start(dir, ocitest.Options{})
		if err != nil {
			return "", nil, err
		}
		return s.Direct, func() { s.Close() }, nil
	}
	if err := os.WriteFile(filepath.Join(dir, "mlops.yaml"), []byte("jobs: {train: {run: 'true'}}\n"), 0o644); err != nil {
		return "", nil, err
	}
	if _, err := store.Open(filepath.Join(dir, ".mlops")); err != nil {
		return "", nil, err
	}
	cmd := exec.Command(mlops, "registry", "serve", "--addr", "127.0.0.1:0")
	cmd.Dir = dir
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		return "", nil, err
	}
	stop = func() {
		cmd.Process.Signal(os.Interrupt)
		cmd.Wait()
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		stop()
		return "", nil, fmt.Errorf("mlops registry serve: %w", err)
	}
	return strings.TrimSpace(line[strings.LastIndexByte(line, ' ')+1 : len(line)-1]), stop, nil
}
