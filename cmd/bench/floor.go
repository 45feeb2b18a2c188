package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// statGraph is the floor of a no-op: one lstat for each file of a graph, whose
// paths are known.
func statGraph(args []string) (time.Duration, error) {
	n, err := strconv.Atoi(args[1])
	if err != nil {
		return 0, err
	}
	if err := os.Chdir(args[0]); err != nil {
		return 0, err
	}
	g := graph{n: n}
	paths := make([]string, 0, 2*n)
	for i := range n {
		paths = append(paths, "in/"+g.id(i), "out."+g.id(i))
	}
	return timed(func() error {
		var st syscall.Stat_t
		for _, path := range paths {
			if err := syscall.Lstat(path, &st); err != nil {
				return &fs.PathError{Op: "lstat", Path: path, Err: err}
			}
		}
		return nil
	})
}

// forkExec starts sh n times, one after the other, on a script file as steps are.
func forkExec(args []string) (time.Duration, error) {
	n, err := strconv.Atoi(args[0])
	if err != nil {
		return 0, err
	}
	script, err := os.CreateTemp("", "mlops-bench-*.sh")
	if err != nil {
		return 0, err
	}
	defer os.Remove(script.Name())
	if _, err := script.WriteString("true\n"); err != nil {
		return 0, err
	}
	if err := script.Close(); err != nil {
		return 0, err
	}
	shell, err := exec.LookPath("sh")
	if err != nil {
		return 0, err
	}
	return timed(func() error {
		for range n {
			if err := forkWait(shell, "sh", "-e", script.Name()); err != nil {
				return err
			}
		}
		return nil
	})
}

// forkWait is the least that running a program takes: fork, exec, wait.
func forkWait(path string, argv ...string) error {
	pid, err := syscall.ForkExec(path, argv, &syscall.ProcAttr{Env: os.Environ(), Files: []uintptr{0, 1, 2}})
	if err != nil {
		return err
	}
	var status syscall.WaitStatus
	if _, err := syscall.Wait4(pid, &status, 0, nil); err != nil {
		return err
	}
	if status.ExitStatus() != 0 {
		return errors.New("the command failed")
	}
	return nil
}

// readFiles opens, reads and closes every file of a tree, with a worker for
// each core: what hashing cannot do without. The paths are known beforehand.
func readFiles(args []string) (time.Duration, error) {
	paths, err := filesOf(args[0])
	if err != nil {
		return 0, err
	}
	return timed(func() error {
		return inChunks(len(paths), func(from, to int) error {
			buffer := make([]byte, 64<<10)
			for _, path := range paths[from:to] {
				if err := readOnce(path, buffer); err != nil {
					return err
				}
			}
			return nil
		})
	})
}

// readOnce uses the plain system calls: os.ReadFile makes three more of them.
func readOnce(path string, buffer []byte) error {
	fd, err := syscall.Open(path, syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
	if err != nil {
		return &fs.PathError{Op: "open", Path: path, Err: err}
	}
	defer syscall.Close(fd)
	for {
		n, err := syscall.Read(fd, buffer)
		if err != nil {
			return &fs.PathError{Op: "read", Path: path, Err: err}
		}
		if n < len(buffer) {
			return nil
		}
	}
}

// linkBlobs makes the folders of a tree of a store and hard-links every blob to
// its name there, with a worker for each core, and looks at nothing.
func linkBlobs(args []string) (time.Duration, error) {
	s, entries, err := openTree(context.Background(), args[0], args[1])
	if err != nil {
		return 0, err
	}
	paths, targets, folders := make([]string, len(entries)), make([]string, len(entries)), []string{args[2]}
	for i, e := range entries {
		paths[i], targets[i] = s.Path(e.Digest), filepath.Join(args[2], filepath.FromSlash(e.Path))
		if dir := filepath.Dir(targets[i]); dir != folders[len(folders)-1] {
			folders = append(folders, dir)
		}
	}
	return timed(func() error {
		for _, dir := range folders {
			if err := os.MkdirAll(dir, 0o755); err != nil {
				return err
			}
		}
		return inChunks(len(paths), func(from, to int) error {
			for i := from; i < to; i++ {
				if err := os.Link(paths[i], targets[i]); err != nil {
					return err
				}
			}
			return nil
		})
	})
}

// filesOf lists the regular files below dir in order, dot folders left out.
func filesOf(dir string) ([]string, error) {
	var paths []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != dir && d.Name()[0] == '.':
			return fs.SkipDir
		case d.Type().IsRegular():
			paths = append(paths, path)
		}
		return nil
	})
	return paths, err
}

// inChunks calls f with as many contiguous ranges of n as there are cores, at
// once, and returns the errors of all.
func inChunks(n int, f func(from, to int) error) error {
	workers := runtime.GOMAXPROCS(0)
	errs := make([]error, workers)
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() { errs[w] = f(n*w/workers, n*(w+1)/workers) })
	}
	wg.Wait()
	return errors.Join(errs...)
}
