package spec

import (
	"slices"
	"strings"
)

// exclusive reports whether two conditions never hold together, as far as their text
// tells: both are ands, and one asks for what the other one denies. Most conditions
// that name a branch do. What else they are is known only when a run is planned.
func exclusive(a, b []string) bool {
	for _, x := range a {
		for _, y := range b {
			if deny(x, y) {
				return true
			}
		}
	}
	return false
}

// terms are the parts of conditions that all have to hold; none of those with an or, or with
// an and in parentheses, before which a not may stand.
func terms(conditions ...string) (all []string) {
	for _, c := range conditions {
		c = strings.TrimSpace(c)
		if inner, ok := strings.CutPrefix(c, "${{"); ok {
			c = strings.TrimSuffix(inner, "}}")
		}
		if strings.Contains(c, "||") {
			continue
		}
		parts := strings.Split(c, "&&")
		if slices.ContainsFunc(parts, torn) {
			continue
		}
		for _, t := range parts {
			if t = strings.Join(strings.Fields(t), " "); t != "" {
				all = append(all, t)
			}
		}
	}
	return all
}

// torn reports whether a term ends within parentheses that another one closes.
func torn(term string) bool { return strings.Count(term, "(") != strings.Count(term, ")") }

// deny reports whether two terms exclude each other: x and !x, x == 'a' and x == 'b', or
// x == 'a' and x != 'a'. Texts are equal whatever their case, as == has it.
func deny(a, b string) bool {
	if a == "!"+b || b == "!"+a {
		return true
	}
	of, is, value, ok := comparison(a)
	other, isToo, against, okToo := comparison(b)
	if !ok || !okToo || of != other {
		return false
	}
	same := strings.EqualFold(value, against)
	return is && isToo && !same || is != isToo && same
}

// comparison takes a term apart that compares with a text; is says whether by ==.
func comparison(term string) (of string, is bool, value string, ok bool) {
	of, value, is = strings.Cut(term, " == ")
	if !is {
		of, value, ok = strings.Cut(term, " != ")
		if !ok {
			return "", false, "", false
		}
	}
	inner := strings.TrimSuffix(strings.TrimPrefix(value, "'"), "'")
	return of, is, inner, len(inner) == len(value)-2 && !strings.ContainsAny(inner, "'()!<>=")
}
