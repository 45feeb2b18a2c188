package table

import (
	"encoding/binary"
	"errors"
	"fmt"

	pages "github.com/parquet-go/parquet-go/encoding"
	"github.com/parquet-go/parquet-go/encoding/bytestreamsplit"
	"github.com/parquet-go/parquet-go/encoding/delta"
	"github.com/parquet-go/parquet-go/format"
)

// stored are the values of a page or dictionary that are not null, as their
// column stores them.
type stored struct {
	pages.Values        // of numbers and bytes of fixed length
	bools        []byte // one for each, not 0 for true
	texts        [][]byte
	n            int
}

var errValues = errors.New("page with fewer values than it says")

// values decodes n values. Those that stand in the page as they are in memory are
// not copied.
func (s *scratch) values(l *leaf, e format.Encoding, data []byte, n int) (stored, error) {
	if n == 0 {
		return s.plain(l, nil, 0)
	}
	var v stored
	var err error
	switch e {
	case format.Plain:
		return s.plain(l, data, n)
	case format.RLE:
		v, err = s.boolRuns(l, data, n)
	case format.DeltaBinaryPacked:
		v, err = s.deltas(l, data, n)
	case format.DeltaLengthByteArray, format.DeltaByteArray:
		v, err = s.deltaTexts(l, e, data, n)
	case format.ByteStreamSplit:
		v, err = s.splitBytes(l, data, n)
	default:
		err = unsupported(l, e)
	}
	v.n = n
	return v, err
}

func unsupported(l *leaf, e format.Encoding) error {
	return fmt.Errorf("values of type %v in encoding %v are not supported", l.physical, e)
}

// plain returns values that stand in data one behind the other.
func (s *scratch) plain(l *leaf, data []byte, n int) (stored, error) {
	v := stored{n: n}
	size := l.width()
	switch {
	case l.physical == format.Boolean && (n+7)/8 > len(data), size > 0 && n > len(data)/size:
		return v, errValues
	case size > 0:
		data = data[:n*size]
	}
	switch l.physical {
	case format.Boolean:
		s.bytes = grow(s.bytes, n)
		unpackBits(s.bytes, data)
		v.bools = s.bytes
	case format.Int32:
		v.Values = pages.Int32ValuesFromBytes(data)
	case format.Int64:
		v.Values = pages.Int64ValuesFromBytes(data)
	case format.Int96:
		v.Values = pages.Int96ValuesFromBytes(data)
	case format.Float:
		v.Values = pages.FloatValuesFromBytes(data)
	case format.Double:
		v.Values = pages.DoubleValuesFromBytes(data)
	case format.FixedLenByteArray:
		v.Values = pages.FixedLenByteArrayValues(data, l.size)
	default:
		return s.plainTexts(data, n)
	}
	return v, nil
}

// unpackBits puts the bits of data, the lowest first, into a byte each.
func unpackBits(to, data []byte) {
	for ; len(to) >= 8; to, data = to[8:], data[1:] {
		// Seven bits are spread by one product, none of which meet, the eighth is set apart.
		b := uint64(data[0])
		binary.LittleEndian.PutUint64(to, b&0x7F*0x0002040810204081&lowBits|b>>7<<56)
	}
	for i := range to {
		to[i] = data[0] >> i & 1
	}
}

// width is how many bytes a value of fixed length takes, 0 for others.
func (l *leaf) width() int {
	switch l.physical {
	case format.Int32, format.Float:
		return 4
	case format.Int64, format.Double:
		return 8
	case format.Int96:
		return 12
	case format.FixedLenByteArray:
		return l.size
	}
	return 0
}

// plainTexts cuts texts that have their lengths before them.
func (s *scratch) plainTexts(data []byte, n int) (stored, error) {
	if n > len(data)/4 {
		return stored{}, errValues
	}
	s.texts = grow(s.texts, n)
	for i := range s.texts {
		if len(data) < 4 {
			return stored{}, errValues
		}
		size := uint64(binary.LittleEndian.Uint32(data))
		if data = data[4:]; size > uint64(len(data)) {
			return stored{}, errValues
		}
		s.texts[i], data = data[:size:size], data[size:]
	}
	return stored{texts: s.texts, n: n}, nil
}

