package table

import (
	"bytes"
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// allocated returns how many bytes were allocated since the program started.
func allocated() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}

// withPage returns a file of one column with another data page.
func withPage(t testing.TB, file []byte, change func(h *format.PageHeader, data []byte) []byte) []byte {
	t.Helper()
	file = bytes.Clone(file)
	return withFooter(t, file, func(m *format.FileMetaData) {
		c := &m.RowGroups[0].Columns[0].MetaData
		r := compactReader{b: file, at: int(c.DataPageOffset)}
		if err := r.skip(compactStruct, 0); err != nil {
			t.Fatal(err)
		}
		var h format.PageHeader
		if err := thrift.Unmarshal(&thrift.CompactProtocol{}, file[c.DataPageOffset:r.at], &h); err != nil {
			t.Fatal(err)
		}
		body := file[r.at : r.at+int(h.CompressedPageSize)]
		h.UncompressedPageSize, h.CRC = 0, 0
		data := change(&h, body)
		h.CompressedPageSize = int32(len(data))
		if h.UncompressedPageSize == 0 {
			h.UncompressedPageSize = h.CompressedPageSize
		}
		head, err := thrift.Marshal(&thrift.CompactProtocol{}, &h)
		if err != nil {
			t.Fatal(err)
		}
		page := append(head, data...)
		if len(page) > int(h.CompressedPageSize)+len(file) {
			t.Fatal("page too long")
		}
		at := int(c.DataPageOffset)
		copy(file[at:], page) // what lay behind it, the footer excepted, is not read
		c.TotalCompressedSize = c.DataPageOffset - chunkStart(c) + int64(len(page))
	})
}

func FuzzParquet(f *testing.F) {
	type row struct {
		N    *int64   `parquet:"n,optional,dict"`
		F    float64  `parquet:"f"`
		Text string   `parquet:"text,dict"`
		Tags []string `parquet:"tags,list"`
	}
	rows := []row{{ptr(int64(1)), 2, "a", []string{"x"}}, {nil, -1, "b", nil}}
	for _, version := range []int{1, 2} {
		for _, codec := range []parquet.WriterOption{parquet.Compression(&parquet.Uncompressed), parquet.Compression(&parquet.Snappy), parquet.Compression(&parquet.Zstd)} {
			f.Add(parquetOf(f, rows, 3, codec, parquet.DataPageVersion(version)))
		}
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		got, err := tryParquet(file, nil, Options{})
		if err != nil {
			if !isTableError(err) {
				t.Fatalf("%T %v", err, err)
			}
			return
		}
		coded, err := codedParquet(file)
		if diff := cmp.Diff(got.rows, coded.rows); diff != "" || err != nil {
			t.Fatalf("as codes: %v\n%s", err, diff)
		}
	})
}

// TestParquetRandomDamage changes several bytes at once.
func TestParquetRandomDamage(t *testing.T) {
	t.Parallel()
	file := parquetOf(t, wideRows(), 30, parquet.Compression(&parquet.Zstd))
	r := rand.New(rand.NewPCG(1, 2))
	for range 500 {
		damaged := bytes.Clone(file)
		for range 1 + r.IntN(5) {
			damaged[r.IntN(len(damaged))] = byte(r.Uint32())
		}
		if _, err := tryParquet(damaged, nil, Options{}); err != nil && !isTableError(err) {
			t.Fatalf("%T %v", err, err)
		}
	}
}
