package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// stored puts files into the store and returns their entries.
func stored(t testing.TB, d *Dir, files map[string]string) []Entry {
	t.Helper()
	var es []Entry
	for p, content := range files {
		put(t, d, content)
		es = append(es, file(p, content))
	}
	return es
}

func restore(t testing.TB, d *Dir, es []Entry, dst string, o RestoreOptions) RestoreStats {
	t.Helper()
	stats, err := d.Restore(t.Context(), es, dst, o)
	if err != nil {
		t.Fatal(err)
	}
	return stats
}

// snapshot lists a folder: "path mode content" or "path -> target".
func pictured(t testing.TB, dir string) []string {
	t.Helper()
	var out []string
	err := filepath.WalkDir(dir, func(p string, e fs.DirEntry, err error) error {
		if err != nil || p == dir {
			return err
		}
		rel, _ := filepath.Rel(dir, p)
		st, err := e.Info()
		switch {
		case err != nil:
		case e.IsDir():
			out = append(out, rel+"/")
		case e.Type()&fs.ModeSymlink != 0:
			to, _ := os.Readlink(p)
			out = append(out, rel+" -> "+to)
		default:
			out = append(out, fmt.Sprintf("%s %o %s", rel, st.Mode().Perm(), read(t, p)))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestRestoreMakesWhatEntriesSay(t *testing.T) {
	d := open(t)
	dst := filepath.Join(filepath.Dir(d.Root()), "repo")
	es := stored(t, d, map[string]string{"model/weights.bin": "w", "metrics.json": "{}"})
	put(t, d, "#!")
	es = append(es,
		Entry{Path: "bin/run", Mode: 0o755, Size: 2, Digest: Sum([]byte("#!"))},
		Entry{Path: "model/latest", Mode: fs.ModeSymlink, Link: "weights.bin", Digest: Sum([]byte("weights.bin"))},
		Entry{Path: "model/empty", Mode: fs.ModeDir})
	want := []string{"bin/", "bin/run 755 #!", "metrics.json 444 {}", "model/", "model/empty/", "model/latest -> weights.bin", "model/weights.bin 444 w"}

	stats := restore(t, d, es, dst, RestoreOptions{Link: true})
	if stats.Reflinked > 0 { // independent files are writable
		want[2], want[6] = "metrics.json 644 {}", "model/weights.bin 644 w"
	}
	if diff := cmp.Diff(want, pictured(t, dst)); diff != "" {
		t.Error(diff)
	}
	before := d.Counters().Read()
	if stats := restore(t, d, es, dst, RestoreOptions{Link: true}); stats.Kept != 4 || stats.Linked+stats.Copied+stats.Reflinked != 0 {
		t.Errorf("second restore: %+v, want all kept", stats)
	}
	if got := d.Counters().Read().Sub(before); got != (Counts{}) {
		t.Errorf("second restore cost %+v", got)
	}
}

func TestRestoreCopiesAreIndependent(t *testing.T) {
	d := open(t)
	dst := t.TempDir()
	es := stored(t, d, map[string]string{"f": "content"})
	restore(t, d, es, dst, RestoreOptions{Link: true})
	restore(t, d, es, dst, RestoreOptions{})
	write(t, dst+"/f", "changed by the job")
	if got, err := d.ReadBlob(es[0].Digest); err != nil || string(got) != "content" {
		t.Errorf("blob after writing to the copy: %q, %v", got, err)
	}
}

func TestRestoreReplacesWhatWasEdited(t *testing.T) {
	for _, link := range []bool{true, false} {
		d := open(t)
		dst := t.TempDir()
		es := stored(t, d, map[string]string{"f": "content"})
		write(t, dst+"/f", "somebody else's")
		restore(t, d, es, dst, RestoreOptions{Link: link})
		if got := read(t, dst+"/f"); got != "content" {
			t.Errorf("link %v: %q", link, got)
		}
	}
}

func TestRestoreNeverLeavesTheFolder(t *testing.T) {
	for _, c := range []struct {
		name string
		trap func(dst, outside string)
		path string
	}{
		{"folder is a link out", func(dst, out string) { os.Symlink(out, dst+"/a") }, "a/f"},
		{"deep folder is a link out", func(dst, out string) { os.Mkdir(dst+"/a", 0o755); os.Symlink(out, dst+"/a/b") }, "a/b/f"},
		{"relative link out", func(dst, out string) { os.Symlink("../"+filepath.Base(out), dst+"/a") }, "a/f"},
		{"link within", func(dst, out string) { os.Mkdir(dst+"/b", 0o755); os.Symlink("b", dst+"/a") }, "a/f"},
		{"file in the way", func(dst, out string) { os.WriteFile(dst+"/a", nil, 0o644) }, "a/f"},
		{"folder in the way", func(dst, out string) { os.MkdirAll(dst+"/f/g", 0o755) }, "f"},
		{"parent path", func(dst, out string) {}, "../outside/f"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := open(t)
			base := t.TempDir()
			dst, outside := base+"/dst", base+"/outside"
			os.Mkdir(dst, 0o755)
			os.Mkdir(outside, 0o755)
			c.trap(dst, outside)
			put(t, d, "x")
			before := pictured(t, base)
			var unsafe *UnsafeError
			if _, err := d.Restore(t.Context(), []Entry{file(c.path, "x")}, dst, RestoreOptions{Link: true}); !errors.As(err, &unsafe) {
				t.Errorf("error = %v", err)
			}
			if diff := cmp.Diff(before, pictured(t, base)); diff != "" {
				t.Errorf("something changed:\n%s", diff)
			}
		})
	}
}

func TestRestoreReplacesLinksByFiles(t *testing.T) {
	d := open(t)
	dst, outside := t.TempDir(), t.TempDir()
	write(t, outside+"/victim", "safe")
	os.Symlink(outside+"/victim", dst+"/f")
	es := stored(t, d, map[string]string{"f": "new"})
	restore(t, d, es, dst, RestoreOptions{})
	if read(t, outside+"/victim") != "safe" || read(t, dst+"/f") != "new" {
		t.Error("wrote through the link")
	}
}

func TestWholeFoldersArePurged(t *testing.T) {
	d := open(t)
	dst, outside := t.TempDir(), t.TempDir()
	write(t, outside+"/victim", "safe")
	write(t, dst+"/model/stale/deep/f", "old")
	write(t, dst+"/other/f", "not ours")
	os.Symlink(outside, dst+"/model/away")
	os.Symlink(outside, dst+"/model/sub")
	es := stored(t, d, map[string]string{"model/a": "1", "model/sub/b": "2"})
	stats := restore(t, d, es, dst, RestoreOptions{Folders: []string{"model/"}})
	want := []string{"model/", "model/a 644 1", "model/sub/", "model/sub/b 644 2", "other/", "other/f 644 not ours"}
	if diff := cmp.Diff(want, pictured(t, dst)); diff != "" {
		t.Error(diff)
	}
	if stats.Removed != 2 || read(t, outside+"/victim") != "safe" {
		t.Errorf("stats %+v", stats)
	}
}

func TestRestoreOfDamagedBlobTouchesNothing(t *testing.T) {
	d := open(t)
	dst := t.TempDir()
	es := stored(t, d, map[string]string{"f": "content"})
	restore(t, d, es, dst, RestoreOptions{Link: true})
	scribble(t, d.Path(es[0].Digest), "CONTENT")
	os.Remove(dst + "/f")
	write(t, dst+"/f", "still here")
	if _, err := d.Restore(t.Context(), es, dst, RestoreOptions{Link: true}); !errors.Is(err, ErrNotFound) {
		t.Fatalf("Restore = %v", err)
	}
	if read(t, dst+"/f") != "still here" {
		t.Error("the old file is gone")
	}
}

func TestCopyKeepsModesAndTimes(t *testing.T) {
	d := open(t)
	src, dst := t.TempDir(), filepath.Join(filepath.Dir(d.Root()), "ws")
	write(t, src+"/a/run.sh", "#!")
	write(t, src+"/secret", "s")
	os.Chmod(src+"/a/run.sh", 0o755)
	os.Chmod(src+"/secret", 0o400)
	then := time.Unix(1_600_000_000, 123_456_700)
	os.Chtimes(src+"/secret", then, then)
	es := []Entry{{Path: "a/run.sh", Mode: 0o755}, {Path: "secret", Mode: 0o644}, {Path: "l", Mode: fs.ModeSymlink, Link: "secret"}}
	stats, err := d.Copy(t.Context(), es, src, dst, RestoreOptions{})
	if err != nil || stats.Copied+stats.Reflinked != 2 {
		t.Fatalf("%+v, %v", stats, err)
	}
	want := []string{"a/", "a/run.sh 755 #!", "l -> secret", "secret 400 s"}
	if diff := cmp.Diff(want, pictured(t, dst)); diff != "" {
		t.Error(diff)
	}
	if st, _ := os.Stat(dst + "/secret"); !st.ModTime().Equal(then) {
		t.Errorf("time is %v", st.ModTime())
	}
	os.Symlink(t.TempDir(), src+"/away")
	if _, err := d.Copy(t.Context(), []Entry{{Path: "away/x", Mode: 0o644}}, src, dst, RestoreOptions{}); err == nil {
		t.Error("copied through a link out of the source")
	}
}

func TestFolderIsReadOnlyAndRebuilt(t *testing.T) {
	d := open(t)
	es := stored(t, d, map[string]string{"a/f": "1", "g": "2"})
	tree, err := d.PutTree(t.Context(), es)
	if err != nil {
		t.Fatal(err)
	}
	dir, err := d.Folder(t.Context(), tree)
	if err != nil {
		t.Fatal(err)
	}
	st, err := os.Stat(dir + "/a")
	if err != nil || st.Mode().Perm() != 0o555 || read(t, dir+"/a/f") != "1" {
		t.Errorf("folder: %v, %v", st, err)
	}
	before := d.Counters().Read()
	if again, err := d.Folder(t.Context(), tree); again != dir || err != nil {
		t.Errorf("again: %s, %v", again, err)
	}
	if got := d.Counters().Read().Sub(before); got.FilesWritten != 0 {
		t.Errorf("second call wrote: %+v", got)
	}
	os.Chmod(dir, 0o755)
	os.Remove(dir + "/g")
	write(t, dir+"/g", "x")
	if again, err := d.Folder(t.Context(), tree); err != nil || read(t, again+"/g") != "2" {
		t.Errorf("after an edit: %v", err)
	}
}
