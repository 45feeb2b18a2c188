package registry

import (
	"context"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mlops-runner/mlops/runner/store"
)

// filled is a registry with all kinds of lines, and records of the runs.
func filled(t testing.TB) *world {
	t.Helper()
	w, ctx := newWorld(t), context.Background()
	for i := range 3 {
		v := w.draft("churn", fmt.Sprint(i))
		w.seal(&v)
		if _, _, err := w.r.Register(ctx, v, By{Actor: "ada", Run: v.Run, RunDigest: v.RunDigest, Gates: v.Gates}); err != nil {
			t.Fatal(err)
		}
		w.move("churn", "production", i+1)
	}
	if _, _, err := w.r.Rollback(ctx, "churn", "production", By{Actor: "bob", Reason: "complaints"}); err != nil {
		t.Fatal(err)
	}
	by := By{Actor: "bob", Reason: "why"}
	for _, err := range []error{w.r.Retire(ctx, "churn", 3, by), w.r.Note(ctx, "churn", 1, by), w.r.Reject(ctx, "churn", "production", 1, by)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if ps := w.verified("churn"); len(ps) > 0 {
		t.Fatal(ps)
	}
	return w
}

// TestTampering changes one byte of one file of a registry, 700 times, and
// restores it: each is found, and told with the file or line that was changed.
func TestTampering(t *testing.T) {
	t.Parallel()
	w := filled(t)
	var files []string
	for _, dir := range []string{"models", "refs/models", "cas", "runs"} {
		err := filepath.WalkDir(w.r.path(dir), func(path string, e fs.DirEntry, err error) error {
			if err == nil && !e.IsDir() && !strings.HasSuffix(path, "lock") {
				files = append(files, path)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	journal := w.r.path(journalFile("churn"))
	rng := rand.New(rand.NewPCG(1, 2))
	flips := 0
	for i := range 700 {
		path := files[rng.IntN(len(files))]
		if i%2 == 0 {
			path = journal
		}
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		was, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if len(was) == 0 {
			continue // there is no byte to change
		}
		flips++
		at, bit := rng.IntN(len(was)), byte(1)<<rng.IntN(8)
		changed := append([]byte{}, was...)
		changed[at] ^= bit
		replace(t, path, changed, info)
		line := 1 + strings.Count(string(was[:at]), "\n")
		if ps := w.verified("churn"); !finds(ps, path == journal, line) {
			t.Errorf("bit %#x of byte %d (line %d) of %s: found %v", bit, at, line, path, ps)
		}
		replace(t, path, was, info)
	}
	if ps := w.verified("churn"); len(ps) > 0 || flips < 600 {
		t.Error("restored:", ps, flips)
	}
}

// finds reports whether problems name the line of the journal, or anything.
func finds(ps []Problem, inJournal bool, line int) bool {
	for _, p := range ps {
		// A changed line break makes one line of two.
		if !inJournal || p.Line == line || p.Line == line+1 {
			return true
		}
	}
	return false
}

// replace writes a file anew with the mode and times of another, as a careful
// intruder would.
func replace(t *testing.T, path string, data []byte, like fs.FileInfo) {
	t.Helper()
	os.Remove(path)
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, like.Mode()); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(path, like.ModTime(), like.ModTime()); err != nil {
		t.Fatal(err)
	}
}

// TestEdited does to a registry what people do, and says what is found.
func TestEdited(t *testing.T) {
	t.Parallel()
	lines := func(f func([]string) []string) func([]byte) []byte {
		return func(data []byte) []byte { return []byte(strings.Join(f(strings.SplitAfter(string(data), "\n")), "")) }
	}
	gone := func([]byte) []byte { return nil }
	for _, c := range []struct {
		name, file string
		edit       func([]byte) []byte
		want       string
	}{
		{"another actor", journalFile("churn"), lines(func(l []string) []string { l[1] = strings.Replace(l[1], "ada", "eve", 1); return l }), "models/churn/journal.jsonl:2: was changed"},
		{"another actor in the last line", journalFile("churn"), lines(func(l []string) []string { l[9] = strings.Replace(l[9], "bob", "eve", 1); return l }), "models/churn/journal.jsonl:10: was changed"},
		{"a line less", journalFile("churn"), lines(func(l []string) []string { return append(l[:4:4], l[5:]...) }), "models/churn/journal.jsonl:5: has number 6"},
		{"the last two lines less", journalFile("churn"), lines(func(l []string) []string { return l[:8] }), "models/churn/journal.jsonl:8: was changed, or is not the last"},
		{"no end", journalFile("churn"), func(b []byte) []byte { return b[:len(b)-9] }, "models/churn/journal.jsonl:10: is no entry"},
		{"no journal", journalFile("churn"), gone, "models/churn/journal.jsonl:1: is missing"},
		{"no head", headFile("churn"), gone, "models/churn/journal.jsonl:10: was changed, or is not the last"},
		{"a better metric", versionFile("churn", 2), func(b []byte) []byte { return []byte(strings.Replace(string(b), "0.9", "0.99", 1)) }, "models/churn/versions/2.json: was changed: line 3"},
		{"no version", versionFile("churn", 2), gone, "models/churn/versions/2.json: is missing; line 3"},
		{"no ref", "refs/" + refName("churn", 1), gone, "refs/models/churn/1: does not name"},
	} {
		w := filled(t)
		w.edit(c.file, c.edit)
		ps := w.verified("churn")
		if len(ps) == 0 || !strings.HasPrefix(ps[0].String(), c.want) {
			t.Errorf("%s: found %v, want %s", c.name, ps, c.want)
		}
		if names, err := w.r.Names(); err != nil || len(names) != 1 {
			t.Errorf("%s: listed %v, %v", c.name, names, err)
		}
		if _, err := w.r.Model("churn"); strings.HasPrefix(c.file, "models/churn/journal") && err == nil {
			t.Errorf("%s: the model is read nevertheless", c.name)
		}
	}
}

// TestMissingBlob removes each file of a version in turn.
func TestMissingBlob(t *testing.T) {
	t.Parallel()
	w := filled(t)
	v, err := w.r.Version(w.model("churn"), 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range []store.Digest{v.Files[1].Digest, v.Digest} {
		if err := os.Remove(w.d.Path(d)); err != nil {
			t.Fatal(err)
		}
		if ps := w.verified("churn"); len(ps) != 1 || ps[0].File != d.String() {
			t.Error(d, ps)
		}
	}
}
