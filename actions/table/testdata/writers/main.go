// Command writers makes the files of this folder: one table, written by Apache
// Arrow in several ways, and want.csv, which says what is in it as the tests of
// package table show values. Arrow's writer shares no code with the reader.
//
//	go run .
package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/decimal128"
	"github.com/apache/arrow-go/v18/arrow/float16"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
)

const rows = 120

// A column makes its value of row i, and says how that is shown.
type column struct {
	name string
	kind arrow.DataType
	add  func(b array.Builder, i int) string
}

func main() {
	for _, f := range files {
		if err := f.write(); err != nil {
			fmt.Fprintln(os.Stderr, "writers:", f.name, err)
			os.Exit(1)
		}
	}
}

// A file is a way to write the table.
type file struct {
	name    string
	options []parquet.WriterProperty
	int96   bool
}

var files = []file{
	{"v1-snappy-dictionary", []parquet.WriterProperty{parquet.WithDataPageVersion(parquet.DataPageV1), parquet.WithCompression(compress.Codecs.Snappy)}, false},
	{"v1-gzip-plain-int96", []parquet.WriterProperty{parquet.WithDataPageVersion(parquet.DataPageV1), parquet.WithCompression(compress.Codecs.Gzip), parquet.WithDictionaryDefault(false)}, true},
	{"v2-zstd-pages", []parquet.WriterProperty{parquet.WithDataPageVersion(parquet.DataPageV2), parquet.WithCompression(compress.Codecs.Zstd), parquet.WithDataPageSize(200), parquet.WithBatchSize(16), parquet.WithPageIndexEnabled(true)}, false},
	{"v2-brotli-delta", append([]parquet.WriterProperty{parquet.WithDataPageVersion(parquet.DataPageV2), parquet.WithCompression(compress.Codecs.Brotli), parquet.WithDictionaryDefault(false)}, encoded...), false},
	{"v2-groups", []parquet.WriterProperty{parquet.WithDataPageVersion(parquet.DataPageV2), parquet.WithMaxRowGroupLength(50), parquet.WithDictionaryPageSizeLimit(100)}, false},
}

var encoded = []parquet.WriterProperty{
	parquet.WithEncodingFor("bool", parquet.Encodings.RLE),
	parquet.WithEncodingFor("i32", parquet.Encodings.DeltaBinaryPacked),
	parquet.WithEncodingFor("i64", parquet.Encodings.DeltaBinaryPacked),
	parquet.WithEncodingFor("f32", parquet.Encodings.ByteStreamSplit),
	parquet.WithEncodingFor("f64", parquet.Encodings.ByteStreamSplit),
	parquet.WithEncodingFor("text", parquet.Encodings.DeltaByteArray),
	parquet.WithEncodingFor("plan", parquet.Encodings.DeltaLengthByteArray),
}

func (f file) write() error {
	fields := make([]arrow.Field, len(columns))
	for i, c := range columns {
		fields[i] = arrow.Field{Name: c.name, Type: c.kind, Nullable: c.name != "bool"}
	}
	schema := arrow.NewSchema(fields, nil)
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	var want strings.Builder
	for i := range rows {
		for j, c := range columns {
			if j > 0 {
				want.WriteByte(',')
			}
			want.WriteString(c.add(b.Field(j), i))
		}
		want.WriteByte('\n')
	}
	out, err := os.Create(f.name + ".parquet")
	if err != nil {
		return err
	}
	defer out.Close()
	arrowOptions := pqarrow.NewArrowWriterProperties(pqarrow.WithDeprecatedInt96Timestamps(f.int96))
	w, err := pqarrow.NewFileWriter(schema, out, parquet.NewWriterProperties(f.options...), arrowOptions)
	if err != nil {
		return err
	}
	if err := w.WriteBuffered(b.NewRecordBatch()); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	return os.WriteFile("want.csv", []byte(want.String()), 0o666)
}

// null adds a null in some rows, which differ by column.
func null(b array.Builder, i, each int) bool {
	if i%each != each-1 {
		return false
	}
	b.AppendNull()
	return true
}

