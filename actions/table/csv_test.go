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
		{"a mark before the header", "\xef\xbb\xbfa\n1\n", "a int\n1\n"},
		{"tabs", "a\tb\n1\tx,y\n", "a int, b string\n1|x,y\n"},
		{"semicolons, decimal commas stay text", "a;b\n1,5;x\n2,5;y\n", "a string, b string\n1,5|x\n2,5|y\n"},
		{"bars", "a|b\n1|2\n", "a int, b int\n1|2\n"},
		{"single quotes", "a,b\n'1,5',x\n'it''s',y\n", "a string, b string\n1,5|x\nit's|y\n"},
		{"quotes within", "a,b\n5\" disk,x\n", "a string, b string\n5\" disk|x\n"},
		{"no header", "1,x\n2,y\n", "c1 int, c2 string\n1|x\n2|y\n"},
		{"no header, one row", "1,x", "c1 int, c2 string\n1|x\n"},
		{"a header of numbers above texts", "2019,2020\nx,y\n", "c1 string, c2 string\n2019|2020\nx|y\n"},
		{"a column without a name", ",a\n0,x\n", "c1 int, a string\n0|x\n"},
		{"nulls", "a,b\n,NA\n\"\",\"NA\"\n1,x\n", "a int, b string\n-|-\n-|NA\n1|x\n"},
		{"an empty text is not null", "a,b\n\"\",1\nx,2\n", "a string, b int\n|1\nx|2\n"},
		{"blanks around numbers", "a, b\n1, 2\n", "a int, b int\n1|2\n"},
		{"quoted numbers", "a\n\"1\"\n\"2\"\n", "a int\n1\n2\n"},
		{"booleans", "a,b\ntrue,True\nfalse,FALSE\n", "a bool, b bool\n1|1\n0|0\n"},
		{"0 and 1 are integers", "a\n0\n1\n", "a int\n0\n1\n"},
		{"zeros before a number make it a name", "a,b\n007,00.5\n008,1\n", "a string, b string\n007|00.5\n008|1\n"},
		{"integers and floats", "a,b\n1,9223372036854775807\n-2.5e3,9223372036854775808\n", "a float, b float\n1|9.223372036854776e+18\n-2500|9.223372036854776e+18\n"},
		{"floats that are not finite", "a\n1.5\nnan\n-inf\n", "a float\n1.5\nNaN\n-Inf\n"},
		{"dates", "a,b\n2024-02-29,2023-02-29\n", "a date, b string\n2024-02-29|2023-02-29\n"},
		{"times", "a\n2024-01-02 03:04:05\n2024-01-02T03:04:05.123456789+02:00\n1969-12-31T23:59:59Z\n", "a datetime\n2024-01-02T03:04:05Z\n2024-01-02T01:04:05.123456Z\n1969-12-31T23:59:59Z\n"},
		{"kinds that share nothing", "a\n1\n2024-01-01\n", "a string\n1\n2024-01-01\n"},
		{"Latin-1", "a\ncaf\xe9 \x80\n", "a string\ncafé €\n"},
		{"UTF-16 with a mark", "\xff\xfea\x00\n\x00\xe9\x00\n\x00", "a string\né\n"},
		{"UTF-16 without a mark", "\x00a\x00,\x00b\x00\n\x001\x00,\x00\xe9\x00\n", "a int, b string\n1|é\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, shown(written(t, "t.csv", c.text), Options{})); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// late is a file whose head does not tell that a is a float and b a text.
const lateRows = 30_000

func late(t testing.TB) []string {
	return written(t, "t.csv", "a,b,c\n"+strings.Repeat("1,2024-01-01,\n", lateRows)+"1.5,never,x\n")
}

// Kinds that only the last row tells are those of the first batch.
func TestLateKinds(t *testing.T) {
	want := "a float, b string, c string\n" + strings.Repeat("1|2024-01-01|-\n", lateRows) + "1.5|never|x\n"
	if got := shown(late(t), Options{}); got != want {
		t.Errorf("%s … %s", got[:60], got[len(got)-60:])
	}
	if got := shown(late(t), Options{Columns: []string{"b"}}); !strings.HasPrefix(got, "b string\n2024-01-01\n") {
		t.Error(got[:60])
	}
}

// Read begins again when the last row tells other kinds, and at once with the
// right ones the next time.
func TestRead(t *testing.T) {
	tab, err := Open(late(t), Options{})
	if err != nil {
		t.Fatal(err)
	}
	var begun []string
	var rows int
	read := func() error {
		return tab.Read(t.Context(), func(cs []Column) func(*Batch) error {
			begun, rows = append(begun, fmt.Sprint(cs)), 0
			return func(b *Batch) error {
				rows += b.Rows
				if b.Columns[0].Kind != cs[0].Kind {
					t.Errorf("a batch of kind %s, not %s", b.Columns[0].Kind, cs[0].Kind)
				}
				return nil
			}
		})
	}
	for range 2 {
		if err := read(); err != nil || rows != lateRows+1 {
			t.Errorf("%d rows, %v", rows, err)
		}
	}
	if diff := cmp.Diff([]string{"[{a int} {b date} {c unknown}]", "[{a float} {b string} {c string}]", "[{a float} {b string} {c string}]"}, begun); diff != "" {
		t.Error(diff)
	}
}

// A value of another kind than was named is an error, or null and reported.
func TestMisfit(t *testing.T) {
	paths := written(t, "t.csv", "a,b\n1,007\nx,8\n,9\n"+strings.Repeat("é", 50)+",y\n")
	kinds := map[string]Kind{"a": Int, "b": Int}
	want := "a int, b int\nt.csv:3: column \"a\": \"x\" is not a value of kind int; correct it, or read the column as string\n"
	if diff := cmp.Diff(want, shown(paths, Options{Kinds: kinds})); diff != "" {
		t.Error(diff)
	}
	var got []string
	report := func(m Misfit) {
		got = append(got, fmt.Sprintf("%d %d %s %s %s", m.Row, m.Line, m.Column, m.Kind, m.Text))
	}
	if diff := cmp.Diff("a int, b int\n1|7\n-|8\n-|9\n-|-\n", shown(paths, Options{Kinds: kinds, Misfit: report})); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"2 3 a int x", "4 5 a int " + strings.Repeat("é", 40) + "…", "4 5 b int y"}, got); diff != "" {
		t.Error(diff)
	}
}

