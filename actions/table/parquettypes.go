package table

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"math/big"
	"time"

	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/format"
)

// values are what they become: one of the three.
type values struct {
	ints   []int64
	floats []float64
	texts  [][]byte
}

type valueDecoder = func(p stored, to *values) error

// typeOf returns the kind of a column and what decodes it. Its logical type
// tells, else the older converted type, else the way it is stored.
func typeOf(e format.SchemaElement, fitsInt func() bool) (Kind, valueDecoder, error) {
	converted := deprecated.ConvertedType(-1)
	if e.ConvertedType.Valid {
		converted = e.ConvertedType.V
	}
	switch e.Type.V {
	case format.Boolean:
		return Bool, booleans, nil
	case format.Int32:
		return int32Type(e, converted)
	case format.Int64:
		return int64Type(e, converted, fitsInt)
	case format.Int96:
		return Time, int96s, nil
	case format.Float:
		return Float, floats, nil
	case format.Double:
		return Float, doubles, nil
	case format.ByteArray:
		if scale, ok := decimal(e, converted); ok {
			return Float, byteDecimals(scale), nil
		}
		return Text, byteArrays, nil
	case format.FixedLenByteArray:
		return fixedType(e, converted)
	}
	return 0, nil, fmt.Errorf("is of the unknown type %v", e.Type.V)
}

// decimal reports whether a column holds decimals, and with how many digits
// behind the point.
func decimal(e format.SchemaElement, converted deprecated.ConvertedType) (scale int, ok bool) {
	if d, ok := e.LogicalType.Value.(*format.DecimalType); ok {
		return int(d.Scale), true
	}
	return int(e.Scale.V), converted == deprecated.Decimal
}

func int32Type(e format.SchemaElement, converted deprecated.ConvertedType) (Kind, valueDecoder, error) {
	if scale, ok := decimal(e, converted); ok {
		return Float, int32Decimals(scale), nil
	}
	if _, ok := e.LogicalType.Value.(*format.DateType); ok || converted == deprecated.Date {
		return Date, int32s, nil
	}
	if t, ok := e.LogicalType.Value.(*format.IntType); ok && !t.IsSigned || converted == deprecated.Uint32 {
		return Int, uint32s, nil
	}
	return Int, int32s, nil
}

func int64Type(e format.SchemaElement, converted deprecated.ConvertedType, fitsInt func() bool) (Kind, valueDecoder, error) {
	if scale, ok := decimal(e, converted); ok {
		return Float, int64Decimals(scale), nil
	}
	unit := time.Duration(0)
	switch t := e.LogicalType.Value.(type) {
	case *format.TimestampType:
		if t.Unit.Value == nil {
			return 0, nil, fmt.Errorf("holds times without a unit")
		}
		unit = t.Unit.Value.Duration()
	case *format.IntType:
		if !t.IsSigned && t.BitWidth == 64 {
			converted = deprecated.Uint64
		}
	case nil:
		switch converted {
		case deprecated.TimestampMillis:
			unit = time.Millisecond
		case deprecated.TimestampMicros:
			unit = time.Microsecond
		}
	}
	switch {
	case unit > 0:
		return Time, timestamps(unit), nil
	case converted == deprecated.Uint64 && fitsInt():
		return Int, uint64s, nil
	case converted == deprecated.Uint64:
		return Float, uint64Floats, nil
	}
	return Int, int64s, nil
}

func fixedType(e format.SchemaElement, converted deprecated.ConvertedType) (Kind, valueDecoder, error) {
	size := int(e.TypeLength.V)
	if size <= 0 || size > 1<<20 {
		return 0, nil, fmt.Errorf("has values of %d bytes", size)
	}
	if scale, ok := decimal(e, converted); ok {
		return Float, fixedDecimals(scale), nil
	}
	switch e.LogicalType.Value.(type) {
	case *format.Float16Type:
		if size == 2 {
			return Float, float16s, nil
		}
	case *format.UUIDType:
		if size == 16 {
			return Text, uuids, nil
		}
	}
	return Text, hexadecimals, nil
}

func booleans(p stored, to *values) error {
	to.ints = grow(to.ints, p.n)
	for i, b := range p.bools[:p.n] {
		v := int64(0) // set, not stored, by what cannot be guessed
		if b != 0 {
			v = 1
		}
		to.ints[i] = v
	}
	return nil
}

func int32s(p stored, to *values) error {
	to.ints = grow(to.ints, p.n)
	for i, v := range p.Int32()[:p.n] {
		to.ints[i] = int64(v)
	}
	return nil
}

func uint32s(p stored, to *values) error {
	to.ints = grow(to.ints, p.n)
	for i, v := range p.Int32()[:p.n] {
		to.ints[i] = int64(uint32(v))
	}
	return nil
}

// int64s lends the page's memory.
func int64s(p stored, to *values) error {
	to.ints = p.Int64()[:p.n:p.n]
	return nil
}

func uint64s(p stored, to *values) error {
	to.ints = grow(to.ints, p.n)
	for i, v := range p.Int64()[:p.n] {
		if v < 0 {
			return fmt.Errorf("number %d is larger than its statistics say", uint64(v))
		}
		to.ints[i] = v
	}
	return nil
}

func uint64Floats(p stored, to *values) error {
	to.floats = grow(to.floats, p.n)
	for i, v := range p.Int64()[:p.n] {
		to.floats[i] = float64(uint64(v))
	}
	return nil
}

func floats(p stored, to *values) error {
	to.floats = grow(to.floats, p.n)
	for i, v := range p.Float()[:p.n] {
		to.floats[i] = float64(v)
	}
	return nil
}