var columns = []column{
	{"bool", arrow.FixedWidthTypes.Boolean, func(b array.Builder, i int) string {
		b.(*array.BooleanBuilder).Append(i/9%2 == 1)
		return fmt.Sprint(i / 9 % 2)
	}},
	{"i8", arrow.PrimitiveTypes.Int8, func(b array.Builder, i int) string {
		if null(b, i, 4) {
			return "-"
		}
		b.(*array.Int8Builder).Append(int8(i))
		return fmt.Sprint(int8(i))
	}},
	{"i32", arrow.PrimitiveTypes.Int32, func(b array.Builder, i int) string {
		if null(b, i, 5) {
			return "-"
		}
		b.(*array.Int32Builder).Append(int32(i*i*7919) - 1<<30)
		return fmt.Sprint(int32(i*i*7919) - 1<<30)
	}},
	{"i64", arrow.PrimitiveTypes.Int64, func(b array.Builder, i int) string {
		b.(*array.Int64Builder).Append(int64(i) << 52)
		return fmt.Sprint(int64(i) << 52)
	}},
	{"u32", arrow.PrimitiveTypes.Uint32, func(b array.Builder, i int) string {
		b.(*array.Uint32Builder).Append(4e9 + uint32(i))
		return fmt.Sprint(4e9 + uint32(i))
	}},
	{"f16", arrow.FixedWidthTypes.Float16, func(b array.Builder, i int) string {
		b.(*array.Float16Builder).Append(float16.New(float32(i) / 4))
		return fmt.Sprint(float64(i) / 4)
	}},
	{"f32", arrow.PrimitiveTypes.Float32, func(b array.Builder, i int) string {
		b.(*array.Float32Builder).Append(float32(i) / 3)
		return fmt.Sprint(float64(float32(i) / 3))
	}},
	{"f64", arrow.PrimitiveTypes.Float64, func(b array.Builder, i int) string {
		if null(b, i, 3) {
			return "-"
		}
		b.(*array.Float64Builder).Append(float64(i) / 7)
		return fmt.Sprint(float64(i) / 7)
	}},
	{"text", arrow.BinaryTypes.String, func(b array.Builder, i int) string {
		if null(b, i, 7) {
			return "-"
		}
		s := fmt.Sprintf("é%d", i*i)
		b.(*array.StringBuilder).Append(s)
		return s
	}},
	{"plan", &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int8, ValueType: arrow.BinaryTypes.String}, func(b array.Builder, i int) string {
		s := []string{"free", "pro", ""}[i/2%3]
		if err := b.(*array.BinaryDictionaryBuilder).AppendString(s); err != nil {
			panic(err)
		}
		return s
	}},
	{"empty", arrow.BinaryTypes.String, func(b array.Builder, i int) string {
		b.AppendNull()
		return "-"
	}},
	{"day", arrow.FixedWidthTypes.Date32, func(b array.Builder, i int) string {
		b.(*array.Date32Builder).Append(arrow.Date32(i - 100))
		return fmt.Sprint(i - 100)
	}},
	{"micros", arrow.FixedWidthTypes.Timestamp_us, func(b array.Builder, i int) string {
		if null(b, i, 6) {
			return "-"
		}
		b.(*array.TimestampBuilder).Append(arrow.Timestamp(int64(i) * 1e12))
		return fmt.Sprint(int64(i) * 1e12)
	}},
	{"millis", arrow.FixedWidthTypes.Timestamp_ms, func(b array.Builder, i int) string {
		b.(*array.TimestampBuilder).Append(arrow.Timestamp(int64(i) * 1e9))
		return fmt.Sprint(int64(i) * 1e12)
	}},
	{"price", &arrow.Decimal128Type{Precision: 12, Scale: 2}, func(b array.Builder, i int) string {
		b.(*array.Decimal128Builder).Append(decimal128.FromI64(int64(i*i) - 5000))
		return fmt.Sprint(float64(i*i-5000) / 100)
	}},
	{"fixed", &arrow.FixedSizeBinaryType{ByteWidth: 3}, func(b array.Builder, i int) string {
		b.(*array.FixedSizeBinaryBuilder).Append([]byte{byte(i), 0, byte(i >> 1)})
		return fmt.Sprintf("%02x00%02x", byte(i), byte(i>>1))
	}},
	{"tags", arrow.ListOf(arrow.PrimitiveTypes.Int32), func(b array.Builder, i int) string {
		if null(b, i, 8) {
			return "-"
		}
		l := b.(*array.ListBuilder)
		l.Append(true)
		for k := range i % 5 {
			if k == 2 {
				l.ValueBuilder().AppendNull()
				continue
			}
			l.ValueBuilder().(*array.Int32Builder).Append(int32(k))
		}
		return fmt.Sprint(i % 5)
	}},
	{"place", arrow.StructOf(arrow.Field{Name: "city", Type: arrow.BinaryTypes.String, Nullable: true}), func(b array.Builder, i int) string {
		if null(b, i, 9) {
			return "-"
		}
		s := b.(*array.StructBuilder)
		s.Append(true)
		if null(s.FieldBuilder(0), i, 4) {
			return "-"
		}
		s.FieldBuilder(0).(*array.StringBuilder).Append("Rome")
		return "Rome"
	}},
}
