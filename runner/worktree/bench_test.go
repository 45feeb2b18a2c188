//go:build unix

package worktree

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/mlops-runner/mlops/runner/snapshot"
	"github.com/mlops-runner/mlops/runner/store"
)

// many makes n files of size bytes in folders of a hundred, old enough to be trusted.
func many(b *testing.B, root string, n, size int) (paths []string) {
	b.Helper()
	content := make([]byte, size)
	rand.Read(content)
	for i := range n {
		rel := fmt.Sprintf("d%02d/sub%02d/file%04d.txt", i/5000, i/100%50, i%100)
		name := filepath.Join(root, rel)
		if i%100 == 0 {
			check(b, os.MkdirAll(filepath.Dir(name), 0o755))
		}
		copy(content, rel)
		check(b, os.WriteFile(name, content, 0o644))
		paths = append(paths, rel)
	}
	return paths
}

// cpu returns what this process and its children have used so far.
func cpu(b *testing.B) (d time.Duration) {
	b.Helper()
	for _, who := range []int{syscall.RUSAGE_SELF, syscall.RUSAGE_CHILDREN} {
		var u syscall.Rusage
		check(b, syscall.Getrusage(who, &u))
		d += time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	return d
}

// loop runs f as b.Loop does, and reports the processor time too, which says
// something even when others keep the machine busy.
func loop(b *testing.B, f func()) {
	b.Helper()
	before := cpu(b)
	for b.Loop() {
		f()
	}
	b.ReportMetric(float64((cpu(b)-before).Microseconds())/1000/float64(b.N), "cpu-ms/op")
}

// BenchmarkWarm checks 100,000 tracked files that have not changed: what every
// start does. Compare "mlops" with "git".
func BenchmarkWarm(b *testing.B) {
	const files = 100_000
	root := b.TempDir()
	many(b, root, files, 100)
	runGit(b, root, "init", "-q")
	runGit(b, root, "add", ".")
	runGit(b, root, "commit", "-qm", "all")
	index := filepath.Join(b.TempDir(), "index")
	tree := open(b, root, Options{Index: index})
	_, err := tree.TrackedEntries(context.Background(), nil)
	check(b, err)
	check(b, tree.Close())
	runGit(b, root, "status", "-uno")
	b.Run("git", func(b *testing.B) {
		loop(b, func() {
			check(b, exec.Command("git", "-C", root, "status", "-uno").Run())
		})
	})
	b.Run("mlops", func(b *testing.B) {
		b.ReportAllocs()
		loop(b, func() {
			var c store.Counters
			tree := open(b, root, Options{Index: index, Counters: &c})
			es, err := tree.TrackedEntries(context.Background(), nil)
			check(b, err)
			check(b, tree.Close())
			if n := c.Read(); len(es) != files || n.Stats != files || n.FilesHashed+n.BytesWritten != 0 {
				b.Fatalf("%d entries, %+v", len(es), n)
			}
		})
	})
	b.Run("glob", func(b *testing.B) {
		loop(b, func() {
			tree := open(b, root, Options{Index: index})
			if es := entries(b, tree, "d*/**/*.txt"); len(es) != files {
				b.Fatal(len(es))
			}
		})
	})
}

// BenchmarkFirst hashes 100,000 files of 4 KiB that nothing is known of.
// Compare "mlops" with "floor", which only opens, reads and closes them.
func BenchmarkFirst(b *testing.B) {
	root := b.TempDir()
	paths := many(b, root, 100_000, 4096)
	b.Run("floor", func(b *testing.B) {
		buf := make([]byte, 8192)
		loop(b, func() {
			for _, p := range paths {
				fd, err := syscall.Open(root+"/"+p, syscall.O_RDONLY, 0)
				check(b, err)
				_, err = syscall.Read(fd, buf)
				check(b, err)
				syscall.Close(fd)
			}
		})
	})
	b.Run("mlops", func(b *testing.B) {
		loop(b, func() {
			tree := open(b, root, Options{Index: filepath.Join(b.TempDir(), "index")})
			if es := entries(b, tree, "."); len(es) != len(paths) {
				b.Fatal(len(es))
			}
			check(b, tree.Close())
		})
	})
}

// BenchmarkLarge hashes 1 GiB on one core, beside openssl.
func BenchmarkLarge(b *testing.B) {
	const size = 1 << 30
	root := b.TempDir()
	f, err := os.Create(filepath.Join(root, "big"))
	check(b, err)
	_, err = io.CopyN(f, rand.Reader, size)
	check(b, err)
	check(b, f.Close())
	b.Run("openssl", func(b *testing.B) {
		if _, err := exec.LookPath("openssl"); err != nil {
			b.Skip("openssl is not installed")
		}
		b.SetBytes(size)
		loop(b, func() {
			check(b, exec.Command("openssl", "dgst", "-sha256", f.Name()).Run())
		})
	})
	b.Run("mlops", func(b *testing.B) {
		b.SetBytes(size)
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
		tree := open(b, root, Options{})
		loop(b, func() {
			entries(b, tree, "big")
		})
	})
}

// BenchmarkSnapshot asks for 20,000 files, in folders of a hundred and in one.
func BenchmarkSnapshot(b *testing.B) {
	for _, flat := range []bool{false, true} {
		root := b.TempDir()
		paths := many(b, root, 20_000, 10)
		if flat {
			for i, p := range paths {
				paths[i] = strings.ReplaceAll(p, "/", "-")
				check(b, os.Rename(filepath.Join(root, p), filepath.Join(root, paths[i])))
			}
		}
		file := filepath.Join(b.TempDir(), "snapshot")
		saved, err := SaveSnapshot(file, root, paths, SnapshotOptions{Now: later()})
		if err != nil || !saved {
			b.Fatal(saved, err)
		}
		b.Run(fmt.Sprintf("flat=%v/floor", flat), func(b *testing.B) {
			loop(b, func() {
				var st syscall.Stat_t
				for _, p := range paths {
					check(b, syscall.Lstat(root+"/"+p, &st))
				}
			})
		})
		b.Run(fmt.Sprintf("flat=%v/mlops", flat), func(b *testing.B) {
			loop(b, func() {
				s, ok := snapshot.Load(file, nil)
				if !ok || !s.Unchanged(root, nil) {
					b.Fatal("changed")
				}
			})
		})
	}
}

// BenchmarkSave writes an index of 100,000 files of which one is new.
func BenchmarkSave(b *testing.B) {
	root := b.TempDir()
	many(b, root, 100_000, 10)
	index := filepath.Join(b.TempDir(), "index")
	tree := open(b, root, Options{Index: index})
	entries(b, tree, ".")
	check(b, tree.Close())
	for i := 0; b.Loop(); i++ {
		check(b, os.WriteFile(filepath.Join(root, "one"), []byte(time.Now().String()), 0o644))
		tree := open(b, root, Options{Index: index})
		entries(b, tree, "one")
		check(b, tree.Close())
	}
}
