package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/mlops-runner/mlops/runner/store"
	"github.com/mlops-runner/mlops/runner/worktree"
)

// fileRows measure hashing, checking and restoring files. What concerns the
// worktree is asked of the program as a user would; restoring is a call of the
// store, because a run does more than that.
func fileRows() []row {
	return []row{
		{"restore/10000", "restore 10,000 files of 4 KiB from the store", seconds, setupRestore},
		{"restore-jobs/100", "restore the outputs of 100 jobs, 100 files of 4 KiB each", seconds, setupRestoreJobs},
		{"check/100000", "whole run that only checks 100,000 input files known from before", seconds, setupCheck},
		{"hash/100000", "find and hash 100,000 input files of 4 KiB for the first time", seconds, setupHashMany},
		{"hash/1GiB", "whole plan that hashes one input of 1 GiB, on one core", seconds, setupHashLarge},
	}
}

func setupRestore(b *bench) (contest, error) {
	const files = 10000
	dir, err := b.dir("restore")
	if err != nil {
		return contest{}, err
	}
	source, kept := filepath.Join(dir, "source"), filepath.Join(dir, "store")
	if _, err := writeFiles(source, files, func(i int) []byte { return block(i, 4096) }); err != nil {
		return contest{}, err
	}
	tree, err := keep(b.ctx, source, kept)
	if err != nil {
		return contest{}, err
	}
	const links = "hard-link loop"
	to := func(name string) string { return filepath.Join(dir, name) }
	ks := []contestant{
		inside("store.Restore", ours, "store-restore", kept, tree.String(), to("restored")),
		peerCommand("cp -rl", "", "cp", "-rl", source, to("cp-links")),
		peerCommand("cp -r", "", "cp", "-r", source, to("cp-copies")),
		inside(links, floor, "link-blobs", kept, tree.String(), to("linked")),
	}
	for i, name := range []string{"restored", "cp-links", "cp-copies", "linked"} {
		ks[i].reset = func() error { return os.RemoveAll(to(name)) }
	}
	return contest{contestants: ks, targets: []target{{links, 1.3}}}, nil
}

// keep stores all files of a folder and returns their tree.
func keep(ctx context.Context, source, kept string) (store.Digest, error) {
	var none store.Digest
	paths, err := filesOf(source)
	if err != nil {
		return none, err
	}
	entries := make([]store.Entry, len(paths))
	for i, path := range paths {
		rel, err := filepath.Rel(source, path)
		if err != nil {
			return none, err
		}
		entries[i].Path = filepath.ToSlash(rel)
	}
	s, err := store.Open(kept)
	if err != nil {
		return none, err
	}
	batch, err := s.Begin(ctx)
	if err != nil {
		return none, err
	}
	defer batch.Close()
	if entries, err = batch.IngestAll(ctx, source, entries, store.IngestOptions{}); err != nil {
		return none, err
	}
	tree, err := batch.PutTree(ctx, entries)
	if err != nil {
		return none, err
	}
	return tree, batch.Commit(ctx)
}

// storeRestore restores a tree of a store into a folder.
func storeRestore(args []string) (time.Duration, error) {
	ctx := context.Background()
	s, entries, err := openTree(ctx, args[0], args[1])
	if err != nil {
		return 0, err
	}
	return timed(func() error {
		_, err := s.Restore(ctx, entries, args[2], store.RestoreOptions{Link: true})
		return err
	})
}

// setupRestoreJobs restores the outputs of a hundred jobs of a hundred files
// each, one call a job. How long a whole run takes that does so is shown too.
func setupRestoreJobs(b *bench) (contest, error) {
	const jobs, files = 100, 100
	dir, err := b.dir("restore-jobs")
	if err != nil {
		return contest{}, err
	}
	source, kept := filepath.Join(dir, "source"), filepath.Join(dir, "store")
	for j := range jobs {
		if _, err := writeFiles(filepath.Join(source, fmt.Sprintf("job%03d", j)), files, func(i int) []byte { return block(j*files+i, 4096) }); err != nil {
			return contest{}, err
		}
	}
	tree, err := keep(b.ctx, source, kept)
	if err != nil {
		return contest{}, err
	}
	whole, err := b.restoringRun(filepath.Join(dir, "graph"), jobs)
	if err != nil {
		return contest{}, err
	}
	const links = "hard-link loop"
	ks := []contestant{
		inside("store.Restore, a call for each job", ours, "store-restore-jobs", kept, tree.String(), filepath.Join(dir, "restored")),
		inside(links, floor, "link-blobs", kept, tree.String(), filepath.Join(dir, "linked")),
		whole,
	}
	for i, name := range []string{"restored", "linked"} {
		ks[i].reset = func() error { return os.RemoveAll(filepath.Join(dir, name)) }
	}
	return contest{contestants: ks, targets: []target{{links, 1.3}}}, nil
}

// restoringRun is a whole run whose jobs are all cached and have lost their outputs.
func (b *bench) restoringRun(dir string, jobs int) (contestant, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return contestant{}, err
	}
	g, err := newGraph(dir, jobs)
	if err != nil {
		return contestant{}, err
	}
	run := command("mlops run, which restores one file of each job", peer, dir, b.mlops, "run", "--executor", "host", "--output", "quiet")
	if err := b.settle([]contestant{run}); err != nil {
		return contestant{}, err
	}
	run.reset = g.removeOutputs
	return run, nil
}

