package render

import (
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

var ourColors = regexp.MustCompile("\x1b\\[(0|1|2|1;3[123]|3[123])m")

// A hostile report can neither move the cursor nor give GitHub's runner a command.
func TestTerminalIsHarmless(t *testing.T) {
	t.Parallel()
	for seed := range uint64(40) {
		r := newWorld(seed, 6).report()
		for _, o := range []Options{{}, {Color: true}, {ASCII: true}, {Color: true, ASCII: true}} {
			out := rendered(t, Terminal, r, o)
			bare := out
			if o.Color {
				bare = ourColors.ReplaceAllString(out, "")
			}
			hidden := func(r rune) bool {
				return r != '\n' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r) && r != 0x200d) || o.ASCII && r > '~'
			}
			if i := strings.IndexFunc(bare, hidden); i >= 0 || !utf8.ValidString(out) {
				t.Fatalf("seed %d: %.60q", seed, bare[max(0, i-20):])
			}
			for line := range strings.Lines(bare) {
				if strings.HasPrefix(strings.TrimSpace(line), "::") || strings.Contains(line, "##[") {
					t.Fatalf("seed %d: a command: %s", seed, line)
				}
			}
		}
	}
}

// Colours change nothing but colours.
func TestColorIsNotTheOnlySignal(t *testing.T) {
	t.Parallel()
	for _, name := range cases(t) {
		r := load(t, name)
		plain, colored := rendered(t, Terminal, r, Options{}), rendered(t, Terminal, r, Options{Color: true})
		if got := ourColors.ReplaceAllString(colored, ""); got != plain {
			t.Errorf("%s differs with colours:\n%s\n%s", name, got, plain)
		}
		if colored == plain {
			t.Errorf("%s has no colours", name)
		}
	}
}

// The points of a column stand below each other.
func TestPointsAreAligned(t *testing.T) {
	t.Parallel()
	got := alignPoints([]string{"0.9140", "11.8", "197,321", "2e-7", "NaN", "+0.6 (+5.1 %)", "–"}, bounded)
	want := []string{"      0.9140      ", "     11.8         ", "197,321           ", "      2e-7        ", "    NaN           ", "     +0.6 (+5.1 %)", "      –           "}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("got %q, want %q", got[i], want[i])
		}
	}
	for i, want := range []string{"+0.0043 … +0.0201", "+0.1    … +1.1   ", "                 "} {
		if got := alignPoints([]string{"+0.0043 … +0.0201", "+0.1 … +1.1", ""}, bounded)[i]; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestWidth(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]int{"": 0, "abc": 3, "é": 1, "e\u0301": 1, "名前": 4, "👩": 2, "\x1b[1;31mab\x1b[0m": 2, "→": 1, "Δ": 1} {
		if got := width(s); got != want {
			t.Errorf("width(%q) = %d, want %d", s, got, want)
		}
	}
}
