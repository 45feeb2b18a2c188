package runner_test

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mlops-runner/mlops/runner"
	"github.com/mlops-runner/mlops/runner/store"
)

// runOverlay runs the pipeline in a store of its own above that of the place.
func (p *place) runOverlay(o runner.Options) (*runner.Finished, *runner.Overlay) {
	p.t.Helper()
	return p.runLimited(o, p.fake, runner.Limits{})
}

// runLimited does so by an executor and within limits.
func (p *place) runLimited(o runner.Options, x runner.Executor, l runner.Limits) (*runner.Finished, *runner.Overlay) {
	p.t.Helper()
	r, done := p.runner(o)
	defer done()
	r.Executor = x
	lower, err := store.OpenWith(r.Store.Root(), store.Options{ReadOnly: true})
	if err != nil {
		p.t.Fatal(err)
	}
	own := filepath.Join(p.t.TempDir(), "own")
	if r.Store, err = store.Open(own); err != nil {
		p.t.Fatal(err)
	}
	r.Overlay = &runner.Overlay{Lower: lower, Outputs: filepath.Join(own, "outputs"), Scope: lower.Root(), Limits: l}
	f, err := r.Run(context.Background(), context.Background())
	if err != nil {
		p.t.Fatal(err)
	}
	return f, r.Overlay
}

// state is every file below a folder, with its time and content.
func state(t *testing.T, dir string) map[string]string {
	t.Helper()
	got := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		st, err := d.Info()
		if err != nil {
			return err
		}
		text, err := os.ReadFile(path)
		got[path] = st.ModTime().String() + " " + st.Mode().String() + " " + string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

const overlayPipeline = `
jobs:
  a: {inputs: [in], outputs: [a.txt], run: sum}
  b: {inputs: [a.txt], outputs: [b.txt], run: sum}
`

// TestOverlayReusesAndLeavesNothing runs what a trusted run has results of.
func TestOverlayReusesAndLeavesNothing(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.write("in", "1")
	p.write("mlops.yaml", overlayPipeline)
	p.run(runner.Options{})
	store := filepath.Join(p.root, ".mlops")
	before := state(t, p.root)
	f, o := p.runOverlay(runner.Options{})
	if f.Summary.Cached != 2 {
		t.Errorf("summary %+v", f.Summary)
	}
	// The tree's stat index is the test's own, and lies in the store.
	after := state(t, p.root)
	for name := range after {
		if strings.HasPrefix(name, filepath.Join(store, "worktrees")) {
			delete(after, name)
			delete(before, name)
		}
	}
	if d := cmp.Diff(before, after); d != "" {
		t.Errorf("the repository or its store changed:\n%s", d)
	}
	want, _ := os.ReadFile(filepath.Join(p.root, "b.txt"))
	if got, err := os.ReadFile(filepath.Join(o.Outputs, "b.txt")); err != nil || string(got) != string(want) {
		t.Errorf("%q, %v", got, err)
	}
}

// TestOverlayDoesNotPoison runs a stranger's version, and then the same jobs
// again by somebody who is trusted.
func TestOverlayDoesNotPoison(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.write("in", "1")
	p.write("mlops.yaml", overlayPipeline)
	f, o := p.runOverlay(runner.Options{})
	if f.Summary.Succeeded != 2 {
		t.Fatalf("summary %+v", f.Summary)
	}
	if _, err := os.Stat(filepath.Join(o.Outputs, "a.txt")); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(p.root, "a.txt")); err == nil {
		t.Error("an output was published into the repository")
	}
	for job, j := range p.run(runner.Options{}) {
		if j.Cached {
			t.Errorf("%s of the trusted run is cached", job)
		}
	}
}

// TestDamageBelow shows that a blob which was changed in the shared store is
// neither used nor touched.
func TestDamageBelow(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.write("in", "1")
	p.write("mlops.yaml", "jobs:\n  a: {inputs: [in], outputs: [a.txt], run: sum}\n")
	p.run(runner.Options{})
	text, err := os.ReadFile(filepath.Join(p.root, "a.txt"))
	if err != nil {
		t.Fatal(err)
	}
	p.remove("a.txt")
	s, err := store.Open(filepath.Join(p.root, ".mlops"))
	if err != nil {
		t.Fatal(err)
	}
	blob := s.Path(store.Sum(text))
	if err := os.Chmod(blob, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(blob, []byte("poison"), 0o644); err != nil {
		t.Fatal(err)
	}
	f, o := p.runOverlay(runner.Options{})
	if f.Summary.Succeeded != 1 {
		t.Errorf("summary %+v", f.Summary)
	}
	if got, _ := os.ReadFile(filepath.Join(o.Outputs, "a.txt")); string(got) != string(text) {
		t.Errorf("a.txt holds %q", got)
	}
	if got, _ := os.ReadFile(blob); string(got) != "poison" {
		t.Errorf("the shared store was written to: %q", got)
	}
}

func TestWithheldJobs(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.write("in", "1")
	p.write("mlops.yaml", overlayPipeline)
	got := p.run(runner.Options{Withheld: map[string]string{"a": "nobody may"}})
	if got["a"].Status != "skipped" || got["b"].Status != "skipped" {
		t.Errorf("%+v", got)
	}
	if len(p.fake.ran) > 0 {
		t.Errorf("ran %v", p.fake.ran)
	}
}
