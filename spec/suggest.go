package spec

import (
	"strconv"
	"strings"
)

// suggest returns the cure for a word that is not among the known ones: the
// nearest one if it is near, else the list.
func suggest(word string, known []string) string {
	if best := Nearest(word, known); best != "" {
		return "did you mean " + strconv.Quote(best) + "?"
	}
	return oneOf(known)
}

// oneOf lists the known words, or nothing if they are too many to read.
func oneOf(known []string) string {
	switch {
	case len(known) == 0:
		return ""
	case len(known) == 1:
		return "write " + known[0]
	case len(known) > 40:
		return ""
	}
	return "use one of " + strings.Join(known, ", ")
}

// Nearest returns the known word with the smallest edit distance to name, if
// a typing error can explain the difference, else "". Case does not count, and
// _, - and a blank are one character. Of equally near words the first one wins.
func Nearest(name string, known []string) string {
	if len(name) > longest {
		return ""
	}
	best, least := "", 1+max(1, len(name)/3)
	if len(name) <= 1 {
		least = 1
	}
	for _, k := range known[:min(len(known), maxKnown)] {
		if len(k) > longest || len(k)-len(name) >= least || len(name)-len(k) >= least {
			continue
		}
		if d := distance(fold(name), fold(k)); d < least {
			best, least = k, d
		}
	}
	return best
}

// longest is the length in bytes of words that are compared.
const longest = 64

// maxKnown bounds the words that are compared; a file that declares more than
// these gets its problems without a "did you mean" for the rest.
const maxKnown = 1000

// fold makes words equal that differ only in case and separators.
func fold(s string) string {
	return strings.NewReplacer("_", "-", " ", "-").Replace(strings.ToLower(s))
}

// distance counts the insertions, deletions, replacements and swaps of
// neighbours that make b of a (optimal string alignment).
func distance(a, b string) int {
	var before, last, row [longest + 1]int
	for j := range len(b) + 1 {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last = last, row
	}
	return last[len(b)]
}