// boolRuns decodes truth values in runs. A run of true is 1 by the format, and
// 255 by some writers.
func (s *scratch) boolRuns(l *leaf, data []byte, n int) (stored, error) {
	if l.physical != format.Boolean {
		return stored{}, unsupported(l, format.RLE)
	}
	if len(data) < 4 || uint64(binary.LittleEndian.Uint32(data)) > uint64(len(data)-4) {
		return stored{}, errValues
	}
	runs := data[4 : 4+binary.LittleEndian.Uint32(data)]
	bools, err := decodeLevels(format.RLE, s.bytes, runs, 1, n)
	if err != nil {
		return stored{}, err
	}
	s.bytes = bools
	return stored{bools: bools}, nil
}

func (s *scratch) deltas(l *leaf, data []byte, n int) (v stored, err error) {
	if err := guardDeltas(data, n); err != nil {
		return v, err
	}
	var e delta.BinaryPackedEncoding
	got := 0
	switch l.physical {
	case format.Int32:
		s.int32s, err = e.DecodeInt32(s.int32s, data)
		v.Values, got = pages.Int32Values(s.int32s), len(s.int32s)
	case format.Int64:
		s.int64s, err = e.DecodeInt64(s.int64s, data)
		v.Values, got = pages.Int64Values(s.int64s), len(s.int64s)
	default:
		return v, unsupported(l, format.DeltaBinaryPacked)
	}
	if err == nil && got < n {
		err = errValues
	}
	return v, err
}

// deltaTexts decodes texts or bytes of fixed length of which the lengths, or what
// they share with the one before, stand in front of all.
func (s *scratch) deltaTexts(l *leaf, e format.Encoding, data []byte, n int) (v stored, err error) {
	var lengths delta.LengthByteArrayEncoding
	var prefixes delta.ByteArrayEncoding
	guard := guardDeltas
	if e == format.DeltaByteArray {
		guard = guardPrefixes
	}
	if err := guard(data, n); err != nil {
		return v, err
	}
	switch {
	case l.physical == format.FixedLenByteArray && e == format.DeltaByteArray:
		if s.bytes, err = prefixes.DecodeFixedLenByteArray(s.bytes, data, l.size); err == nil && len(s.bytes) < n*l.size {
			err = errValues
		}
		v.Values = pages.FixedLenByteArrayValues(s.bytes, l.size)
		return v, err
	case l.physical != format.ByteArray:
		return v, unsupported(l, e)
	case e == format.DeltaByteArray:
		s.bytes, s.offsets, err = prefixes.DecodeByteArray(s.bytes, data, s.offsets)
	default:
		s.bytes, s.offsets, err = lengths.DecodeByteArray(s.bytes, data, s.offsets)
	}
	if err == nil && len(s.offsets) <= n {
		err = errValues
	}
	if err != nil {
		return v, err
	}
	s.texts = grow(s.texts, n)
	for i := range s.texts {
		s.texts[i] = s.bytes[s.offsets[i]:s.offsets[i+1]:s.offsets[i+1]]
	}
	v.texts = s.texts
	return v, nil
}

// splitBytes decodes numbers of which the first bytes of all come first.
func (s *scratch) splitBytes(l *leaf, data []byte, n int) (v stored, err error) {
	size := l.width()
	if size == 0 || len(data) != n*size {
		return v, errValues
	}
	var e bytestreamsplit.Encoding
	switch l.physical {
	case format.Int32:
		s.int32s, err = e.DecodeInt32(s.int32s, data)
		v.Values = pages.Int32Values(s.int32s)
	case format.Int64:
		s.int64s, err = e.DecodeInt64(s.int64s, data)
		v.Values = pages.Int64Values(s.int64s)
	case format.Float:
		s.float32s, err = e.DecodeFloat(s.float32s, data)
		v.Values = pages.FloatValues(s.float32s)
	case format.Double:
		s.float64s, err = e.DecodeDouble(s.float64s, data)
		v.Values = pages.DoubleValues(s.float64s)
	case format.FixedLenByteArray:
		s.bytes, err = e.DecodeFixedLenByteArray(s.bytes, data, l.size)
		v.Values = pages.FixedLenByteArrayValues(s.bytes, l.size)
	default:
		err = unsupported(l, format.ByteStreamSplit)
	}
	return v, err
}
