package store

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// corpus puts n files of size bytes into the store, 100 to a folder.
func corpus(b *testing.B, d *Dir, n, size int) []Entry {
	b.Helper()
	batch, err := d.Begin(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	es := make([]Entry, n)
	buf := make([]byte, size)
	for i := range es {
		copy(buf, fmt.Sprint(i))
		dig, err := batch.PutBytes(b.Context(), buf)
		if err != nil {
			b.Fatal(err)
		}
		es[i] = Entry{Path: fmt.Sprintf("d%03d/f%04d", i/100, i), Mode: 0o644, Size: int64(size), Digest: dig}
	}
	if err := batch.Commit(b.Context()); err != nil {
		b.Fatal(err)
	}
	return es
}

// timed runs f and returns how long it took.
func timed(b *testing.B, f func() error) time.Duration {
	b.Helper()
	start := time.Now()
	if err := f(); err != nil {
		b.Fatal(err)
	}
	return time.Since(start)
}

// ratio reports ours against a bare loop, run in turns by the caller.
func ratio(b *testing.B, ours, floor time.Duration) {
	b.ReportMetric(float64(ours)/float64(floor), "ratio-to-loop")
	b.ReportMetric(float64(ours.Microseconds())/1e3/float64(b.N), "ms-ours")
	b.ReportMetric(float64(floor.Microseconds())/1e3/float64(b.N), "ms-loop")
}

// BenchmarkRestore10k compares a restore of 10,000 files of 4 KiB into a new
// folder with a bare loop of os.Link. Target: 1.3.
func BenchmarkRestore10k(b *testing.B) {
	d := open(b)
	es := corpus(b, d, 10_000, 4096)
	base := b.TempDir()
	var ours, floor time.Duration
	for i := 0; b.Loop(); i++ {
		to := filepath.Join(base, fmt.Sprint("loop", i))
		floor += timed(b, func() error { return linkLoop(d, es, to) })
		mine := filepath.Join(base, fmt.Sprint("ours", i))
		ours += timed(b, func() error {
			_, err := d.Restore(b.Context(), es, mine, RestoreOptions{Link: true})
			return err
		})
		os.RemoveAll(to)
		os.RemoveAll(mine)
	}
	ratio(b, ours, floor)
}

func linkLoop(d *Dir, es []Entry, to string) error {
	for i, e := range es {
		path := filepath.Join(to, e.Path)
		if i%100 == 0 {
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				return err
			}
		}
		if err := os.Link(d.Path(e.Digest), path); err != nil {
			return err
		}
	}
	return nil
}

// BenchmarkKept10k is a restore that finds everything in place.
func BenchmarkKept10k(b *testing.B) {
	d := open(b)
	es := corpus(b, d, 10_000, 4096)
	dst := b.TempDir()
	restore(b, d, es, dst, RestoreOptions{Link: true})
	for b.Loop() {
		if s := restore(b, d, es, dst, RestoreOptions{Link: true}); s.Kept != 10_000 {
			b.Fatalf("%+v", s)
		}
	}
}

// BenchmarkIngest10k saves 10,000 outputs of 4 KiB by move and compares with a
// loop that reads each and links it elsewhere.
func BenchmarkIngest10k(b *testing.B) {
	base := b.TempDir()
	var ours, floor time.Duration
	for i := 0; b.Loop(); i++ {
		d, err := Open(filepath.Join(base, fmt.Sprint("store", i)))
		if err != nil {
			b.Fatal(err)
		}
		work := filepath.Join(base, fmt.Sprint("work", i))
		es := workFiles(b, work, 10_000, i)
		floor += timed(b, func() error { return readLinkLoop(work, es, filepath.Join(base, fmt.Sprint("links", i))) })
		os.RemoveAll(filepath.Join(base, fmt.Sprint("links", i)))
		ours += timed(b, func() error {
			batch, err := d.Begin(b.Context())
			if err != nil {
				return err
			}
			if es, err = batch.IngestAll(b.Context(), work, es, IngestOptions{Move: true}); err != nil {
				return err
			}
			return batch.Commit(b.Context())
		})
		os.RemoveAll(work)
		os.RemoveAll(d.Root())
	}
	ratio(b, ours, floor)
}

func workFiles(b *testing.B, dir string, n, salt int) []Entry {
	es := make([]Entry, n)
	buf := make([]byte, 4096)
	for i := range es {
		copy(buf, fmt.Sprint(salt, i))
		es[i].Path = fmt.Sprintf("d%03d/f%04d", i/100, i)
		write(b, filepath.Join(dir, es[i].Path), string(buf))
	}
	return es
}

func readLinkLoop(work string, es []Entry, to string) error {
	for i, e := range es {
		if _, err := os.ReadFile(filepath.Join(work, e.Path)); err != nil {
			return err
		}
		path := filepath.Join(to, e.Path)
		if i%100 == 0 {
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				return err
			}
		}
		if err := os.Link(filepath.Join(work, e.Path), path); err != nil {
			return err
		}
	}
	return nil
}

// BenchmarkHash measures the hashing loop on one core over a cached file.
func BenchmarkHash(b *testing.B) {
	d := open(b)
	path := filepath.Join(b.TempDir(), "big")
	if err := os.WriteFile(path, make([]byte, 256<<20), 0o644); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(256 << 20)
	for b.Loop() {
		f, err := os.Open(path)
		if err != nil {
			b.Fatal(err)
		}
		if _, _, err := d.copyHash(b.Context(), io.Discard, f); err != nil {
			b.Fatal(err)
		}
		f.Close()
	}
}
