package worktree

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mlops-runner/mlops/runner/store"
)

// A project is a tree with a store beside it.
type project struct {
	*Tree
	store    *store.Dir
	counters *store.Counters
}

func newProject(t *testing.T, files ...string) project {
	t.Helper()
	root, c := t.TempDir(), new(store.Counters)
	write(t, root, files...)
	s, err := store.OpenWith(t.TempDir(), store.Options{Counters: c})
	check(t, err)
	return project{open(t, root, Options{Counters: c, Index: filepath.Join(t.TempDir(), "index")}), s, c}
}

// outputs stores name and content as a job's outputs; x: is an executable.
func (p project) outputs(t *testing.T, files ...string) (es []store.Entry) {
	t.Helper()
	for i := 0; i < len(files); i += 2 {
		e := store.Entry{Path: files[i], Mode: 0o644, Size: int64(len(files[i+1]))}
		if target, link := strings.CutPrefix(files[i+1], "->"); link {
			e.Mode, e.Size, e.Link, e.Digest = fs.ModeSymlink, 0, target, store.Sum([]byte(target))
		} else {
			dig, err := p.store.PutBytes(context.Background(), []byte(files[i+1]))
			check(t, err)
			e.Digest = dig
		}
		if name, x := strings.CutPrefix(e.Path, "x:"); x {
			e.Path, e.Mode = name, 0o755
		}
		es = append(es, e)
	}
	return es
}

// holds returns name=content of all files of the tree but git's.
func (p project) holds(t *testing.T) string {
	t.Helper()
	var out []string
	check(t, filepath.WalkDir(p.Root(), func(name string, d fs.DirEntry, err error) error {
		rel, _ := filepath.Rel(p.Root(), name)
		switch {
		case err != nil:
			return err
		case d.Name() == ".git":
			return fs.SkipDir
		case d.Type()&fs.ModeSymlink != 0:
			to, _ := os.Readlink(name)
			out = append(out, rel+"->"+to)
		case !d.IsDir():
			b, _ := os.ReadFile(name)
			out = append(out, rel+"="+string(b))
		}
		return nil
	}))
	slices.Sort(out)
	return strings.Join(out, " ")
}

func TestPublish(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	for _, c := range []struct {
		name            string
		before, outputs string
		entries         []string
		want            string
	}{
		{"into an empty tree", "", "model/ metrics.json", []string{"model/a", "1", "model/d/b", "2", "metrics.json", "{}"}, "metrics.json={} model/a=1 model/d/b=2"},
		{"over old outputs", "m=old", "m", []string{"m", "new"}, "m=new"},
		{"a folder is replaced as a whole", "out/a=old out/stale=1 out/d/stale=2 keep=1", "out/", []string{"out/a", "new"}, "keep=1 out/a=new"},
		{"without a slash too", "out/stale=1 keep=1", "out", []string{"out/a", "new"}, "keep=1 out/a=new"},
		{"a folder that is now empty", "out/stale=1 keep=1", "out/", nil, "keep=1"},
		{"a glob leaves others alone", "p/a.png=old p/b.png=mine p/c.txt=mine", "p/*.png", []string{"p/a.png", "new"}, "p/a.png=new p/b.png=mine p/c.txt=mine"},
		{"a folder becomes a file", "m/x=1 m/d/y=2", "m", []string{"m", "new"}, "m=new"},
		{"a file becomes a folder", "m=1", "m", []string{"m/x", "new"}, "m/x=new"},
		{"a stale link is removed, not what it leads to", "out/l->../keep keep=1", "out/", []string{"out/a", "1"}, "keep=1 out/a=1"},
		{"a link to a folder in the way is replaced", "out/d->../keep keep/a=1", "out/", []string{"out/d/a", "2"}, "keep/a=1 out/d/a=2"},
		{"links and executables", "", "o/", []string{"o/l", "->x", "x:o/x", "run"}, "o/l->x o/x=run"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := newProject(t)
			for _, f := range strings.Fields(c.before) {
				name, content, _ := strings.Cut(f, "=")
				if at, to, link := strings.Cut(f, "->"); link {
					name, content = at, "->"+to
				}
				write(t, p.Root(), name, content)
			}
			es := p.outputs(t, c.entries...)
			_, err := p.Publish(ctx, p.store, strings.Fields(c.outputs), es)
			check(t, err)
			if got := p.holds(t); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
			if !p.Current(ctx, es) {
				t.Error("not current after publishing")
			}
		})
	}
}

