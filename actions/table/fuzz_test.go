package table

import (
	"encoding/csv"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// readWhole reads a file and checks what is promised of batches and errors. It
// returns the texts of the rows.
func readWhole(t *testing.T, path string, o Options) (columns []Column, rows [][]string, err error) {
	tab, err := Open([]string{path}, o)
	if err != nil {
		checkError(t, err, path)
		return nil, nil, err
	}
	next := int64(1)
	for b, err := range tab.Batches(t.Context()) {
		columns = tab.Columns()
		if err != nil {
			checkError(t, err, path)
			return columns, rows, err
		}
		if b.Rows < 1 || b.Rows > batchRows || b.Row != next || len(b.Columns) != len(columns) {
			t.Fatalf("batch of %d rows from %d with %d columns, want from %d with %d", b.Rows, b.Row, len(b.Columns), next, len(columns))
		}
		for i, v := range b.Columns {
			checkVector(t, &v, columns[i], b.Rows)
		}
		next += int64(b.Rows)
		for i := range b.Rows {
			var row []string
			for _, v := range b.Columns {
				row = append(row, value(&v, i))
			}
			rows = append(rows, row)
		}
	}
	return tab.Columns(), rows, nil
}

func checkError(t *testing.T, err error, path string) {
	var e *Error
	if !errors.As(err, &e) || e.File != path || e.Reason == "" || e.Error() == "" {
		t.Fatalf("an error that does not say where: %v", err)
	}
}

func checkVector(t *testing.T, v *Vector, c Column, rows int) {
	if v.Kind != c.Kind {
		t.Fatalf("column %s is %s, its vector %s", c.Name, c.Kind, v.Kind)
	}
	n := len(v.Ints)
	switch {
	case v.Kind == Text && v.Dict != nil:
		n = len(v.Codes)
	case v.Kind == Text:
		n = len(v.Texts)
	case v.Kind == Float:
		n = len(v.Floats)
	case v.Kind == Unknown:
		n = len(v.Nulls)
	}
	if n != rows || v.Nulls != nil && len(v.Nulls) != rows {
		t.Fatalf("column %s has %d values and %d nulls of %d rows", c.Name, n, len(v.Nulls), rows)
	}
}

// FuzzCSV reads anything as delimited text: it panics on nothing, and where the
// text is plain the fields are those of encoding/csv.
func FuzzCSV(f *testing.F) {
	for _, s := range []string{"a,b\n1,2\n", "a;b\r\n\"x\"\"y\";2.5\r\n", "\xff\xfea\x00\n\x00", "a\tb\rNaN\t2024-01-01 00:00:00\r", "caf\xe9,1\n", "1,true,\n,false,x",
		"a,b\n\"x\ny\",\"\"\n", "a\n00\n-1e5\n", "{\"a\":1}\n", "\x1f\x8b", "PAR1"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		path := filepath.Join(t.TempDir(), "t")
		if err := os.WriteFile(path, text, 0o666); err != nil {
			t.Fatal(err)
		}
		readWhole(t, path, Options{})
		columns, rows, err := readWhole(t, path, Options{Text: true, Nulls: []string{}})
		if err == nil && simple(text) {
			agree(t, string(text), columns, rows)
		}
	})
}

// simple reports whether a text is sure to be taken as fields with commas below a
// header, by this package and by encoding/csv.
func simple(text []byte) bool {
	for _, b := range text {
		if !strings.ContainsRune("abcdexyz ,\n\"", rune(b)) {
			return false
		}
	}
	return true
}

func agree(t *testing.T, text string, columns []Column, rows [][]string) {
	want, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil || len(want) == 0 || len(want[0]) != len(columns) {
		return // a quote within a field is an error there
	}
	if len(rows) != len(want)-1 {
		t.Fatalf("%d rows, want %d of %q", len(rows), len(want)-1, text)
	}
	for i, row := range rows {
		for j, got := range row {
			if w := want[i+1][j]; got != w && (got != "-" || w != "") {
				t.Fatalf("%q, want %q in row %d of %q", got, w, i+1, text)
			}
		}
	}
}

// FuzzJSON reads anything as JSON Lines.
func FuzzJSON(f *testing.F) {
	for _, s := range []string{"{\"a\":1}\n{\"b\":\"x\"}\n", `[{"a":{"b":[1,"]"]}},{"a":null}]`, `{"a":"\u00e9\ud83d\ude00\n","b":-1.5e3}`, `{"a":NaN,"b":true}{}`,
		"{\"a\":1,\"a\":{\"a\":2}}", "[]", "{", "{\"a\":\"\\"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		path := filepath.Join(t.TempDir(), "t.jsonl")
		if err := os.WriteFile(path, text, 0o666); err != nil {
			t.Fatal(err)
		}
		_, found, err := readWhole(t, path, Options{})
		_, texts, err2 := readWhole(t, path, Options{Text: true})
		if (err == nil) != (err2 == nil) || err == nil && len(found) != len(texts) {
			t.Fatalf("%d rows, %v; as text %d rows, %v", len(found), err, len(texts), err2)
		}
	})
}

// FuzzWindow cuts a text by windows of every size: where they end makes no
// difference.
func FuzzWindow(f *testing.F) {
	f.Add([]byte("a,b\r\n\"x\"\"\r\n\",2\r\r\n3,\"\"\n"), false)
	f.Add([]byte("{\"a\\n\":\"\\u00e9\"} {\"b\":[1, 2]}"), true)
	f.Fuzz(func(t *testing.T, text []byte, asJSON bool) {
		if len(text) > 200 {
			return
		}
		want := cutBy(text, 4*len(text)+8, asJSON)
		for size := range len(text) + 1 {
			if got := cutBy(text, size+1, asJSON); got != want {
				t.Fatalf("%s, by windows of %d: %s", want, size+1, got)
			}
		}
	})
}

// cutBy shows the fields that a window of so many bytes at first leads to.
func cutBy(text []byte, size int, asJSON bool) string {
	w := &window{src: strings.NewReader(string(text)), line: 1, pos: margin, end: margin, buf: make([]byte, size+2*margin)}
	var c cutter = newCSVCutter(dialect{delimiter: ',', quote: '"'}, 2)
	if asJSON {
		c = newJSONCutter(false, []Column{{Name: "a"}, {Name: "b"}, {Name: "a\n"}}, func([]byte) bool { return true })
	}
	var shown strings.Builder
	var b block
	w.read()
	for {
		err := c.cut(w, &b, 3)
		for i, s := range b.spans[:b.rows*b.width] {
			field := b.text(s)
			if s.is(escaped) {
				field = c.unescape(field)
			}
			if i%b.width == 0 {
				shown.WriteString("\n" + string(rune('0'+b.lines[i/b.width]%10)))
			}
			shown.WriteString("|" + string(field))
		}
		if err != nil {
			return shown.String() + "\n" + err.Error()
		}
		if b.rows == 0 {
			if w.eof {
				return shown.String()
			}
			w.grow()
		}
	}
}
