package spec

import (
	"strconv"
	"strings"

	"github.com/mlops-runner/mlops/spec/spelling"
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
		if d := spelling.Distance(fold(name), fold(k)); d < least {
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