func TestPublishKeepsWhatGitTracks(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	p := newProject(t, "out/.gitkeep", "", "out/stale", "1", "out/d->", "x", "p/kept.png", "1", "p/stale.png", "2", "metrics.json", "old")
	runGit(t, p.Root(), "init", "-q")
	runGit(t, p.Root(), "add", "out/.gitkeep", "p/kept.png", "metrics.json")
	stats, err := p.Publish(ctx, p.store, []string{"out/", "p/*.png", "metrics.json"}, p.outputs(t, "out/a", "1", "p/a.png", "2", "metrics.json", "new"))
	check(t, err)
	if want := "metrics.json=new out/.gitkeep= out/a=1 p/a.png=2 p/kept.png=1 p/stale.png=2"; p.holds(t) != want {
		t.Errorf("got  %s\nwant %s", p.holds(t), want)
	}
	if stats.Removed != 2 {
		t.Errorf("%d removed, want 2", stats.Removed)
	}
}

// What a glob matched in an earlier result goes with the next one, what a
// person put there or changed since stays.
func TestPublishRemovesItsOwn(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	p := newProject(t, "p/mine.png", "1")
	_, err := p.Publish(ctx, p.store, []string{"p/*.png"}, p.outputs(t, "p/a.png", "1", "p/b.png", "2", "p/c.png", "3"))
	check(t, err)
	check(t, os.Remove(filepath.Join(p.Root(), "p/c.png")))
	write(t, p.Root(), "p/c.png", "edited")
	stats, err := p.Publish(ctx, p.store, []string{"p/*.png"}, p.outputs(t, "p/a.png", "new"))
	check(t, err)
	if want := "p/a.png=new p/c.png=edited p/mine.png=1"; p.holds(t) != want || stats.Removed != 1 {
		t.Errorf("got  %s, %d removed\nwant %s", p.holds(t), stats.Removed, want)
	}
}

func TestPublishRefuses(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	for _, c := range []struct {
		name, outputs string
		entries       []string
	}{
		{"a path that is not declared", "out/", []string{"out/a", "1", "other", "2"}},
		{"the whole tree", ".", []string{"a", "1"}},
		{"the whole tree by a glob", "**", []string{"a", "1"}},
		{"the whole tree by another glob", "**/*", []string{"a", "1"}},
		{"git's folder", ".git/hooks/", []string{".git/hooks/post-checkout", "1"}},
		{"git's folder through a glob", "**/post-*", []string{".git/hooks/post-checkout", "1"}},
		{"the store's folder", "kept/", []string{"kept/a", "1"}},
		{"a way out", "../out/", []string{"a", "1"}},
		{"a path that leaves", "out/", []string{"out/../../a", "1"}},
		{"through a link", "link/d/", []string{"link/d/a", "1"}},
		{"a link as the output's folder", "link/", []string{"link/a", "1"}},
		{"a link that leads out", "out/", []string{"out/l", "->../../x"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := newProject(t, "keep", "1", "out/old", "2", "link", "->elsewhere", "elsewhere/b", "3", ".git/hooks/x", "")
			p.skip = []string{"kept"}
			before := p.holds(t)
			_, err := p.Publish(ctx, p.store, strings.Fields(c.outputs), p.outputs(t, c.entries...))
			var unsafe *store.UnsafeError
			var out *OutsideError
			if !errors.As(err, &unsafe) && !errors.As(err, &out) {
				t.Errorf("got %v", err)
			}
			if after := p.holds(t); after != before {
				t.Errorf("touched:\n%s\n%s", before, after)
			}
		})
	}
}

func TestPublishWithoutABlobTouchesNothing(t *testing.T) {
	t.Parallel()
	p := newProject(t, "out/a", "good", "out/stale", "1")
	es := append(p.outputs(t, "out/a", "new"), store.Entry{Path: "out/b", Mode: 0o644, Size: 4, Digest: store.Sum([]byte("lost"))})
	_, err := p.Publish(context.Background(), p.store, []string{"out/"}, es)
	var missing *store.MissingError
	if !errors.As(err, &missing) || p.holds(t) != "out/a=good out/stale=1" {
		t.Errorf("%v, %s", err, p.holds(t))
	}
}

func TestPublishedFilesNeedNoReading(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	p := newProject(t)
	es := p.outputs(t, "out/a", "1", "x:out/b", "2", "out/l", "->a")
	_, err := p.Publish(ctx, p.store, []string{"out/"}, es)
	check(t, err)
	before := p.counters.Read()
	got := entries(t, p.Tree, "out/")
	if diff := cmp.Diff(es, got); diff != "" {
		t.Error(diff)
	}
	if !p.Current(ctx, es) {
		t.Error("not current")
	}
	if n := p.counters.Read().Sub(before); n != (store.Counts{Stats: 7}) { // the folder, and each entry twice
		t.Errorf("%+v", n)
	}
}

