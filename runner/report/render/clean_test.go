package render

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestClean(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, in, want string }{
		{"as it is", "region=EU recall@0.5", "region=EU recall@0.5"},
		{"lines", " a\r\n\tb\n\n c ", "a b c"},
		{"colours", "\x1b[1;31mred\x1b[0m", "red"},
		{"a title for the terminal", "\x1b]0;x\x07", "�]0;x�"},
		{"an unfinished sequence", "a\x1b[31", "a�[31"},
		{"direction", "\u202eabc\u2066", "�abc�"},
		{"invisible", "a\u200bb\ufeff\u00ad\u2060", "a�b���"},
		{"blank letters", "a\u3164\u2800", "a��"},
		{"tags", "a\U000e0041", "a�"},
		{"no UTF-8", "a\xffb", "a�b"},
		{"other scripts", "名前 é ñ العربية", "名前 é ñ العربية"},
		{"joined emoji", "👩\u200d💻", "👩\u200d💻"},
		{"a joiner that joins nothing", "a\u200db", "a�b"},
		{"marks", "Z" + strings.Repeat("\u0301", 50), "Z" + strings.Repeat("\u0301", maxMarks)},
		{"no-break spaces", "a\u00a0\u2003b", "a b"},
		{"a command", "##[group]x", "## [group]x"},
	} {
		if got := clean(c.in); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

func TestCleanLine(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ in, want string }{
		{"  File \"x.py\", line 3\n", "  File \"x.py\", line 3"}, {"\tat x", "    at x"}, {" 10%\r 100%\r\n", " 100%"}, {"\x1b[31m  x", "x"},
		{strings.Repeat(" ", 5000) + "x", strings.Repeat(" ", maxIndent) + "x"},
	} {
		if got := cleanLine(c.in); got != c.want {
			t.Errorf("%q: got %q, want %q", c.in, got, c.want)
		}
	}
}

func TestInert(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ in, want string }{
		{"::error::x", ": :error::x"}, {"   ::error::x", "   : :error::x"}, {"a ::x", "a ::x"}, {"\x1b[31m ::x", "\x1b[31m : :x"}, {"", ""}, {"::", ": :"},
	} {
		if got := inert(c.in); got != c.want {
			t.Errorf("%q: got %q, want %q", c.in, got, c.want)
		}
	}
}

func TestClip(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		in   string
		n    int
		want string
	}{
		{"short", 5, "short"}, {"0123456789", 9, "012…789"}, {"ééééé", 8, "é…é"}, {"👩👩👩", 11, "👩…👩"}, {"abcdeZ\u0301\u0301", 8, "abc…"},
	} {
		if got := clip(c.in, c.n); got != c.want {
			t.Errorf("clip(%q, %d) = %q, want %q", c.in, c.n, got, c.want)
		}
	}
	for _, s := range hostile() {
		for n := len(ellipsis); n < 300; n += 7 {
			for _, got := range []string{clip(clean(s), n), cut(clean(s), n)} {
				if len(got) > n || !utf8.ValidString(got) {
					t.Fatalf("%q in %d bytes is %q", s, n, got)
				}
			}
		}
	}
}

// FuzzClean cleans any text: what comes out is one visible line, and cleaning
// it again changes nothing.
func FuzzClean(f *testing.F) {
	for _, s := range hostile() {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := clean(s)
		if !utf8.ValidString(got) || strings.TrimSpace(got) != got || strings.Contains(got, "  ") || strings.Contains(got, "##[") {
			t.Errorf("%q becomes %q", s, got)
		}
		for _, r := range got {
			if unicode.IsControl(r) || unicode.In(r, unicode.Zl, unicode.Zp) || unicode.Is(unicode.Cf, r) && r != 0x200d {
				t.Errorf("%q keeps %q", s, r)
			}
		}
		if again := clean(got); again != got {
			t.Errorf("%q becomes %q, then %q", s, got, again)
		}
		for _, span := range foreign(s) {
			for word := range strings.FieldsSeq(span.text) {
				if span.style == words && risky(word) {
					t.Errorf("%q is said as words in %q", word, s)
				}
			}
		}
		if a := ascii(got); strings.IndexFunc(a, func(r rune) bool { return r > '~' }) >= 0 {
			t.Errorf("%q in ASCII is %q", got, a)
		}
	})
}
