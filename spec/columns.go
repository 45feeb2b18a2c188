package spec

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// A Column is what a data check demands of one column, read from a line such as
//
//	int 0..120
//	float 0.. , null ..10%
//	[free, pro, team]
//	bool, true 1%..60%
//	text /^[^@]+@[^@]+$/, unique
//	date 2024-01-01.. , warn
type Column struct {
	Type    string   // one of ColumnTypes, or "" for any
	Range   *Range   // of the values; of dates in days, of times in microseconds since 1970-01-01
	Values  []string // the only values allowed, as written
	Pattern string   // what texts must match anywhere, in the syntax of package regexp; "" for none
	Rules   []ColumnRule
	Level   string // warn or fail, as the line says; "" if it does not
}

// ColumnRule is one clause of a column line behind its first comma: a word
// with a range, such as null ..10%, or a word alone, such as unique.
type ColumnRule struct {
	Word  string
	Range *Range // nil for a word alone
}

// ColumnTypes returns the types a column line can start with.
// text is another word for string.
func ColumnTypes() []string {
	return []string{"int", "float", "bool", "string", "text", "date", "datetime"}
}

// ColumnLevels returns the clauses that say how grave it is if a line does not hold.
func ColumnLevels() []string { return []string{"warn", "fail"} }

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

// parseHead reads the part before the first comma: a type, a range, a list, a
// pattern, or a type with one of the others. A line may also start with a rule.
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
	case s[0] == '/':
		return c.parsePattern(s)
	case strings.IndexByte("0123456789.-+", s[0]) >= 0:
		return c.parseRange(s)
	case c.Type == "" && (knownRule(word, more) || slices.Contains(ColumnLevels(), s)):
		return c.parseRule(s, more)
	case c.Type != "":
		return fmt.Errorf("%q after %s is neither a range nor a list nor a /pattern/", s, c.Type)
	}
	return fmt.Errorf("unknown type %q; %s", word, suggest(word, ColumnTypes()))
}

// parseRange reads the range of the values, which for dates and times has bounds
// such as 2024-01-31.
func (c *Column) parseRange(s string) error {
	r, err := Range{}, error(nil)
	switch c.Type {
	case "date":
		r, err = parseTimeRange(s, 24*time.Hour)
	case "datetime":
		r, err = parseTimeRange(s, time.Microsecond)
	default:
		r, err = ParseRange(s)
	}
	c.Range = &r
	return err
}

// parsePattern reads /PATTERN/, in which \/ stands for a slash.
func (c *Column) parsePattern(s string) error {
	if c.Type != "" && c.Type != "string" && c.Type != "text" {
		return fmt.Errorf("a pattern is for texts, not for %s", c.Type)
	}
	body, ok := strings.CutSuffix(s[1:], "/")
	if !ok || body == "" {
		return fmt.Errorf("the pattern %q is not closed by a slash, or empty", s)
	}
	body = strings.ReplaceAll(body, `\/`, "/")
	if _, err := regexp.Compile(body); err != nil {
		return fmt.Errorf("the pattern %s: %w", s, err)
	}
	c.Pattern = body
	return nil
}

func (c *Column) parseValues(s string) error {
	body, ok := strings.CutSuffix(s[1:], "]")
	if !ok {
		return fmt.Errorf("the list %q is not closed", s)
	}
	for _, v := range splitOutsideQuotes(body) {
		if v = strings.TrimSpace(v); v == "" {
			return fmt.Errorf("the list %q has an empty value", s)
		}
		if last := len(v) - 1; last > 0 && (v[0] == '"' || v[0] == '\'') && v[last] == v[0] {
			v = v[1:last]
		}
		c.Values = append(c.Values, v)
	}
	return nil
}

// splitOutsideQuotes splits at commas, except in values that begin with a quote.
func splitOutsideQuotes(s string) []string {
	var parts []string
	quote, start, from := byte(0), true, 0
	for i := range len(s) {
		switch c := s[i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == ',':
			parts, from, start = append(parts, s[from:i]), i+1, true
		case start && (c == '"' || c == '\''):
			quote, start = c, false
		case c != ' ':
			start = false
		}
	}
	return append(parts, s[from:])
}

func (c *Column) parseRule(s string, more []string) error {
	word, rest, _ := strings.Cut(s, " ")
	ranged, alone := ColumnWords()
	if slices.Contains(ColumnLevels(), s) {
		c.Level = s
		return nil
	}
	if !knownRule(word, more) {
		return fmt.Errorf("unknown rule %q; %s", word, suggest(word, slices.Concat(ranged, alone, ColumnLevels(), more)))
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

// splitOutsideBrackets splits at commas that stand in no brackets and in no
// /pattern/, which begins with a slash behind a space. It returns at least one part.
func splitOutsideBrackets(s string) []string {
	var parts []string
	depth, from, pattern := 0, 0, false
	for i := range len(s) {
		switch {
		case s[i] == '/' && pattern:
			pattern = s[i-1] == '\\'
		case pattern:
		case s[i] == '/' && (i == 0 || s[i-1] == ' '):
			pattern = true
		case s[i] == '[':
			depth++
		case s[i] == ']':
			depth--
		case s[i] == ',' && depth == 0:
			parts = append(parts, s[from:i])
			from = i + 1
		}
	}
	return append(parts, s[from:])
}
