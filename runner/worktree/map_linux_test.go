package worktree

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/mlops-runner/mlops/runner/snapshot"
	"github.com/mlops-runner/mlops/runner/store"
)

// A table whose file is cut off while we look at it, or cannot be read any
// more, counts as damaged; the program goes on.
func TestTableFault(t *testing.T) {
	t.Parallel()
	rows := make([]row, 1000)
	for i := range rows {
		rows[i].Name = string([]byte{'a' + byte(i/100), '0' + byte(i/10%10), '0' + byte(i%10)})
	}
	file := filepath.Join(t.TempDir(), "table")
	if err := os.WriteFile(file, snapshot.Encode(store.Digest{}, rows, nil), 0o600); err != nil {
		t.Fatal(err)
	}
	whole, err := openTable(file)
	if err != nil || whole.Len() != len(rows) || whole.PlainName(999) != "j99" {
		t.Fatalf("%v, %v", whole, err)
	}
	if err := whole.Close(); err != nil || whole.Len() != 0 {
		t.Errorf("close: %v; %d rows are left", err, whole.Len())
	}
	f, err := os.OpenFile(file, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	b, err := unix.Mmap(int(f.Fd()), 0, int(st.Size()), unix.PROT_READ, unix.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Munmap(b)
	if err := f.Truncate(4096); err != nil {
		t.Fatal(err)
	}
	if tab, err := decodeMapped(b); !errors.Is(err, snapshot.ErrTable) {
		t.Errorf("%v, %v", tab, err)
	}
}
