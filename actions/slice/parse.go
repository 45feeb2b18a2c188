package slice

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/mlops-runner/mlops/spec/spelling"
)

// A SyntaxError is a mistake in an entry under "slices:".
type SyntaxError struct {
	Entry string // as it was written
	What  string // what is wrong: `no column "regoin"`
	Fix   string // what to do: `did you mean "region"?`
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("slice %q: %s; %s", e.Entry, e.What, e.Fix)
}

// MostTerms is how many columns a spec has at most.
const MostTerms = 4

// Parse reads one entry: terms between stars.
//
//	region
//	region * plan
//	[region, plan]                the same
//	tenure binned 4               quartiles
//	age by 18|30|45|65            below 18, from 18 to below 30 …
//	age by 18|30 * region
//	"total * paid" binned 4       a name in quotes may have anything in it, as Go's strings
//
// columns are the names that there are; with nil, any are taken. It fails with a
// [SyntaxError].
func Parse(entry string, columns []string) (Spec, error) {
	p := parser{entry, columns}
	text := strings.TrimSpace(entry)
	parts := split(text, '*')
	if slices.Contains(columns, text) { // whatever there is in its name
		return Spec{[]Term{{Column: text}}}, nil
	}
	if inner, ok := strings.CutPrefix(text, "["); ok {
		if inner, ok = strings.CutSuffix(inner, "]"); !ok {
			return Spec{}, p.fault("the bracket is not closed", `write "[region, plan]"`)
		}
		parts = split(inner, ',')
	}
	return p.product(parts)
}

// ParseList reads entries between commas, as [Parse] does each, and [errors.Join]s all
// that is wrong with them: `region, tenure binned 4, [region, plan]`.
func ParseList(entries string, columns []string) ([]Spec, error) {
	var specs []Spec
	var errs []error
	if strings.TrimSpace(entries) == "" {
		return nil, nil
	}
	for _, entry := range split(entries, ',') {
		s, err := Parse(entry, columns)
		specs, errs = append(specs, s), append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return specs, nil
}

// Product returns the spec of a list of entries, each as [Parse] has it: what a list
// within the list of slices means.
func Product(entries []string, columns []string) (Spec, error) {
	var all Spec
	for _, entry := range entries {
		s, err := Parse(entry, columns)
		if err != nil {
			return Spec{}, err
		}
		all.Terms = append(all.Terms, s.Terms...)
	}
	return all, parser{"[" + strings.Join(entries, ", ") + "]", columns}.check(all)
}

// A parser reads one entry.
type parser struct {
	entry   string
	columns []string
}

func (p parser) fault(what, fix string) error { return &SyntaxError{p.entry, what, fix} }

func (p parser) product(parts []string) (Spec, error) {
	var s Spec
	for _, part := range parts {
		t, err := p.term(strings.TrimSpace(part))
		if err != nil {
			return Spec{}, err
		}
		s.Terms = append(s.Terms, t)
	}
	return s, p.check(s)
}

// check looks at what the terms are together.
func (p parser) check(s Spec) error {
	if len(s.Terms) == 0 || len(s.Terms) > MostTerms {
		return p.fault(fmt.Sprintf("%d columns at once", len(s.Terms)), fmt.Sprintf("write 1 to %d", MostTerms))
	}
	for i, t := range s.Terms {
		if slices.ContainsFunc(s.Terms[:i], func(u Term) bool { return u.Column == t.Column }) {
			return p.fault(fmt.Sprintf("column %q is there twice", t.Column), "write it once, or two entries")
		}
	}
	return nil
}

// term reads a column and how it is grouped.
func (p parser) term(text string) (Term, error) {
	name, rest, err := p.name(text)
	if err != nil {
		return Term{}, err
	}
	t := Term{Column: name}
	word, args, _ := strings.Cut(rest, " ")
	switch word {
	case "":
	case "binned":
		t.Bins, err = p.bins(args)
	case "by":
		t.Edges, err = p.edges(args)
	default:
		err = p.fault(fmt.Sprintf("%q after the column %q", rest, name), p.forms(name))
	}
	if err != nil {
		return Term{}, err
	}
	return t, p.known(t.Column, text)
}

func (p parser) forms(name string) string {
	return fmt.Sprintf(`write "%s", "%s binned 4" or "%s by 10|20"`, name, name, name)
}

// name takes the column's name from the start of a term: what is in quotes, a column
// that is known, or all before the last " binned " or " by ".
func (p parser) name(text string) (name, rest string, err error) {
	if slices.Contains(p.columns, text) {
		return text, "", nil
	}
	if strings.HasPrefix(text, `"`) {
		quoted, err := strconv.QuotedPrefix(text)
		if err != nil {
			return "", "", p.fault("the quote is not closed", `write as "region" or "region * plan"`)
		}
		name, _ = strconv.Unquote(quoted)
		return name, spaced(text[len(quoted):]), nil
	}
	at := max(strings.LastIndex(text, " binned "), strings.LastIndex(text, " by "))
	for _, word := range []string{" binned", " by"} {
		if at < 0 && strings.HasSuffix(text, word) { // its argument is missing
			at = len(text) - len(word)
		}
	}
	if at >= 0 {
		return strings.TrimSpace(text[:at]), spaced(text[at:]), nil
	}
	if text == "" {
		return "", "", p.fault("a column's name is missing", `write as "region" or "region * plan"`)
	}
	return text, "", nil
}

func spaced(s string) string { return strings.Join(strings.Fields(s), " ") }

func (p parser) bins(text string) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil || n < 2 || n > MostBins {
		return 0, p.fault(fmt.Sprintf("%q is no number of bins", text), fmt.Sprintf(`write "binned" and 2 to %d`, MostBins))
	}
	return n, nil
}

