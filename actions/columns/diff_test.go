package columns

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gopkg.in/yaml.v3"
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
        age:   int 0..120 # years
        plan:  [free, pro, team]
        a:     int
        b:     int
        c:     int
        d:     int
        e:     int
        f:     int
        g:     int
        'odd: name': string [a, b], null ..1%
        fresh: int 0..10
        new: '[" c", "a #b"], unique'
      key: id
`

func changes() []Change {
	return []Change{
		{Name: "age", Old: "int 0..60", New: "int 0..120"},
		{Name: "plan", Old: "[free, pro]", New: "[free, pro, team]"},
		{Name: "gone", Old: "float"},
		{Name: "odd: name", Old: "string", New: "string [a, b], null ..1%"},
		{Name: "fresh", New: "int 0..10"},
		{Name: "new", New: `[" c", "a #b"], unique`},
	}
}

func TestDiff(t *testing.T) {
	t.Parallel()
	got, err := diff(t, before, changes())
	if err != nil {
		t.Fatal(err)
	}
	want := `--- a/mlops.yaml
+++ b/mlops.yaml
@@ -5,9 +5,8 @@
     with:
       columns:
         # who they are
-        age:   int 0..60 # years
+        age:   int 0..120 # years
-        plan:  [free, pro]
+        plan:  [free, pro, team]
-        gone:  float
         a:     int
         b:     int
         c:     int
@@ -15,5 +14,7 @@
         e:     int
         f:     int
         g:     int
-        'odd: name': string
+        'odd: name': string [a, b], null ..1%
+        fresh: int 0..10
+        new: '[" c", "a #b"], unique'
       key: id
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	for name, source := range map[string]string{"the whole file": before, "without its last end of line": before[:len(before)-1]} {
		patch, err := diff(t, source, changes())
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
	patch, err := diff(t, source, []Change{{Name: "b", New: "float"}})
	if err != nil {
		t.Fatal(err)
	}
	if got := applied(t, source, patch); got != "columns:\n  a: int\n  b: float\n" {
		t.Errorf("%q by\n%s", got, patch)
	}
}

// Each layout comes out as it went in, but for what changes.
func TestDiffKeepsTheLayout(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, source, want string }{
		{"a value a line", "columns:\n  plan:\n    - free # first\n    - pro\n  age: int 0..60\n", "columns:\n  plan:\n    - free # first\n    - pro\n    - team\n  age: int 0..120\n  fresh: bool\n"},
		{"values as deep as the name", "columns:\n  age: int 0..60\n  plan:\n  - free\n  - pro\nkey: id\n", "columns:\n  age: int 0..120\n  plan:\n  - free\n  - pro\n  - team\n  fresh: bool\nkey: id\n"},
		{"values until the end of the file", "columns:\n  age: int 0..60\n  plan:\n  - free\n  - pro", "columns:\n  age: int 0..120\n  plan:\n  - free\n  - pro\n  - team\n  fresh: bool\n"},
		{"a list over lines", "columns:\n  age: int 0..60\n  plan: [free,\n    pro] # ours\n  # more\n  x: int\n", "columns:\n  age: int 0..120\n  plan: [free, pro, team]\n  fresh: bool\n  # more\n  x: int\n"},
		{"a text over lines", "columns:\n  age: int\n    0..60\n  plan: [free, pro]\n", "columns:\n  age: int 0..120\n  plan: [free, pro, team]\n  fresh: bool\n"},
		{"a folded text", "columns:\n  age: >-\n    int\n    0..60\n\n  plan: [free, pro]\n", "columns:\n  age: int 0..120\n\n  plan: [free, pro, team]\n  fresh: bool\n"},
		{"a value on the next line", "columns:\n  age:\n    int 0..60\n  plan: [free, pro]\n", "columns:\n  age: int 0..120\n  plan: [free, pro, team]\n  fresh: bool\n"},
		{"quotes", "columns:\n  \"age\": \"int 0..60\"\n  'plan':  ['free', \"pro\"]   # ours\n", "columns:\n  \"age\": int 0..120\n  'plan':  [free, pro, team]   # ours\n  fresh: bool\n"},
		{"an anchor", "columns: &c\n  age: &a int 0..60\n  plan: [free, pro]\nother: *a\n", "columns: &c\n  age: &a int 0..120\n  plan: [free, pro, team]\n  fresh: bool\nother: *a\n"},
		{"line ends of Windows", "columns:\r\n  age: int 0..60 # years\r\n  plan: [free, pro]", "columns:\r\n  age: int 0..120 # years\r\n  plan: [free, pro, team]\r\n  fresh: bool\r\n"},
		{"other alphabets", "columns:\n  é: int\n  age: int 0..60 # âge\n  plan: [free, pro]\n", "columns:\n  é: int\n  age: int 0..120 # âge\n  plan: [free, pro, team]\n  fresh: bool\n"},
	} {
		changes := []Change{{Name: "age", Old: "int 0..60", New: "int 0..120"}, {Name: "plan", Old: "[free, pro]", New: "[free, pro, team]"}, {Name: "fresh", New: "bool"}}
		if c.name == "a value a line" {
			changes[0], changes[1] = changes[1], changes[0]
		}
		patch, err := diff(t, c.source, changes)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if d := cmp.Diff(c.want, applied(t, c.source, patch)); d != "" {
			t.Errorf("%s: (-want +got)\n%s", c.name, d)
		}
	}
}

// diff changes the columns of a file.
func diff(t *testing.T, source string, changes []Change) (string, error) {
	t.Helper()
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(source), &doc); err != nil {
		t.Fatal(err)
	}
	var find func(n *yaml.Node) *yaml.Node
	find = func(n *yaml.Node) *yaml.Node {
		for i, c := range n.Content {
			if n.Kind == yaml.MappingNode && c.Value == "columns" {
				return n.Content[i+1]
			}
			if found := find(c); found != nil {
				return found
			}
		}
		return nil
	}
	return Diff("mlops.yaml", []byte(source), find(&doc), changes)
}

func TestNoDiff(t *testing.T) {
	t.Parallel()
	if got, err := diff(t, before, nil); got != "" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	for _, source := range []string{"columns: {age: int, b: int}\n", "columns:\n  ? age\n  : int\n", "columns:\n  b: int\n"} {
		if _, err := diff(t, source, []Change{{Name: "age", Old: "int", New: "float"}}); !errors.Is(err, ErrShared) {
			t.Errorf("%q: %v", source, err)
		}
	}
	gone := "columns:\n  age: &a int\n  b: *a\n"
	if _, err := diff(t, gone, []Change{{Name: "age", Old: "int"}}); !errors.Is(err, ErrShared) {
		t.Errorf("an anchor that is used is gone: %v", err)
	}
}
