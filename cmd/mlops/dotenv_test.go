package main

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDotenv(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		text string
		want map[string]string
	}{
		"plain":         {"A=1\nexport b = two words  # comment\r\n\n  # C=3\nD=a#b\nE=\nF=# nothing", map[string]string{"A": "1", "B": "two words", "D": "a#b", "E": "", "F": ""}},
		"single quotes": {"A='it \"is\" \\n # so' # comment\nB='one\r\ntwo\n'", map[string]string{"A": `it "is" \n # so`, "B": "one\ntwo\n"}},
		"double quotes": {`A="a\nb\t\"c\" \\n \$x \q"` + "\nB=\"one\ntwo\"\nC=3", map[string]string{"A": "a\nb\t\"c\" \\n $x \\q", "B": "one\ntwo", "C": "3"}},
		"equals signs":  {"A=b=c==", map[string]string{"A": "b=c=="}},
		"byte order":    {"\uFEFFA=1", map[string]string{"A": "1"}},
		"empty":         {"", map[string]string{}},
	} {
		got, err := parseDotenv("f", tt.text)
		if d := cmp.Diff(tt.want, got); err != nil || d != "" {
			t.Errorf("%s: %v %s", name, err, d)
		}
	}
}

func TestDotenvErrors(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"A=1\nhunter2\n":            `f:2: no "="`,
		"A=1\n\nhunter-2=x":         `f:3: what stands before "=" is no name`,
		"A='x\ny'\nB=\"hunter2\n\n": "f:3: the quote that opens the value of B is never closed",
		"A='x' hunter2":             "f:1: something follows the quoted value of A",
		"A=1\n#\na=hunter2":         "f:3: A is given twice, first in line 1",
		"A=hunter2\x00":             "f:1: the value of A holds a NUL byte",
		"A=\"\nhunter2\" x":         "f:2: something follows",
	} {
		_, err := parseDotenv("f", text)
		if err == nil || !strings.HasPrefix(err.Error(), want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

// FuzzDotenv holds the laws: no panic, errors have a line of the file and no
// part of a value, and what was read can be written in double quotes again.
func FuzzDotenv(f *testing.F) {
	for _, s := range []string{"A=1\n", "export A='x\n' # c", "A=\"\\n\\\"\"", "A", "=", "A='", "a=1\nA=2"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := parseDotenv("f", text)
		if err != nil {
			var de *dotenvError
			if !errors.As(err, &de) || de.Line < 1 || de.Line > 1+strings.Count(text, "\n") {
				t.Fatalf("%q: %v", text, err)
			}
			return
		}
		var again strings.Builder
		for name, value := range got {
			again.WriteString(name + `="` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\r", `\r`).Replace(value) + "\"\n")
		}
		back, err := parseDotenv("f", again.String())
		if d := cmp.Diff(got, back); err != nil || d != "" {
			t.Errorf("%q: %v %s", text, err, d)
		}
	})
}
