// Package remotetest holds every kind of remote.Store to what its interface promises.
package remotetest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mlops-runner/mlops/runner/remote"
)

// Run tests stores that open makes, each empty.
func Run(t *testing.T, open func(t *testing.T) remote.Store) {
	for name, test := range map[string]func(*testing.T, remote.Store){
		"objects": objects, "ranges": ranges, "list": list, "replace": replace, "two at once": together,
		"large": large, "cancelled": cancelled, "broken body": broken, "names": names,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, open(t))
		})
	}
}

func put(t *testing.T, s remote.Store, name, text string) bool {
	t.Helper()
	added, err := s.Put(t.Context(), name, strings.NewReader(text), int64(len(text)), nil)
	if err != nil {
		t.Fatal(err)
	}
	return added
}

func get(t *testing.T, s remote.Store, name string, from, n int64) string {
	t.Helper()
	r, err := s.Get(t.Context(), name, from, n)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func absent(t *testing.T, s remote.Store, name string) {
	t.Helper()
	if _, err := s.Stat(t.Context(), name); !errors.Is(err, remote.ErrNotFound) {
		t.Errorf("Stat: %v", err)
	}
	if r, err := s.Get(t.Context(), name, 0, -1); !errors.Is(err, remote.ErrNotFound) {
		t.Errorf("Get: %v", err)
		if err == nil {
			r.Close()
		}
	}
	if _, _, err := s.Read(t.Context(), name); !errors.Is(err, remote.ErrNotFound) {
		t.Errorf("Read: %v", err)
	}
}

// An object is written once, and removed.
func objects(t *testing.T, s remote.Store) {
	absent(t, s, "a/b")
	if err := s.Delete(t.Context(), "a/b"); err != nil {
		t.Errorf("nothing to remove: %v", err)
	}
	var told atomic.Int64
	added, err := s.Put(t.Context(), "a/b", strings.NewReader("one"), 3, func(n int64) { told.Add(n) })
	if err != nil || !added || told.Load() != 3 {
		t.Errorf("Put: %v, %v, %d bytes told", added, err, told.Load())
	}
	if put(t, s, "a/b", "other") {
		t.Error("an object that is there was written again")
	}
	if got := get(t, s, "a/b", 0, -1); got != "one" {
		t.Errorf("it holds %q", got)
	}
	i, err := s.Stat(t.Context(), "a/b")
	if err != nil || i.Size != 3 || i.Name != "a/b" || time.Since(i.Modified).Abs() > time.Minute {
		t.Errorf("Stat: %+v, %v", i, err)
	}
	put(t, s, "empty", "")
	if got := get(t, s, "empty", 0, -1); got != "" {
		t.Errorf("nothing holds %q", got)
	}
	if err := s.Delete(t.Context(), "a/b"); err != nil {
		t.Error(err)
	}
	absent(t, s, "a/b")
	if s.Address() == "" {
		t.Error("no address")
	}
}

func ranges(t *testing.T, s remote.Store) {
	put(t, s, "o", "0123456789")
	for _, c := range []struct {
		from, n int64
		want    string
	}{{0, -1, "0123456789"}, {3, -1, "3456789"}, {0, 4, "0123"}, {3, 4, "3456"}, {8, 10, "89"}, {5, 0, ""}} {
		if got := get(t, s, "o", c.from, c.n); got != c.want {
			t.Errorf("%d bytes from %d on are %q, want %q", c.n, c.from, got, c.want)
		}
	}
}

func listed(t *testing.T, s remote.Store, prefix string) (names []string) {
	t.Helper()
	for i, err := range s.List(t.Context(), prefix) {
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, i.Name+" "+strconv.FormatInt(i.Size, 10))
	}
	slices.Sort(names)
	return names
}

func list(t *testing.T, s remote.Store) {
	if got := listed(t, s, ""); got != nil {
		t.Errorf("an empty store has %v", got)
	}
	put(t, s, "a/b/c", "1")
	put(t, s, "a/bc", "22")
	put(t, s, "d", "")
	if _, err := s.Replace(t.Context(), "a/e", []byte("xyz"), ""); err != nil {
		t.Fatal(err)
	}
	for prefix, want := range map[string][]string{
		"": {"a/b/c 1", "a/bc 2", "a/e 3", "d 0"}, "a/": {"a/b/c 1", "a/bc 2", "a/e 3"}, "a/b": {"a/b/c 1", "a/bc 2"}, "a/b/": {"a/b/c 1"}, "x/": nil,
	} {
		if got := listed(t, s, prefix); !slices.Equal(got, want) {
			t.Errorf("%q has %v, want %v", prefix, got, want)
		}
	}
	for range s.List(t.Context(), "") {
		break // whoever has seen enough
	}
	for i := range 1005 { // more than a page of S3
		put(t, s, "many/"+strconv.Itoa(i), "")
	}
	if got := listed(t, s, "many/"); len(got) != 1005 {
		t.Errorf("%d of 1005", len(got))
	}
}

