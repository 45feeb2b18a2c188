package mask

import (
	"bytes"
	"math/rand/v2"
	"regexp"
	"sort"
	"strings"
	"testing"
)

// A value in which a program has coloured a part is readable on a terminal.
func TestColoured(t *testing.T) {
	t.Parallel()
	var s Set
	if err := s.Add("s3cr3t/token"); err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"a s3cr\x1b[1;31m3t\x1b[0m/token b":             "a *** b",
		"\x1b[2ms3cr3\x1b[Kt/token\x1b[0m s3cr\x1b7t/x": "\x1b[2m***\x1b[0m s3cr\x1b7t/x",
		"s3cr3t/token s3c\x1b[mr3t/token":               "*** ***",
		"\x1b[31mred\x1b[0m":                            "\x1b[31mred\x1b[0m",
		"s3cr3t/toke\x1b[31":                            "s3cr3t/toke\x1b[31",
		"s3cr3t/toke\x1b[31mn\x1b":                      "***\x1b",
		"s3cr\x1b]8;;http://x\x1b\\3t/token":            "***",
		"s3cr\x1b]0;title\a3t/\x1b[3\x1b(Btoken":        "***",
		"s3cr\x1b]3t/token":                             "***",
		"s3cr\x1b]0;3t/token":                           "s3cr\x1b]0;3t/token",
	} {
		if got := s.Text(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
		if s.Holds(text) != (want != text) {
			t.Errorf("%q: Holds does not agree", text)
		}
	}
}

// sequences is ECMA-48's grammar once more, as one expression.
var sequences = regexp.MustCompile("(?s)\x1b(" + `\[[ -?]*[@-~]?|\][^\x07\x1b]*(\x07|\x1b\\)|[P^_X][^\x07\x1b]*(\x07|\x1b\\)|[\]P^_X]|[ -/]+[0-~]?|[0-~]|)`)

// throughEscapes masks a text by looking for every form at every place of it,
// and of what remains without its escape sequences.
func throughEscapes(forms []string, text string) string {
	secret := make([]bool, len(text)+1)
	cover := func(places []int, view string) {
		for _, h := range (brute{[]int{0}, [][]string{forms}}).hits(view) {
			for i := places[h.from]; i <= places[h.to-1]; i++ {
				secret[i] = true
			}
		}
	}
	var whole, bare []int
	gone := sequences.FindAllStringIndex(text, -1)
	for i := range len(text) {
		whole = append(whole, i)
		for len(gone) > 0 && gone[0][1] <= i {
			gone = gone[1:]
		}
		if len(gone) == 0 || i < gone[0][0] {
			bare = append(bare, i)
		}
	}
	cover(whole, text)
	cover(bare, pick(text, bare))
	var out strings.Builder
	for i := range len(text) {
		switch {
		case !secret[i]:
			out.WriteByte(text[i])
		case i == 0 || !secret[i-1]:
			out.WriteString(Mark)
		}
	}
	return out.String()
}

func pick(text string, places []int) string {
	b := make([]byte, len(places))
	for i, at := range places {
		b[i] = text[at]
	}
	return string(b)
}

// colour puts sequences, whole and torn, into a text.
func colour(r *rand.Rand, text string) string {
	var b strings.Builder
	all := []string{"\x1b[m", "\x1b[1;31m", "\x1b[", "\x1b", "\x1b[3\x1b[K", "\x1b(B", "\x1b]0;a\a", "\x1b]8;;b\x1b\\", "\x1b]", "\x1bPab\x1b", "\x1bM"}
	for i := range len(text) {
		for r.IntN(6) == 0 {
			b.WriteString(all[r.IntN(len(all))])
		}
		b.WriteByte(text[i])
	}
	return b.String()
}

