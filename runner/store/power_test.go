package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/mlops-runner/mlops/runner/disk/disktest"
)

// versions of a result: the same fingerprint with other outputs, as a job that
// is not deterministic and was forced makes them.
var powerVersions = []string{"first", "second"}

func powerFingerprint() Digest { return Sum([]byte("fingerprint")) }

// powerEntries are the files of a version.
func powerEntries(version string) []Entry {
	return []Entry{file("deep/a", version+" a"), file("deep/b", version+" b"), file("same", "the same")}
}

func powerTree(t testing.TB, version string) (tree Digest) {
	t.Helper()
	var subtree []node
	for _, e := range powerEntries(version)[:2] {
		subtree = append(subtree, node{kind: 'f', name: strings.TrimPrefix(e.Path, "deep/"), size: e.Size, digest: e.Digest})
	}
	deep := encodeTree(subtree)
	same := powerEntries(version)[2]
	return Sum(encodeTree([]node{
		{kind: 'd', name: "deep", size: subtree[0].size + subtree[1].size, digest: Sum(deep)},
		{kind: 'f', name: "same", size: same.Size, digest: same.Digest},
	}))
}

// powerWork is what a store does in its life: two versions of a result, one of
// them moved in from a job's folder, refs to them, and a GC.
func powerWork(t testing.TB, d *Dir, promise func(string)) error {
	t.Helper()
	ctx := context.Background()
	last := Digest{}
	for i, v := range powerVersions {
		work := filepath.Join(filepath.Dir(d.Root()), "work-"+v)
		for _, e := range powerEntries(v) {
			write(t, filepath.Join(work, e.Path), string(content(v, e)))
		}
		b, err := d.Begin(ctx)
		if err != nil {
			return err
		}
		es, err := b.IngestAll(ctx, work, powerEntries(v), IngestOptions{Move: i == 1})
		if err != nil {
			return errors.Join(err, b.Close())
		}
		tree, err := b.PutTree(ctx, es)
		if err != nil {
			return errors.Join(err, b.Close())
		}
		b.Action(powerFingerprint(), []byte(v+" "+tree.String()))
		b.Last("job", powerFingerprint())
		if err := b.Commit(ctx); err != nil {
			return err
		}
		promise("committed " + v)
		if err := d.SetRef(ctx, "models/churn/"+"best", last, tree); err != nil {
			return err
		}
		promise("ref " + v)
		last = tree
	}
	// A result without new files is not flushed: it may be torn, and is then missing.
	b, err := d.Begin(ctx)
	if err != nil {
		return err
	}
	b.Action(Sum([]byte("another")), []byte("second "+last.String()))
	b.Last("another", Sum([]byte("another")))
	if err := b.Commit(ctx); err != nil {
		return err
	}
	if _, err := d.PutBytes(ctx, []byte("alone")); err != nil {
		return err
	}
	if err := d.WriteFile("plans/p", []byte("plan")); err != nil {
		return err
	}
	_, err = d.GC(ctx, GCOptions{MaxSize: -1})
	return err
}

func content(version string, e Entry) []byte {
	if e.Path == "same" {
		return []byte("the same")
	}
	return []byte(version + " " + filepath.Base(e.Path))
}

// quickDir is a folder in memory, where that is to be had: syncs are recorded, not made.
func quickDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "mlops-store-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// TestPowerCut cuts the power after every step of a store's life and makes
// every state that the disk may then hold. Whatever the state, the mark of a
// blob never vouches for wrong bytes, a ref that was set names what is there in
// full, a result is one that was stored, and the store can be used on.
func TestPowerCut(t *testing.T) {
	alone := 24
	if testing.Short() {
		alone = 4
	}
	top := quickDir(t)
	r := disktest.Record(filepath.Join(top, "store"))
	d, err := OpenWith(filepath.Join(top, "store"), Options{Disk: r})
	if err != nil {
		t.Fatal(err)
	}
	if err := powerWork(t, d, r.Mark); err != nil {
		t.Fatal(err)
	}
	n := 0
	for s := range r.States(alone) {
		n++
		dir := filepath.Join(top, fmt.Sprintf("state%d", n), "store")
		if err := s.Make(dir); err != nil {
			t.Fatal(err)
		}
		checkPower(t, s, dir)
		os.RemoveAll(filepath.Dir(dir))
		if t.Failed() {
			t.Fatalf("state %d: %v", n, s)
		}
	}
	t.Logf("%d states", n)
	if n < 100 {
		t.Errorf("only %d states were looked at", n)
	}
}

