package profile

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mlops-runner/mlops/runner/store"
)

func TestCache(t *testing.T) {
	t.Parallel()
	c := Cache{Dir: filepath.Join(t.TempDir(), "profiles")}
	key := Key{File: store.Sum([]byte("a"))}
	if p, err := c.Load(key); p != nil || err != nil {
		t.Fatalf("an empty cache has %v, %v", p, err)
	}
	want := ofFloats([]float64{1, 2, 3}, 3)
	if err := c.Save(key, want); err != nil {
		t.Fatal(err)
	}
	got, err := c.Load(key)
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Fatal(err, diff)
	}
	if p, err := c.Load(Key{File: key.File, Reading: store.Sum(nil)}); p != nil || err != nil {
		t.Errorf("read in another way: %v, %v", p, err)
	}
	path := c.path(key)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for n := range text {
		damaged := append([]byte{}, text...)
		damaged[n] ^= 4
		for _, content := range [][]byte{damaged, text[:n]} {
			if err := os.WriteFile(path, content, 0o644); err != nil {
				t.Fatal(err)
			}
			if p, err := c.Load(key); p != nil || err != nil {
				t.Fatalf("damaged at %d: %v, %v", n, p, err)
			}
		}
	}
	left, err := os.ReadDir(c.Dir)
	if err != nil || len(left) != 1 {
		t.Errorf("the folder holds %v, %v", left, err)
	}
}