func TestCurrent(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	for _, c := range []struct {
		name   string
		change func(root string) error
		want   bool
	}{
		{"nothing", func(string) error { return nil }, true},
		{"another file beside", func(r string) error { return os.WriteFile(r+"/out/c", nil, 0o644) }, true},
		{"edited", func(r string) error {
			return errorsFirst(os.Remove(r+"/out/a"), os.WriteFile(r+"/out/a", []byte("2"), 0o644))
		}, false},
		{"equal content that nobody vouches for", func(r string) error {
			return errorsFirst(os.Remove(r+"/out/a"), os.WriteFile(r+"/out/a", []byte("1"), 0o644))
		}, false},
		{"gone", func(r string) error { return os.Remove(r + "/out/a") }, false},
		{"executable", func(r string) error { return os.Chmod(r+"/out/b", 0o644) }, false},
		{"link", func(r string) error { return errorsFirst(os.Remove(r+"/out/l"), os.Symlink("b", r+"/out/l")) }, false},
		{"behind a link", func(r string) error { return errorsFirst(os.Rename(r+"/out", r+"/o"), os.Symlink("o", r+"/out")) }, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := newProject(t)
			es := p.outputs(t, "out/a", "1", "x:out/b", "2", "out/l", "->a")
			_, err := p.Publish(ctx, p.store, []string{"out/"}, es)
			check(t, err)
			check(t, c.change(p.Root()))
			if p.Current(ctx, es) != c.want {
				t.Errorf("current is %v", !c.want)
			}
		})
	}
}

func TestFill(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	p := newProject(t, "src/a.py", "code", "run.sh", "#!", "link", "->src/a.py", "not-declared", "x")
	check(t, os.Chmod(filepath.Join(p.Root(), "run.sh"), 0o755))
	blobs := p.outputs(t, "model/w.bin", "weights", "x:model/tool", "#!")
	dst := filepath.Join(t.TempDir(), "work")
	check(t, p.Fill(ctx, p.store, dst, entries(t, p.Tree, "src", "run.sh", "link"), blobs))
	work := open(t, dst, Options{})
	want := append(entries(t, p.Tree, "src", "run.sh", "link"), blobs...)
	slices.SortFunc(want, func(a, b store.Entry) int { return strings.Compare(a.Path, b.Path) })
	if diff := cmp.Diff(want, entries(t, work, ".")); diff != "" {
		t.Error(diff)
	}
	for _, f := range []string{"src/a.py", "model/w.bin"} { // a job may write where it likes
		check(t, os.WriteFile(filepath.Join(dst, f), []byte("changed"), 0o644))
	}
	if !p.store.Has(blobs[0].Digest) || !strings.Contains(p.holds(t), "src/a.py=code") {
		t.Error("writing to the workspace changed its sources")
	}
}

// A folder of which more than one file changes is another folder afterwards,
// whole, and keeps its mode; one of which a single file changes stays.
func TestPublishExchangesFolders(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("folders cannot be exchanged here")
	}
	ctx := context.Background()
	p := newProject(t)
	look := func() os.FileInfo {
		st, err := os.Stat(filepath.Join(p.Root(), "deep/out"))
		check(t, err)
		return st
	}
	var last os.FileInfo
	for _, c := range []struct {
		entries []string
		stays   bool
	}{
		{[]string{"deep/out/a", "1", "deep/out/b", "1"}, false},
		{[]string{"deep/out/a", "1", "deep/out/b", "2"}, true},
		{[]string{"deep/out/a", "3", "deep/out/b", "3"}, false},
		{[]string{"deep/out/a", "4", "deep/out/sub/c", "4"}, false},
		{[]string{"deep/out/sub/c", "4"}, true},
	} {
		if last != nil {
			check(t, os.Chmod(filepath.Join(p.Root(), "deep/out"), 0o750))
		}
		_, err := p.Publish(ctx, p.store, []string{"deep/out/"}, p.outputs(t, c.entries...))
		check(t, err)
		want := ""
		for i := 0; i < len(c.entries); i += 2 {
			want += " " + c.entries[i] + "=" + c.entries[i+1]
		}
		if got := p.holds(t); " "+got != want {
			t.Errorf("holds %s, want%s", got, want)
		}
		now := look()
		if last != nil && (os.SameFile(now, last) != c.stays || now.Mode().Perm() != 0o750) {
			t.Errorf("%v: the folder stays: %v, mode %v", c.entries, !c.stays, now.Mode())
		}
		last = now
	}
}
