package view

import (
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestClean(t *testing.T) {
	for _, c := range []struct{ name, in, want, colored string }{
		{"plain text stays", "epoch 3: loss 0.21 (±0.02)", "epoch 3: loss 0.21 (±0.02)", "epoch 3: loss 0.21 (±0.02)"},
		{"colours are kept if wanted and closed", "\x1b[1;31mred", "red", "\x1b[1;31mred\x1b[0m"},
		{"a closed colour gets no second end", "\x1b[31mred\x1b[0m x", "red x", "\x1b[31mred\x1b[0m x"},
		{"palette colour 0 is no reset", "\x1b[38;5;0mdark", "dark", "\x1b[38;5;0mdark\x1b[0m"},
		{"palette colour 8 is no conceal", "\x1b[38;5;8mgrey", "grey", "\x1b[38;5;8mgrey\x1b[0m"},
		{"red 8 of an RGB colour is no conceal", "\x1b[48;2;8;8;8mx", "x", "\x1b[48;2;8;8;8mx\x1b[0m"},
		{"conceal is refused", "\x1b[8mhidden\x1b[1;08mtoo", "hiddentoo", "hiddentoo"},
		{"private SGR is refused", "\x1b[>4;2mx\x1b[?1mx", "xx", "xx"},
		{"cursor movement goes", "a\x1b[2Ab\x1b[1;1Hc\x1b[2Jd\x1b[sx", "abcdx", "abcdx"},
		{"titles go with BEL or ST", "\x1b]0;t\ax\x1b]2;t\x1b\\y", "xy", "xy"},
		{"links keep their text", "\x1b]8;;http://e\x1b\\text\x1b]8;;\x1b\\", "text", "text"},
		{"a title without end is seen", "\x1b]0;never ends", "0;never ends", "0;never ends"},
		{"device control and application strings go", "\x1bPq#1\x1b\\a\x1b_x\x1b\\b\x1b^y\x1b\\c\x1bXz\x1b\\d", "abcd", "abcd"},
		{"character sets and resets go", "a\x1b(0b\x1bcc\x1b#8d\x1b", "abcd", "abcd"},
		{"a sequence without final byte goes", "a\x1b[31", "a", "a"},
		{"C1 controls are shown", "a\u009b31mb", "a�31mb", "a�31mb"},
		{"controls are shown", "a\x00\x07\x08\x0e\x7f", "a␀␇␈␎␡", "a␀␇␈␎␡"},
		{"direction is not changed", "a\u202eb\u2066c\u200f", "a�b�c�", "a�b�c�"},
		{"tags and marks are shown", "a\U000e0041\ufeff\u2028", "a���", "a���"},
		{"bytes that are not UTF-8 are shown", "a\xff\xc3(", "a��(", "a��("},
		{"progress keeps its last state", " 1%\r50%\r99%\r", "99%", "99%"},
		{"line ends of Windows go", "text\r", "text", "text"},
		{"tabs reach the next stop", "a\tb\t界\tc", "a       b       界      c", "a       b       界      c"},
	} {
		if got := Clean(c.in, false); got != c.want {
			t.Errorf("%s: Clean(%q, false) = %q, want %q", c.name, c.in, got, c.want)
		}
		if got := Clean(c.in, true); got != c.colored {
			t.Errorf("%s: Clean(%q, true) = %q, want %q", c.name, c.in, got, c.colored)
		}
	}
}

// onlyColors matches text in which nothing but colours is left to obey.
var onlyColors = regexp.MustCompile(`^(?:[^\x00-\x1f\x7f-\x{9f}\x{061c}\x{200e}\x{200f}\x{2028}-\x{202e}\x{2066}-\x{2069}\x{feff}]|\x1b\[[0-9;:]*m)*$`)

func checkClean(t *testing.T, in string) {
	t.Helper()
	for _, color := range []bool{false, true} {
		got := Clean(in, color)
		if !utf8.ValidString(got) || !onlyColors.MatchString(got) || !color && strings.Contains(got, "\x1b") {
			t.Errorf("Clean(%q, %v) = %q is not harmless", in, color, got)
		}
		if i := strings.LastIndex(got, "\x1b"); i >= 0 && !strings.HasPrefix(got[i:], reset) && !isReset([]byte(got[i:strings.IndexByte(got[i:], 'm')+i+1])) {
			t.Errorf("Clean(%q, %v) = %q leaves a colour open", in, color, got)
		}
		if again := Clean(got, color); again != got {
			t.Errorf("Clean(%q, %v) = %q, again = %q", in, color, got, again)
		}
		if width := Width(Clean(in, false)); Width(got) != width {
			t.Errorf("Width of %q is %d, without colours %d", got, Width(got), width)
		}
	}
}

func FuzzClean(f *testing.F) {
	for _, s := range []string{
		"plain", "\x1b[31mred\x1b[0m", "\x1b]0;x\a", "a\rb\r", "\x1bP\x1b\\", "\u009b2J", "\x1b[8m", "\x1b[38;5;8mx", "\x1b[38;2;1;2;3;8mx",
		"a\tb", "\x1b[\x1b[0m", "\x1b\x1b[31m", "\xff\xfe", "\u202e", "\x1b[1;", "\x1b]8;;u\x1b\\t", "界\t🎉", "\x1b#\x1b[0m", "\x1b[38:2::1:2:3mx",
	} {
		f.Add(s)
	}
	f.Fuzz(checkClean)
}

func FuzzCrop(f *testing.F) {
	f.Add("plain text", 4)
	f.Add("\x1b[31m界界界\x1b[0m", 5)
	f.Add("e\u0301e\u0301", 1)
	f.Fuzz(func(t *testing.T, s string, width int) {
		s = Clean(s, true)
		got := Crop(s, width)
		if Width(got) > max(width, 0) {
			t.Errorf("Crop(%q, %d) = %q is %d wide", s, width, got, Width(got))
		}
		if Width(s) <= width && got != s {
			t.Errorf("Crop(%q, %d) = %q, although it fits", s, width, got)
		}
		checkClean(t, got)
	})
}

func TestWidth(t *testing.T) {
	for s, want := range map[string]int{
		"": 0, "abc": 3, "é": 1, "e\u0301": 1, "界": 2, "ｶ": 1, "Ｋ": 2, "🎉": 2, "한": 2, "\u1112\u1161\u11ab": 2,
		"\x1b[31mab\x1b[0m": 2, "✓ ran": 5, "…": 1, "│": 1, "👩\u200d💻": 4, "\u00ad": 1, "✅": 2, "ไม่": 2,
	} {
		if got := Width(s); got != want {
			t.Errorf("Width(%q) = %d, want %d", s, got, want)
		}
	}
}