// TestThroughEscapes compares with brute force, in pieces of all sizes.
func TestThroughEscapes(t *testing.T) {
	t.Parallel()
	cases := 10_000
	if testing.Short() {
		cases = 2_000
	}
	marks := 0
	for i := range cases {
		r := rand.New(rand.NewPCG(uint64(i), 29))
		alphabet := []string{"ab", "abm", "a[1m", "aK\x1b[", "a(B\a\\"}[r.IntN(5)]
		s := &Set{}
		for range 1 + r.IntN(3) {
			_ = s.Add(letters(r, alphabet, MinLength+r.IntN(9)))
		}
		if s.Empty() {
			continue
		}
		forms := s.list()
		sort.Strings(forms)
		text := colour(r, tell(r, forms, alphabet))
		want := throughEscapes(forms, text)
		if got := s.Text(text); got != want {
			t.Fatalf("case %d: %q in %q\n got %q\nwant %q", i, s.Values(), text, got, want)
		}
		if got := inPieces(r, s, text); joined(got) != joined(want) {
			t.Fatalf("case %d: %q in pieces of %q\n got %q\nwant %q", i, s.Values(), text, got, want)
		}
		marks += strings.Count(want, Mark)
	}
	if marks < cases/2 {
		t.Errorf("%d marks in %d cases: the cases are too tame", marks, cases)
	}
}

func FuzzThroughEscapes(f *testing.F) {
	f.Add("secret", "a se\x1b[1mcr\x1b]0;x\aet", uint64(1))
	f.Add("a\x1b[mbcd", "a\x1b[m\x1b(Bbcd\x1b", uint64(7))
	f.Fuzz(func(t *testing.T, value, text string, seed uint64) {
		s := &Set{}
		if len(value) > 100 || len(text) > 2000 || strings.Contains(text, Mark) || s.Add(value) != nil {
			return
		}
		want := throughEscapes(s.list(), text)
		if got := s.Text(text); got != want {
			t.Errorf("%q in %q\n got %q\nwant %q", value, text, got, want)
		}
		if got := inPieces(rand.New(rand.NewPCG(seed, 5)), s, text); joined(got) != joined(want) {
			t.Errorf("%q in pieces of %q\n got %q\nwant %q", value, text, got, want)
		}
	})
}

// joined leaves out the sequences between two marks: whether they stay depends
// on the pieces.
func joined(text string) string {
	between := regexp.MustCompile(`\*\*\*(` + sequences.String() + `)+\*\*\*`)
	for between.MatchString(text) {
		text = between.ReplaceAllString(text, Mark)
	}
	return text
}

func inPieces(r *rand.Rand, s *Set, text string) string {
	var out bytes.Buffer
	w := s.Writer(&out)
	for len(text) > 0 {
		n := 1 + r.IntN(min(len(text), 1+r.IntN(40)))
		_, _ = w.Write([]byte(text[:n]))
		text = text[n:]
	}
	_ = w.Close()
	return out.String()
}

// TestFlushThroughEscapes shows that a pause gives away no more of a coloured
// value than of another.
func TestFlushThroughEscapes(t *testing.T) {
	t.Parallel()
	s := &Set{}
	if err := s.Add("password12"); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ first, shown, then, all string }{
		{"the pa\x1b[1mss", "the pa\x1b[1mss", "word12 x", "the pa\x1b[1mss*** x"}, // less than half
		{"the pass\x1b[1mwo", "the ", "rd12 x", "the *** x"},
		{"the pass\x1b[1mwo", "the ", "! x", "the pass\x1b[1mwo! x"},
		{"password12 \x1b[1mpassword1\x1b[", "*** \x1b[1m", "m2 x", "*** \x1b[1m*** x"},
	} {
		var out bytes.Buffer
		w := s.Writer(&out)
		for at := range len(c.first) {
			_, _ = w.Write([]byte{c.first[at]})
		}
		_ = w.Flush()
		if out.String() != c.shown {
			t.Errorf("after %q and a pause %q is out, want %q", c.first, out.String(), c.shown)
		}
		_, _ = w.Write([]byte(c.then))
		_ = w.Close()
		if out.String() != c.all {
			t.Errorf("after %q and %q %q is out, want %q", c.first, c.then, out.String(), c.all)
		}
	}
}

// TestEscapesWithoutEnd shows that nobody makes a writer hold a log of them.
func TestEscapesWithoutEnd(t *testing.T) {
	t.Parallel()
	s := &Set{}
	if err := s.Add("password12"); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"sequences": "\x1b[m", "one sequence": ";", "one string": "x"} {
		var out bytes.Buffer
		w := s.Writer(&out)
		_, _ = w.Write([]byte("pass" + map[string]string{"one sequence": "\x1b[", "one string": "\x1b]"}[name]))
		for range 1000 {
			_, _ = w.Write([]byte(strings.Repeat(text, 1000)))
		}
		if n := w.Held(); n > 2*padding {
			t.Errorf("%s: %d bytes are held", name, n)
		}
	}
}
