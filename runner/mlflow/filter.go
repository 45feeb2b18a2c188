package mlflow

import (
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A condition is a comparison in a filter; a filter is several, joined by AND.
type condition struct {
	field field
	op    string   // =, !=, <, <=, >, >=, LIKE, ILIKE, IN, NOT IN, IS NULL, IS NOT NULL
	texts []string // on the right; several for IN
	isNum bool     // whether what is on the right was written without quotes
}

// A token is a part of a filter.
type token struct {
	text   string
	quoted bool // a value in quotes
}

// tokens takes a filter apart. Names may be in backticks or double quotes behind a
// dot, values in single or double quotes.
func tokens(s string) (out []token, err error) {
	for s = strings.TrimSpace(s); s != ""; s = strings.TrimSpace(s) {
		n := 1
		switch c := s[0]; {
		case c == '\'' || c == '"':
			end := strings.IndexByte(s[1:], c)
			if end < 0 {
				return nil, invalid("Invalid filter: the quote before %.40q is not closed.", s[1:])
			}
			out, n = append(out, token{s[1 : end+1], true}), end+2
		case strings.HasPrefix(s, "!=") || strings.HasPrefix(s, "<=") || strings.HasPrefix(s, ">="):
			n = 2
			out = append(out, token{text: s[:2]})
		case strings.IndexByte("=<>(),", c) >= 0:
			out = append(out, token{text: s[:1]})
		default:
			if n, err = wordLength(s); err != nil {
				return nil, err
			}
			out = append(out, token{text: s[:n]})
		}
		s = s[n:]
	}
	return out, nil
}

// wordLength is how long the word is that s begins with, quoted parts of it included.
func wordLength(s string) (int, error) {
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '`' || c == '"':
			end := strings.IndexByte(s[i+1:], c)
			if end < 0 {
				return 0, invalid("Invalid filter: the quote before %.40q is not closed.", s[i+1:])
			}
			i += end + 1
		case c < utf8.RuneSelf && unicode.IsSpace(rune(c)) || strings.IndexByte("=<>!(),'", c) >= 0:
			return max(i, 1), nil
		}
	}
	return len(s), nil
}

func parseFilter(s string) (out []condition, err error) {
	if len(s) > maxFilter {
		return nil, invalid("Invalid filter: it is longer than %d KiB.", maxFilter>>10)
	}
	ts, err := tokens(s)
	if err != nil {
		return nil, err
	}
	for len(ts) > 0 {
		var c condition
		if c, ts, err = parseCondition(ts); err != nil {
			return nil, err
		}
		out = append(out, c)
		if len(ts) == 0 {
			break
		}
		if !is(ts, "AND") || len(ts) == 1 {
			return nil, invalid("Invalid filter: expected AND and another comparison at %q; OR and parentheses are not supported.", ts[0].text)
		}
		ts = ts[1:]
	}
	return out, nil
}

// is reports whether tokens begin with these words.
func is(ts []token, words ...string) bool {
	if len(ts) < len(words) {
		return false
	}
	for i, w := range words {
		if ts[i].quoted || !strings.EqualFold(ts[i].text, w) {
			return false
		}
	}
	return true
}

func parseCondition(ts []token) (c condition, rest []token, err error) {
	if len(ts) < 3 || ts[0].quoted {
		return c, nil, invalid("Invalid filter: expected a comparison, such as metrics.auc > 0.9, at %q.", ts[0].text)
	}
	if c.field, err = parseField(ts[0].text); err != nil {
		return c, nil, err
	}
	ts = ts[1:]
	for _, op := range [][]string{{"IS", "NOT", "NULL"}, {"IS", "NULL"}} {
		if is(ts, op...) {
			c.op = strings.Join(op, " ")
			return c, ts[len(op):], nil
		}
	}
	for _, op := range [][]string{{"NOT", "IN"}, {"IN"}} {
		if is(ts, op...) {
			c.op = strings.Join(op, " ")
			rest, err = c.list(ts[len(op):])
			return c, rest, err
		}
	}
	c.op = strings.ToUpper(ts[0].text)
	if !slices.Contains([]string{"=", "!=", "<", "<=", ">", ">=", "LIKE", "ILIKE"}, c.op) || len(ts) < 2 {
		return c, nil, invalid("Invalid filter: %q is no comparison.", ts[0].text)
	}
	c.texts, c.isNum = []string{ts[1].text}, !ts[1].quoted
	return c, ts[2:], nil
}