func doubles(p stored, to *values) error {
	to.floats = p.Double()[:p.n:p.n]
	return nil
}

// timestamps turns counts of a unit into microseconds. What lies beyond is held
// at the end of what an Int can say: 292,000 years.
func timestamps(unit time.Duration) valueDecoder {
	if unit == time.Microsecond {
		return int64s
	}
	return func(p stored, to *values) error {
		to.ints = grow(to.ints, p.n)
		for i, v := range p.Int64()[:p.n] {
			if unit == time.Nanosecond {
				to.ints[i] = floorDiv(v, 1000)
			} else {
				to.ints[i] = min(max(v, math.MinInt64/1000), math.MaxInt64/1000) * 1000
			}
		}
		return nil
	}
}

func floorDiv(v, by int64) int64 {
	q := v / by
	if v%by < 0 {
		q--
	}
	return q
}

// int96s reads the timestamps of Hive, Impala and older versions of Spark:
// nanoseconds of a day, then the Julian day.
// https://github.com/apache/parquet-format/pull/49
func int96s(p stored, to *values) error {
	const unixEpoch, microsADay = 2440588, 86400e6
	to.ints = grow(to.ints, p.n)
	for i, v := range p.Int96()[:p.n] {
		nanos := int64(v[1])<<32 | int64(v[0])
		to.ints[i] = (int64(int32(v[2]))-unixEpoch)*microsADay + floorDiv(nanos, 1000)
	}
	return nil
}

func int32Decimals(scale int) valueDecoder {
	by := math.Pow10(scale)
	return func(p stored, to *values) error {
		to.floats = grow(to.floats, p.n)
		for i, v := range p.Int32()[:p.n] {
			to.floats[i] = float64(v) / by
		}
		return nil
	}
}

func int64Decimals(scale int) valueDecoder {
	by := math.Pow10(scale)
	return func(p stored, to *values) error {
		to.floats = grow(to.floats, p.n)
		for i, v := range p.Int64()[:p.n] {
			to.floats[i] = float64(v) / by
		}
		return nil
	}
}

func fixedDecimals(scale int) valueDecoder {
	d := bigDecimal{by: math.Pow10(scale)}
	return func(p stored, to *values) error {
		data, size := p.FixedLenByteArray()
		to.floats = grow(to.floats, p.n)
		for i := range to.floats {
			to.floats[i] = d.float(data[i*size : (i+1)*size])
		}
		return nil
	}
}

func byteDecimals(scale int) valueDecoder {
	d := bigDecimal{by: math.Pow10(scale)}
	return func(p stored, to *values) error {
		to.floats = grow(to.floats, p.n)
		for i, text := range p.texts[:p.n] {
			to.floats[i] = d.float(text)
		}
		return nil
	}
}

type bigDecimal struct{ by float64 }

// float reads a big-endian number in two's complement.
func (d bigDecimal) float(b []byte) float64 {
	if len(b) <= 8 {
		v := int64(0)
		for i, c := range b {
			if i == 0 {
				v = int64(int8(c))
				continue
			}
			v = v<<8 | int64(c)
		}
		return float64(v) / d.by
	}
	z := new(big.Int).SetBytes(b)
	if b[0]&0x80 != 0 {
		z.Sub(z, new(big.Int).Lsh(big.NewInt(1), uint(8*len(b))))
	}
	x, _ := new(big.Float).SetInt(z).Float64()
	return x / d.by
}

func float16s(p stored, to *values) error {
	data, _ := p.FixedLenByteArray()
	to.floats = grow(to.floats, p.n)
	for i := range to.floats {
		to.floats[i] = float16(binary.LittleEndian.Uint16(data[2*i:]))
	}
	return nil
}

// float16 widens a number of IEEE 754 binary16.
func float16(b uint16) float64 {
	sign, exponent, mantissa := 1.0, int(b>>10&31), float64(b&1023)
	if b>>15 == 1 {
		sign = -1
	}
	switch exponent {
	case 0:
		return sign * math.Ldexp(mantissa, -24)
	case 31:
		if mantissa != 0 {
			return math.NaN()
		}
		return sign * math.Inf(1)
	}
	return sign * math.Ldexp(1024+mantissa, exponent-25)
}

// byteArrays lends the page's memory, as int64s does.
func byteArrays(p stored, to *values) error {
	to.texts = p.texts[:p.n:p.n]
	return nil
}

func uuids(p stored, to *values) error {
	return fixedTexts(p, to, 36, func(out, b []byte) {
		at := 0
		for i, n := range []int{4, 2, 2, 2, 6} {
			if i > 0 {
				out[at] = '-'
				at++
			}
			at += hex.Encode(out[at:], b[:n])
			b = b[n:]
		}
	})
}

func hexadecimals(p stored, to *values) error {
	_, size := p.FixedLenByteArray()
	return fixedTexts(p, to, 2*size, func(out, b []byte) { hex.Encode(out, b) })
}

// fixedTexts writes values of fixed length as texts of one length.
func fixedTexts(p stored, to *values, length int, write func(out, b []byte)) error {
	data, size := p.FixedLenByteArray()
	out := make([]byte, p.n*length)
	to.texts = grow(to.texts, p.n)
	for i := range to.texts {
		to.texts[i] = out[i*length : (i+1)*length : (i+1)*length]
		write(to.texts[i], data[i*size:(i+1)*size])
	}
	return nil
}

// grow returns a slice of n elements, s if it is large enough.
func grow[T any](s []T, n int) []T {
	if cap(s) >= n {
		return s[:n]
	}
	return make([]T, n)
}
