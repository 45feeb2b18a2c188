package table

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"
)

func TestReadFooter(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "x.parquet")
	if err := os.WriteFile(path, parquetOf(t, wideRows(), 4, parquet.MaxRowsPerRowGroup(5)), 0o644); err != nil {
		t.Fatal(err)
	}
	f, err := ReadFooter(path)
	if err != nil {
		t.Fatal(err)
	}
	if f.Rows != 12 || len(f.Columns) != len(wideColumns) {
		t.Fatalf("%d rows, %d columns", f.Rows, len(f.Columns))
	}
	want := map[string]FooterColumn{
		"bool":         {Column{"bool", Bool}, 0, true, "false", "true"},
		"i64":          {Column{"i64", Int}, 0, true, "-64", "0"},
		"f64":          {Column{"f64", Float}, 8, true, "0.25", "0.25"},
		"date":         {Column{"date", Date}, 0, true, "1970-01-01", "2024-02-29"},
		"millis":       {Column{"millis", Time}, 0, true, "1970-01-01T00:00:00Z", "2024-02-29T12:00:00.001Z"},
		"legacy":       {Column{"legacy", Time}, 0, false, "", ""},
		"dec9":         {Column{"dec9", Float}, 0, true, "-123.45", "0"},
		"text":         {Column{"text", Text}, 4, true, "", "é"},
		"address.city": {Column{"address.city", Text}, 4, true, "Oslo", "Rome"},
		"tags":         {Column{"tags", Int}, -1, false, "", ""},
	}
	for _, c := range f.Columns {
		if w, ok := want[c.Name]; ok {
			if diff := cmp.Diff(w, c); diff != "" {
				t.Errorf("%s:\n%s", c.Name, diff)
			}
		}
	}
}

func TestReadFooterFlights(t *testing.T) {
	t.Parallel()
	path := filepath.Join("..", "..", "..", "shared", "data", "flights-3m.parquet")
	if _, err := os.Stat(path); err != nil {
		t.Skip(err)
	}
	least := time.Hour
	for range 5 {
		start := time.Now()
		f, err := ReadFooter(path)
		if err != nil {
			t.Fatal(err)
		}
		least = min(least, time.Since(start))
		if f.Rows != 3000000 || f.Columns[0].Min != "2001-01-01T00:01:00Z" || f.Columns[3].Max != "YAK" || f.Columns[3].Nulls != 0 {
			t.Fatalf("%+v", f)
		}
	}
	if least > 20*time.Millisecond {
		t.Errorf("%v", least)
	}
}

func TestReadFooterOfOthers(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "x.csv")
	if err := os.WriteFile(path, []byte("a,b\n1,2\nand more\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := ReadFooter(path)
	if e, ok := err.(*Error); !ok || e.File != path {
		t.Errorf("error %v", err)
	}
}
