package table

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mlops-runner/mlops/actions/table/tabletest"
)

// written writes files into a folder and returns their paths. The names are in
// pairs with what they hold.
func written(t testing.TB, pairs ...string) []string {
	t.Helper()
	dir := t.TempDir()
	var paths []string
	for i := 0; i < len(pairs); i += 2 {
		path := filepath.Join(dir, pairs[i])
		if err := os.WriteFile(path, []byte(pairs[i+1]), 0o666); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, path)
	}
	return paths
}

// shown reads a table and shows its columns and rows, and the error that ends it
// without the folder of the files.
func shown(paths []string, o Options) string {
	var b strings.Builder
	tab, err := Open(paths, o)
	if err == nil {
		err = show(&b, tab)
		var names []string
		for _, c := range tab.Columns() {
			names = append(names, c.Name+" "+c.Kind.String())
		}
		rows := b.String()
		b.Reset()
		b.WriteString(strings.Join(names, ", ") + "\n" + rows)
	}
	if err != nil {
		b.WriteString(strings.ReplaceAll(err.Error(), filepath.Dir(paths[0])+"/", "") + "\n")
	}
	return b.String()
}

func show(b *strings.Builder, tab *Table) error {
	for batch, err := range tab.Batches(context.Background()) {
		if err != nil {
			return err
		}
		for i := range batch.Rows {
			var fields []string
			for _, v := range batch.Columns {
				fields = append(fields, value(&v, i))
			}
			b.WriteString(strings.Join(fields, "|") + "\n")
		}
	}
	return nil
}

// value shows a value; "-" is null.
func value(v *Vector, i int) string {
	if v.Null(i) {
		return "-"
	}
	switch v.Kind {
	case Text:
		return string(v.Text(i))
	case Float:
		return fmt.Sprint(v.Floats[i])
	case Date:
		return time.Unix(86400*v.Ints[i], 0).UTC().Format(time.DateOnly)
	case Time:
		return time.UnixMicro(v.Ints[i]).UTC().Format(time.RFC3339Nano)
	}
	return fmt.Sprint(v.Ints[i])
}

func TestCSV(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"quotes", "a,b\n\"1,5\",\"say \"\"hi\"\"\"\nx,\"two\nlines\"\n", "a string, b string\n1,5|say \"hi\"\nx|two\nlines\n"},
		{"line ends mixed, the last one missing", "a,b\r\n1,2\r3,4\n5,6", "a int, b int\n1|2\n3|4\n5|6\n"},
		{"zero rows keep the schema", "a,b\n", "a unknown, b unknown\n"},
		{"blank lines are no rows", "\n\na\n\n1\n\r\n2\n\n", "a int\n1\n2\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, shown(written(t, "t.csv", c.text), Options{})); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A file of many batches holds the rows that were written.
func TestCustomers(t *testing.T) {
	made := tabletest.Customers{Rows: 30_000, Seed: 3}
	var text strings.Builder
	if err := made.CSV(&text); err != nil {
		t.Fatal(err)
	}
	tab, err := Open(written(t, "c.csv", text.String()), Options{})
	if err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	if err := show(&got, tab); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(got.String(), "\n")
	for i, want := range made.All() {
		if line := customer(want); lines[i] != line {
			t.Fatalf("row %d is\n%s, want\n%s", i+1, lines[i], line)
		}
	}
}

func customer(c *tabletest.Customer) string {
	orNull := func(s string) string {
		if s == "" || s == "NaN" {
			return "-"
		}
		return s
	}
	return fmt.Sprintf("%d|%s|%d|%s|%s|%s|%s|%s|%s|%v|%v|%d|%s", c.ID, c.UserID, c.Age, orNull(fmt.Sprint(c.Income)), c.Plan, c.Country,
		orNull(c.Device), time.Unix(c.CreatedAt, 0).UTC().Format(time.RFC3339), time.Unix(86400*c.EventDate, 0).UTC().Format(time.DateOnly),
		c.Score, c.Amount, map[bool]int{true: 1}[c.Churned], orNull(c.Note))
}
