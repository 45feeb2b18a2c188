package table

import (
	"encoding/binary"
	"math"
	"math/bits"
	"strconv"
)

// The functions of this file read the number that buf[from:to] spells. At least
// margin bytes stand before and behind it. They work on eight digits at a time,
// after Lemire, "Quickly parsing eight digits" (2018).

// digitWord returns the last eight bytes of buf[:to], with '0' for those that lie
// before from.
func digitWord(buf []byte, from, to int) uint64 {
	x := binary.LittleEndian.Uint64(buf[to-8:])
	if n := to - from; n < 8 {
		fill := ^uint64(0) >> (8 * n & 63)
		x = x&^fill | fill&(lowBits*'0')
	}
	return x
}

// eightDigits returns the value of eight digits, the first in the lowest byte.
func eightDigits(x uint64) uint64 {
	x -= lowBits * '0'
	x = x*10 + x>>8
	return ((x&0x000000FF000000FF)*0x000F424000000064 + (x>>16&0x000000FF000000FF)*0x0000271000000001) >> 32
}

// allDigits reports whether each byte is a digit: none is below '0', and none
// reaches 0x80 when what '9' lacks to it less one is added.
func allDigits(x uint64) bool {
	return ((x+lowBits*(0x7F-'9'))|(x-lowBits*'0'))&highBits == 0
}

// shortInt reads an integer of one to eight digits that has no zeros before it.
func shortInt(buf []byte, s span) (int64, bool) {
	n := s.to - s.from
	if n-1 > 7 {
		return 0, false
	}
	fill := ^uint64(0) >> (8 * n & 63) &^ (^uint64(0) << (64 - 8*n))
	x := binary.LittleEndian.Uint64(buf[s.to-8:])&^fill | fill&(lowBits*'0')
	return int64(eightDigits(x)), allDigits(x) && (buf[s.from] != '0' || n == 1)
}

// shortFloat reads a decimal number of two to eight characters without a sign
// and without needless zeros before it.
func shortFloat(buf []byte, s span) (float64, bool) {
	n := s.to - s.from
	if n-2 > 6 {
		return 0, false
	}
	fill := ^uint64(0) >> (8 * n & 63) &^ (^uint64(0) << (64 - 8*n))
	x := binary.LittleEndian.Uint64(buf[s.to-8:])&^fill | fill&(lowBits*'0')
	scale := 0
	if m := zeros(x ^ lowBits*'.'); m != 0 {
		m &= -m
		before := m>>7 - 1 // the bytes before the point
		x = x&^(m<<1-1) | x&before<<8 | '0'
		scale = bits.LeadingZeros64(m) >> 3
	}
	return float64(eightDigits(x)) / tens[scale], allDigits(x) && (buf[s.from] != '0' || buf[s.from+1] == '.')
}

// parseInt reads an integer of 64 bits: digits after a sign or none. plain says
// that it has no zeros before it.
func parseInt(buf []byte, from, to int) (v int64, plain, ok bool) {
	negative := false
	if from < to && (buf[from] == '-' || buf[from] == '+') {
		negative = buf[from] == '-'
		from++
	}
	n := to - from
	if n <= 0 || n > 16 {
		return longInt(buf[from:max(from, to)], negative)
	}
	plain = buf[from] != '0' || n == 1
	low := digitWord(buf, from, to)
	u := eightDigits(low)
	ok = allDigits(low)
	if n > 8 {
		high := digitWord(buf, from, to-8)
		u += 100_000_000 * eightDigits(high)
		ok = ok && allDigits(high)
	}
	v = int64(u)
	if negative {
		v = -v
	}
	return v, plain, ok
}

func longInt(digits []byte, negative bool) (v int64, plain, ok bool) {
	var u uint64
	for _, c := range digits {
		if c -= '0'; c > 9 || u > (math.MaxUint64-9)/10 {
			return 0, false, false
		}
		u = u*10 + uint64(c)
	}
	switch {
	case len(digits) == 0:
		return 0, false, false
	case negative:
		return -int64(u), digits[0] != '0', u <= 1<<63
	}
	return int64(u), digits[0] != '0', u < 1<<63
}

