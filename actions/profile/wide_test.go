package profile

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/parquet-go/parquet-go"

	"github.com/mlops-runner/mlops/actions/table"
)

// A table of so many columns that some are read at a time is described as if all were.
func TestColumnsInTurns(t *testing.T) {
	t.Parallel()
	const columns, rows, group = manyColumns + someColumns/2, 300, 100
	path := writeWide(t, columns, rows, group)
	wide, err := table.Open([]string{path}, table.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if n := len(wide.Parts()); n != rows/group {
		t.Fatalf("%d parts", n)
	}
	got, err := Of(t.Context(), wide)
	if err != nil {
		t.Fatal(err)
	}
	b := NewBuilder(wide.Columns())
	for batch, err := range wide.Batches(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		b.Add(batch)
	}
	want := b.Profile()
	want.measure()
	if len(got.Columns) != columns || got.Rows != rows {
		t.Fatalf("%d columns of %d rows", len(got.Columns), got.Rows)
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateApprox(1e-12, 0)); diff != "" {
		t.Errorf("(-all at once +in turns)\n%.2000s", diff)
	}
	other, err := Options{Workers: 1}.Of(t.Context(), wide)
	if diff := cmp.Diff(got, other); err != nil || diff != "" {
		t.Errorf("by one worker: %v\n%.2000s", err, diff)
	}
}

// writeWide writes whole numbers and texts in turn.
func writeWide(t *testing.T, columns, rows, group int) string {
	t.Helper()
	g := parquet.Group{}
	for i := range columns {
		g[fmt.Sprintf("c%04d", i)] = parquet.Leaf(parquet.Int64Type)
		if i%2 > 0 {
			g[fmt.Sprintf("c%04d", i)] = parquet.Encoded(parquet.String(), &parquet.RLEDictionary)
		}
	}
	path := filepath.Join(t.TempDir(), "wide.parquet")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w := parquet.NewWriter(f, parquet.NewSchema("t", g), parquet.Compression(&parquet.Snappy))
	for n := range rows {
		row := make(parquet.Row, columns)
		for i := range row {
			row[i] = parquet.Int64Value(int64(n*i%97)).Level(0, 0, i)
			if i%2 > 0 {
				row[i] = parquet.ByteArrayValue(fmt.Appendf(nil, "%d", (n+i)%7)).Level(0, 0, i)
			}
		}
		if _, err := w.WriteRows([]parquet.Row{row}); err != nil {
			t.Fatal(err)
		}
		if (n+1)%group == 0 {
			if err := w.Flush(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}
