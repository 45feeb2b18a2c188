package checkout

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestParents(t *testing.T) {
	t.Parallel()
	r, _ := forked(t, 2, 1)
	main, feature := r.git("rev-parse", "main"), r.git("rev-parse", "feature")
	r.git("checkout", "-q", "-b", "trial")
	r.git("merge", "-q", "--no-ff", "-m", "a message\n\nparent 1234", "feature")
	trial := r.git("rev-parse", "HEAD")
	_, dir := bring(t, r.dir, "trial", Options{Depth: 1})
	for _, dir := range []string{r.dir, dir} { // the parents of a commit whose history was cut off are not here, but named
		got, err := open(t, dir).Parents(t.Context(), trial)
		if err != nil || !slices.Equal(got, []string{main, feature}) {
			t.Errorf("%v, %v; want %s and %s", got, err, main, feature)
		}
	}
	if got, err := open(t, r.dir).Parents(t.Context(), r.git("rev-list", "--max-parents=0", "main")); err != nil || len(got) != 0 {
		t.Errorf("of the first commit: %v, %v", got, err)
	}
	if _, err := open(t, r.dir).Parents(t.Context(), "main"); err == nil {
		t.Error("a branch was taken for a commit")
	}
}

// The line of first parents leaves merged branches out, and is fetched as far as
// it is asked for where a clone was cut off.
func TestLine(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	first := r.history(30)
	r.git("checkout", "-q", "-b", "side")
	side := r.history(3)
	r.git("checkout", "-q", "main")
	r.git("merge", "-q", "--no-ff", "-m", "merge", "side")
	want := append(slices.Clone(first), r.git("rev-parse", "HEAD"))
	slices.Reverse(want)
	for _, depth := range []int{0, 1, 4} {
		_, dir := bring(t, r.dir, "main", Options{Depth: depth})
		(&repo{t, dir}).at(r.dir)
		o := open(t, dir)
		for _, n := range []int{1, 2, 20, 100} {
			got, err := o.Line(t.Context(), want[0], n)
			if err != nil || !slices.Equal(got, want[:min(n, len(want))]) {
				t.Errorf("depth %d, %d commits: %d, %v", depth, n, len(got), err)
			}
			if slices.Contains(got, side[2]) {
				t.Errorf("depth %d: the line goes through a merged branch", depth)
			}
		}
		if n, ok := o.Ahead(t.Context(), want[5], want[0]); n != 5 || !ok {
			t.Errorf("depth %d: %d ahead, %v; want 5", depth, n, ok)
		}
	}
}

// at names where a repository was cloned from: Checkout keeps no address that git fetches from.
func (r *repo) at(address string) { r.git("config", "remote.origin.url", "file://"+address) }

func TestLineCutOff(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	ids := r.history(9)
	_, dir := bring(t, r.dir, "main", Options{Depth: 3})
	(&repo{t, dir}).git("config", "--unset", "remote.origin.url")
	o := open(t, dir)
	got, err := o.Line(t.Context(), ids[8], 5)
	var known *Error
	if !errors.As(err, &known) || !strings.Contains(known.Fix, "fetch-depth: 0") || len(got) != 3 {
		t.Errorf("%d commits, %v", len(got), err)
	}
	if got, err := o.Line(t.Context(), ids[8], 3); err != nil || len(got) != 3 {
		t.Errorf("as many as there are: %d, %v", len(got), err)
	}
	if n, ok := o.Ahead(t.Context(), ids[7], ids[8]); n != 1 || !ok {
		t.Errorf("%d ahead, %v; want 1", n, ok)
	}
	if _, ok := o.Ahead(t.Context(), ids[2], ids[8]); ok {
		t.Error("a distance across the cut was told")
	}
}

func TestFetchByName(t *testing.T) {
	t.Parallel()
	r, base := forked(t, 5, 2)
	r.git("tag", "-a", "-m", "v1", "v1", "main")
	main := r.git("rev-parse", "main")
	_, dir := bring(t, r.dir, "feature", Options{Depth: 1})
	(&repo{t, dir}).at(r.dir)
	o := open(t, dir)
	if _, ok := o.Commit(t.Context(), main); ok {
		t.Fatal("main is here already")
	}
	for _, name := range []string{"main", "v1", base} {
		want := main
		if name == base {
			want = base
		}
		got, err := o.Fetch(t.Context(), name)
		if _, here := o.Commit(t.Context(), want); err != nil || got != want || !here {
			t.Errorf("%s: %s, %v, here %v", name, got, err, here)
		}
	}
	if got, err := o.MergeBase(t.Context(), main, "HEAD"); err != nil || got != base {
		t.Errorf("merge base %s, %v; want %s", got, err, base)
	}
	for _, name := range []string{"none", "--upload-pack=x", ""} {
		if _, err := o.Fetch(t.Context(), name); err == nil {
			t.Errorf("%q was fetched", name)
		}
	}
}

func TestUpstream(t *testing.T) {
	t.Parallel()
	r, _ := forked(t, 1, 1)
	dir := filepath.Join(t.TempDir(), "clone")
	r.git("clone", "-q", r.dir, dir)
	in := repo{t, dir}
	in.git("checkout", "-q", "-b", "mine", "--track", "origin/feature")
	in.git("checkout", "-q", "-b", "alone", "--no-track")
	o := open(t, dir)
	for branch, want := range map[string]string{"mine": "origin/feature", "main": "origin/main", "alone": "", "none": "", "-x": ""} {
		if got := o.Upstream(t.Context(), branch); got != want {
			t.Errorf("upstream of %q is %q, want %q", branch, got, want)
		}
	}
}

// The owner's own configuration counts for OpenOwn, and for Open it does not.
func TestOpenOwn(t *testing.T) {
	t.Parallel()
	r, base := forked(t, 5, 2)
	_, dir := bring(t, r.dir, "feature", Options{Depth: 1})
	in := repo{t, dir}
	// An address that a program of the owner's brings to where the repository is.
	in.git("config", "remote.origin.url", "ours:repo")
	in.git("config", "url.file://"+r.dir+".insteadOf", "ours:repo")
	own, err := OpenOwn(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer own.Close()
	main, err := own.Fetch(t.Context(), "main")
	if err != nil || main != r.git("rev-parse", "main") {
		t.Fatalf("%s, %v", main, err)
	}
	if got, err := own.MergeBase(t.Context(), main, "HEAD"); err != nil || got != base {
		t.Errorf("merge base %s, %v; want %s", got, err, base)
	}
	if _, err := open(t, dir).Fetch(t.Context(), "main"); err == nil {
		t.Error("a repository that is not trusted led us to an address of its own")
	}
}
