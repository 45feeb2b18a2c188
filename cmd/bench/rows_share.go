package main

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/mlops-runner/mlops/runner/store"
)

// shareRows measure what goes to a shared store and comes from it. The store is a
// folder on the same disk, so that the network is no part of it.
func shareRows() []row {
	return []row{
		{"share-push/1GiB", "push a result of 1 GiB to a shared folder", seconds, setupPush},
		{"share-pull/1GiB", "pull a result of 1 GiB from a shared folder, verified", seconds, setupPull},
		{"share-push/present", "push what is there already", seconds, setupPushPresent},
		{"gc-remote/100000", "look for what can go among 100,000 blobs of a shared folder", seconds, setupGCRemote},
	}
}

const sharedYAML = `name: large
jobs:
  copy:
    inputs: [large]
    outputs: [copy]
    run: cp large copy
`

// sharedLarge makes a project that has a result of 1 GiB, and returns its folder and
// that of the shared store, which is empty.
func sharedLarge(b *bench, name string) (dir, far string, err error) {
	if dir, err = b.dir(name); err != nil {
		return "", "", err
	}
	far = filepath.Join(dir, "far")
	project := filepath.Join(dir, "project")
	if err := os.MkdirAll(project, 0o755); err != nil {
		return "", "", err
	}
	if err := writeLarge(filepath.Join(project, "large"), 1<<30); err != nil {
		return "", "", err
	}
	if err := os.WriteFile(filepath.Join(project, "mlops.yaml"), []byte(sharedYAML), 0o644); err != nil {
		return "", "", err
	}
	_, err = execute(b.ctx, project, b.mlops, "run", "--executor", "host", "--output", "quiet")
	return project, far, err
}

func setupPush(b *bench) (contest, error) {
	project, far, err := sharedLarge(b, "push")
	if err != nil {
		return contest{}, err
	}
	mine := command("mlops push", ours, project, b.mlops, "push", "--store", far)
	mine.reset = func() error { return os.RemoveAll(far) }
	return contest{contestants: []contestant{mine, copyLarge(project)}, targets: []target{{"cp", 2}}}, nil
}

// copyLarge is cp of the same bytes, to a file that is not there.
func copyLarge(project string) contestant {
	cp := peerCommand("cp", project, "cp", "large", "other")
	cp.reset = func() error { return os.RemoveAll(filepath.Join(project, "other")) }
	return cp
}

func setupPull(b *bench) (contest, error) {
	project, far, err := sharedLarge(b, "pull")
	if err != nil {
		return contest{}, err
	}
	if _, err := execute(b.ctx, project, b.mlops, "push", "--store", far); err != nil {
		return contest{}, err
	}
	mine := command("mlops pull --cache", ours, project, b.mlops, "pull", "--cache", "--store", far)
	mine.reset = func() error { return os.RemoveAll(filepath.Join(project, ".mlops")) }
	// What a pull brings is on the disk when it ends, which cp alone does not promise.
	cp := peerCommand(flushedCopy, project, "sh", "-c", "cp large other && sync other")
	cp.reset = func() error { return os.RemoveAll(filepath.Join(project, "other")) }
	return contest{contestants: []contestant{mine, cp, copyLarge(project)}, targets: []target{{flushedCopy, 2}}}, nil
}

func setupPushPresent(b *bench) (contest, error) {
	project, far, err := sharedLarge(b, "push-present")
	if err != nil {
		return contest{}, err
	}
	if _, err := execute(b.ctx, project, b.mlops, "push", "--store", far); err != nil {
		return contest{}, err
	}
	mine := command("mlops push --all", ours, project, b.mlops, "push", "--all", "--store", far)
	return contest{contestants: []contestant{mine}, targets: []target{{"", 0.05}}}, nil
}

func setupGCRemote(b *bench) (contest, error) {
	dir, err := b.dir("gc-remote")
	if err != nil {
		return contest{}, err
	}
	far := filepath.Join(dir, "far")
	old := time.Now().Add(-48 * time.Hour)
	for i := range 100_000 {
		hex := store.Sum(fmt.Append(nil, i)).Hex()
		path := filepath.Join(far, "cas", "sha256", hex[:2], hex)
		err := os.MkdirAll(filepath.Dir(path), 0o755)
		if err == nil {
			err = os.WriteFile(path, nil, 0o644)
		}
		if err == nil {
			err = os.Chtimes(path, old, old)
		}
		if err != nil {
			return contest{}, err
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "mlops.yaml"), []byte(sharedYAML), 0o644); err != nil {
		return contest{}, err
	}
	mine := command("mlops gc --remote --dry-run", ours, dir, b.mlops, "gc", "--remote", "--dry-run", "--store", far)
	return contest{contestants: []contestant{mine, peerCommand("find -printf", dir, "sh", "-c", "find far -type f -printf '%s\n' > list")}, targets: []target{{"", 2}}}, nil
}
