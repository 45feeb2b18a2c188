package bulk_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"testing/iotest"

	"github.com/mlops-runner/mlops/runner/bulk"
)

// sizes are those at which something begins or ends: nothing, a short piece, the first
// long one, one that goes behind the writing, and what is reserved.
var sizes = map[string]int{"nothing": 0, "a byte": 1, "a short piece": 64 << 10, "one more": 64<<10 + 1, "a long piece": 1<<20 + 64<<10, "several": 9<<20 + 7, "beyond what is reserved first": 80<<20 + 3}

func random(n int) []byte {
	p := make([]byte, n)
	rand.NewChaCha8([32]byte{byte(n)}).Read(p)
	return p
}

func create(t *testing.T, name string, data []byte) *os.File {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func holds(t *testing.T, f *os.File, want []byte) {
	t.Helper()
	got, err := os.ReadFile(f.Name())
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%d bytes, %v; want %d others", len(got), err, len(want))
	}
}

func TestCopy(t *testing.T) {
	t.Parallel()
	for name, size := range sizes {
		t.Run(name, func(t *testing.T) {
			want := random(size)
			from, to := create(t, "from", want), create(t, "to", nil)
			var told int64
			if err := bulk.Copy(t.Context(), to, from, int64(size), func(n int64) { told += n }); err != nil {
				t.Fatal(err)
			}
			holds(t, to, want)
			if told != int64(size) {
				t.Errorf("told of %d bytes of %d", told, size)
			}
		})
	}
}

func TestCopyTooFew(t *testing.T) {
	t.Parallel()
	from, to := create(t, "from", random(1000)), create(t, "to", nil)
	if err := bulk.Copy(t.Context(), to, from, 1001, nil); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("%v", err)
	}
	if n, err := bulk.Range(to, from, 900, 200); n != 100 || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("%d bytes, %v", n, err)
	}
}

func TestCopyCancelled(t *testing.T) {
	t.Parallel()
	from, to := create(t, "from", random(30<<20)), create(t, "to", nil)
	ctx, cancel := context.WithCancel(t.Context())
	err := bulk.Copy(ctx, to, from, 31<<20, func(int64) { cancel() }) // longer than it is, so that it is no clone
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

// What was received is in the file and in the sum, wherever it begins and however it comes.
func TestReceive(t *testing.T) {
	t.Parallel()
	for name, size := range sizes {
		t.Run(name, func(t *testing.T) {
			before, want := []byte("before"), random(size)
			file := create(t, "to", before)
			sum := sha256.New()
			sum.Write(before)
			var told int64
			n, err := bulk.Receive(t.Context(), file, int64(len(before)), sum, iotest.HalfReader(bytes.NewReader(want)), func(n int64) { told += n })
			if err != nil || n != int64(size) || told != n {
				t.Fatalf("%d bytes, told of %d, %v", n, told, err)
			}
			whole := append(before, want...)
			holds(t, file, whole)
			if exact := sha256.Sum256(whole); !bytes.Equal(sum.Sum(nil), exact[:]) {
				t.Error("another sum")
			}
		})
	}
}

// An end that came too soon loses nothing of what came before it, and is told from an end.
func TestReceiveBroken(t *testing.T) {
	t.Parallel()
	for name, size := range sizes {
		t.Run(name, func(t *testing.T) {
			want := random(size)
			file, sum := create(t, "to", nil), sha256.New()
			n, err := bulk.Receive(t.Context(), file, 0, sum, io.MultiReader(bytes.NewReader(want), iotest.ErrReader(io.ErrUnexpectedEOF)), nil)
			if !errors.Is(err, io.ErrUnexpectedEOF) || n != int64(size) {
				t.Fatalf("%d bytes, %v", n, err)
			}
			holds(t, file, want)
			if exact := sha256.Sum256(want); !bytes.Equal(sum.Sum(nil), exact[:]) {
				t.Error("another sum")
			}
		})
	}
}

// A file that cannot be written is told from a sender that went.
func TestReceiveUnwritable(t *testing.T) {
	t.Parallel()
	for name, size := range map[string]int{"at once": 1, "later": 3 << 20} {
		t.Run(name, func(t *testing.T) {
			file, err := os.Open(create(t, "to", nil).Name())
			if err != nil {
				t.Fatal(err)
			}
			defer file.Close()
			_, err = bulk.Receive(t.Context(), file, 0, sha256.New(), bytes.NewReader(make([]byte, size)), nil)
			var full *bulk.WriteError
			if !errors.As(err, &full) {
				t.Errorf("%v", err)
			}
		})
	}
}

func TestReceiveCancelled(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	file, sum := create(t, "to", nil), sha256.New()
	n, err := bulk.Receive(ctx, file, 0, sum, rand.NewChaCha8([32]byte{}), func(int64) { cancel() })
	if !errors.Is(err, context.Canceled) || n != 64<<10 {
		t.Errorf("%d bytes, %v", n, err)
	}
}
