package render

import (
	"strings"
	"unicode"
)

// gapWidth is how far apart columns stand.
const gapWidth = 2

// table writes a table whose numbers stand point under point.
func (t *terminal) table(tab table) {
	lines := make([]string, len(tab.rows)+1)
	for c, col := range tab.columns {
		cells := make([]string, len(tab.rows))
		for i, r := range tab.rows {
			cells[i] = t.text(r[c])
		}
		if col.right {
			cells = alignPoints(cells, t.chars(bounded))
		}
		addColumn(lines, t.paint(bold, col.title.plain()), cells, col.right)
	}
	for _, l := range lines {
		t.put(indent + l)
	}
}

// addColumn appends a column to the lines of a table, its head first.
func addColumn(lines []string, head string, cells []string, right bool) {
	most := width(head)
	for _, c := range cells {
		most = max(most, width(c))
	}
	for i, c := range append([]string{head}, cells...) {
		space := pad(most - width(c))
		if right {
			c = space + c
		} else {
			c += space
		}
		if lines[i] != "" {
			lines[i] += pad(gapWidth)
		}
		lines[i] += c
	}
}

func pad(n int) string { return strings.Repeat(" ", max(0, n)) }

// bounded stands between the bounds of an interval.
const bounded = " … "

// alignPoints fills numbers up so that their points stand below each other;
// intervals are two numbers.
func alignPoints(cells []string, bounded string) []string {
	var lows, highs []string
	for _, c := range cells {
		low, high, _ := strings.Cut(c, bounded)
		lows, highs = append(lows, low), append(highs, high)
	}
	lows, highs = pointed(lows), pointed(highs)
	out := make([]string, len(cells))
	for i, c := range cells {
		switch {
		case strings.Contains(c, bounded):
			out[i] = lows[i] + bounded + highs[i]
		case width(highs[0]) > 0:
			out[i] = lows[i] + pad(width(bounded)+width(highs[i]))
		default:
			out[i] = lows[i]
		}
	}
	return out
}

// pointed fills up behind the whole part and then before it.
func pointed(cells []string) []string {
	before, after := 0, 0
	for _, c := range cells {
		b, a := parts(c)
		before, after = max(before, b), max(after, a)
	}
	out := make([]string, len(cells))
	for i, c := range cells {
		b, a := parts(c)
		out[i] = pad(before-b) + c + pad(after-a)
	}
	return out
}

// parts measures a number before its point and from there on.
func parts(c string) (before, after int) {
	all := width(c)
	i := strings.IndexAny(c, ".e %")
	if i < 0 {
		return all, 0
	}
	before = width(c[:i])
	return before, all - before
}

// width returns how many columns a terminal uses for s: none for colours and
// combining marks, two for East Asian characters and emoji.
func width(s string) int {
	n := 0
	for i := 0; i < len(s); {
		if skip := sequence(s[i:]); skip > 0 {
			i += skip
			continue
		}
		size := 1
		if s[i] < 0x80 {
			n++
		} else {
			for _, r := range s[i:] {
				n += runeWidth(r)
				size = len(string(r))
				break
			}
		}
		i += size
	}
	return n
}

func runeWidth(r rune) int {
	switch {
	case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		return 0
	case r >= 0x1100 && r <= 0x115f, r >= 0x2e80 && r <= 0xa4cf, r >= 0xac00 && r <= 0xd7a3, r >= 0xf900 && r <= 0xfaff,
		r >= 0xfe30 && r <= 0xfe6f, r >= 0xff00 && r <= 0xff60, r >= 0xffe0 && r <= 0xffe6, r >= 0x1f300 && r <= 0x1faff, r >= 0x20000 && r <= 0x3fffd:
		return 2
	}
	return 1
}
