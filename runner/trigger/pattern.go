package trigger

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"
)

// A Pattern is one line of a filter, in GitHub's dialect:
//
//	PATTERN   MATCHES
//	*         any number of characters but /
//	**        any number of characters; **/ also no folder at all
//	?         the character before it, or not
//	+         the character before it, once or more
//	[a-z_]    one of these characters
//	\x        x itself
//	!…        at the beginning: takes away what the patterns before it let in
//
// It must match the whole name. Case counts.
type Pattern struct {
	text   string
	negate bool
	re     *regexp.Regexp
}

// ParsePattern reads a pattern; the error says what is wrong with it.
func ParsePattern(s string) (*Pattern, error) {
	body, negate := strings.CutPrefix(s, "!")
	if body == "" {
		return nil, fmt.Errorf("the pattern %q is empty", s)
	}
	expr, err := translate(body)
	if err != nil {
		return nil, fmt.Errorf("the pattern %q %w", s, err)
	}
	re, err := regexp.Compile(`(?s)\A(?:` + expr + `)\z`)
	if err != nil {
		return nil, fmt.Errorf("the pattern %q is too complex: %w", s, err)
	}
	return &Pattern{text: s, negate: negate, re: re}, nil
}

// Match reports whether the pattern without its ! matches the name.
func (p *Pattern) Match(name string) bool { return p.re.MatchString(name) }

// Negate reports whether the pattern begins with !.
func (p *Pattern) Negate() bool { return p.negate }

// String returns the pattern as written.
func (p *Pattern) String() string { return p.text }

// Last returns the last pattern that matches the name, or nil: the one that
// decides. A name is let in if there is one and it does not negate.
func Last(ps []*Pattern, name string) *Pattern {
	var last *Pattern
	for _, p := range ps {
		if p.Match(name) {
			last = p
		}
	}
	return last
}

// translate writes a pattern as a regular expression, one atom after the other,
// so that ? and + can be applied to the one before.
func translate(s string) (string, error) {
	var atoms []string
	fresh := true // a folder begins here
	for len(s) > 0 {
		last := len(atoms) - 1
		if (s[0] == '?' || s[0] == '+') && last >= 0 {
			atoms[last] = "(?:(?:" + atoms[last] + ")" + s[:1] + ")"
			s, fresh = s[1:], false
			continue
		}
		atom, rest, err := atom(s, fresh)
		if err != nil {
			return "", err
		}
		fresh = s[len(s)-len(rest)-1] == '/'
		atoms, s = append(atoms, atom), rest
	}
	return strings.Join(atoms, ""), nil
}

// atom translates the beginning of a pattern and returns what follows.
func atom(s string, fresh bool) (expr, rest string, err error) {
	switch {
	case fresh && strings.HasPrefix(s, "**/"):
		return `(?:.*/)?`, s[3:], nil
	case strings.HasPrefix(s, "**"):
		return `.*`, s[2:], nil
	case s[0] == '*':
		return `[^/]*`, s[1:], nil
	case s[0] == '[':
		return bracket(s[1:])
	case s == `\`:
		return "", "", errors.New(`ends in a backslash; write \\ for one`)
	case s[0] == '\\':
		s = s[1:]
	}
	_, size := utf8.DecodeRuneInString(s)
	return regexp.QuoteMeta(s[:size]), s[size:], nil
}

// bracket reads a class behind its [ and returns it with what follows.
func bracket(s string) (class, rest string, err error) {
	body, rest, ok := strings.Cut(s, "]")
	switch {
	case !ok:
		return "", "", errors.New(`has a [ without ]; write \[ for the character itself`)
	case body == "":
		return "", "", errors.New("has an empty []")
	case body[0] == '!' || body[0] == '^':
		return "", "", fmt.Errorf("negates a class, [%s]; only a whole pattern can be negated, by a ! before it", body)
	}
	var b strings.Builder
	for r := []rune(body); len(r) > 0; {
		if len(r) > 2 && r[1] == '-' {
			if r[0] > r[2] {
				return "", "", fmt.Errorf("has a range that ends before it starts, %c-%c", r[0], r[2])
			}
			fmt.Fprintf(&b, `\x{%x}-\x{%x}`, r[0], r[2])
			r = r[3:]
			continue
		}
		fmt.Fprintf(&b, `\x{%x}`, r[0])
		r = r[1:]
	}
	return "[" + b.String() + "]", rest, nil
}
