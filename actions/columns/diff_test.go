package columns

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const before = `name: churn
jobs:
  check:
    uses: data-check
    with:
      columns:
        # who they are
        age:   int 0..60 # years
        plan:  [free, pro]
        gone:  float
        a:     int
        b:     int
        c:     int
        d:     int
        e:     int
        f:     int
        g:     int
        'odd: name': string
      key: id
`

const after = `name: churn
jobs:
  check:
    uses: data-check
    with:
      columns:
        # who they are
        age: int 0..120 # years
        fresh: int 0..10
        plan: [free, pro, team]
        a:     int
        b:     int
        c:     int
        d:     int
        e:     int
        f:     int
        g:     int
        'odd: name': string [a, b], null ..1%
        new: '[" c", "a #b"], unique'
      key: id
`

func changes() []Change {
	return []Change{
		{Name: "age", Old: "int 0..60", New: "int 0..120", At: 8},
		{Name: "plan", Old: "[free, pro]", New: "[free, pro, team]", At: 9},
		{Name: "gone", Old: "float", At: 10},
		{Name: "odd: name", Old: "string", New: "string [a, b], null ..1%", At: 18},
		{Name: "fresh", New: "int 0..10", At: 8},
		{Name: "new", New: `[" c", "a #b"], unique`, At: 18},
	}
}

func TestDiff(t *testing.T) {
	t.Parallel()
	got, err := Diff("mlops.yaml", []byte(before), changes())
	if err != nil {
		t.Fatal(err)
	}
	want := `--- a/mlops.yaml
+++ b/mlops.yaml
@@ -5,9 +5,9 @@
     with:
       columns:
         # who they are
-        age:   int 0..60 # years
+        age: int 0..120 # years
+        fresh: int 0..10
-        plan:  [free, pro]
+        plan: [free, pro, team]
-        gone:  float
         a:     int
         b:     int
         c:     int
@@ -15,5 +15,6 @@
         e:     int
         f:     int
         g:     int
-        'odd: name': string
+        'odd: name': string [a, b], null ..1%
+        new: '[" c", "a #b"], unique'
       key: id
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	for name, source := range map[string]string{"the whole file": before, "without its last end of line": before[:len(before)-1]} {
		patch, err := Diff("mlops.yaml", []byte(source), changes())
		if err != nil {
			t.Fatal(err)
		}
		if got := applied(t, source, patch); got != after[:len(after)-len(before)+len(source)] {
			t.Errorf("%s: git makes of it\n%s", name, got)
		}
	}
}

// applied returns what git makes of a file by a patch.
func applied(t *testing.T, source, patch string) string {
	t.Helper()
	dir := t.TempDir()
	file, diff := filepath.Join(dir, "mlops.yaml"), filepath.Join(dir, "patch")
	for path, text := range map[string]string{file: source, diff: patch} {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("git", "apply", "--verbose", "patch")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("git apply: %v\n%s\n%s", err, out, patch)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestDiffOfTheLastLine(t *testing.T) {
	t.Parallel()
	source := "columns:\n  a: int"
	patch, err := Diff("mlops.yaml", []byte(source), []Change{{Name: "b", New: "float", At: 2}})
	if err != nil {
		t.Fatal(err)
	}
	if got := applied(t, source, patch); got != "columns:\n  a: int\n  b: float\n" {
		t.Errorf("%q by\n%s", got, patch)
	}
}

func TestNoDiff(t *testing.T) {
	t.Parallel()
	if got, err := Diff("mlops.yaml", []byte(before), nil); got != "" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	for _, c := range []struct {
		source string
		at     int
	}{{"columns: {age: int, b: int}\n", 1}, {"columns:\n  age:\n    - a\n    - b\n", 2}, {"columns:\n  age: >\n    int\n", 2}} {
		if _, err := Diff("mlops.yaml", []byte(c.source), []Change{{Name: "age", Old: "int", New: "float", At: c.at}}); !errors.Is(err, ErrShared) {
			t.Errorf("%q: %v", c.source, err)
		}
	}
	if _, err := Diff("mlops.yaml", []byte(before), []Change{{Name: "age", New: "float", At: 99}}); !errors.Is(err, ErrShared) {
		t.Errorf("no such line: %v", err)
	}
}