// storeRestoreJobs restores each folder at the top of a tree by a call of its own.
func storeRestoreJobs(args []string) (time.Duration, error) {
	ctx := context.Background()
	s, entries, err := openTree(ctx, args[0], args[1])
	if err != nil {
		return 0, err
	}
	var jobs [][]store.Entry
	last := ""
	for _, e := range entries {
		if top, _, _ := strings.Cut(e.Path, "/"); top != last || jobs == nil {
			jobs, last = append(jobs, nil), top
		}
		jobs[len(jobs)-1] = append(jobs[len(jobs)-1], e)
	}
	return timed(func() error { // as many at once as jobs run
		var g errgroup.Group
		g.SetLimit(runtime.NumCPU())
		for _, es := range jobs {
			g.Go(func() error {
				_, err := s.Restore(ctx, es, args[2], store.RestoreOptions{Link: true})
				return err
			})
		}
		return g.Wait()
	})
}

// openTree opens a store and reads a tree of it.
func openTree(ctx context.Context, dir, digest string) (*store.Dir, []store.Entry, error) {
	s, err := store.Open(dir)
	if err != nil {
		return nil, nil, err
	}
	tree, err := store.Parse(digest)
	if err != nil {
		return nil, nil, err
	}
	entries, err := s.ReadTree(ctx, tree)
	return s, entries, err
}

// removeOutputs removes what mlops made of the graph.
func (g graph) removeOutputs() error {
	for i := range g.n {
		if err := os.Remove(filepath.Join(g.dir, "out."+g.id(i))); err != nil {
			return err
		}
	}
	return nil
}

// dataRepository is a repository with n input files of 4 KiB and one job that reads them all.
func (b *bench) dataRepository(name string, n int) (string, error) {
	dir, err := b.dir(name)
	if err != nil {
		return "", err
	}
	if _, err := writeFiles(filepath.Join(dir, "data"), n, func(i int) []byte { return block(i, 4096) }); err != nil {
		return "", err
	}
	if err := writeOneJob(dir, "data/"); err != nil {
		return "", err
	}
	return dir, b.gitRepository(dir)
}

// writeOneJob writes an mlops.yaml whose only job reads input.
func writeOneJob(dir, input string) error {
	text := fmt.Sprintf("name: files\njobs:\n  read: {run: \": > out\", inputs: [%s], outputs: [out]}\n", input)
	return os.WriteFile(filepath.Join(dir, "mlops.yaml"), []byte(text), 0o644)
}

func setupCheck(b *bench) (contest, error) {
	dir, err := b.dataRepository("check", 100000)
	if err != nil {
		return contest{}, err
	}
	const status = "git status -uno"
	ks := []contestant{
		command("mlops run", ours, dir, b.mlops, "run", "--executor", "host", "--output", "quiet"),
		peerCommand(status, dir, "git", "status", "-uno"),
	}
	if err := b.settle(ks); err != nil {
		return contest{}, err
	}
	return contest{contestants: ks, targets: []target{{status, 1.1}}}, nil
}

func setupHashMany(b *bench) (contest, error) {
	dir, err := b.dataRepository("hash", 100000)
	if err != nil {
		return contest{}, err
	}
	const loop = "open, read, close"
	whole := command("mlops plan, the whole program", peer, dir, b.mlops, "plan", "--executor", "host")
	whole.reset = func() error { return os.RemoveAll(filepath.Join(dir, ".mlops")) }
	data := filepath.Join(dir, "data")
	ks := []contestant{
		inside("worktree.Entries", ours, "worktree-entries", dir),
		whole,
		peerCommand("xargs sha256sum", dir, "sh", "-c", "find data -type f -print0 | xargs -0 sha256sum > /dev/null"),
		inside(loop, floor, "read-files", data),
	}
	return contest{contestants: ks, targets: []target{{loop, 1.6}}}, nil
}

// worktreeEntries finds and hashes the files below data, without a stat index.
func worktreeEntries(args []string) (time.Duration, error) {
	t, err := worktree.Open(args[0], worktree.Options{})
	if err != nil {
		return 0, err
	}
	took, err := timed(func() error {
		es, err := t.Entries(context.Background(), []string{"data/"}, nil)
		if err == nil && len(es) == 0 {
			err = errors.New("no files")
		}
		return err
	})
	return took, errors.Join(err, t.Close())
}

func setupHashLarge(b *bench) (contest, error) {
	dir, err := b.dir("hash-large")
	if err != nil {
		return contest{}, err
	}
	if err := writeLarge(filepath.Join(dir, "large"), 1<<30); err != nil {
		return contest{}, err
	}
	if err := writeOneJob(dir, "large"); err != nil {
		return contest{}, err
	}
	mine := onOneCore("mlops plan", ours, dir, b.mlops, "plan", "--executor", "host")
	mine.reset = func() error { return os.RemoveAll(filepath.Join(dir, ".mlops")) }
	const openssl = "openssl dgst -sha256"
	ks := []contestant{
		mine,
		onOneCore(openssl, peer, dir, "openssl", "dgst", "-sha256", "large"),
		onOneCore("sha256sum", peer, dir, "sha256sum", "large"),
		onOneCore("cat", floor, dir, "sh", "-c", "cat large > /dev/null"),
	}
	return contest{contestants: ks, targets: []target{{openssl, 1.0}}}, nil
}

// onOneCore is a command that may use one core alone.
func onOneCore(name string, r role, dir string, argv ...string) contestant {
	for _, program := range []string{"taskset", argv[0]} {
		if _, err := exec.LookPath(program); err != nil {
			return skipped(name, r, fmt.Errorf("%s is not installed", program))
		}
	}
	return command(name, r, dir, append([]string{"taskset", "-c", "0"}, argv...)...)
}

// writeLarge writes a file of n bytes.
func writeLarge(path string, n int) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	w := bufio.NewWriterSize(f, 1<<20)
	for i := 0; i < n; i += 1 << 20 {
		if _, err := w.Write(block(i, 1<<20)); err != nil {
			return err
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return f.Close()
}
