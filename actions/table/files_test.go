package table

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFiles(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	for _, name := range []string{"day/b.csv", "day/a.csv", "day/deep/c.csv", "day/.hidden.csv", "day/_SUCCESS", "odd[1].csv", "none/_only"} {
		path := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for pattern, want := range map[string][]string{
		"day":         {"day/a.csv", "day/b.csv", "day/deep/c.csv"},
		"./day/":      {"day/a.csv", "day/b.csv", "day/deep/c.csv"},
		"day/*.csv":   {"day/a.csv", "day/b.csv"},
		"**/c.csv":    {"day/deep/c.csv"},
		"odd[1].csv":  {"odd[1].csv"}, // a name goes before a pattern
		"day/a.csv":   {"day/a.csv"},
		"none":        nil,
		"gone.csv":    nil,
		"../root.csv": nil,
	} {
		got, err := Files(root, pattern)
		var missing *MissingError
		if errors.As(err, &missing) != (want == nil) || missing == nil && err != nil {
			t.Errorf("%s: %v", pattern, err)
		}
		if d := cmp.Diff(want, got); d != "" && want != nil {
			t.Errorf("%s: %s", pattern, d)
		}
	}
	if d := cmp.Diff([]string{filepath.Join(root, "day", "a.csv")}, Paths(root, []string{"day/a.csv"})); d != "" {
		t.Error(d)
	}
}
