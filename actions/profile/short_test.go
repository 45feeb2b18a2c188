package profile

import (
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestShorts counts short texts that come again and again, beside each other in
// the same places and with longer ones among them, and then ever new ones.
func TestShorts(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(7, 7))
	draw := func(letters string, most int) string {
		b := make([]byte, r.IntN(most+1))
		for i := range b {
			b[i] = letters[r.IntN(len(letters))]
		}
		return string(b)
	}
	for _, c := range []struct {
		name    string
		letters string
		most    int
	}{
		{"few", "ab", 3},
		{"one lies before another", "\x00", 9},
		{"of all lengths", "a", 12},
		{"some hundred", "ab\x00", 5},
		{"most differ", "abcdefghijklmnopqrstuvwxyz", 8},
	} {
		want := map[string]int64{}
		texts := make([]string, 20_000)
		for i := range texts {
			texts[i] = draw(c.letters, c.most)
			want[texts[i]]++
		}
		p := ofTexts(texts, len(texts)).Columns[0]
		if len(want) > maxExact {
			if n := float64(p.Distinct()); n < .95*float64(len(want)) || n > 1.05*float64(len(want)) {
				t.Errorf("%s: %v different texts, want %d", c.name, n, len(want))
			}
			continue
		}
		got := map[string]int64{}
		for _, v := range p.Values {
			got[v.Text] = v.Count
		}
		if diff := cmp.Diff(want, got); diff != "" || !p.Exact {
			t.Errorf("%s: exact %t\n%s", c.name, p.Exact, diff)
		}
	}
}
