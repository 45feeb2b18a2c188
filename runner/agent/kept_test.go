package agent

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Files of the folder are taken once; what is no plain file, or too many or too
// large, is refused as a whole, and the folder is there and empty afterwards.
func TestTakeKept(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		make func(dir string) error
		want []KeptFile
		says string
	}{
		{"nothing", func(string) error { return nil }, nil, ""},
		{"two files", func(dir string) error {
			return errors.Join(os.WriteFile(filepath.Join(dir, "b.json"), []byte("2"), 0o600), os.WriteFile(filepath.Join(dir, "a.json"), []byte("1"), 0o600))
		}, []KeptFile{{"a.json", []byte("1")}, {"b.json", []byte("2")}}, ""},
		{"a link", func(dir string) error { return os.Symlink("/etc/passwd", filepath.Join(dir, "a.json")) }, nil, "no file with a plain name"},
		{"a folder", func(dir string) error { return os.Mkdir(filepath.Join(dir, "a"), 0o755) }, nil, "no file with a plain name"},
		{"a hidden file", func(dir string) error { return os.WriteFile(filepath.Join(dir, ".a"), nil, 0o644) }, nil, "no file with a plain name"},
		{"a link in its place", func(dir string) error { return errors.Join(os.Remove(dir), os.Symlink("/etc", dir)) }, nil, "not a folder"},
		{"too large", func(dir string) error {
			f, err := os.Create(filepath.Join(dir, "a"))
			return errors.Join(err, f.Truncate(MaxKept+1), f.Close())
		}, nil, "more than"},
		{"too many", func(dir string) (err error) {
			for i := range MaxKeptFiles + 1 {
				err = errors.Join(err, os.WriteFile(filepath.Join(dir, strings.Repeat("a", i+1)), nil, 0o644))
			}
			return err
		}, nil, "at most 16"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "record")
			if err := errors.Join(os.Mkdir(dir, 0o755), tt.make(dir)); err != nil {
				t.Fatal(err)
			}
			got, err := takeKept(dir)
			if (err == nil) != (tt.says == "") || err != nil && !strings.Contains(err.Error(), tt.says) {
				t.Fatalf("error %v, want %q", err, tt.says)
			}
			if d := cmp.Diff(tt.want, got); d != "" && err == nil {
				t.Error(d)
			}
			if es, err := os.ReadDir(dir); err != nil || len(es) > 0 {
				t.Errorf("afterwards %v, %v", es, err)
			}
		})
	}
}

// A later file of a name takes the place of an earlier one, and what finds no
// room is named.
func TestKeep(t *testing.T) {
	t.Parallel()
	big := make([]byte, MaxKept-1)
	all, refused := keep([]KeptFile{{"a", []byte("1")}}, []KeptFile{{"a", []byte("2")}, {"b", big}, {"c", []byte("3")}})
	if d := cmp.Diff([]string{"c"}, refused); d != "" || len(all) != 2 || string(all[0].Data) != "2" {
		t.Errorf("%d files, refused %v", len(all), refused)
	}
}
