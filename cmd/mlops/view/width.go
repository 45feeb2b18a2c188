package view

import (
	"sort"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Width returns how many columns a terminal uses for s. Escape sequences and
// combining characters count 0, wide East Asian characters and emoji 2. Emoji
// joined from several count as the sum of their parts, so that a terminal that
// cannot join them still has room.
func Width(s string) int {
	n := 0
	for len(s) > 0 {
		size, w := next(s)
		n, s = n+w, s[size:]
	}
	return n
}

// next returns the length in bytes and the width of what s begins with: an
// escape sequence or one character.
func next(s string) (size, width int) {
	if s[0] == esc {
		n, _ := escape([]byte(s[:min(len(s), 64)]))
		return n, 0
	}
	r, size := utf8.DecodeRuneInString(s)
	return size, runeWidth(r)
}

func runeWidth(r rune) int {
	switch {
	case r < 0x20 || r == 0x7f:
		return 0
	case r < 0x7f || r == 0xad:
		return 1
	case r >= 0x1160 && r <= 0x11ff: // vowels and finals that join a Hangul syllable
		return 0
	case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		return 0
	}
	i := sort.Search(len(wide), func(i int) bool { return wide[i].last >= r })
	if i < len(wide) && wide[i].first <= r {
		return 2
	}
	return 1
}

// Crop returns s if it fits into width columns, and otherwise its beginning
// with "…" as the last column. Colours that the cut leaves open are closed.
func Crop(s string, width int) string {
	if len(s) <= width || Width(s) <= width {
		return s
	}
	if width <= 0 {
		return ""
	}
	var b strings.Builder
	used, open := 0, false
	for {
		size, w := next(s)
		if used+w > width-1 {
			break
		}
		if s[0] == esc {
			open = s[:size] != reset
		}
		b.WriteString(s[:size])
		used, s = used+w, s[size:]
	}
	b.WriteString("…")
	if open {
		b.WriteString(reset)
	}
	return b.String()
}

// pad returns s with spaces up to width columns, in front if right is true.
func pad(s string, width int, right bool) string {
	n := width - Width(s)
	if n <= 0 {
		return s
	}
	if right {
		return strings.Repeat(" ", n) + s
	}
	return s + strings.Repeat(" ", n)
}

// wide lists the characters that take two columns: East Asian Width W and F of
// Unicode 17 (UAX #11), joined across gaps that hold no assigned narrow character.
var wide = [...]struct{ first, last rune }{
	{0x1100, 0x115f}, {0x231a, 0x231b}, {0x2329, 0x232a}, {0x23e9, 0x23ec}, {0x23f0, 0x23f0}, {0x23f3, 0x23f3},
	{0x25fd, 0x25fe}, {0x2614, 0x2615}, {0x2648, 0x2653}, {0x267f, 0x267f}, {0x2693, 0x2693}, {0x26a1, 0x26a1},
	{0x26aa, 0x26ab}, {0x26bd, 0x26be}, {0x26c4, 0x26c5}, {0x26ce, 0x26ce}, {0x26d4, 0x26d4}, {0x26ea, 0x26ea},
	{0x26f2, 0x26f3}, {0x26f5, 0x26f5}, {0x26fa, 0x26fa}, {0x26fd, 0x26fd}, {0x2705, 0x2705}, {0x270a, 0x270b},
	{0x2728, 0x2728}, {0x274c, 0x274c}, {0x274e, 0x274e}, {0x2753, 0x2755}, {0x2757, 0x2757}, {0x2795, 0x2797},
	{0x27b0, 0x27b0}, {0x27bf, 0x27bf}, {0x2b1b, 0x2b1c}, {0x2b50, 0x2b50}, {0x2b55, 0x2b55}, {0x2e80, 0x303e},
	{0x3041, 0x3247}, {0x3250, 0x4dbf}, {0x4e00, 0xa4c6}, {0xa960, 0xa97c}, {0xac00, 0xd7a3}, {0xf900, 0xfaff},
	{0xfe10, 0xfe19}, {0xfe30, 0xfe6b}, {0xff01, 0xff60}, {0xffe0, 0xffe6}, {0x16fe0, 0x1b2fb}, {0x1f004, 0x1f004},
	{0x1f0cf, 0x1f0cf}, {0x1f18e, 0x1f18e}, {0x1f191, 0x1f19a}, {0x1f200, 0x1f320}, {0x1f32d, 0x1f335}, {0x1f337, 0x1f37c},
	{0x1f37e, 0x1f393}, {0x1f3a0, 0x1f3ca}, {0x1f3cf, 0x1f3d3}, {0x1f3e0, 0x1f3f0}, {0x1f3f4, 0x1f3f4}, {0x1f3f8, 0x1f43e},
	{0x1f440, 0x1f440}, {0x1f442, 0x1f4fc}, {0x1f4ff, 0x1f53d}, {0x1f54b, 0x1f54e}, {0x1f550, 0x1f567}, {0x1f57a, 0x1f57a},
	{0x1f595, 0x1f596}, {0x1f5a4, 0x1f5a4}, {0x1f5fb, 0x1f64f}, {0x1f680, 0x1f6c5}, {0x1f6cc, 0x1f6cc}, {0x1f6d0, 0x1f6d2},
	{0x1f6d5, 0x1f6df}, {0x1f6eb, 0x1f6ec}, {0x1f6f4, 0x1f6fc}, {0x1f7e0, 0x1f7f0}, {0x1f90c, 0x1f93a}, {0x1f93c, 0x1f945},
	{0x1f947, 0x1f9ff}, {0x1fa70, 0x1faf8}, {0x20000, 0x3ffff},
}
