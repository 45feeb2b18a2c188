package table

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress"
	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// A wide row has a column of each type that is read.
type wide struct {
	Bool    bool               `parquet:"bool"`
	I8      int8               `parquet:"i8"`
	I32     int32              `parquet:"i32"`
	I64     int64              `parquet:"i64,delta"`
	U32     uint32             `parquet:"u32"`
	U64     uint64             `parquet:"u64"`
	F32     float32            `parquet:"f32"`
	F64     *float64           `parquet:"f64,optional,split"`
	Date    int32              `parquet:"date,date"`
	Millis  int64              `parquet:"millis,timestamp(millisecond)"`
	Micros  int64              `parquet:"micros,timestamp(microsecond:local)"`
	Nanos   int64              `parquet:"nanos,timestamp(nanosecond)"`
	Legacy  deprecated.Int96   `parquet:"legacy"`
	Dec9    int32              `parquet:"dec9,decimal(2:9)"`
	Dec18   int64              `parquet:"dec18,decimal(2:18)"`
	Dec38   [16]byte           `parquet:"dec38,decimal(3:38)"`
	UUID    [16]byte           `parquet:"uuid,uuid"`
	Fixed   [3]byte            `parquet:"fixed"`
	Text    *string            `parquet:"text,optional,dict"`
	Plain   string             `parquet:"plain,delta"`
	Bytes   []byte             `parquet:"bytes"`
	Enum    string             `parquet:"enum,enum"`
	Address *address           `parquet:"address,optional"`
	Tags    []string           `parquet:"tags,list"`
	Raw     []int32            `parquet:"raw"`
	Sizes   map[string]float64 `parquet:"sizes"`
}

type address struct {
	City string `parquet:"city"`
	Zip  *int32 `parquet:"zip,optional"`
}

func ptr[T any](v T) *T { return &v }

// wideRows differ in whether what can be missing is there.
func wideRows() []wide {
	second := int64(time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC).Unix())
	full := wide{
		Bool: true, I8: -8, I32: -32, I64: -64, U32: 4e9, U64: 1 << 63, F32: .5, F64: ptr(.25), Date: 19782,
		Millis: second*1e3 + 1, Micros: second*1e6 + 1, Nanos: -1, Legacy: int96(second), Dec9: -12345, Dec18: 12345,
		Dec38: [16]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfc, 0x18},
		UUID:  [16]byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}, Fixed: [3]byte{0, 1, 255},
		Text: ptr("é"), Plain: "plain", Bytes: []byte("bytes"), Enum: "A", Address: &address{"Rome", ptr(int32(7))},
		Tags: []string{"a", "b"}, Raw: []int32{1, 2, 3}, Sizes: map[string]float64{"s": 1},
	}
	return []wide{full, {Legacy: int96(0), Address: &address{City: "Oslo"}}, {Legacy: int96(0), Text: ptr("")}}
}

func int96(second int64) deprecated.Int96 {
	nanos := uint64(second%86400) * 1e9
	return deprecated.Int96{uint32(nanos), uint32(nanos >> 32), uint32(second/86400 + 2440588)}
}

var wideColumns = []struct {
	name string
	kind Kind
	want [3]string
}{
	{"bool", Bool, [3]string{"1", "0", "0"}},
	{"i8", Int, [3]string{"-8", "0", "0"}},
	{"i32", Int, [3]string{"-32", "0", "0"}},
	{"i64", Int, [3]string{"-64", "0", "0"}},
	{"u32", Int, [3]string{"4000000000", "0", "0"}},
	{"u64", Float, [3]string{"9.223372036854776e+18", "0", "0"}},
	{"f32", Float, [3]string{"0.5", "0", "0"}},
	{"f64", Float, [3]string{"0.25", "-", "-"}},
	{"date", Date, [3]string{"19782", "0", "0"}},
	{"millis", Time, [3]string{"1709208000001000", "0", "0"}},
	{"micros", Time, [3]string{"1709208000000001", "0", "0"}},
	{"nanos", Time, [3]string{"-1", "0", "0"}},
	{"legacy", Time, [3]string{"1709208000000000", "0", "0"}},
	{"dec9", Float, [3]string{"-123.45", "0", "0"}},
	{"dec18", Float, [3]string{"123.45", "0", "0"}},
	{"dec38", Float, [3]string{"-1", "0", "0"}},
	{"uuid", Text, [3]string{"01020304-0506-0708-090a-0b0c0d0e0f10", "00000000-0000-0000-0000-000000000000", "00000000-0000-0000-0000-000000000000"}},
	{"fixed", Text, [3]string{"0001ff", "000000", "000000"}},
	{"text", Text, [3]string{"é", "-", ""}},
	{"plain", Text, [3]string{"plain", "", ""}},
	{"bytes", Text, [3]string{"bytes", "", ""}},
	{"enum", Text, [3]string{"A", "", ""}},
	{"address.city", Text, [3]string{"Rome", "Oslo", "-"}},
	{"address.zip", Int, [3]string{"7", "-", "-"}},
	{"tags", Int, [3]string{"2", "0", "0"}},
	{"raw", Int, [3]string{"3", "0", "0"}},
	{"sizes", Int, [3]string{"1", "0", "0"}},
}