func checkPower(t *testing.T, s *disktest.State, dir string) {
	t.Helper()
	d, err := Open(dir)
	if err != nil {
		t.Errorf("open: %v", err)
		return
	}
	checkMarks(t, d)
	checkRef(t, s, d)
	checkResult(t, d)
	ps, err := d.Verify(t.Context(), nil)
	if err != nil {
		t.Errorf("verify: %v", err)
	}
	for _, p := range ps {
		if !strings.Contains(p.Reason, "torn") && p.Kind != "blob" && p.Kind != "tree" {
			t.Errorf("verify: %v", p)
		}
	}
	if again, err := d.Verify(t.Context(), nil); err != nil || slices.ContainsFunc(again, func(p Problem) bool { return p.Kind != "tree" }) {
		t.Errorf("what verify found is still there: %v, %v", again, err)
	}
	d.Sweep()
	b, err := d.Begin(t.Context())
	if err != nil {
		t.Errorf("begin: %v", err)
		return
	}
	tree := Digest{}
	for _, e := range powerEntries("second") {
		_, err = b.PutBytes(t.Context(), content("second", e))
	}
	if err == nil {
		tree, err = b.PutTree(t.Context(), powerEntries("second"))
	}
	b.Action(powerFingerprint(), []byte("second "+tree.String()))
	if err = errors.Join(err, b.Commit(t.Context())); err != nil {
		t.Errorf("go on: %v", err)
	}
	if tree != powerTree(t, "second") || !complete(d, tree) {
		t.Error("what is stored afterwards is not whole")
	}
}

// checkMarks makes sure that no blob is trusted that does not hold what its name says.
func checkMarks(t *testing.T, d *Dir) {
	t.Helper()
	blobs, err := d.listBlobs()
	if err != nil {
		t.Error(err)
	}
	for dig := range blobs {
		if d.Check(dig) != nil {
			continue
		}
		if data, err := os.ReadFile(d.Path(dig)); err != nil || Sum(data) != dig {
			t.Errorf("blob %s is trusted and holds %q, %v", dig.Short(), data, err)
		}
	}
}

// complete reports whether a tree and all of its files are there.
func complete(d *Dir, tree Digest) bool {
	es, err := d.ReadTree(context.Background(), tree)
	return err == nil && !slices.ContainsFunc(es, func(e Entry) bool { return !d.Has(e.Digest) })
}

func checkRef(t *testing.T, s *disktest.State, d *Dir) {
	t.Helper()
	dig, err := d.Ref("models/churn/best")
	promised := s.Marked("ref first")
	if errors.Is(err, ErrNotFound) && !promised {
		return
	}
	if err != nil {
		t.Errorf("ref: %v", err)
		return
	}
	second := dig == powerTree(t, "second")
	if !second && (dig != powerTree(t, "first") || s.Marked("ref second")) || !complete(d, dig) {
		t.Errorf("ref is at %s, complete: %v", dig.Short(), complete(d, dig))
	}
}

func checkResult(t *testing.T, d *Dir) {
	t.Helper()
	data, err := d.Action(powerFingerprint())
	if errors.Is(err, ErrNotFound) {
		return
	}
	known := func(v string) bool { return string(data) == v+" "+powerTree(t, v).String() }
	if err != nil || !slices.ContainsFunc(powerVersions, known) {
		t.Errorf("result %q, %v", data, err)
	}
}

// TestDiskErrors lets every call fail in turn, once or from then on. The error
// says so and names a path; no result is half there, and the store works again
// when the disk does.
func TestDiskErrors(t *testing.T) {
	t.Parallel()
	for _, reason := range []error{unix.ENOSPC, unix.EIO} {
		for _, once := range []bool{true, false} {
			for at := int64(1); ; at++ {
				f := &disktest.Failing{At: at, Once: once, Err: reason}
				if failAt(t, f) {
					t.Logf("%v, once %v: %d calls", reason, once, at-1)
					break
				}
			}
		}
	}
}

// failAt reports whether the work came to its end without a failure.
func failAt(t *testing.T, f *disktest.Failing) bool {
	t.Helper()
	top := quickDir(t)
	var promises []string
	defer os.RemoveAll(top)
	d, err := OpenWith(filepath.Join(top, "store"), Options{Disk: f})
	if err == nil {
		err = powerWork(t, d, func(p string) { promises = append(promises, p) })
	}
	if f.Calls() < f.At {
		if err != nil {
			t.Fatal(err)
		}
		return true
	}
	var path *os.PathError
	if err != nil && (!errors.Is(err, f.Err) || !errors.As(err, &path)) {
		t.Errorf("call %d: %v", f.At, err)
	}
	if d, err = Open(filepath.Join(top, "store")); err != nil {
		t.Fatalf("call %d: open again: %v", f.At, err)
	}
	if ps, err := d.Verify(t.Context(), nil); len(ps) > 0 || err != nil {
		t.Errorf("call %d: %v, %v", f.At, ps, err)
	}
	checkResult(t, d)
	if slices.Contains(promises, "ref first") {
		if dig, err := d.Ref("models/churn/best"); err != nil || !complete(d, dig) {
			t.Errorf("call %d: ref: %v", f.At, err)
		}
	}
	if es, _ := os.ReadDir(d.path("tmp")); len(es) > 0 && f.Once {
		t.Errorf("call %d: tmp holds %v", f.At, es)
	}
	return false
}
