package datacheck

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"

	"github.com/mlops-runner/mlops/actions/table"
)

// What a check takes for a value of a type, a table that is read by that type holds
// as one, and nothing else, whatever file it stands in.
func TestTypesAsTablesReadThem(t *testing.T) {
	t.Parallel()
	texts := strings.Fields("yes No Y n TRUE t False f 1 0 2 yess ja 007 -5 +5 1.5 1e3 - . inf -Infinity 0x1 1_000 " +
		"2024-02-29 2023-02-29 2024-1-1 2024-01-01T10:00 2024-01-01T10:00:00Z 2024-01-01T10:00:00.5+02 2024-01-01T25:00:00Z 9223372036854775808")
	dir := t.TempDir()
	for _, file := range textFiles(t, dir, texts) {
		for _, typ := range []string{"bool", "int", "float", "date", "datetime"} {
			kind, _ := kindOf(typ)
			tab, err := table.Open([]string{file}, tableOptions(map[string]table.Kind{"x": kind}))
			if err != nil {
				t.Fatal(err)
			}
			row := 0
			for b, err := range tab.Batches(context.Background()) {
				if err != nil {
					t.Fatal(err)
				}
				for i := range b.Rows {
					want, ok := parse(texts[row], typ)
					if got := !b.Columns[0].Null(i); got != ok || got && b.Columns[0].Float(i) != want {
						t.Errorf("%s: %q as %s: the table has one: %v, the check: %v (%v)", filepath.Base(file), texts[row], typ, got, ok, want)
					}
					row++
				}
			}
			if row != len(texts) {
				t.Fatalf("%s: %d rows of %d", file, row, len(texts))
			}
		}
	}
}

// textFiles writes texts as the column x of a file of each form.
func textFiles(t *testing.T, dir string, texts []string) []string {
	csv, jsonl := "x\n", ""
	type row struct {
		X string `parquet:"x"`
	}
	var rows []row
	for _, text := range texts {
		csv += text + "\n"
		jsonl += fmt.Sprintf("{\"x\": %q}\n", text)
		rows = append(rows, row{text})
	}
	path := func(name string) string { return filepath.Join(dir, name) }
	for name, text := range map[string]string{"x.csv": csv, "x.jsonl": jsonl} {
		if err := os.WriteFile(path(name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := parquet.WriteFile(path("x.parquet"), rows); err != nil {
		t.Fatal(err)
	}
	return []string{path("x.csv"), path("x.jsonl"), path("x.parquet")}
}
