package index

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
)

// TestDamagedPages overwrites each page of the file in turn. Whatever reads it first,
// the answer is that of the records: the file is built anew when the damage shows.
func TestDamagedPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 3)
	for range 12 {
		w.write(w.run(), true)
	}
	query := Query{Where: "metrics.auc > 0.2 || status == 'failure'", Sort: []string{"-metrics.auc"}}
	x := open(t, w, Options{})
	want, err := x.Select(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	if err := x.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(w.root, File)
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	const page = 4096
	rebuilt := 0
	for at := page; at < len(good); at += page {
		bad := bytes.Clone(good)
		copy(bad[at:], bytes.Repeat([]byte{0xa5}, page))
		for name, use := range map[string]func(*Index) error{
			"select": func(x *Index) error {
				got, err := x.Select(t.Context(), query)
				if err == nil {
					if d := gocmp.Diff(want, got); d != "" {
						t.Errorf("page %d: %s", at/page, d)
					}
				}
				return err
			},
			"status": func(x *Index) error { _, err := x.Status(t.Context()); return err },
			"rebuild": func(*Index) error {
				x, err := Rebuild(t.Context(), w.root, Options{})
				if err == nil {
					err = x.Close()
				}
				return err
			},
		} {
			if err := os.WriteFile(path, bad, 0o644); err != nil {
				t.Fatal(err)
			}
			x, err := Open(t.Context(), w.root, Options{Notice: func(string) { rebuilt++ }})
			if err != nil {
				t.Errorf("page %d, open: %v", at/page, err)
				continue
			}
			if err := use(x); err != nil {
				t.Errorf("page %d, %s: %v", at/page, name, err)
			}
			if err := x.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if rebuilt == 0 {
		t.Error("no damage was found")
	}
}

// TestNoFile names a file that cannot be made.
func TestNoFile(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 7)
	var bad *FileError
	if x, err := Open(t.Context(), w.root, Options{Address: filepath.Join(os.DevNull, "index.db")}); err == nil {
		x.Close()
		t.Error("it is open")
	} else if !errors.As(err, &bad) || !strings.Contains(bad.Cure(), "MLOPS_DB") {
		t.Errorf("%T: %v", err, err)
	}
}

// TestLongCondition asks for more than the parser of a database takes in one row.
func TestLongCondition(t *testing.T) {
	t.Parallel()
	backends(t, func(t *testing.T, o Options) {
		w := newWorld(t, 5)
		w.write(w.run(), true)
		x := open(t, w, o)
		for _, where := range []string{
			strings.Repeat("pipeline == 'x' || ", 1000) + "pipeline != ''",
			strings.Repeat("pipeline != 'x' && ", 1000) + "pipeline != ''",
			"!in(pipeline" + strings.Repeat(", 'x'", 3000) + ")",
		} {
			a, err := x.Select(t.Context(), Query{Where: where})
			if err != nil || len(a.Rows) != 1 {
				t.Errorf("%.40s…: %v, %v", where, a, err)
			}
		}
	})
}