// A small object is replaced by who has seen it, and nobody else.
func replace(t *testing.T, s remote.Store) {
	ctx := t.Context()
	if _, err := s.Replace(ctx, "j", []byte("x"), "\"0123\""); !errors.Is(err, remote.ErrChanged) {
		t.Errorf("one that is not there: %v", err)
	}
	first, err := s.Replace(ctx, "j", []byte("one"), "")
	if err != nil || first == "" {
		t.Fatal(first, err)
	}
	if _, err := s.Replace(ctx, "j", []byte("two"), ""); !errors.Is(err, remote.ErrChanged) {
		t.Errorf("one that is there already: %v", err)
	}
	second, err := s.Replace(ctx, "j", []byte("two"), first)
	if err != nil || second == first {
		t.Fatal(second, err)
	}
	if _, err := s.Replace(ctx, "j", []byte("three"), first); !errors.Is(err, remote.ErrChanged) {
		t.Errorf("one that was seen before it changed: %v", err)
	}
	data, tag, err := s.Read(ctx, "j")
	if err != nil || string(data) != "two" || tag != second {
		t.Errorf("%q %s, want two %s: %v", data, tag, second, err)
	}
}

// Of many who write one name exactly one does, and many who count lose nothing.
func together(t *testing.T, s remote.Store) {
	const many = 8
	var won, wrote atomic.Int64
	var wg sync.WaitGroup
	for i := range many {
		wg.Go(func() {
			added, err := s.Put(t.Context(), "once", strings.NewReader("same"), 4, nil)
			if err != nil {
				t.Error(err)
			}
			if added {
				wrote.Add(1)
			}
			_, err = s.Replace(t.Context(), "head", []byte(strconv.Itoa(i)), "")
			switch {
			case err == nil:
				won.Add(1)
			case !errors.Is(err, remote.ErrChanged):
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if won.Load() != 1 || wrote.Load() != 1 {
		t.Errorf("%d replaced, %d wrote; want 1 and 1", won.Load(), wrote.Load())
	}
}

// Large objects go in parts, and come in ranges.
func large(t *testing.T, s remote.Store) {
	data := make([]byte, 40<<20+12345)
	src := rand.NewChaCha8([32]byte{1})
	if _, err := src.Read(data); err != nil {
		t.Fatal(err)
	}
	var told atomic.Int64
	added, err := s.Put(t.Context(), "large", bytes.NewReader(data), int64(len(data)), func(n int64) { told.Add(n) })
	if err != nil || !added || told.Load() != int64(len(data)) {
		t.Fatalf("%v, %d of %d bytes told: %v", added, told.Load(), len(data), err)
	}
	if got := get(t, s, "large", 0, -1); got != string(data) {
		t.Error("it came back otherwise")
	}
	const from = 17<<20 + 1
	if got := get(t, s, "large", from, 1<<20); got != string(data[from:from+1<<20]) {
		t.Error("a range of it came back otherwise")
	}
}

// Who is cancelled leaves nothing that can be seen.
func cancelled(t *testing.T, s remote.Store) {
	ctx, cancel := context.WithCancel(t.Context())
	data := make([]byte, 40<<20)
	_, err := s.Put(ctx, "cut", stopping{bytes.NewReader(data), 20 << 20, cancel}, int64(len(data)), nil)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v", err)
	}
	absent(t, s, "cut")
	if got := listed(t, s, ""); got != nil {
		t.Errorf("it left %v", got)
	}
	// And can go on.
	if added, err := s.Put(t.Context(), "cut", bytes.NewReader(data), int64(len(data)), nil); err != nil || !added {
		t.Errorf("%v, %v", added, err)
	}
	if get(t, s, "cut", 0, -1) != string(data) {
		t.Error("it came back otherwise")
	}
}

// stopping calls stop when somebody reads behind a place.
type stopping struct {
	io.ReaderAt
	at   int64
	stop func()
}

func (s stopping) ReadAt(p []byte, off int64) (int, error) {
	if off >= s.at {
		s.stop()
	}
	return s.ReaderAt.ReadAt(p, off)
}

// broken is a body that cannot be read to its end.
func broken(t *testing.T, s remote.Store) {
	bad := errors.New("bad sector")
	for _, size := range []int64{1000, 40 << 20} {
		name := "broken" + strconv.FormatInt(size, 10)
		body := stoppingError{bytes.NewReader(make([]byte, size)), size / 2, bad}
		if _, err := s.Put(t.Context(), name, body, size, nil); !errors.Is(err, bad) {
			t.Errorf("error is %v", err)
		}
		absent(t, s, name)
	}
}

type stoppingError struct {
	io.ReaderAt
	at  int64
	err error
}

func (s stoppingError) ReadAt(p []byte, off int64) (int, error) {
	if off+int64(len(p)) > s.at {
		return 0, s.err
	}
	return s.ReaderAt.ReadAt(p, off)
}

// Names that lead out are refused.
func names(t *testing.T, s remote.Store) {
	for _, name := range []string{"", ".", "..", "../x", "/x", "a/../b", "a//b", "a/"} {
		if _, err := s.Put(t.Context(), name, strings.NewReader(""), 0, nil); err == nil {
			t.Errorf("%q was written", name)
		}
		if _, err := s.Stat(t.Context(), name); err == nil {
			t.Errorf("%q is there", name)
		}
	}
	for _, name := range []string{"models/!a%20b~c/1.json", "a=b/@x,y+z/_-"} {
		put(t, s, name, name)
		if get(t, s, name, 0, -1) != name {
			t.Errorf("%q holds something else", name)
		}
	}
}
