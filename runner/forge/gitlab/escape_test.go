package gitlab

import (
	"strings"
	"testing"
)

// No text has a command in it, and what has none is left as it is.
func FuzzEscape(f *testing.F) {
	f.Add("fine\n/close\r\n  /merge\r> /x")
	f.Add("a/b\n\\/done\n")
	f.Fuzz(func(t *testing.T, text string) {
		got := escape(text)
		for line := range strings.SplitSeq(got, "\n") {
			if strings.HasPrefix(strings.TrimLeft(line, " \t>"), "/") {
				t.Fatalf("%q has the line %q", got, line)
			}
		}
		if again := escape(got); again != got {
			t.Fatalf("%q becomes %q", got, again)
		}
		if strings.ReplaceAll(got, `\/`, "/") != strings.ReplaceAll(strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n"), `\/`, "/") {
			t.Fatalf("%q loses something in %q", text, got)
		}
	})
}
