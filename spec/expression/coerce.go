package expression

import (
	"math"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Truthy returns v as a condition: false, null, 0, NaN and "" are false, all
// else is true, also an empty array.
func Truthy(v any) bool {
	switch v := v.(type) {
	case nil:
		return false
	case bool:
		return v
	case float64:
		return v != 0 && !math.IsNaN(v)
	case string:
		return v != ""
	}
	return true
}

// Format returns v as text: null is empty, numbers have at most 15 digits behind
// the point, arrays and objects are the words Array and Object.
func Format(v any) string {
	switch v := v.(type) {
	case bool:
		if v {
			return "true"
		}
		return "false"
	case float64:
		return formatNumber(v)
	case string:
		return v
	case *Array, *Object:
		return string(KindOf(v))
	}
	return ""
}

// toNumber returns v as a number; NaN for arrays, objects and other text.
func toNumber(v any) float64 {
	switch v := v.(type) {
	case nil:
		return 0
	case bool:
		if v {
			return 1
		}
		return 0
	case float64:
		return v
	case string:
		return parseNumber(v)
	}
	return math.NaN()
}

// Order is what comparing two values finds.
type order int8

const (
	unordered order = iota // NaN, or kinds that cannot be compared
	less
	same
	greater
)

// compare is the loose comparison of GitHub's expressions, which is that of
// JavaScript (ECMA-262, abstract equality) but for text, whose case does not
// matter, and for arrays and objects, which equal themselves alone. Values of
// unlike kinds are compared as numbers.
func compare(a, b any) order {
	switch x := a.(type) {
	case string:
		if y, ok := b.(string); ok {
			return compareText(x, y)
		}
	case nil:
		if b == nil {
			return same
		}
	case *Array, *Object:
		if a == b {
			return same
		}
		return unordered
	}
	if !primitive(b) {
		return unordered
	}
	return compareNumbers(toNumber(a), toNumber(b))
}

func compareNumbers(x, y float64) order {
	switch {
	case x < y:
		return less
	case x == y:
		return same
	case x > y:
		return greater
	}
	return unordered
}

// equal reports whether a == b.
func equal(a, b any) bool { return compare(a, b) == same }

// compareText compares without regard to case, by UTF-16 code units of the
// upper-cased text, as .NET's ordinal comparison does.
func compareText(a, b string) order {
	if a == b {
		return same
	}
	for a != "" && b != "" {
		x, y := rune(a[0]), rune(b[0])
		n, m := 1, 1
		if x >= utf8.RuneSelf || y >= utf8.RuneSelf {
			x, n = utf8.DecodeRuneInString(a)
			y, m = utf8.DecodeRuneInString(b)
		}
		if x != y {
			if x, y = upper(x), upper(y); x != y {
				return compareRunes(x, y)
			}
		}
		a, b = a[n:], b[m:]
	}
	return compareNumbers(float64(len(a)), float64(len(b)))
}

// compareRunes orders as UTF-16 does, where surrogates stand below U+E000.
func compareRunes(x, y rune) order {
	if x > 0xffff && 0xe000 <= y && y <= 0xffff {
		return less
	}
	if y > 0xffff && 0xe000 <= x && x <= 0xffff {
		return greater
	}
	if x < y {
		return less
	}
	return greater
}

// upper is the upper case of r, but a dotless ı stays, so that it is no I.
func upper(r rune) rune {
	switch {
	case 'a' <= r && r <= 'z':
		return r - 'a' + 'A'
	case r < utf8.RuneSelf || r == 'ı':
		return r
	}
	return unicode.ToUpper(r)
}

func upperText(s string) string { return strings.Map(upper, s) }

// lowerText is the lower case of s as JavaScript has it, which contains uses:
// İ becomes two characters, and Σ at the end of a word ς.
func lowerText(s string) string {
	if isASCII(s) {
		return strings.ToLower(s)
	}
	var out strings.Builder
	out.Grow(len(s))
	for i, r := range s {
		switch {
		case r == 'İ':
			out.WriteString("i̇")
		case r == 'Σ' && finalSigma(s, i):
			out.WriteRune('ς')
		default:
			out.WriteRune(unicode.ToLower(r))
		}
	}
	return out.String()
}

func isASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// finalSigma reports whether the Σ at s[i:] follows a letter and none follows it
// (Unicode, section 3.13, Final_Sigma, without the characters it skips).
func finalSigma(s string, i int) bool {
	before, _ := utf8.DecodeLastRuneInString(s[:i])
	after, _ := utf8.DecodeRuneInString(s[i+len("Σ"):])
	return cased(before) && !cased(after)
}

func cased(r rune) bool { return unicode.IsUpper(r) || unicode.IsLower(r) || unicode.IsTitle(r) }
