package dataset

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mlops-runner/mlops/runner/store"
)

func open(t *testing.T) (*store.Dir, *Versions) {
	t.Helper()
	s, err := store.Open(filepath.Join(t.TempDir(), "store"))
	if err != nil {
		t.Fatal(err)
	}
	return s, In(s)
}

// made is a version of files with these contents, seen first at a second.
func made(name string, second int, files map[string]string) Version {
	var es []store.Entry
	for path, text := range files {
		es = append(es, store.Entry{Path: path, Mode: 0o644, Size: int64(len(text)), Digest: store.Sum([]byte(text))})
	}
	v := New(name, "data/", es)
	v.First = Sight{Time: time.Unix(int64(second), 0).UTC(), Run: "run", Pipeline: "p"}
	return v
}

func add(t *testing.T, vs *Versions, v Version) Version {
	t.Helper()
	if err := vs.Add(v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestVersions(t *testing.T) {
	t.Parallel()
	_, vs := open(t)
	if names, err := vs.Names(); len(names) > 0 || err != nil {
		t.Errorf("a new store has %v, %v", names, err)
	}
	one := add(t, vs, made("Sales", 1, map[string]string{"data/a": "1", "data/b": "1"}))
	two := add(t, vs, made("Sales", 2, map[string]string{"data/a": "2", "data/c": "1"}))
	add(t, vs, made("sales", 3, map[string]string{"data/a": "1"}))
	if names, err := vs.Names(); !slices.Equal(names, []string{"Sales", "sales"}) || err != nil {
		t.Errorf("names are %v, %v", names, err)
	}
	all, err := vs.All("Sales")
	if err != nil || vs.Count("Sales") != 2 {
		t.Fatal(err, vs.Count("Sales"))
	}
	if d := cmp.Diff([]*Version{&two, &one}, all); d != "" {
		t.Errorf("newest first (-want +got):\n%s", d)
	}
	if d := cmp.Diff(Change{Added: 1, Removed: 1, Changed: 1}, two.Since(&one)); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(Change{Added: 2}, one.Since(nil)); d != "" {
		t.Error(d)
	}
	if _, err := vs.Load("Sales", store.Sum(nil)); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("an unknown version: %v", err)
	}
}

// Equal files are one version, in whatever order they come.
func TestDigest(t *testing.T) {
	t.Parallel()
	es := []store.Entry{
		{Path: "b", Mode: 0o755, Size: 1, Digest: store.Sum([]byte("b"))}, {Path: "a", Mode: 0o644, Size: 1, Digest: store.Sum([]byte("a"))},
		{Path: "d", Mode: fs.ModeDir}, {Path: "l", Mode: fs.ModeSymlink, Link: "a", Digest: store.Sum([]byte("a"))},
	}
	v := New("x", "p", es)
	slices.Reverse(es)
	if w := New("x", "p", es); v.Digest != w.Digest || v.Digest.IsZero() {
		t.Errorf("%v and %v", v.Digest, w.Digest)
	}
	want := slices.Clone(es)
	want = slices.DeleteFunc(want, func(e store.Entry) bool { return e.Mode.IsDir() })
	slices.SortFunc(want, func(a, b store.Entry) int { return strings.Compare(a.Path, b.Path) })
	if d := cmp.Diff(want, v.Entries()); d != "" {
		t.Errorf("entries (-want +got):\n%s", d)
	}
	if !New("x", "p", nil).Digest.IsZero() {
		t.Error("no files have a version")
	}
}

func TestPick(t *testing.T) {
	t.Parallel()
	_, vs := open(t)
	one := add(t, vs, made("s", 1, map[string]string{"a": "1"}))
	two := add(t, vs, made("s", 2, map[string]string{"a": "2"}))
	all, err := vs.All("s")
	if err != nil {
		t.Fatal(err)
	}
	for ref, want := range map[string]store.Digest{
		"latest": two.Digest, "1": one.Digest, "2": two.Digest, one.Digest.String(): one.Digest, two.Digest.Hex()[:5]: two.Digest,
		strings.ToUpper(one.Digest.Hex()[:8]): one.Digest,
	} {
		if v, err := Pick(all, ref); err != nil || v.Digest != want {
			t.Errorf("%s: %v, %v", ref, v, err)
		}
	}
	for _, ref := range []string{"", "0", "3", "-1", "zzzz", one.Digest.Hex()[:3], one.Digest.Hex() + "0", "oldest"} {
		if v, err := Pick(all, ref); err == nil {
			t.Errorf("%q means %s", ref, v.Digest)
		}
	}
}

func TestReading(t *testing.T) {
	t.Parallel()
	s, vs := open(t)
	if _, ok := vs.Last("s", "p"); ok {
		t.Error("nobody has read it, and somebody has")
	}
	want := Reading{Format: Format, Pipeline: "p", Version: store.Sum(nil), Run: "r2", Time: time.Unix(5, 0).UTC(), Files: 2, Size: 9}
	for _, r := range []Reading{{Pipeline: "p", Version: store.Sum(nil), Run: "r1"}, {Pipeline: "q/../q", Version: store.Sum(nil), Run: "other"}, want} {
		if err := vs.Read("s", r); err != nil {
			t.Fatal(err)
		}
	}
	if got, ok := vs.Last("s", "p"); !ok || got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got := vs.Readings("s"); len(got) != 2 {
		t.Errorf("readings of two pipelines are %v", got)
	}
	if err := os.WriteFile(filepath.Join(s.Root(), filepath.FromSlash(readingFile("s", "p"))), []byte(`{"pip`), 0o644); err != nil {
		t.Fatal(err)
	}
	if r, ok := vs.Last("s", "p"); ok {
		t.Errorf("a torn file says %+v", r)
	}
}

// What is not what was written is an error, and hides no other version.
func TestDamaged(t *testing.T) {
	t.Parallel()
	s, vs := open(t)
	good := add(t, vs, made("s", 1, map[string]string{"a": "1"}))
	bad := add(t, vs, made("s", 2, map[string]string{"a": "2"}))
	file := filepath.Join(s.Root(), filepath.FromSlash(versionFile("s", bad.Digest)))
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for name, damage := range map[string]func(string) string{
		"torn":            func(s string) string { return s[:len(s)/2] },
		"of another name": func(s string) string { return strings.Replace(s, `"dataset": "s"`, `"dataset": "t"`, 1) },
		"a way out":       func(s string) string { return strings.Replace(s, `"path": "a"`, `"path": "../a"`, 1) },
		"of the future":   func(s string) string { return strings.Replace(s, `"format": 1`, `"format": 9`, 1) },
	} {
		damaged := damage(string(text))
		if damaged == string(text) {
			t.Fatalf("%s: nothing is damaged", name)
		}
		if err := os.WriteFile(file, []byte(damaged), 0o644); err != nil {
			t.Fatal(err)
		}
		all, err := vs.All("s")
		var d *DamagedError
		if len(all) != 1 || all[0].Digest != good.Digest || !errors.As(err, &d) {
			t.Errorf("%s: %d versions, %v", name, len(all), err)
		}
		if _, err := vs.Roots(); err == nil {
			t.Errorf("%s: garbage collection would go on", name)
		}
	}
}

// The bytes of kept versions survive a collection; with a limit the longest
// unread go first.
func TestRoots(t *testing.T) {
	t.Parallel()
	s, vs := open(t)
	texts := []string{strings.Repeat("a", 1000), strings.Repeat("b", 1000), strings.Repeat("c", 1000)}
	var all []Version
	for i, text := range texts {
		if _, err := s.PutBytes(t.Context(), []byte(text)); err != nil {
			t.Fatal(err)
		}
		v := made("s", i+1, map[string]string{"a": text})
		v.Kept = i < 2
		all = append(all, add(t, vs, v))
	}
	if err := vs.Read("s", Reading{Pipeline: "p", Version: all[0].Digest, Run: "r", Time: time.Unix(100, 0)}); err != nil {
		t.Fatal(err)
	}
	missing := func(maxSize int64) (out []int, gone []string) {
		roots, err := vs.Roots()
		if err != nil {
			t.Fatal(err)
		}
		rep, err := s.GC(t.Context(), store.GCOptions{Roots: roots, MaxSize: maxSize})
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range all {
			n, err := vs.Missing(t.Context(), &v, true)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, n)
		}
		return out, rep.Roots
	}
	for _, c := range []struct {
		size int64
		want []int
		gone []string
	}{
		{0, []int{0, 0, 1}, nil},
		{1500, []int{0, 1, 1}, []string{"s@" + all[1].Digest.Short()}}, // the first was read last
		{-1, []int{1, 1, 1}, []string{"s@" + all[0].Digest.Short()}},
	} {
		got, gone := missing(c.size)
		if !slices.Equal(got, c.want) || !slices.Equal(gone, c.gone) {
			t.Errorf("at most %d bytes: missing %v, gone %v; want %v, %v", c.size, got, gone, c.want, c.gone)
		}
	}
}

func TestRows(t *testing.T) {
	t.Parallel()
	s, vs := open(t)
	v := add(t, vs, made("s", 1, map[string]string{"a": "1"}))
	if n, ok := vs.Rows("s", v.Digest); ok {
		t.Errorf("%d rows without a profile", n)
	}
	if err := s.WriteFile(place("s", "profiles", v.Digest.Hex()), []byte(`{"rows": 7, "columns": []}`)); err != nil {
		t.Fatal(err)
	}
	if n, ok := vs.Rows("s", v.Digest); !ok || n != 7 {
		t.Errorf("%d rows, %v", n, ok)
	}
}

func TestShown(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"https://u:p@h/a/b.csv?X-Amz-Signature=s#f": "https://h/a/b.csv", "s3://b/k?x#y": "s3://b/k?x#y", "gs://u:p@b/k": "gs://b/k",
		"https://h?sig=1": "https://h", "https://h/a@b": "https://h/a@b", "data/a.csv": "data/a.csv",
	} {
		if got := Shown(address); got != want {
			t.Errorf("Shown(%q) = %q, want %q", address, got, want)
		}
	}
}
