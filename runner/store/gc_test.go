package store

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// action stores a record that refers to a tree of one file of n bytes, last
// used so long ago, and returns its fingerprint and the file's digest.
func action(t testing.TB, d *Dir, name string, n int, age time.Duration) (fp, blob Digest) {
	t.Helper()
	content := strings.Repeat(name[:1], n)
	b, err := d.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	blob, err = b.PutBytes(t.Context(), []byte(content))
	if err != nil {
		t.Fatal(err)
	}
	tree, err := b.PutTree(t.Context(), []Entry{file("deep/out", content)})
	if err != nil {
		t.Fatal(err)
	}
	fp = Sum([]byte(name))
	b.Action(fp, fmt.Appendf(nil, `{"outputs":%q}`, tree))
	b.Last(name, fp)
	if err := b.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	then := time.Now().Add(-age)
	if err := os.Chtimes(d.path(sharded("actions", fp)), then, then); err != nil {
		t.Fatal(err)
	}
	return fp, blob
}

func gc(t testing.TB, d *Dir, o GCOptions) GCReport {
	t.Helper()
	rep, err := d.GC(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return rep
}

func TestGCRemovesLeastRecentlyUsedFirst(t *testing.T) {
	d := open(t)
	_, a := action(t, d, "a", 1000, 3*time.Hour)
	_, b := action(t, d, "b", 1000, 2*time.Hour)
	_, c := action(t, d, "c", 1000, time.Hour)
	orphan := put(t, d, "nobody's")

	dry := gc(t, d, GCOptions{MaxSize: 2700, DryRun: true})
	if !d.Has(a) || !d.Has(orphan) {
		t.Fatal("a dry run removed something")
	}
	rep := gc(t, d, GCOptions{MaxSize: 2700})
	if diff := cmp.Diff(dry, rep); diff != "" {
		t.Errorf("dry run foretold something else:\n%s", diff)
	}
	if d.Has(a) || d.Has(orphan) || !d.Has(b) || !d.Has(c) || rep.Actions != 1 || rep.Blobs != 4 {
		t.Errorf("report %+v", rep)
	}
	if _, err := d.Last("a"); err == nil {
		t.Error("pointer to a removed action is there")
	}
	if fp, err := d.Last("b"); err != nil || fp != Sum([]byte("b")) {
		t.Errorf("Last(b) = %v", err)
	}
	if ps, err := d.Verify(t.Context(), nil); len(ps) != 0 || err != nil {
		t.Errorf("Verify = %v, %v", ps, err)
	}
}

func TestGCKeepsSharedBlobs(t *testing.T) {
	d := open(t)
	_, a := action(t, d, "a1", 1000, 3*time.Hour)
	action(t, d, "a2", 1000, time.Hour) // the same content
	if rep := gc(t, d, GCOptions{MaxSize: 1}); rep.Actions != 2 || d.Has(a) {
		t.Errorf("nothing fits: %+v", rep)
	}
	_, a = action(t, d, "a1", 1000, 3*time.Hour)
	action(t, d, "a2", 1000, time.Hour)
	if rep := gc(t, d, GCOptions{MaxSize: 1300}); rep.Actions != 0 || !d.Has(a) {
		t.Errorf("shared content was counted twice: %+v", rep)
	}
}

func TestGCHonoursPinsRefsAndKeep(t *testing.T) {
	d := open(t)
	fa, a := action(t, d, "a", 1000, 3*time.Hour)
	_, b := action(t, d, "b", 1000, 2*time.Hour)
	_, c := action(t, d, "c", 1000, 2*time.Hour)
	_, gone := action(t, d, "x", 1000, 0)
	pin, err := d.Pin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := pin.Keep(t.Context(), fa); err != nil {
		t.Fatal(err)
	}
	if err := d.SetRef(t.Context(), "keep/b", Digest{}, b); err != nil {
		t.Fatal(err)
	}
	gc(t, d, GCOptions{MaxSize: -1, Keep: func(x Digest) bool { return x == c }})
	if !d.Has(a) || !d.Has(b) || !d.Has(c) || d.Has(gone) {
		t.Errorf("a %v b %v c %v gone %v", d.Has(a), d.Has(b), d.Has(c), d.Has(gone))
	}
	if _, err := d.Action(fa); err != nil {
		t.Errorf("pinned action: %v", err)
	}
	if err := pin.Release(); err != nil {
		t.Fatal(err)
	}
	if gc(t, d, GCOptions{MaxSize: -1}); d.Has(a) || !d.Has(b) {
		t.Error("released pin still holds, or the ref does not")
	}
}

func TestGCRemovesFoldersAndWaste(t *testing.T) {
	d := open(t)
	tree, err := d.PutTree(t.Context(), stored(t, d, map[string]string{"a/b": "1"}))
	if err != nil {
		t.Fatal(err)
	}
	dir, err := d.Folder(t.Context(), tree)
	if err != nil {
		t.Fatal(err)
	}
	dead := d.path("tmp", "999999999_1.x_"+Self().Host+"-0123456789abcdef")
	write(t, dead+"/put1", "half a bl")
	alive, err := d.scratch()
	if err != nil {
		t.Fatal(err)
	}
	rep := gc(t, d, GCOptions{})
	if exists(dir) || exists(dead) || !exists(alive) || rep.Folders != 1 || len(rep.Swept) != 1 {
		t.Errorf("report %+v", rep)
	}
}

func TestGCWaitsForBatches(t *testing.T) {
	d := open(t)
	dig := put(t, d, "unreferenced")
	b, err := d.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	go func() { _, err := d.GC(t.Context(), GCOptions{}); done <- err }()
	if _, err := b.PutBytes(t.Context(), []byte("unreferenced")); err != nil { // relies on what GC would remove
		t.Fatal(err)
	}
	b.Action(Sum(nil), []byte(dig.String()))
	if err := b.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if !d.Has(dig) {
		t.Error("GC removed a blob that a batch had relied on")
	}
}

func TestVerifyFindsDamage(t *testing.T) {
	d := open(t)
	fp, blob := action(t, d, "a", 10, 0)
	tree, err := d.PutTree(t.Context(), []Entry{file("f", "never stored")})
	if err != nil {
		t.Fatal(err)
	}
	if err := d.SetRef(t.Context(), "r", Digest{}, tree); err != nil {
		t.Fatal(err)
	}
	// Damage that keeps the mark: only reading finds it.
	st, _ := os.Stat(d.Path(blob))
	scribble(t, d.Path(blob), "bbbbbbbbbb")
	os.Chtimes(d.Path(blob), st.ModTime(), st.ModTime())
	write(t, d.path(sharded("actions", Sum([]byte("torn")))), "mlops action 1 ")

	var last, total int64
	ps, err := d.Verify(t.Context(), func(done, all int64) { last, total = done, all })
	if err != nil || last != total || total == 0 {
		t.Fatalf("%d of %d, %v", last, total, err)
	}
	var got []string
	for _, p := range ps {
		got = append(got, p.Kind)
	}
	if diff := cmp.Diff([]string{"action", "blob", "tree", "tree"}, got); diff != "" {
		t.Errorf("%v\n%s", ps, diff)
	}
	if d.Has(blob) {
		t.Error("the damaged blob is still served")
	}
	if _, err := d.Action(fp); err != nil {
		t.Error(err)
	}
}

func TestUsage(t *testing.T) {
	d := open(t)
	action(t, d, "a", 1000, 0)
	u, err := d.Usage(t.Context())
	if err != nil || u.Actions != 1 || u.Blobs != 3 || u.BlobBytes < 1000 || u.TempBytes != 0 {
		t.Errorf("%+v, %v", u, err)
	}
}
