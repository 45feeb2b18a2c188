package table

import "encoding/binary"

// dateSize is the length of a date as text.
const dateSize = len("2006-01-02")

// parseDate reads a date as 2006-01-02, of the years 0 to 9999 of the Gregorian
// calendar, as days since 1970-01-01.
func parseDate(b []byte) (days int64, ok bool) {
	if len(b) != dateSize {
		return 0, false
	}
	head, ok := pattern{0x2d30302d_30303030, 0x7f76767f_76767676}.pairs(binary.LittleEndian.Uint64(b)) // 0000-00-
	if !ok {
		return 0, false
	}
	d0, d1 := b[8]-'0', b[9]-'0'
	if d0 > 9 || d1 > 9 {
		return 0, false
	}
	y, m, d := int64(head&0xFF*100+head>>16&0xFF), int64(head>>40&0xFF), int64(d0)*10+int64(d1)
	if m < 1 || m > 12 || d < 1 || d > 28 && d > daysIn(y, m) {
		return 0, false
	}
	return daysSince1970(y, m, d), true
}

// A pattern is eight characters, the first in the lowest byte: digits where text
// has '0', else what text has.
type pattern struct {
	text  uint64
	slack uint64 // 0x7F less the most that a byte may differ from text, by xor
}

// pairs returns the number that each pair of digits spells, in the byte of its
// first digit, if x is of the pattern.
func (p pattern) pairs(x uint64) (uint64, bool) {
	x ^= p.text // the value of a digit, 0 elsewhere
	return x*10 + x>>8, ((x+p.slack)|x)&highBits == 0
}

func daysIn(y, m int64) int64 {
	if m == 2 {
		if y%4 == 0 && (y%100 != 0 || y%400 == 0) {
			return 29
		}
		return 28
	}
	return 30 + (m+m>>3)&1
}

// daysSince1970 counts from 1 March, so that the leap day is a year's last
// (Hinnant, "chrono-Compatible Low-Level Date Algorithms", days_from_civil).
func daysSince1970(y, m, d int64) int64 {
	if m <= 2 {
		y--
		m += 12
	}
	y += 400 // so that no division is of a negative number
	return 365*y + y/4 - y/100 + y/400 + (153*(m-3)+2)/5 + d - 1 - 719468 - 146097
}

// parseTime reads RFC 3339, with a blank for the T if one likes, with or without
// a fraction of a second, of which digits beyond the sixth are dropped, and with
// or without an offset: Z, +02:00, +0200 or +02. Without one it is UTC. The
// result is in microseconds since 1970-01-01T00:00:00Z.
func parseTime(b []byte) (micros int64, ok bool) {
	if len(b) < 19 || b[10] != ' ' && b[10]|0x20 != 't' {
		return 0, false
	}
	days, ok := parseDate(b[:10])
	clock, ok1 := pattern{0x30303a30_303a3030, 0x76767f76_767f7676}.pairs(binary.LittleEndian.Uint64(b[11:19])) // 00:00:00
	h, m, s := int64(clock&0xFF), int64(clock>>24&0xFF), int64(clock>>48&0xFF)
	if !ok || !ok1 || h > 23 || m > 59 || s > 60 {
		return 0, false
	}
	micros = (days*86400 + h*3600 + m*60 + s) * 1e6
	if len(b) == 19 {
		return micros, true
	}
	fraction, rest, ok := parseFraction(b[19:])
	offset, ok1 := parseOffset(rest)
	return micros + fraction - offset, ok && ok1
}

// Moment reads a text as a [Time] where a column is known to hold times: RFC 3339
// as columns are found to be times by, but also without seconds, and dates as the
// time at which they start. The result is in microseconds since 1970-01-01T00:00:00Z.
func Moment(text []byte) (micros int64, ok bool) {
	switch len(text) {
	case dateSize:
		days, ok := parseDate(text)
		return days * 86400e6, ok
	case minuteSize:
		var whole [minuteSize + len(":00")]byte
		copy(whole[copy(whole[:], text):], ":00")
		return parseTime(whole[:])
	}
	return parseTime(text)
}

// minuteSize is the length of a time without seconds.
const minuteSize = len("2006-01-02T15:04")

func twoDigits(b []byte) (int64, bool) {
	t, o := b[0]-'0', b[1]-'0'
	return int64(t)*10 + int64(o), t <= 9 && o <= 9
}

// parseFraction reads a point and digits, if there is a point.
func parseFraction(b []byte) (micros int64, rest []byte, ok bool) {
	if b[0] != '.' {
		return 0, b, true
	}
	n, unit := 1, int64(100_000)
	for ; n < len(b) && b[n]-'0' <= 9; n++ {
		micros += int64(b[n]-'0') * unit
		unit /= 10
	}
	return micros, b[n:], n > 1
}

// parseOffset reads the offset from UTC, in microseconds.
func parseOffset(b []byte) (micros int64, ok bool) {
	if len(b) == 0 || len(b) == 1 && b[0]|0x20 == 'z' {
		return 0, true
	}
	if len(b) == 6 && b[3] == ':' {
		b = append(append(make([]byte, 0, 5), b[:3]...), b[4:]...)
	}
	if len(b) != 3 && len(b) != 5 || b[0] != '+' && b[0] != '-' {
		return 0, false
	}
	h, ok := twoDigits(b[1:3])
	var m int64
	if len(b) == 5 {
		var ok1 bool
		m, ok1 = twoDigits(b[3:5])
		ok = ok && ok1
	}
	micros = (h*3600 + m*60) * 1e6
	if b[0] == '-' {
		micros = -micros
	}
	return micros, ok && h <= 23 && m <= 59
}
