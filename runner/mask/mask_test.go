package mask

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"sort"
	"strings"
	"testing"
)

// brute masks a text the slow way. It is told where the set grew: from grown[i]
// on, and in what may have been the beginning of an older form there, forms of
// the first i sets count too.
type brute struct {
	grown []int
	sets  [][]string
}

// starts is the place in text[:at] from which the last set's forms count: the
// beginning of the longest suffix that begins a form of the sets before.
func (b brute) start(text string, i int) int {
	at := b.grown[i]
	if i == 0 {
		return at
	}
	first, before := at, b.start(text, i-1)
	for _, f := range b.sets[i-1] {
		for n := min(len(f)-1, at-before); n > 0; n-- {
			if strings.HasSuffix(text[:at], f[:n]) {
				first = min(first, at-n)
				break
			}
		}
	}
	return first
}

func (b brute) hits(text string) []hit {
	var all []hit
	for i := range b.sets {
		from, to := b.start(text, i), len(text)
		if i+1 < len(b.sets) {
			to = b.grown[i+1] // what a smaller set finds is complete by then
		}
		for _, f := range b.sets[i] {
			for at := from; at < to; at++ {
				n := strings.Index(text[at:to], f)
				if n < 0 {
					break
				}
				at += n
				all = append(all, hit{at, at + len(f)})
			}
		}
	}
	sort.Slice(all, func(i, j int) bool { return all[i].from < all[j].from })
	var out []hit
	for _, h := range all {
		if n := len(out) - 1; n >= 0 && out[n].to >= h.from {
			out[n].to = max(out[n].to, h.to)
		} else {
			out = append(out, h)
		}
	}
	return out
}

func (b brute) mask(text string) string {
	var out strings.Builder
	at := 0
	for _, h := range b.hits(text) {
		out.WriteString(text[at:h.from] + Mark)
		at = h.to
	}
	return out.String() + text[at:]
}

func (s *Set) list() []string {
	var out []string
	for f := range s.forms {
		out = append(out, f)
	}
	return out
}

// letters makes a word of few letters, so that words overlap.
func letters(r *rand.Rand, alphabet string, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = alphabet[r.IntN(len(alphabet))]
	}
	return string(b)
}

// A tale is a generated case: texts, and the values known before each.
type tale struct {
	texts []string
	added [][]string
}

// tell makes a text of pieces of forms, whole and torn, and of noise.
func tell(r *rand.Rand, seed []string, alphabet string) string {
	var b strings.Builder
	for range r.IntN(12) {
		f := seed[r.IntN(len(seed))]
		switch r.IntN(4) {
		case 0:
			b.WriteString(f)
		case 1:
			b.WriteString(f[:r.IntN(len(f))])
		case 2:
			b.WriteString(f[r.IntN(len(f)):])
		default:
			b.WriteString(letters(r, alphabet, r.IntN(8)))
		}
	}
	return b.String()
}

func newTale(r *rand.Rand) tale {
	alphabet := []string{"ab", "abc", "a\n", "ab+' \"", "xyz\x00é"}[r.IntN(5)]
	var t tale
	all := &Set{}
	for range 1 + r.IntN(3) {
		var values []string
		for range 1 + r.IntN(3) {
			values = append(values, letters(r, alphabet, MinLength+r.IntN(9)))
		}
		for _, v := range values {
			_ = all.Add(v)
		}
		t.added = append(t.added, values)
	}
	seed := append(all.list(), "nothing")
	sort.Strings(seed)
	for range t.added {
		t.texts = append(t.texts, tell(r, seed, alphabet))
	}
	return t
}

// run writes a tale in random pieces and returns what came out, and what brute
// force makes of it.
func (t tale) run(r *rand.Rand) (got, want string) {
	var out bytes.Buffer
	var b brute
	s := &Set{}
	w := s.Writer(&out)
	length := 0
	for i, text := range t.texts {
		for _, v := range t.added[i] {
			_ = s.Add(v)
		}
		b.grown, b.sets = append(b.grown, length), append(b.sets, s.list())
		length += len(text)
		for len(text) > 0 {
			n := 1 + r.IntN(min(len(text), 1+r.IntN(40)))
			_, _ = w.Write([]byte(text[:n]))
			text = text[n:]
		}
	}
	_ = w.Close()
	return out.String(), b.mask(strings.Join(t.texts, ""))
}

