package spec

import (
	"fmt"
	"slices"
	"strings"
)

// A Column is what a data check demands of one column, read from a line such as
//
//	int 0..120
//	float 0.. , null ..10%
//	[free, pro, team]
//	bool, true 1%..60%
type Column struct {
	Type   string   // one of ColumnTypes, or "" for any
	Range  *Range   // of the values
	Values []string // the only values allowed, as written
	Rules  []ColumnRule
}

// ColumnRule is one clause of a column line behind its first comma: a word
// with a range, such as null ..10%, or a word alone, such as unique.
type ColumnRule struct {
	Word  string
	Range *Range // nil for a word alone
}

// ColumnTypes returns the types a column line can start with.
func ColumnTypes() []string { return []string{"int", "float", "bool", "string", "date", "datetime"} }

// ColumnWords returns the clauses of a column line that take a range, and
// those that stand alone.
func ColumnWords() (ranged, alone []string) {
	return []string{"null", "true", "false", "distinct", "length", "mean", "std", "min", "max"}, []string{"unique"}
}

// ParseColumn reads a column line. A word that is neither known nor in more,
// the further words of an action, is an error.
func ParseColumn(line string, more []string) (Column, error) {
	var c Column
	parts := splitOutsideBrackets(line)
	if err := c.parseHead(strings.TrimSpace(parts[0]), more); err != nil {
		return Column{}, err
	}
	for _, p := range parts[1:] {
		if err := c.parseRule(strings.TrimSpace(p), more); err != nil {
			return Column{}, err
		}
	}
	return c, nil
}

// parseHead reads the part before the first comma: a type, a range, a list, or
// a type with one of the others. A line may also start with a rule.
func (c *Column) parseHead(s string, more []string) error {
	if s == "" {
		return fmt.Errorf("it is empty; write a type such as int, a range such as 0..120, or a list such as [a, b]")
	}
	word, rest, _ := strings.Cut(s, " ")
	if slices.Contains(ColumnTypes(), word) {
		c.Type, s = word, strings.TrimSpace(rest)
	}
	switch {
	case s == "":
		return nil
	case s[0] == '[':
		return c.parseValues(s)
	case strings.IndexByte("0123456789.-+", s[0]) >= 0:
		r, err := ParseRange(s)
		c.Range = &r
		return err
	case c.Type == "" && knownRule(word, more):
		return c.parseRule(s, more)
	case c.Type != "":
		return fmt.Errorf("%q after %s is neither a range nor a list", s, c.Type)
	}
	return fmt.Errorf("unknown type %q; %s", word, suggest(word, ColumnTypes()))
}

func (c *Column) parseValues(s string) error {
	body, ok := strings.CutSuffix(s[1:], "]")
	if !ok {
		return fmt.Errorf("the list %q is not closed", s)
	}
	for _, v := range strings.Split(body, ",") {
		if v = strings.TrimSpace(v); v == "" {
			return fmt.Errorf("the list %q has an empty value", s)
		}
		c.Values = append(c.Values, strings.Trim(v, `"'`))
	}
	return nil
}

func (c *Column) parseRule(s string, more []string) error {
	word, rest, _ := strings.Cut(s, " ")
	ranged, alone := ColumnWords()
	if !knownRule(word, more) {
		return fmt.Errorf("unknown rule %q; %s", word, suggest(word, append(append(ranged, alone...), more...)))
	}
	rule := ColumnRule{Word: word}
	if rest = strings.TrimSpace(rest); rest != "" {
		r, err := ParseRange(rest)
		if err != nil {
			return fmt.Errorf("%s: %w", word, err)
		}
		rule.Range = &r
	}
	switch {
	case rule.Range == nil && slices.Contains(ranged, word):
		return fmt.Errorf("%s needs a range, such as %s ..10%%", word, word)
	case rule.Range != nil && slices.Contains(alone, word):
		return fmt.Errorf("%s takes no range", word)
	}
	c.Rules = append(c.Rules, rule)
	return nil
}

func knownRule(word string, more []string) bool {
	ranged, alone := ColumnWords()
	return slices.Contains(ranged, word) || slices.Contains(alone, word) || slices.Contains(more, word)
}

// splitOutsideBrackets splits at commas that stand in no brackets. It returns
// at least one part.
func splitOutsideBrackets(s string) []string {
	var parts []string
	depth, from := 0, 0
	for i := range len(s) {
		switch s[i] {
		case '[':
			depth++
		case ']':
			depth--
		case ',':
			if depth == 0 {
				parts = append(parts, s[from:i])
				from = i + 1
			}
		}
	}
	return append(parts, s[from:])
}
