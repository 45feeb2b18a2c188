package store

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func open(t testing.TB) *Dir {
	t.Helper()
	d, err := Open(filepath.Join(t.TempDir(), "store"))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func put(t testing.TB, d *Dir, content string) Digest {
	t.Helper()
	dig, err := d.PutBytes(t.Context(), []byte(content))
	if err != nil {
		t.Fatal(err)
	}
	return dig
}

func write(t testing.TB, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func read(t testing.TB, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// file is the entry of a plain file with this content.
func file(path, content string) Entry {
	return Entry{Path: path, Mode: 0o644, Size: int64(len(content)), Digest: Sum([]byte(content))}
}

// scribble changes a file in place, as an editor with too many rights would.
func scribble(t testing.TB, path, content string) {
	t.Helper()
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestDigestText(t *testing.T) {
	d := Sum([]byte("x"))
	back, err := Parse(d.String())
	if err != nil || back != d {
		t.Errorf("Parse(%s) = %s, %v", d, back, err)
	}
	if len(d.Short()) != 12 || !strings.HasPrefix(d.Hex(), d.Short()) {
		t.Errorf("Short() = %q", d.Short())
	}
	for _, bad := range []string{"", "sha256:", d.Hex(), strings.ToUpper(d.String()), d.String() + "0", "md5:" + d.Hex(), "sha256:" + strings.Repeat("g", 64)} {
		if got, err := Parse(bad); err == nil {
			t.Errorf("Parse(%q) = %s, want an error", bad, got)
		}
	}
	var zero Digest
	text, _ := zero.MarshalText()
	if len(text) != 0 || zero.UnmarshalText(text) != nil || !zero.IsZero() {
		t.Error("the zero digest does not survive its text form")
	}
}

func TestStampIsAFunctionOfTheDigest(t *testing.T) {
	a, b := Sum([]byte("a")), Sum([]byte("b"))
	for _, at := range []time.Time{time.Unix(1_700_000_000, 5), time.Unix(-7, 999_999_999), time.Unix(0, 0)} {
		if !Stamped(a, a.stamp(at).UnixNano()) {
			t.Errorf("stamp of %v is not recognised", at)
		}
		if Stamped(b, a.stamp(at).UnixNano()) || Stamped(Digest{}, a.stamp(at).UnixNano()) {
			t.Errorf("stamp of %v is taken for another digest's", at)
		}
	}
}

func TestPutIsPlainFile(t *testing.T) {
	d := open(t)
	dig, n, err := d.Put(t.Context(), strings.NewReader("hello"))
	if err != nil || n != 5 || dig != Sum([]byte("hello")) {
		t.Fatalf("Put = %s, %d, %v", dig, n, err)
	}
	st, err := os.Stat(d.Path(dig))
	if err != nil || st.Mode() != 0o444 || read(t, d.Path(dig)) != "hello" {
		t.Errorf("blob is %v, %v", st, err)
	}
	if size, err := d.Size(dig); size != 5 || err != nil || !d.Has(dig) {
		t.Errorf("Size = %d, %v", size, err)
	}
	if es, _ := os.ReadDir(d.path("tmp")); len(es) != 0 {
		t.Errorf("tmp holds %v", es)
	}
	if got := read(t, d.path(".gitignore")); got != "*\n" {
		t.Errorf(".gitignore = %q", got)
	}
}

func TestBatchSyncsOnceAndOnlyForNewBlobs(t *testing.T) {
	d := open(t)
	fill := func() Counts {
		before := d.Counters().Read()
		b, err := d.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for i := range 100 {
			if _, err := b.PutBytes(t.Context(), bytes.Repeat([]byte{byte(i)}, 100)); err != nil {
				t.Fatal(err)
			}
		}
		b.Action(Sum([]byte("fp")), []byte("record"))
		if err := b.Commit(t.Context()); err != nil {
			t.Fatal(err)
		}
		return d.Counters().Read().Sub(before)
	}
	if got := fill(); got.Syncs != 1 || got.FilesWritten != 101 {
		t.Errorf("first batch: %+v, want one sync and 101 files", got)
	}
	if got := fill(); got.Syncs != 0 || got.FilesWritten != 1 {
		t.Errorf("same batch again: %+v, want no sync and the record alone", got)
	}
}

func TestClosedBatchPublishesNothing(t *testing.T) {
	d := open(t)
	b, err := d.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	dig, err := b.PutBytes(t.Context(), []byte("lost"))
	if err != nil {
		t.Fatal(err)
	}
	b.Action(Sum(nil), []byte("lost"))
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	if d.Has(dig) {
		t.Error("blob of a closed batch is there")
	}
	if _, err := d.Action(Sum(nil)); !errors.Is(err, ErrNotFound) {
		t.Errorf("Action = %v", err)
	}
	if err := b.Commit(t.Context()); err == nil {
		t.Error("Commit after Close succeeded")
	}
	if es, _ := os.ReadDir(d.path("tmp")); len(es) != 0 {
		t.Errorf("tmp holds %v", es)
	}
}

func TestEditedBlobIsNoticed(t *testing.T) {
	for _, c := range []struct {
		name string
		edit func(t *testing.T, path string)
	}{
		{"other length", func(t *testing.T, p string) { scribble(t, p, "longer than before") }},
		{"same length", func(t *testing.T, p string) { scribble(t, p, "HELLO") }},
		{"time put back to the second", func(t *testing.T, p string) {
			st, _ := os.Stat(p)
			scribble(t, p, "HELLO")
			os.Chtimes(p, st.ModTime().Truncate(time.Second), st.ModTime().Truncate(time.Second))
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := open(t)
			dig := put(t, d, "hello")
			link := filepath.Join(t.TempDir(), "published")
			if err := os.Link(d.Path(dig), link); err != nil {
				t.Skip("no hard links here:", err)
			}
			c.edit(t, link)
			_, err := d.Open(dig)
			var missing *MissingError
			if !errors.As(err, &missing) || !errors.Is(err, ErrNotFound) || !strings.Contains(missing.Reason, "changed in place") {
				t.Fatalf("Open = %v", err)
			}
			if err := d.Check(dig); !errors.Is(err, ErrNotFound) || !strings.Contains(err.Error(), "bad/") {
				t.Errorf("second Check = %v, want the reason again", err)
			}
			if put(t, d, "hello") != dig || !d.Has(dig) {
				t.Error("the blob cannot be put again")
			}
		})
	}
}

func TestTouchedBlobIsHashedOnceAndTrustedAgain(t *testing.T) {
	d := open(t)
	dig := put(t, d, "hello")
	if err := os.Chtimes(d.Path(dig), time.Now(), time.Now()); err != nil {
		t.Fatal(err)
	}
	before := d.Counters().Read()
	for range 3 {
		if err := d.Check(dig); err != nil {
			t.Fatal(err)
		}
	}
	if got := d.Counters().Read().Sub(before); got.FilesHashed != 1 {
		t.Errorf("hashed %d times, want once", got.FilesHashed)
	}
}

func TestDamagedBlobHealsWhenPutAgain(t *testing.T) {
	d := open(t)
	dig := put(t, d, "hello")
	scribble(t, d.Path(dig), "jello")
	if put(t, d, "hello") != dig {
		t.Fatal("other digest")
	}
	if got, err := d.ReadBlob(dig); err != nil || string(got) != "hello" {
		t.Errorf("ReadBlob = %q, %v", got, err)
	}
}

func TestIngestMoveTakesTheFileItself(t *testing.T) {
	d := open(t)
	path := filepath.Join(filepath.Dir(d.Root()), "work", "model.bin")
	write(t, path, "weights")
	before, _ := os.Stat(path)
	read0 := d.Counters().Read()
	b, err := d.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	e, err := b.Ingest(t.Context(), path, IngestOptions{Move: true})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(file("", "weights"), e); diff != "" {
		t.Errorf("entry (-want +got):\n%s", diff)
	}
	if err := b.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	after, err := os.Stat(d.Path(e.Digest))
	if err != nil || !os.SameFile(before, after) {
		t.Errorf("the blob is another file: %v", err)
	}
	if exists(path) {
		t.Error("the source is still there")
	}
	if got := d.Counters().Read().Sub(read0); got.BytesHashed != 7 || got.BytesWritten != 0 {
		t.Errorf("counted %+v, want 7 bytes hashed and none written", got)
	}
}

func TestIngestMoveLeavesSourcesOfAClosedBatch(t *testing.T) {
	d := open(t)
	path := filepath.Join(filepath.Dir(d.Root()), "out")
	write(t, path, "kept")
	b, err := d.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Ingest(t.Context(), path, IngestOptions{Move: true}); err != nil {
		t.Fatal(err)
	}
	b.Close()
	if read(t, path) != "kept" {
		t.Error("the source is gone")
	}
}

func TestIngestCopiesWhatHasOtherNames(t *testing.T) {
	d := open(t)
	dir := filepath.Dir(d.Root())
	write(t, dir+"/a", "twin")
	if err := os.Link(dir+"/a", dir+"/b"); err != nil {
		t.Skip(err)
	}
	b, err := d.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	es, err := b.IngestAll(t.Context(), dir, []Entry{{Path: "a"}, {Path: "b"}}, IngestOptions{Move: true, Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]Entry{file("a", "twin"), file("b", "twin")}, es); diff != "" {
		t.Error(diff)
	}
	if exists(dir+"/a") || exists(dir+"/b") {
		t.Error("moved sources are still there")
	}
	if st, err := os.Stat(d.Path(es[0].Digest)); err != nil || st.Mode() != 0o444 {
		t.Errorf("blob: %v, %v", st, err)
	}
}

func TestIngestAcrossFileSystems(t *testing.T) {
	other, err := os.MkdirTemp("/dev/shm", "mlops-store")
	if err != nil {
		t.Skip("no second file system:", err)
	}
	t.Cleanup(func() { os.RemoveAll(other) })
	d := open(t)
	write(t, other+"/f", "far")
	b, err := d.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	e, err := b.Ingest(t.Context(), other+"/f", IngestOptions{Move: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !d.Has(e.Digest) || exists(other+"/f") {
		t.Error("not moved")
	}
	stats, err := d.Restore(t.Context(), []Entry{file("back", "far")}, other, RestoreOptions{Link: true})
	if err != nil || stats.Copied != 1 || read(t, other+"/back") != "far" {
		t.Errorf("restore across: %+v, %v", stats, err)
	}
	if es, _ := os.ReadDir(other); len(es) != 1 {
		t.Errorf("temporary files are left: %v", es)
	}
}

func TestIngestKinds(t *testing.T) {
	d := open(t)
	dir := t.TempDir()
	write(t, dir+"/run.sh", "#!/bin/sh\n")
	os.Chmod(dir+"/run.sh", 0o750)
	os.Symlink("run.sh", dir+"/link")
	os.Mkdir(dir+"/empty", 0o755)
	b, err := d.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	es, err := b.IngestAll(t.Context(), dir, []Entry{{Path: "run.sh"}, {Path: "link"}, {Path: "empty"}}, IngestOptions{})
	if err != nil {
		t.Fatal(err)
	}
	want := []Entry{
		{Path: "run.sh", Mode: 0o755, Size: 10, Digest: Sum([]byte("#!/bin/sh\n"))},
		{Path: "link", Mode: fs.ModeSymlink, Digest: Sum([]byte("run.sh")), Link: "run.sh"},
		{Path: "empty", Mode: fs.ModeDir},
	}
	if diff := cmp.Diff(want, es); diff != "" {
		t.Error(diff)
	}
	var unsafe *UnsafeError
	if _, err := b.IngestAll(t.Context(), dir, []Entry{{Path: "../x"}}, IngestOptions{}); !errors.As(err, &unsafe) {
		t.Errorf("path that leaves: %v", err)
	}
	var mismatch *MismatchError
	if _, err := b.IngestAll(t.Context(), dir, []Entry{file("run.sh", "other")}, IngestOptions{}); !errors.As(err, &mismatch) {
		t.Errorf("other content than promised: %v", err)
	}
	os.Symlink(t.TempDir(), dir+"/away")
	if _, err := b.IngestAll(t.Context(), dir, []Entry{{Path: "away/x"}}, IngestOptions{}); err == nil {
		t.Error("followed a link out of the folder")
	}
}

func TestActionsAreWholeOrMissing(t *testing.T) {
	d := open(t)
	fp := Sum([]byte("job"))
	if _, err := d.Action(fp); !errors.Is(err, ErrNotFound) {
		t.Fatalf("Action of nothing = %v", err)
	}
	for _, data := range []string{"", "first", "second, longer"} {
		if err := d.PutAction(t.Context(), fp, []byte(data)); err != nil {
			t.Fatal(err)
		}
		if got, err := d.Action(fp); err != nil || string(got) != data {
			t.Errorf("Action = %q, %v; want %q", got, err, data)
		}
	}
	path := d.path(sharded("actions", fp))
	whole := read(t, path)
	for n := range len(whole) {
		write(t, path, whole[:n])
		if got, err := d.Action(fp); !errors.Is(err, ErrNotFound) {
			t.Fatalf("record torn at %d = %q, %v", n, got, err)
		}
	}
}

func TestActionNotesUseAtMostHourly(t *testing.T) {
	d := open(t)
	fp := Sum([]byte("job"))
	if err := d.PutAction(t.Context(), fp, nil); err != nil {
		t.Fatal(err)
	}
	path := d.path(sharded("actions", fp))
	for _, c := range []struct {
		age   time.Duration
		moved bool
	}{{30 * time.Minute, false}, {90 * time.Minute, true}} {
		then := time.Now().Add(-c.age)
		os.Chtimes(path, then, then)
		if _, err := d.Action(fp); err != nil {
			t.Fatal(err)
		}
		st, _ := os.Stat(path)
		if moved := st.ModTime().Sub(then) > time.Minute; moved != c.moved {
			t.Errorf("used after %v: time moved = %v", c.age, moved)
		}
	}
}

func TestLast(t *testing.T) {
	d := open(t)
	if _, err := d.Last("train@depth=4"); !errors.Is(err, ErrNotFound) {
		t.Fatalf("Last of nothing = %v", err)
	}
	for _, fp := range []Digest{Sum([]byte("1")), Sum([]byte("2"))} {
		if err := d.SetLast(t.Context(), "train@depth=4", fp); err != nil {
			t.Fatal(err)
		}
		if got, err := d.Last("train@depth=4"); err != nil || got != fp {
			t.Errorf("Last = %s, %v", got, err)
		}
	}
}

func TestRefsCompareAndSwap(t *testing.T) {
	d := open(t)
	a, b := Sum([]byte("a")), Sum([]byte("b"))
	steps := []struct {
		old, new Digest
		ok       bool
	}{{a, b, false}, {Digest{}, a, true}, {Digest{}, b, false}, {a, b, true}, {a, b, false}, {b, Digest{}, true}, {Digest{}, a, true}}
	for i, s := range steps {
		err := d.SetRef(t.Context(), "models/churn/production", s.old, s.new)
		var conflict *ConflictError
		if s.ok != (err == nil) || err != nil && !errors.As(err, &conflict) {
			t.Fatalf("step %d: %v", i, err)
		}
	}
	refs, err := d.Refs()
	if diff := cmp.Diff(map[string]Digest{"models/churn/production": a}, refs); diff != "" || err != nil {
		t.Error(diff, err)
	}
	for _, name := range []string{"", ".", "..", "../x", "/x", "a//b", "a/.b", "x.lock", "a\nb", "a/../b"} {
		if err := d.SetRef(t.Context(), name, Digest{}, a); err == nil {
			t.Errorf("ref %q was accepted", name)
		}
	}
}