// list reads ('a', 'b').
func (c *condition) list(ts []token) (rest []token, err error) {
	if !is(ts, "(") {
		return nil, invalid("Invalid filter: expected ( behind %s.", c.op)
	}
	for i, t := range ts[1:] {
		switch {
		case t.quoted:
			c.texts = append(c.texts, t.text)
		case t.text == ")":
			return ts[i+2:], nil
		case t.text != ",":
			return nil, invalid("Invalid filter: values behind %s are texts in quotes; found %q.", c.op, t.text)
		}
	}
	return nil, invalid("Invalid filter: the list behind %s is not closed.", c.op)
}

// parseField reads metrics.auc, params.`a name`, tags."x", attributes.status, status.
func parseField(s string) (field, error) {
	entity, name, dotted := strings.Cut(s, ".")
	if !dotted {
		return field{attribute, unquote(s)}, nil
	}
	name = unquote(name)
	switch strings.ToLower(entity) {
	case "metrics", "metric":
		return field{measure, name}, nil
	case "params", "param", "parameters", "parameter":
		return field{parameter, name}, nil
	case "tags", "tag":
		return field{tag, name}, nil
	case "datasets", "dataset":
		return field{dataset, strings.ToLower(name)}, nil
	case "attributes", "attribute", "attr", "run":
		return field{attribute, name}, nil
	}
	return field{}, invalid("Invalid entity type %q: metrics, params, tags, datasets or attributes.", entity)
}

func unquote(s string) string {
	if n := len(s); n > 1 && (s[0] == '`' || s[0] == '"') && s[n-1] == s[0] {
		return s[1 : n-1]
	}
	return s
}

// holds reports whether all conditions do.
func holds(cs []condition, get func(field) any) (bool, error) {
	for _, c := range cs {
		v := get(c.field)
		if v == any(unknown) {
			return false, invalid("Invalid filter: there is no attribute %q here.", c.field.name)
		}
		ok, err := c.holds(v)
		if err != nil || !ok {
			return false, err
		}
	}
	return true, nil
}

func (c *condition) holds(v any) (bool, error) {
	switch {
	case c.op == "IS NULL":
		return v == nil, nil
	case c.op == "IS NOT NULL":
		return v != nil, nil
	case v == nil:
		return false, nil
	}
	switch x := v.(type) {
	case float64:
		return c.number(x)
	case []string:
		for _, one := range x { // of several, one is enough
			if ok, err := c.text(one); ok || err != nil {
				return ok, err
			}
		}
		return false, nil
	}
	return c.text(v.(string))
}

func (c *condition) number(f float64) (bool, error) {
	if len(c.texts) != 1 {
		return false, invalid("Invalid filter: %s is no comparison of numbers.", c.op)
	}
	want, err := strconv.ParseFloat(c.texts[0], 64)
	if err != nil {
		return false, invalid("Invalid filter: %q is compared with a number, and %q is none.", c.field.name, c.texts[0])
	}
	switch c.op {
	case "=":
		return f == want, nil
	case "!=":
		return f != want, nil
	case "<":
		return f < want, nil
	case "<=":
		return f <= want, nil
	case ">":
		return f > want, nil
	case ">=":
		return f >= want, nil
	}
	return false, invalid("Invalid filter: %s is no comparison of numbers.", c.op)
}

func (c *condition) text(s string) (bool, error) {
	switch c.op {
	case "IN":
		return slices.Contains(c.texts, s), nil
	case "NOT IN":
		return !slices.Contains(c.texts, s), nil
	}
	want := c.texts[0]
	if c.isNum {
		return false, invalid("Invalid filter: %q is a text; put the value in quotes: '%s'.", c.field.name, want)
	}
	switch c.op {
	case "=":
		return s == want, nil
	case "!=":
		return s != want, nil
	case "LIKE":
		return like(s, want), nil
	case "ILIKE":
		return like(strings.ToLower(s), strings.ToLower(want)), nil
	}
	return false, invalid("Invalid filter: %s is no comparison of texts: =, !=, LIKE, ILIKE, IN.", c.op)
}

// like matches SQL's patterns: % is any text, _ any character. The time is at most
// the product of the lengths.
func like(s, pattern string) bool {
	text, p := []rune(s), []rune(pattern)
	i, j, star, from := 0, 0, -1, 0
	for i < len(text) {
		switch {
		case j < len(p) && p[j] == '%':
			star, from, j = j, i, j+1
		case j < len(p) && (p[j] == '_' || p[j] == text[i]):
			i, j = i+1, j+1
		case star >= 0:
			from++
			i, j = from, star+1
		default:
			return false
		}
	}
	for j < len(p) && p[j] == '%' {
		j++
	}
	return j == len(p)
}