// TestParquetTypes reads rows of every type as other writers lay them out:
// compressions, both versions of pages, short pages and several row groups.
func TestParquetTypes(t *testing.T) {
	t.Parallel()
	for _, codec := range []compress.Codec{&parquet.Uncompressed, &parquet.Snappy, &parquet.Gzip, &parquet.Brotli, &parquet.Zstd, &parquet.Lz4Raw} {
		for _, version := range []int{1, 2} {
			t.Run(fmt.Sprintf("%v pages %d", codec, version), func(t *testing.T) {
				t.Parallel()
				file := parquetOf(t, wideRows(), 250, parquet.Compression(codec), parquet.DataPageVersion(version), parquet.PageBufferSize(700), parquet.MaxRowsPerRowGroup(400))
				got := readParquet(t, file, nil)
				if len(got.columns) != len(wideColumns) {
					t.Fatalf("columns %v", got.columns)
				}
				for i, c := range wideColumns {
					if got.columns[i] != (Column{c.name, c.kind}) {
						t.Errorf("column %d is %v, want %s of kind %v", i, got.columns[i], c.name, c.kind)
					}
					checkRows(t, c.name, got.rows[i], c.want[:], 750)
				}
			})
		}
	}
}

func checkRows(t *testing.T, name string, got, want []string, rows int) {
	t.Helper()
	if len(got) != rows {
		t.Fatalf("%s has %d rows, want %d", name, len(got), rows)
	}
	for i, g := range got {
		if g != want[i%len(want)] {
			t.Fatalf("%s, row %d: %s, want %s", name, i+1, g, want[i%len(want)])
		}
	}
}