func (p parser) edges(text string) ([]float64, error) {
	var edges []float64
	for _, word := range strings.Split(text, "|") {
		word = strings.TrimSpace(word)
		e, err := strconv.ParseFloat(digits(word), 64)
		if err != nil {
			return nil, p.fault(fmt.Sprintf("%q is no number", word), `write "by" and edges as 18|30|45.5`)
		}
		edges = append(edges, e+0)
	}
	if fault := edgesFault(edges); fault != "" {
		return nil, p.fault(fault, `write "by" and edges as 18|30|45.5`)
	}
	return edges, nil
}

// digits takes the underscores out of 1_000_000.
func digits(word string) string { return strings.ReplaceAll(word, "_", "") }

// known fails if there is no such column. term is where the name was read.
func (p parser) known(name, term string) error {
	if p.columns == nil || slices.Contains(p.columns, name) {
		return nil
	}
	if first := p.start(term); first != "" {
		return p.fault(fmt.Sprintf("%q after the column %q", strings.TrimSpace(term[len(first):]), first), p.forms(first))
	}
	return p.fault(fmt.Sprintf("no column %q", name), suggestion(name, p.columns))
}

// start returns the column whose name and a space start the term, "" if none.
func (p parser) start(term string) string {
	best := ""
	for _, c := range p.columns {
		if len(c) > len(best) && strings.HasPrefix(term, c+" ") {
			best = c
		}
	}
	return best
}

// mostListed is how many columns an error lists.
const mostListed = 12

// suggestion names the column that was meant, or those that there are.
func suggestion(name string, columns []string) string {
	best, least := "", 1+len(name)/3
	for _, c := range columns {
		if d := spelling.Distance(strings.ToLower(name), strings.ToLower(c)); d < least || d == least && best == "" {
			best, least = c, d
		}
	}
	switch {
	case best != "":
		return fmt.Sprintf("did you mean %q?", best)
	case len(columns) == 0:
		return "the table has no columns to slice by"
	case len(columns) > mostListed:
		return fmt.Sprintf("there are %s and %d more", strings.Join(columns[:mostListed], ", "), len(columns)-mostListed)
	}
	return "there are " + strings.Join(columns, ", ")
}

// split splits a text at separators that are neither in quotes nor in brackets. A
// quote opens only where a name may start.
func split(text string, sep byte) []string {
	var parts []string
	start, depth := 0, 0
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"' && strings.TrimSpace(text[start:i]) == "" || c == '"' && strings.ContainsRune("[,*", lastOf(text[:i])):
			if quoted, err := strconv.QuotedPrefix(text[i:]); err == nil {
				i += len(quoted) - 1
			}
		case c == '[':
			depth++
		case c == ']':
			depth--
		case c == sep && depth <= 0:
			parts = append(parts, text[start:i])
			start = i + 1
		}
	}
	return append(parts, text[start:])
}

// lastOf returns the last byte that is no space, 0 if there is none.
func lastOf(text string) rune {
	if text = strings.TrimSpace(text); text != "" {
		return rune(text[len(text)-1])
	}
	return 0
}
