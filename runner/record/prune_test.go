package record

import (
	"os"
	"testing"
	"time"

	"github.com/mlops-runner/mlops/runner/store"
)

// Prune keeps what it is asked to keep, living runs, and the newest.
func TestPrune(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	const named, plain, alive, newest = "016f5e66-e800-7000-8000-000000000001", "016f5e66-e800-7000-8000-000000000002",
		"016f5e66-e800-7000-8000-000000000003", "016f5e66-e800-7000-8000-000000000009"
	for _, id := range []string{named, plain, newest} {
		write(t, root, Run{ID: id, Status: Success})
	}
	w, err := Create(root, Run{ID: alive})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	e, err := Find(root, named)
	if err != nil {
		t.Fatal(err)
	}
	keep := func(_ string, d store.Digest) bool { return d == digestOf(e.Dir) }
	for _, dry := range []bool{true, false} {
		pruned, err := Prune(root, time.Now(), keep, dry)
		if err != nil || len(pruned) != 1 || pruned[0].ID != plain || pruned[0].Size == 0 {
			t.Errorf("dry %v: pruned %+v, %v", dry, pruned, err)
		}
	}
	if _, err := os.Stat(e.Dir); err != nil {
		t.Error(err)
	}
	if _, err := Find(root, plain); err == nil {
		t.Error("the pruned record is still there")
	}
	if left, err := os.ReadDir(root + "/runs/.new"); err != nil || len(left) != 0 {
		t.Errorf(".new holds %v, %v", left, err)
	}
	if pruned, err := Prune(root, e.Time.Add(-time.Hour), keep, false); err != nil || len(pruned) != 0 {
		t.Errorf("nothing is that old: %v, %v", pruned, err)
	}
}