// Powers of ten that a float64 holds exactly.
var tens = [...]float64{1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16}

// parseFloat reads a decimal number, with or without an exponent, or NaN, inf or
// infinity in any case. The result is the nearest float64, an infinity beyond
// the largest. plain says that it has no needless zeros before it.
func parseFloat(buf []byte, from, to int) (v float64, plain, ok bool) {
	start := from
	negative := false
	if from < to && (buf[from] == '-' || buf[from] == '+') {
		negative = buf[from] == '-'
		from++
	}
	n := to - from
	if n <= 1 || n > 16 {
		return longFloat(buf[start:to])
	}
	high, low := uint64(lowBits*'0'), digitWord(buf, from, to)
	if n > 8 {
		high = digitWord(buf, from, to-8)
	}
	high, low, scale := withoutPoint(high, low)
	m := 100_000_000*eightDigits(high) + eightDigits(low)
	if !allDigits(low) || !allDigits(high) || m >= 1<<53 {
		return longFloat(buf[start:to])
	}
	// Both are exact and division rounds once, so this is the nearest number
	// (Clinger, "How to read floating point numbers accurately", 1990).
	v = float64(m) / tens[scale]
	if negative {
		v = -v
	}
	return v, buf[from] != '0' || buf[from+1] == '.', true
}

// withoutPoint takes the first point out of sixteen characters and returns how
// many stand behind it.
func withoutPoint(high, low uint64) (uint64, uint64, int) {
	if m := zeros(low ^ lowBits*'.'); m != 0 {
		before := m&-m>>7 - 1 // the bytes before the point
		low = low&^(before|0xFF*(before+1)) | low&before<<8 | high>>56
		return high<<8 | '0', low, bits.LeadingZeros64(m&-m) >> 3
	}
	if m := zeros(high ^ lowBits*'.'); m != 0 {
		before := m&-m>>7 - 1
		high = high&^(before|0xFF*(before+1)) | high&before<<8 | '0'
		return high, low, 8 + bits.LeadingZeros64(m&-m)>>3
	}
	return high, low, 0
}

// longFloat reads what parseFloat does, by the standard library.
func longFloat(b []byte) (v float64, plain, ok bool) {
	if !floatSyntax(b) {
		return 0, false, false
	}
	v, err := strconv.ParseFloat(string(b), 64)
	if err != nil && !math.IsInf(v, 0) {
		return 0, false, false
	}
	if b[0] == '-' || b[0] == '+' {
		b = b[1:]
	}
	return v, len(b) < 2 || b[0] != '0' || b[1] < '0' || b[1] > '9', true
}

// floatSyntax reports whether b is a decimal number or a word for one that is
// not finite. The standard library takes hexadecimal and underscores too.
func floatSyntax(b []byte) bool {
	if len(b) > 0 && (b[0] == '-' || b[0] == '+') {
		b = b[1:]
	}
	if len(b) > 0 && (b[0]|0x20 == 'n' || b[0]|0x20 == 'i') {
		return true // no other words start like this for strconv.ParseFloat
	}
	digits := 0
	for len(b) > 0 && (b[0] >= '0' && b[0] <= '9') {
		b, digits = b[1:], digits+1
	}
	if len(b) > 0 && b[0] == '.' {
		for b = b[1:]; len(b) > 0 && (b[0] >= '0' && b[0] <= '9'); b = b[1:] {
			digits++
		}
	}
	if digits > 0 && len(b) > 1 && b[0]|0x20 == 'e' {
		if b = b[1:]; len(b) > 1 && (b[0] == '-' || b[0] == '+') {
			b = b[1:]
		}
		for len(b) > 0 && (b[0] >= '0' && b[0] <= '9') {
			b = b[1:]
		}
	}
	return digits > 0 && len(b) == 0
}
