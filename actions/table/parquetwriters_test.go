package table

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestParquetOtherWriters reads a table that Apache Arrow wrote in several ways;
// testdata/writers holds the program that made the files.
func TestParquetOtherWriters(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob("testdata/writers/*.parquet")
	if err != nil || len(paths) == 0 {
		t.Fatal("no files", err)
	}
	want, err := os.ReadFile("testdata/writers/want.csv")
	if err != nil {
		t.Fatal(err)
	}
	kinds := strings.Fields("bool int int int int float float float string string string date datetime datetime float string int string")
	for _, path := range paths {
		t.Run(filepath.Base(path), func(t *testing.T) {
			t.Parallel()
			file, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			got := readParquet(t, file, nil)
			var rows strings.Builder
			for i := range got.rows[0] {
				for j := range got.rows {
					if j > 0 {
						rows.WriteByte(',')
					}
					rows.WriteString(got.rows[j][i])
				}
				rows.WriteByte('\n')
			}
			if diff := cmp.Diff(string(want), rows.String()); diff != "" {
				t.Error(diff)
			}
			for i, c := range got.columns {
				if c.Kind.String() != kinds[i] {
					t.Errorf("%s is of kind %v, want %s", c.Name, c.Kind, kinds[i])
				}
			}
		})
	}
}