// TestAgainstBruteForce compares with a masker that looks for every form at
// every place of the whole text.
func TestAgainstBruteForce(t *testing.T) {
	t.Parallel()
	cases := 20_000
	if testing.Short() {
		cases = 2_000
	}
	marks := 0
	for i := range cases {
		r := rand.New(rand.NewPCG(uint64(i), 17))
		tale := newTale(r)
		got, want := tale.run(r)
		if got != want {
			t.Fatalf("case %d: %q of %q\n got %q\nwant %q", i, tale.added, tale.texts, got, want)
		}
		marks += strings.Count(got, Mark)
	}
	if marks < cases {
		t.Errorf("%d marks in %d cases: the cases are too tame", marks, cases)
	}
}

func FuzzWriter(f *testing.F) {
	f.Add("secret", "se\ncret", "a secret, a se\ncret", uint64(1))
	f.Add("aaaaaa", "abaaaa", "aaabaaaabaaaaaa", uint64(7))
	for _, dump := range []string{"163 145 143 162 145 164", "062563 071143 072145", "115 101 99 114 101 116", " 25971  29283  29797", "0X73, 0X65, 0X63, 0X72,\n"} {
		f.Add("secret", "secret", "7 "+dump+" 1 2"+dump, uint64(9))
	}
	f.Fuzz(func(t *testing.T, a, b, text string, seed uint64) {
		if len(a)+len(b) > 200 || len(text) > 4000 || strings.Contains(text, "\x1b") {
			return // FuzzThroughEscapes is about those
		}
		r := rand.New(rand.NewPCG(seed, 3))
		half := r.IntN(len(text) + 1)
		tale := tale{[]string{text[:half], text[half:]}, [][]string{{a}, {b}}}
		if got, want := tale.run(r); got != want {
			t.Errorf("%q of %q\n got %q\nwant %q", tale.added, tale.texts, got, want)
		}
	})
}

// TestFlush shows that pauses do not give away half a form or more.
func TestFlush(t *testing.T) {
	t.Parallel()
	for i := range 1_000 {
		r := rand.New(rand.NewPCG(uint64(i), 23))
		s := &Set{}
		value := letters(r, "abcdefgh", MinLength+r.IntN(20))
		if err := s.Add(value); err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		w := s.Writer(&out)
		forms := s.list()
		sort.Strings(forms)
		secret := forms[r.IntN(len(forms))]
		text := "|" + secret + "|"
		for at := range len(text) {
			_, _ = w.Write([]byte{text[at]})
			if r.IntN(2) == 0 {
				_ = w.Flush()
			}
			shown := strings.TrimPrefix(out.String(), "|")
			for _, f := range forms {
				if half := f[:(len(f)+1)/2]; strings.HasPrefix(shown, half) && strings.HasPrefix(secret, f) {
					t.Fatalf("case %d: after %q of %q came %q", i, text[:at+1], f, out.String())
				}
			}
		}
		_ = w.Close()
		if !strings.HasSuffix(out.String(), Mark+"|") {
			t.Fatalf("case %d: %q became %q", i, text, out.String())
		}
	}
}

// TestFlushShows is a prompt that nobody would see without.
func TestFlushShows(t *testing.T) {
	t.Parallel()
	s := &Set{}
	if err := s.Add("password12"); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	w := s.Writer(&out)
	_, _ = w.Write([]byte("give the pass"))
	if out.String() != "give the " || w.Held() != 4 {
		t.Errorf("%q is out, %d held", out.String(), w.Held())
	}
	_ = w.Flush()
	if out.String() != "give the pass" || w.Held() != 0 {
		t.Errorf("after the pause %q is out", out.String())
	}
	_, _ = w.Write([]byte("word12!"))
	if out.String() != "give the pass***!" {
		t.Errorf("%q", out.String())
	}
}

func TestShort(t *testing.T) {
	t.Parallel()
	s := &Set{}
	for _, v := range []string{"", "abcde", "  abc  \n", "\n\n\n\n\n\n\n\n"} {
		if err := s.Add(v); !errors.Is(err, ErrShort) {
			t.Errorf("%q: %v", v, err)
		}
	}
	if !s.Empty() || s.Text("abcde") != "abcde" {
		t.Error("a short value is masked")
	}
}

// keeper remembers the slice that it was given.
type keeper struct{ p []byte }

func (k *keeper) Write(p []byte) (int, error) { k.p = p; return len(p), nil }

func TestEmptySetCopiesNothing(t *testing.T) {
	var k keeper
	s := &Set{}
	w := s.Writer(&k)
	p := []byte("some text")
	if _, err := w.Write(p); err != nil || &k.p[0] != &p[0] {
		t.Error("the slice was copied")
	}
	if n := testing.AllocsPerRun(100, func() { _, _ = w.Write(p) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestErrorOfTheWriterBelow(t *testing.T) {
	t.Parallel()
	s := &Set{}
	_ = s.Add("secret-value")
	if _, err := s.Writer(full{}).Write([]byte("text")); err == nil {
		t.Error("no error")
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("full") }
