package plan

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/bmatcuk/doublestar/v4"
)

// maxBraces bounds how many patterns the braces of one stand for. Beyond it
// only the part before the first wildcard is compared.
const maxBraces = 256

// A segment is one name of a path: a text, a pattern of characters, or **,
// which stands for any number of names.
type segment struct {
	any   bool // **
	text  string
	chars []char // nil: text
}

// A char is one character of a pattern, or a run of any characters.
type char struct {
	star   bool
	not    bool // any character but those of ranges; of no ranges: ?
	ranges []runes
}

// runes are the characters from the first to the last.
type runes struct{ from, to rune }

// meet reports whether one file can be among both.
func meet(a, b files) bool {
	xs, ok := a.paths()
	ys, also := b.paths()
	if !ok || !also {
		x, y := Fixed(a.path), Fixed(b.path)
		return within(x, y) || within(y, x)
	}
	for _, x := range xs {
		for _, y := range ys {
			if pathsMeet(x, y) {
				return true
			}
		}
	}
	return false
}

// paths returns the patterns without braces that f stands for, none if it is
// not valid; ok is false if they are too many.
func (f files) paths() (out [][]segment, ok bool) {
	if !Glob(f.path) {
		return [][]segment{f.end(plainPath(f.path))}, true
	}
	if !doublestar.ValidatePattern(f.path) {
		return nil, true
	}
	all := braces(f.path, maxBraces)
	if len(all) > maxBraces {
		return nil, false
	}
	for _, p := range all {
		var segs []segment
		for rest, more := p, true; more; {
			var s string
			s, rest, more = cutSegment(rest)
			segs = append(segs, newSegment(s))
		}
		out = append(out, f.end(segs))
	}
	return out, true
}

func plainPath(p string) []segment {
	segs := make([]segment, 0, strings.Count(p, "/")+3)
	for s := range strings.SplitSeq(p, "/") {
		segs = append(segs, segment{text: s})
	}
	return segs
}

// end appends what stands for the files below.
func (f files) end(segs []segment) []segment {
	switch f.tail {
	case andBelow:
		return append(segs, segment{any: true})
	case belowAlone:
		return append(segs, segment{chars: []char{{star: true}}}, segment{any: true})
	}
	return segs
}

// braces returns the patterns that {a,b} stand for, somewhat more than limit if
// they are more.
func braces(p string, limit int) []string {
	open, parts, rest := firstBraces(p)
	if open < 0 {
		return []string{p}
	}
	var out []string
	for _, part := range parts {
		if len(out) > limit {
			break
		}
		out = append(out, braces(p[:open]+part+rest, limit)...)
	}
	return out
}

// firstBraces finds the first braces of a valid pattern; open is -1 if there are none.
func firstBraces(p string) (open int, parts []string, rest string) {
	depth, from := 0, 0
	open = -1
	for i := 0; i < len(p); i++ {
		switch c := p[i]; {
		case c == '[':
			i += classLength(p[i:]) - 1
		case c == '{':
			if depth++; depth == 1 {
				open, from = i, i+1
			}
		case c == '}' && depth > 0:
			if depth--; depth == 0 {
				return open, append(parts, p[from:i]), p[i+1:]
			}
		case c == ',' && depth == 1:
			parts, from = append(parts, p[from:i]), i+1
		}
	}
	return -1, nil, ""
}

// classLength is how long the class is with which p begins.
func classLength(p string) int {
	if i := strings.IndexByte(p, ']'); i > 0 {
		return i + 1
	}
	return len(p)
}

// cutSegment cuts a pattern at its first slash that does not stand in a class.
func cutSegment(p string) (first, rest string, more bool) {
	for i := 0; i < len(p); i++ {
		switch p[i] {
		case '[':
			i += classLength(p[i:]) - 1
		case '/':
			return p[:i], p[i+1:], true
		}
	}
	return p, "", false
}

func newSegment(s string) segment {
	if s == "**" {
		return segment{any: true}
	}
	if !strings.ContainsAny(s, "*?[") {
		return segment{text: s}
	}
	var chars []char
	for s != "" {
		switch s[0] {
		case '*':
			chars, s = append(chars, char{star: true}), strings.TrimLeft(s, "*")
		case '?':
			chars, s = append(chars, char{not: true}), s[1:]
		case '[':
			n := classLength(s)
			chars, s = append(chars, newClass(s[1:n-1])), s[n:]
		default:
			r, n := utf8.DecodeRuneInString(s)
			chars, s = append(chars, char{ranges: []runes{{r, r}}}), s[n:]
		}
	}
	return segment{chars: chars}
}

// newClass reads what stands between brackets.
func newClass(s string) char {
	var c char
	r := []rune(s)
	if len(r) > 0 && (r[0] == '!' || r[0] == '^') {
		c.not, r = true, r[1:]
	}
	for i := 0; i < len(r); i++ {
		if i+2 < len(r) && r[i+1] == '-' {
			c.ranges = append(c.ranges, runes{r[i], r[i+2]})
			i += 2
			continue
		}
		c.ranges = append(c.ranges, runes{r[i], r[i]})
	}
	return c
}

// pathsMeet reports whether a path matches both patterns.
func pathsMeet(a, b []segment) bool {
	return together(len(a), len(b),
		func(i int) bool { return a[i].any },
		func(j int) bool { return b[j].any },
		func(i, j int) bool { return a[i].meets(b[j]) })
}

func (s segment) meets(t segment) bool {
	if s.chars == nil && t.chars == nil {
		return s.text == t.text
	}
	x, y := s.pattern(), t.pattern()
	return together(len(x), len(y),
		func(i int) bool { return x[i].star },
		func(j int) bool { return y[j].star },
		func(i, j int) bool { return x[i].meets(y[j]) })
}

// pattern is the segment as characters.
func (s segment) pattern() []char {
	if s.chars != nil {
		return s.chars
	}
	var out []char
	for _, r := range s.text {
		out = append(out, char{ranges: []runes{{r, r}}})
	}
	return out
}

// together reports whether two sequences of n and m elements have something in
// common, if some elements stand for any number of others. It goes through
// the pairs of places from the ends to the beginnings.
func together(n, m int, manyA, manyB func(int) bool, same func(i, j int) bool) bool {
	row, next := make([]bool, m+1), make([]bool, m+1) // of places i and i+1
	for i := n; i >= 0; i-- {
		for j := m; j >= 0; j-- {
			switch {
			case i == n && j == m:
				row[j] = true
			case i < n && manyA(i):
				row[j] = next[j] || j < m && row[j+1]
			case j < m && manyB(j):
				row[j] = row[j+1] || i < n && next[j]
			default:
				row[j] = i < n && j < m && next[j+1] && same(i, j)
			}
		}
		row, next = next, row
	}
	return next[0]
}

// meets reports whether one character matches both. If any does, one at the
// edge of a range does, or one beside it.
func (c char) meets(d char) bool {
	if c.not && d.not {
		return true // names have more characters than patterns leave out
	}
	for _, r := range slices.Concat(c.ranges, d.ranges) {
		for _, x := range []rune{r.from, r.to, r.from - 1, r.to + 1} {
			if c.has(x) && d.has(x) {
				return true
			}
		}
	}
	return false
}

func (c char) has(r rune) bool {
	if r <= 0 || r == '/' {
		return false
	}
	return c.not != slices.ContainsFunc(c.ranges, func(x runes) bool { return x.from <= r && r <= x.to })
}
