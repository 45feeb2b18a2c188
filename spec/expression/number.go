package expression

import (
	"math"
	"strconv"
	"strings"
	"unicode"
)

// isSpace reports whether JavaScript counts r as white space or a line end,
// which decides what is trimmed from a number.
func isSpace(r rune) bool {
	switch r {
	case '\t', '\n', '\v', '\f', '\r', ' ', 0xa0, 0xfeff, 0x2028, 0x2029:
		return true
	}
	return r > 0xff && unicode.Is(unicode.Zs, r)
}

// parseNumber reads a number as JavaScript's Number() does, which is what
// GitHub applies to strings: decimal, 0x, 0o, 0b, Infinity, white space around
// it; blank text is 0 and anything else NaN.
func parseNumber(s string) float64 {
	s = strings.TrimFunc(s, isSpace)
	if s == "" {
		return 0
	}
	if len(s) > 2 && s[0] == '0' {
		switch s[1] {
		case 'x', 'X':
			return parseDigits(s[2:], 16)
		case 'o', 'O':
			return parseDigits(s[2:], 8)
		case 'b', 'B':
			return parseDigits(s[2:], 2)
		}
	}
	return parseDecimal(s)
}

// parseDigits reads digits of a base that is a power of two.
func parseDigits(s string, base float64) float64 {
	n := 0.0
	for i := 0; i < len(s); i++ {
		d := digit(s[i])
		if d >= base {
			return math.NaN()
		}
		n = n*base + d
	}
	return n
}

func digit(c byte) float64 {
	switch {
	case '0' <= c && c <= '9':
		return float64(c - '0')
	case 'a' <= c && c <= 'f':
		return float64(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return float64(c-'A') + 10
	}
	return 99
}

func parseDecimal(s string) float64 {
	body := s
	if body[0] == '+' || body[0] == '-' {
		body = body[1:]
	}
	if body == "Infinity" {
		if s[0] == '-' {
			return math.Inf(-1)
		}
		return math.Inf(1)
	}
	// ParseFloat also reads inf, nan, hexadecimal floats and underscores.
	for i := 0; i < len(body); i++ {
		if c := body[i]; (c < '0' || c > '9') && strings.IndexByte(".eE+-", c) < 0 {
			return math.NaN()
		}
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil && !math.IsInf(f, 0) {
		return math.NaN()
	}
	return f
}

// formatNumber writes a number as GitHub turns it into a string: at most 15
// digits behind the point, and otherwise as JavaScript does.
func formatNumber(f float64) string {
	switch {
	case f == 0:
		return "0"
	case f == math.Trunc(f) && math.Abs(f) < 1e15:
		return strconv.FormatInt(int64(f), 10)
	case math.Abs(f) < 1e21: // not for NaN
		f = round15(f)
	}
	return string(appendNumber(nil, f))
}

// round15 rounds to 15 digits behind the point. Exact ties go away from zero as
// in JavaScript's toFixed, where strconv takes the even neighbour. The distance
// of a float64 to a tie it does not hit is more than 1e-60 wherever 15 digits
// show anything, so 60 digits tell.
func round15(f float64) float64 {
	s := strconv.FormatFloat(f, 'f', 60, 64)
	point := strings.IndexByte(s, '.')
	if tail := s[point+16:]; tail[0] == '5' && strings.Trim(tail[1:], "0") == "" {
		s = strconv.FormatFloat(math.Nextafter(f, math.Inf(int(math.Copysign(1, f)))), 'f', 15, 64)
	} else {
		s = strconv.FormatFloat(f, 'f', 15, 64)
	}
	f, _ = strconv.ParseFloat(s, 64)
	return f
}

// appendNumber writes the shortest text that reads back as f, as JavaScript does.
func appendNumber(dst []byte, f float64) []byte {
	switch {
	case math.IsNaN(f):
		return append(dst, "NaN"...)
	case math.IsInf(f, 1):
		return append(dst, "Infinity"...)
	case math.IsInf(f, -1):
		return append(dst, "-Infinity"...)
	case f == 0:
		return append(dst, '0')
	}
	if a := math.Abs(f); a >= 1e21 || a < 1e-6 {
		return appendExponent(dst, f)
	}
	return strconv.AppendFloat(dst, f, 'f', -1, 64)
}

// appendExponent writes 1e-7 where strconv writes 1e-07.
func appendExponent(dst []byte, f float64) []byte {
	dst = strconv.AppendFloat(dst, f, 'e', -1, 64)
	if n := len(dst); dst[n-2] == '0' && (dst[n-3] == '-' || dst[n-3] == '+') {
		dst[n-2] = dst[n-1]
		dst = dst[:n-1]
	}
	return dst
}
