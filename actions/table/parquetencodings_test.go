package table

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/deprecated"
	pages "github.com/parquet-go/parquet-go/encoding"
	"github.com/parquet-go/parquet-go/format"
)

// A drawing makes a value for each type that is stored, and how it is shown.
type drawing struct {
	node parquet.Node
	draw func(r *rand.Rand) (parquet.Value, string)
	by   []pages.Encoding
}

var drawings = map[string]drawing{
	"bool": {parquet.Leaf(parquet.BooleanType), func(r *rand.Rand) (parquet.Value, string) {
		b := r.IntN(2)
		return parquet.BooleanValue(b == 1), strconv.Itoa(b)
	}, []pages.Encoding{&parquet.Plain}},
	"int32": {parquet.Int(32), func(r *rand.Rand) (parquet.Value, string) {
		v := int32(r.Uint32()) >> r.IntN(32)
		return parquet.Int32Value(v), fmt.Sprint(v)
	}, []pages.Encoding{&parquet.Plain, &parquet.DeltaBinaryPacked, &parquet.ByteStreamSplit, &parquet.RLEDictionary}},
	"int64": {parquet.Int(64), func(r *rand.Rand) (parquet.Value, string) {
		v := int64(r.Uint64()) >> r.IntN(64)
		return parquet.Int64Value(v), fmt.Sprint(v)
	}, []pages.Encoding{&parquet.Plain, &parquet.DeltaBinaryPacked, &parquet.ByteStreamSplit, &parquet.RLEDictionary}},
	"int96": {parquet.Leaf(parquet.Int96Type), func(r *rand.Rand) (parquet.Value, string) {
		micros := r.Int64N(86400e6)
		nanos := uint64(micros) * 1000
		return parquet.Int96Value(deprecated.Int96{uint32(nanos), uint32(nanos >> 32), 2440588}), fmt.Sprint(micros)
	}, []pages.Encoding{&parquet.Plain, &parquet.RLEDictionary}},
	"float": {parquet.Leaf(parquet.FloatType), func(r *rand.Rand) (parquet.Value, string) {
		v := r.Float32()
		return parquet.FloatValue(v), fmt.Sprint(float64(v))
	}, []pages.Encoding{&parquet.Plain, &parquet.ByteStreamSplit, &parquet.RLEDictionary}},
	"double": {parquet.Leaf(parquet.DoubleType), func(r *rand.Rand) (parquet.Value, string) {
		v := r.NormFloat64()
		return parquet.DoubleValue(v), fmt.Sprint(v)
	}, []pages.Encoding{&parquet.Plain, &parquet.ByteStreamSplit, &parquet.RLEDictionary}},
	"text": {parquet.String(), func(r *rand.Rand) (parquet.Value, string) {
		s := strconv.FormatUint(r.Uint64()>>r.IntN(64), 36)[r.IntN(2):]
		return parquet.ByteArrayValue([]byte(s)), s
	}, []pages.Encoding{&parquet.Plain, &parquet.DeltaLengthByteArray, &parquet.DeltaByteArray, &parquet.RLEDictionary}},
	"fixed": {parquet.Leaf(parquet.FixedLenByteArrayType(5)), func(r *rand.Rand) (parquet.Value, string) {
		b := binary.BigEndian.AppendUint64(nil, r.Uint64()>>r.IntN(40))[3:]
		return parquet.FixedLenByteArrayValue(b), hex.EncodeToString(b)
	}, []pages.Encoding{&parquet.Plain, &parquet.DeltaByteArray, &parquet.ByteStreamSplit, &parquet.RLEDictionary}},
}

// TestParquetEncodings reads what the library wrote of random values in each
// encoding of each type, with and without nulls, in pages of both versions.
func TestParquetEncodings(t *testing.T) {
	t.Parallel()
	for name, d := range drawings {
		for _, by := range d.by {
			for _, nulls := range []int{-1, 0, 30, 100} { // per cent; below zero is a column without levels
				for _, version := range []int{1, 2} {
					t.Run(fmt.Sprintf("%s/%v/nulls %d/pages %d", name, by, nulls, version), func(t *testing.T) {
						t.Parallel()
						d.read(t, by, nulls, version)
					})
				}
			}
		}
	}
}