// Several files, packed or not, have the columns of all.
func TestUnion(t *testing.T) {
	paths := written(t, "1.csv", "a,b\n1,x\n", "2.csv.gz", packed(t, "gzip", "c;a\n2.5;3\n"), "3.jsonl.zst", packed(t, "zstd", `{"a":0.5,"d":true}`))
	for _, c := range []struct {
		name string
		o    Options
		want string
	}{
		{"all", Options{}, "a float, b string, c float, d bool\n1|x|-|-\n3|-|2.5|-\n0.5|-|-|1\n"},
		{"chosen", Options{Columns: []string{"d", "a"}}, "d bool, a float\n-|1\n-|3\n1|0.5\n"},
		{"as text", Options{Text: true}, "a string, b string, c string, d string\n1|x|-|-\n3|-|2.5|-\n0.5|-|-|true\n"},
		{"none such", Options{Columns: []string{"e"}}, "1.csv, 2.csv.gz, 3.jsonl.zst: column \"e\": there is no such column; the columns are a, b, c, d\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, shown(paths, c.o)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A batch says where its rows stand.
func TestPlaces(t *testing.T) {
	tab, err := Open(written(t, "t.csv", "a\n"+strings.Repeat("\"x\ny\"\n", 5000)), Options{})
	if err != nil {
		t.Fatal(err)
	}
	row := int64(1)
	for b, err := range tab.Batches(t.Context()) {
		if err != nil || b.Row != row || b.Line != 2*row {
			t.Fatalf("row %d on line %d, want row %d on line %d, %v", b.Row, b.Line, row, 2*row, err)
		}
		row += int64(b.Rows)
	}
	if row != 5001 {
		t.Errorf("%d rows", row-1)
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