// parquetOf returns a file in which the rows are repeated.
func parquetOf[T any](t testing.TB, rows []T, times int, o ...parquet.WriterOption) []byte {
	t.Helper()
	var b bytes.Buffer
	w := parquet.NewGenericWriter[T](&b, o...)
	for range times {
		if _, err := w.Write(rows); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

type parquetRows struct {
	columns []Column
	rows    [][]string // by column, "-" for null
	batches int
}

// readParquet reads all rows, as the wanted columns or else as the file's.
func readParquet(t testing.TB, file []byte, want []Column) parquetRows {
	t.Helper()
	got, err := tryParquet(file, want, Options{})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func tryParquet(file []byte, want []Column, o Options) (parquetRows, error) {
	return parquetBy(file, want, o, part.batches)
}

// codedParquet reads all rows with numbers as codes.
func codedParquet(file []byte) (parquetRows, error) {
	return parquetBy(file, nil, Options{}, func(p part, ctx context.Context, want []Column) iter.Seq2[*Batch, error] {
		return p.(coder).coded(ctx, want)
	})
}

func parquetBy(file []byte, want []Column, o Options, batches func(part, context.Context, []Column) iter.Seq2[*Batch, error]) (parquetRows, error) {
	f, err := openParquet("x.parquet", bytes.NewReader(file), int64(len(file)), o)
	if err != nil {
		return parquetRows{}, err
	}
	if want == nil {
		want = f.columns()
	}
	r := parquetRows{columns: want, rows: make([][]string, len(want))}
	next := int64(1)
	for _, p := range f.parts() {
		for b, err := range batches(p, context.Background(), want) {
			if err != nil {
				return r, err
			}
			if b.Row != next || b.Rows < 1 {
				return r, fmt.Errorf("batch of %d rows from %d, want %d", b.Rows, b.Row, next)
			}
			next += int64(b.Rows)
			r.batches++
			for i := range b.Columns {
				for row := range b.Rows {
					r.rows[i] = append(r.rows[i], cell(&b.Columns[i], row))
				}
			}
		}
	}
	return r, nil
}

func cell(v *Vector, row int) string {
	switch {
	case v.Null(row):
		return "-"
	case v.Kind == Text:
		return string(v.Text(row))
	case v.Kind == Float && v.Codes != nil:
		return fmt.Sprint(v.Dict.Floats[v.Codes[row]])
	case v.Kind == Float:
		return fmt.Sprint(v.Floats[row])
	case v.Codes != nil:
		return fmt.Sprint(v.Dict.Ints[v.Codes[row]])
	}
	return fmt.Sprint(v.Ints[row])
}

func TestParquetDictionaries(t *testing.T) {
	t.Parallel()
	type row struct {
		Text *string  `parquet:"text,optional,dict"`
		N    int64    `parquet:"n,dict"`
		F    *float64 `parquet:"f,optional,dict"`
	}
	rows := []row{{ptr("a"), 1, ptr(1.5)}, {nil, 2, nil}, {ptr("b"), 3, ptr(2.5)}}
	file := parquetOf(t, rows, 10000)
	f, err := openParquet("x.parquet", bytes.NewReader(file), int64(len(file)), Options{})
	if err != nil {
		t.Fatal(err)
	}
	var dicts []*Dict
	for b, err := range f.parts()[0].batches(context.Background(), f.columns()) {
		if err != nil {
			t.Fatal(err)
		}
		v := &b.Columns[0]
		if v.Codes == nil || v.Codes[0] < 0 != v.Null(0) {
			t.Fatalf("codes %v", v.Codes)
		}
		dicts = append(dicts, v.Dict)
	}
	if len(dicts) < 2 || dicts[0] != dicts[len(dicts)-1] || len(dicts[0].Values) != 2 {
		t.Errorf("dictionaries %v", dicts)
	}
	got := readParquet(t, file, nil)
	coded, err := codedParquet(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(got.rows, coded.rows); diff != "" {
		t.Error("as codes", diff)
	}
	for i, want := range [][]string{{"a", "-", "b"}, {"1", "2", "3"}, {"1.5", "-", "2.5"}} {
		checkRows(t, got.columns[i].Name, got.rows[i], want, 30000)
	}
}

func TestParquetAsOtherKinds(t *testing.T) {
	t.Parallel()
	type row struct {
		N    int64   `parquet:"n"`
		F    float64 `parquet:"f"`
		Day  int32   `parquet:"day,date"`
		Text string  `parquet:"text,dict"`
		Flag bool    `parquet:"flag"`
	}
	file := parquetOf(t, []row{{1, 2, 3, "4", true}, {-1, .5, 0, "x", false}}, 1)
	for _, c := range []struct {
		name string
		kind Kind
		want []string
		bad  string
	}{
		{"n", Float, []string{"1", "-1"}, ""},
		{"n", Text, []string{"1", "-1"}, ""},
		{"f", Text, []string{"2", "0.5"}, ""},
		{"day", Time, []string{"259200000000", "0"}, ""},
		{"day", Text, []string{"1970-01-04", "1970-01-01"}, ""},
		{"flag", Text, []string{"true", "false"}, ""},
		{"f", Int, []string{"2", "-"}, "0.5"},
		{"text", Int, []string{"4", "-"}, "x"},
		{"text", Float, []string{"4", "-"}, "x"},
		{"n", Bool, []string{"1", "-"}, "-1"},
		{"none", Text, []string{"-", "-"}, ""},
		{"none", Int, []string{"-", "-"}, ""},
	} {
		want := []Column{{c.name, c.kind}}
		var misfits []Misfit
		got, err := tryParquet(file, want, Options{Misfit: func(m Misfit) { misfits = append(misfits, m) }})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.want, got.rows[0]); diff != "" {
			t.Errorf("%s as %v:\n%s", c.name, c.kind, diff)
		}
		if c.bad == "" {
			if len(misfits) > 0 {
				t.Errorf("%s as %v: misfits %v", c.name, c.kind, misfits)
			}
			continue
		}
		if diff := cmp.Diff([]Misfit{{File: "x.parquet", Row: 2, Column: c.name, Kind: c.kind, Text: c.bad}}, misfits); diff != "" {
			t.Errorf("%s as %v:\n%s", c.name, c.kind, diff)
		}
		_, err = tryParquet(file, want, Options{})
		var e *Error
		if !errors.As(err, &e) || e.Row != 2 || e.Column != c.name || e.Fix == "" {
			t.Errorf("%s as %v: error %v", c.name, c.kind, err)
		}
	}
}

// TestParquetLists counts elements where lists are null, empty, nested and go on
// over pages, with the layout that Hive and older versions of Spark wrote.
func TestParquetLists(t *testing.T) {
	t.Parallel()
	type element struct {
		A *int64  `parquet:"array_element,optional"`
		B []int64 `parquet:"inner"`
	}
	type bag struct {
		Bag []element `parquet:"bag"`
	}
	type row struct {
		Tags *bag `parquet:"tags,optional"`
	}
	long := make([]element, 500)
	rows := []row{{}, {&bag{}}, {&bag{[]element{{}}}}, {&bag{[]element{{ptr(int64(1)), []int64{1, 2, 3}}, {nil, []int64{1}}}}}, {&bag{long}}}
	for _, version := range []int{1, 2} {
		file := parquetOf(t, rows, 20, parquet.PageBufferSize(300), parquet.DataPageVersion(version))
		got := readParquet(t, file, nil)
		if diff := cmp.Diff([]Column{{"tags.bag", Int}}, got.columns); diff != "" {
			t.Fatal(diff)
		}
		checkRows(t, "tags.bag", got.rows[0], []string{"-", "0", "1", "2", "500"}, 100)
	}
}

func TestParquetFlights(t *testing.T) {
	t.Parallel()
	path := filepath.Join("..", "..", "..", "shared", "data", "flights-3m.parquet")
	if _, err := os.Stat(path); err != nil {
		t.Skip(err)
	}
	tab, err := Open([]string{path}, Options{Columns: []string{"origin", "delay"}})
	if err != nil {
		t.Fatal(err)
	}
	var rows, delays int64
	for b, err := range tab.Batches(context.Background()) {
		if err != nil {
			t.Fatal(err)
		}
		rows += int64(b.Rows)
		if b.Columns[0].Dict == nil {
			t.Fatal("origin is not coded")
		}
		for _, d := range b.Columns[1].Ints {
			delays += d
		}
	}
	if rows != 3000000 || delays == 0 {
		t.Errorf("%d rows, delays of %d", rows, delays)
	}
}

// TestParquetDamaged cuts a file and lies in it, everywhere.
func TestParquetDamaged(t *testing.T) {
	t.Parallel()
	file := parquetOf(t, wideRows(), 2, parquet.Compression(&parquet.Snappy), parquet.DataPageVersion(1))
	for n := 0; n < len(file); n += 3 {
		if _, err := tryParquet(file[:n], nil, Options{}); !isTableError(err) {
			t.Fatalf("cut after %d bytes: %v", n, err)
		}
	}
	for n := range file {
		damaged := bytes.Clone(file)
		damaged[n] ^= []byte{1, 0x80, 0xff}[n%3]
		if _, err := tryParquet(damaged, nil, Options{}); err != nil && !isTableError(err) {
			t.Fatalf("byte %d: %T %v", n, err, err)
		}
	}
}

func isTableError(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.File == "x.parquet" && e.Reason != ""
}

// TestParquetFooterLies changes one thing of a footer that cannot be so.
func TestParquetFooterLies(t *testing.T) {
	t.Parallel()
	file := parquetOf(t, wideRows(), 2)
	for _, c := range []struct {
		name string
		lie  func(m *format.FileMetaData)
		want string
	}{
		{"rows", func(m *format.FileMetaData) { m.NumRows++ }, "6 rows in row groups, 7 in all"},
		{"rows of a group", func(m *format.FileMetaData) { m.RowGroups[0].NumRows = 1 << 40; m.NumRows = 1 << 40 }, "fewer rows than the row group has"},
		{"fewer rows", func(m *format.FileMetaData) { m.RowGroups[0].NumRows, m.NumRows = 5, 5 }, "more rows than the row group has"},
		{"offset", func(m *format.FileMetaData) { m.RowGroups[0].Columns[3].MetaData.DataPageOffset = 1 << 50 }, "at offset"},
		{"size", func(m *format.FileMetaData) { m.RowGroups[0].Columns[3].MetaData.TotalCompressedSize = 1 << 62 }, "at offset"},
		{"columns", func(m *format.FileMetaData) { m.RowGroups[0].Columns = m.RowGroups[0].Columns[1:] }, "columns, the schema"},
		{"children", func(m *format.FileMetaData) { m.Schema[0].NumChildren.V += 5 }, "fewer columns than it says"},
		{"elsewhere", func(m *format.FileMetaData) { m.RowGroups[0].Columns[0].FilePath = "/etc/passwd" }, "in another file"},
		{"type", func(m *format.FileMetaData) { m.Schema[1].Type.V = 77 }, "unknown type"},
		{"twice", func(m *format.FileMetaData) { m.Schema[1].Name = m.Schema[2].Name }, "is the name of two columns"},
	} {
		_, err := tryParquet(withFooter(t, file, c.lie), nil, Options{})
		if !isTableError(err) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one with %q", c.name, err, c.want)
		}
	}
}

// withFooter returns the file with another footer.
func withFooter(t testing.TB, file []byte, change func(m *format.FileMetaData)) []byte {
	t.Helper()
	length := int(binary.LittleEndian.Uint32(file[len(file)-8:]))
	start := len(file) - 8 - length
	var m format.FileMetaData
	if err := thrift.Unmarshal(&thrift.CompactProtocol{}, file[start:start+length], &m); err != nil {
		t.Fatal(err)
	}
	change(&m)
	text, err := thrift.Marshal(&thrift.CompactProtocol{}, &m)
	if err != nil {
		t.Fatal(err)
	}
	out := append(bytes.Clone(file[:start]), text...)
	return append(binary.LittleEndian.AppendUint32(out, uint32(len(text))), "PAR1"...)
}

// TestParquetBombs holds what a small file can make of memory.
func TestParquetBombs(t *testing.T) {
	type row struct {
		N int64 `parquet:"n,dict"`
	}
	file := parquetOf(t, []row{{1}}, 100)
	for _, c := range []struct {
		name string
		file []byte
	}{
		{"rows of a code", withPage(t, file, func(h *format.PageHeader, _ []byte) []byte {
			h.DataPageHeaderV2.V.NumValues, h.DataPageHeaderV2.V.NumRows = 1<<30, 1<<30
			return append([]byte{1}, 0xfe, 0xff, 0xff, 0xff, 7, 0)
		})},
		{"run of codes", withPage(t, file, func(_ *format.PageHeader, _ []byte) []byte {
			return append([]byte{1}, 0xfe, 0xff, 0xff, 0xff, 7, 0)
		})},
		{"deltas", withPage(t, file, func(h *format.PageHeader, _ []byte) []byte {
			h.DataPageHeaderV2.V.Encoding = format.DeltaBinaryPacked
			return []byte{0x80, 1, 4, 0xff, 0xff, 0xff, 0xff, 7, 0}
		})},
		{"size of a page", withPage(t, file, func(h *format.PageHeader, _ []byte) []byte {
			h.UncompressedPageSize = math.MaxInt32
			return []byte{1, 2, 3}
		})},
		{"row groups", append(append([]byte("PAR1"), 0x49, 0xfc, 0xff, 0xff, 0xff, 0xff, 7), "\x07\x00\x00\x00PAR1"...)},
	} {
		before := allocated()
		_, err := tryParquet(c.file, nil, Options{})
		if !isTableError(err) {
			t.Errorf("%s: error %v", c.name, err)
		}
		if got := allocated() - before; got > 64<<20 {
			t.Errorf("%s: %d bytes were allocated", c.name, got)
		}
	}
}
