package spelling

import (
	"strings"
	"testing"
)

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		name, a, b string
		want       int
	}{
		{"equal words", "train", "train", 0},
		{"nothing and a word", "", "abc", 3},
		{"three changes", "kitten", "sitting", 3},
		{"one byte more", "inputs", "input", 1},
		{"one byte replaced", "cat", "cut", 1},
		{"neighbours swapped", "inptus", "inputs", 1},
		{"a swap is not edited again", "ca", "abc", 3},
		{"behind the limit", "x" + strings.Repeat("a", longest), "y" + strings.Repeat("a", longest), 1 + 1 + 1},
	} {
		if got := Distance(c.a, c.b); got != c.want {
			t.Errorf("%s: Distance(%.10q, %.10q) = %d, want %d", c.name, c.a, c.b, got, c.want)
		}
		if there, back := Distance(c.a, c.b), Distance(c.b, c.a); there != back {
			t.Errorf("%s: %d one way, %d the other", c.name, there, back)
		}
	}
}