func (d drawing) read(t *testing.T, by pages.Encoding, nulls, version int) {
	node := parquet.Encoded(d.node, by)
	if nulls >= 0 {
		node = parquet.Optional(node)
	}
	schema := parquet.NewSchema("root", parquet.Group{"c": node})
	r := rand.New(rand.NewPCG(uint64(nulls), uint64(version)))
	var b bytes.Buffer
	w := parquet.NewWriter(&b, schema, parquet.DataPageVersion(version), parquet.PageBufferSize(3000), parquet.Compression(&parquet.Snappy))
	var want []string
	pool := make([]parquet.Value, 100)
	shown := make([]string, len(pool))
	for i := range pool {
		pool[i], shown[i] = d.draw(r)
	}
	for range 5000 {
		i := r.IntN(len(pool))
		value, text := pool[i].Level(0, min(nulls+1, 1), 0), shown[i]
		if r.IntN(100) < nulls {
			value, text = parquet.NullValue().Level(0, 0, 0), "-"
		}
		want = append(want, text)
		if _, err := w.WriteRows([]parquet.Row{{value}}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, readParquet(t, b.Bytes(), nil).rows[0]); diff != "" {
		t.Error(diff)
	}
}

// TestParquetHandmade reads pages that were put together by the letter of the
// format, as the library writes none.
// https://github.com/apache/parquet-format/blob/master/Encodings.md
func TestParquetHandmade(t *testing.T) {
	t.Parallel()
	type flag struct {
		C *bool `parquet:"c,optional"`
	}
	type number struct {
		C int32 `parquet:"c"`
	}
	flags := func(version int) []byte {
		return parquetOf(t, []flag{{ptr(true)}, {nil}, {ptr(false)}, {ptr(true)}, {ptr(true)}}, 1, parquet.DataPageVersion(version))
	}
	numbers := parquetOf(t, []number{{7}, {8}}, 1, parquet.DataPageVersion(2))
	for name, c := range map[string]struct {
		file []byte
		page func(h *format.PageHeader) []byte
		want []string
	}{
		"truth values in runs": {flags(2), func(h *format.PageHeader) []byte {
			v := &h.DataPageHeaderV2.V
			v.Encoding, v.DefinitionLevelsByteLength = format.RLE, 2
			// Levels 11101 (lowest bit first) in one group; a run of three trues, then one group with a false.
			return []byte{3, 0b11101, 4, 0, 0, 0, 3 << 1, 1, 3, 0b0}
		}, []string{"1", "-", "1", "1", "0"}},
		"levels packed by bits": {flags(1), func(h *format.PageHeader) []byte {
			h.DataPageHeader.V.DefinitionLevelEncoding = format.BitPacked
			return []byte{0b10111000, 0b1001} // from the highest bit on, without a length
		}, []string{"1", "-", "0", "0", "1"}},
		"levels of a column without": {numbers, func(h *format.PageHeader) []byte {
			v := &h.DataPageHeaderV2.V
			v.RepetitionLevelsByteLength, v.DefinitionLevelsByteLength = 2, 3
			return []byte{4, 0, 9, 9, 9, 5, 0, 0, 0, 6, 0, 0, 0}
		}, []string{"5", "6"}},
		"a page that is none of data": {numbers, func(h *format.PageHeader) []byte {
			h.Type = format.IndexPage
			h.IndexPageHeader.Valid = true
			return []byte{1, 2, 3}
		}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := withPage(t, c.file, func(h *format.PageHeader, _ []byte) []byte { return c.page(h) })
			got, err := tryParquet(file, nil, Options{})
			if c.want == nil {
				if !isTableError(err) {
					t.Errorf("error %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got.rows[0]); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestParquetOldDictionary reads a dictionary as older writers name it: by
// another encoding, and without its place in the footer.
func TestParquetOldDictionary(t *testing.T) {
	t.Parallel()
	type row struct {
		C string `parquet:"c,dict"`
	}
	file := parquetOf(t, []row{{"a"}, {"b"}, {"a"}}, 1)
	file = withPage(t, file, func(h *format.PageHeader, data []byte) []byte {
		h.DataPageHeaderV2.V.Encoding = plainDictionary
		return data
	})
	file = withFooter(t, file, func(m *format.FileMetaData) {
		c := &m.RowGroups[0].Columns[0].MetaData
		c.DictionaryPageOffset, c.DataPageOffset = 0, c.DictionaryPageOffset
	})
	if diff := cmp.Diff([]string{"a", "b", "a"}, readParquet(t, file, nil).rows[0]); diff != "" {
		t.Error(diff)
	}
}
