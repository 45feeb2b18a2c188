package mask

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// apart writes bytes one by one, as programs do that are not ours.
var apart = map[string]func([]byte) string{
	"ruby's inspect":       func(b []byte) string { return strings.ReplaceAll(fmt.Sprintf("% x", b), " ", ":") },
	"openssl":              func(b []byte) string { return strings.ReplaceAll(fmt.Sprintf("% X", b), " ", ":") },
	"dashes":               func(b []byte) string { return strings.ReplaceAll(fmt.Sprintf("% x", b), " ", "-") },
	".NET's BitConverter":  func(b []byte) string { return strings.ReplaceAll(fmt.Sprintf("% X", b), " ", "-") },
	"node's Buffer":        func(b []byte) string { return fmt.Sprintf("% x", b) },
	"capitals":             func(b []byte) string { return fmt.Sprintf("% X", b) },
	"escapes":              func(b []byte) string { return `\x` + strings.ReplaceAll(fmt.Sprintf("% x", b), " ", `\x`) },
	"python's list":        func(b []byte) string { return strings.Trim(strings.ReplaceAll(fmt.Sprint(b), " ", ", "), "[]") },
	"C":                    func(b []byte) string { return "0x" + strings.ReplaceAll(fmt.Sprintf("% x", b), " ", ", 0x") },
	"C, without blanks":    func(b []byte) string { return "0x" + strings.ReplaceAll(fmt.Sprintf("% x", b), " ", ",0x") },
	"go's %#v, in one run": func(b []byte) string { return strings.ReplaceAll(fmt.Sprintf("% #x", b), " ", ", ") },
}

// TestSeparated writes random values byte by byte in random pieces, between
// other bytes, and wants nothing of them to be left.
func TestSeparated(t *testing.T) {
	t.Parallel()
	for i := range 4_000 {
		r := rand.New(rand.NewPCG(uint64(i), 41))
		secret := make([]byte, MinLength+r.IntN(40))
		for k := range secret {
			secret[k] = byte(33 + r.IntN(220))
		}
		s := &Set{}
		if err := s.Add(string(secret)); err != nil {
			continue // six blanks of Unicode, say
		}
		for name, spell := range apart {
			var out bytes.Buffer
			w := s.Writer(&out)
			for text := "<" + spell(secret) + ">"; text != ""; {
				n := 1 + r.IntN(len(text))
				_, _ = w.Write([]byte(text[:n]))
				text = text[n:]
			}
			_ = w.Close()
			if out.String() != "<"+Mark+">" {
				t.Fatalf("case %d: %q as %s prints %s, masked %s", i, secret, name, spell(secret), &out)
			}
		}
	}
}

// TestBrokenLines lets programs that break a value anywhere print it, one byte a
// word: of a line at most three bytes stay at each end.
func TestBrokenLines(t *testing.T) {
	t.Parallel()
	const secret = "correct/horse+battery=staple and\xc3\xb6\x01\x7fmore"
	s := &Set{}
	if err := s.Add(secret); err != nil {
		t.Fatal(err)
	}
	for _, dump := range []string{"od -An -c", "od -An -c -w24", "hexdump -c", "xxd -i", "xxd -i -c 7", "xxd -i -u"} {
		if _, err := exec.LookPath(strings.Fields(dump)[0]); err != nil {
			t.Logf("%s: %v", dump, err)
			continue
		}
		for before := range 17 {
			c := exec.Command("sh", "-c", "LC_ALL=C "+dump)
			c.Stdin = strings.NewReader(strings.Repeat("-", before) + secret + "....")
			out, err := c.Output()
			if err != nil {
				t.Fatalf("%s: %v", dump, err)
			}
			masked := s.Text(string(out))
			for line := range strings.Lines(masked) {
				words := strings.FieldsFunc(line, func(r rune) bool { return strings.ContainsRune(" ,\n", r) })
				words = slices.DeleteFunc(words, func(w string) bool {
					return len(w) == 7 || slices.Contains([]string{"-", ".", "0x2d", "0x2e", "0X2D", "0X2E", Mark}, w) // offsets, and what is around the value
				})
				if len(words) > 6 {
					t.Errorf("%s, %d bytes before it: %q stays of\n%smasked:\n%s", dump, before, words, out, masked)
				}
			}
		}
	}
	for _, text := range []string{"c  o  r  r  e  c  t", "| a      | b   c |", "at 63:6f:72 and 0x63, 0x6f"} {
		if s.Text(text) != text {
			t.Errorf("%q is masked as %q", text, s.Text(text))
		}
	}
}
