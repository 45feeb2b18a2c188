package datacheck

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mlops-runner/mlops/runner/store"
)

// A folder of files of which one is new is described by reading that one.
func TestCachedFiles(t *testing.T) {
	root, cache := t.TempDir(), t.TempDir()
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(root, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	kept := func() int {
		es, err := os.ReadDir(cache)
		if err != nil {
			t.Fatal(err)
		}
		return len(es)
	}
	same := func(files ...string) {
		t.Helper()
		got, err := Describe(t.Context(), root, files, cache)
		if err != nil {
			t.Fatal(err)
		}
		want, err := Describe(t.Context(), root, files, "")
		if err != nil {
			t.Fatal(err)
		}
		for i := range got.Files {
			got.Files[i].Digest = store.Digest{} // which only a cache needs
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Error(d)
		}
	}
	write("a.csv", "id,plan\n1,free\n2,pro\n")
	write("b.csv", "id,plan,more\n3,free,x\n")
	same("a.csv")
	same("a.csv", "b.csv")
	if kept() != 2 {
		t.Errorf("%d profiles are kept of 2 files", kept())
	}
	same("b.csv", "a.csv")
	if kept() != 2 {
		t.Errorf("%d profiles are kept of 2 files in another order", kept())
	}
	write("c.csv", "id,plan\nnone,free\n") // whose ids are texts, so that all are
	same("a.csv", "c.csv")
	write("copy.csv", "id,plan\n1,free\n2,pro\n")
	same("copy.csv")
	if kept() != 3 {
		t.Errorf("%d profiles are kept of 3 contents", kept())
	}
}

// What is kept is looked at before it is believed.
func TestTornCache(t *testing.T) {
	root, cache := t.TempDir(), t.TempDir()
	if err := os.WriteFile(filepath.Join(root, "a.csv"), []byte("n\n1\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	first, err := Describe(t.Context(), root, []string{"a.csv"}, cache)
	if err != nil {
		t.Fatal(err)
	}
	es, err := os.ReadDir(cache)
	if err != nil || len(es) != 1 {
		t.Fatal(es, err)
	}
	if err := os.WriteFile(filepath.Join(cache, es[0].Name()), []byte("torn"), 0o644); err != nil {
		t.Fatal(err)
	}
	again, err := Describe(t.Context(), root, []string{"a.csv"}, cache)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(first, again); d != "" {
		t.Error(d)
	}
}
