package index

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/mlops-runner/mlops/spec/expression"
)

// A compiler translates one expression into SQL. What it writes is made of the
// words in this package, of aliases that it counts, and of the marks of bound values.
type compiler struct {
	x        *Index
	source   string
	args     []any
	aliases  int
	operands map[string]*operand // by path
	order    []*operand          // as they were named first
	indexed  bool                // whether all runs asked for have the first name to sort by
	few      string              // statement of the runs that are asked for alone; "" for all
	inOrder  bool                // whether the runs are walked one after the other, newest first
}

// bind binds a value and returns its mark.
func (q *compiler) bind(v any) string {
	q.args = append(q.args, v)
	return q.x.dialect.bound(len(q.args))
}

func (q *compiler) fail(t *expression.Term, msg, fix string) error {
	return &QueryError{q.source, t.Start, t.End, msg, fix}
}

// parse parses an expression and finds what its paths mean.
func (q *compiler) parse(ctx context.Context, source string) (*expression.Term, error) {
	q.source = source
	x, err := expression.Parse(source)
	var bad *expression.Error
	if errors.As(err, &bad) {
		return nil, q.syntax(bad)
	}
	if err != nil {
		return nil, err
	}
	t := x.Term()
	if t == nil {
		return nil, &QueryError{source, 0, len(source), "there is no condition", "write one, such as metrics.auc > 0.9"}
	}
	return t, q.name(ctx, t)
}

// syntax is an error of the parser, with the cure for what other languages write.
func (q *compiler) syntax(e *expression.Error) error {
	fix := e.Fix
	switch word := strings.ToLower(q.source[e.Pos:e.End]); {
	case fix != "":
	case word == "in":
		fix = "write in(status, 'success', 'failure')"
	case word == "and":
		fix = "write &&"
	case word == "or":
		fix = "write ||"
	case strings.HasPrefix(word, "="):
		fix = "write =="
	case word == "contains" || word == "startswith" || word == "endswith" || word == "like":
		fix = "write contains(branch, 'feature') or startsWith(branch, 'feature/')"
	case strings.ContainsAny(word, `"`):
		fix = "write texts in single quotes"
	}
	return &QueryError{q.source, e.Pos, e.End, e.Msg, fix}
}

// name finds the operands of all paths below t.
func (q *compiler) name(ctx context.Context, t *expression.Term) error {
	if t.Op != "path" {
		for _, a := range t.Args {
			if err := q.name(ctx, a); err != nil {
				return err
			}
		}
		return nil
	}
	key := strings.Join(t.Path, "\x00")
	if q.operands[key] != nil {
		return nil
	}
	bound := len(q.args)
	o, err := q.lookup(ctx, t.Path)
	var bad *QueryError
	if errors.As(err, &bad) {
		return q.fail(t, bad.Msg, bad.Fix)
	}
	if err != nil {
		return err
	}
	for _, same := range q.order {
		if same.name == o.name {
			q.operands[key] = same
			q.args = q.args[:bound] // PostgreSQL wants each bound value to be used
			return nil
		}
	}
	q.operands[key] = o
	q.order = append(q.order, o)
	return nil
}

func (q *compiler) operand(t *expression.Term) *operand {
	if t.Op != "path" {
		return nil
	}
	return q.operands[strings.Join(t.Path, "\x00")]
}

// require marks what a run must have for t to be true: then the database may
// begin its search there.
func (q *compiler) require(t *expression.Term) {
	switch t.Op {
	case "path":
		q.operand(t).needed = true
	case "&&":
		for _, a := range t.Args {
			q.require(a)
		}
	case "==", "<", "<=", ">", ">=":
		for i, a := range t.Args {
			if other := t.Args[1-i]; a.Op == "path" && (other.Op != "value" || other.Value != nil) {
				q.operand(a).needed = true
			}
		}
	case "call":
		isNull := func(a *expression.Term) bool { return a.Op == "value" && a.Value == nil }
		if len(t.Args) > 0 && t.Args[0].Op == "path" && !slices.ContainsFunc(t.Args, isNull) {
			q.operand(t.Args[0]).needed = true
		}
	}
}

// not is the negation of a condition, which may be NULL for what a run does not have.
func not(condition string) string { return "NOT COALESCE(" + condition + ", FALSE)" }

// condition translates t into a condition that is true where t is.
func (q *compiler) condition(t *expression.Term) (string, error) {
	switch t.Op {
	case "&&", "||":
		return q.logical(t)
	case "!":
		c, err := q.condition(t.Args[0])
		return not(c), err
	case "==", "!=", "<", "<=", ">", ">=":
		return q.comparison(t)
	case "call":
		return q.call(t)
	case "path":
		return truth(q.operand(t)), nil
	case "value":
		if expression.Truthy(t.Value) {
			return "TRUE", nil
		}
		return "FALSE", nil
	case "other":
		return "", q.fail(t, "what is read here is known only when it is evaluated", "write names in full, such as metrics.auc")
	}
	return "", q.fail(t, "numbers are not computed here", "compare names with values: metrics.auc > 0.9")
}

func (q *compiler) logical(t *expression.Term) (string, error) {
	word := map[string]string{"&&": "AND", "||": "OR"}[t.Op]
	parts := make([]string, len(t.Args))
	for i, a := range t.Args {
		c, err := q.condition(a)
		if err != nil {
			return "", err
		}
		parts[i] = c
	}
	return joined(parts, word), nil
}

// joined combines conditions. SQLite makes a tree of them that is as deep as the row is
// long, and takes none deeper than 1,000: long rows are halved.
func joined(parts []string, word string) string {
	if len(parts) <= 100 {
		return "(" + strings.Join(parts, " "+word+" ") + ")"
	}
	half := len(parts) / 2
	return "(" + joined(parts[:half], word) + " " + word + " " + joined(parts[half:], word) + ")"
}

// truth is an operand as a condition.
func truth(o *operand) string {
	switch o.kind {
	case text, lower:
		return "(" + o.folded + " <> '')"
	case scalar:
		return "(CASE WHEN " + o.own + " = 'string' THEN " + o.folded + " <> '' ELSE " + o.number + " <> 0 END)"
	}
	return "(" + o.number + " <> 0)"
}

// comparison translates ==, !=, <, <=, > and >=.
func (q *compiler) comparison(t *expression.Term) (string, error) {
	a, b, op := t.Args[0], t.Args[1], t.Op
	if a.Op != "path" && b.Op == "path" {
		a, b = b, a
		op = flipped(op)
	}
	left := q.operand(a)
	if left == nil && strings.Contains("+-*/%", a.Op) {
		return "", q.fail(a, "numbers are not computed here", "compare a name with a value or another name: metrics.auc > 0.9")
	}
	if left == nil {
		return "", q.fail(a, "this is no name", "compare a name with a value, such as metrics.auc > 0.9, and combine with && and ||")
	}
	var c string
	var err error
	sign := map[string]string{"==": "=", "!=": "="}[op]
	if sign == "" {
		sign = op
	}
	if right := q.operand(b); right != nil {
		c, err = q.pair(t, left, right, sign)
	} else {
		v, litErr := q.literal(b)
		if litErr != nil {
			return "", litErr
		}
		c, err = q.with(b, left, sign, v)
	}
	if op == "!=" {
		c = not(c)
	}
	return c, err
}

// literal is the value of a literal, a negated number or ago().
func (q *compiler) literal(t *expression.Term) (any, error) {
	switch {
	case t.Op == "value":
		return t.Value, nil
	case t.Op == "-" && len(t.Args) == 1 && t.Args[0].Op == "value":
		if n, ok := t.Args[0].Value.(float64); ok {
			return -n, nil
		}
	case t.Op == "call" && strings.EqualFold(t.Name, "ago"):
		return q.ago(t)
	case t.Op == "call":
		return nil, q.fail(t, "the result of "+t.Name+"() is not compared here", "use contains, startsWith, endsWith and in as conditions of their own; ago('7d') is a time")
	}
	return nil, q.fail(t, "this is no value", "compare a name with a value or another name; numbers are not computed here")
}

// with compares an operand with a value.
func (q *compiler) with(t *expression.Term, o *operand, sign string, v any) (string, error) {
	if v == nil {
		if sign != "=" {
			return "", q.fail(t, "nothing is less or greater than null", "write == null or != null")
		}
		return "(" + o.absent + ")", nil
	}
	s, isText := v.(string)
	switch o.kind {
	case text, lower:
		if !isText {
			return "", q.fail(t, o.name+" is a text", "write the value in single quotes")
		}
		if o.kind == lower && sign != "=" { // "_" stands between the cases
			return q.textCompare("UPPER("+o.folded+")", sign, fold(s)), nil
		}
		return q.textCompare(o.folded, sign, o.form(s)), nil
	case moment:
		at, err := q.time(t, v)
		if err != nil {
			return "", err
		}
		return "(" + o.number + " " + sign + " " + q.bind(at) + ")", nil
	}
	n := expression.Number(v)
	if _, is := v.(instant); is || o.kind != scalar && math.IsNaN(n) {
		return "", q.fail(t, o.name+" is a number", "compare it with one")
	}
	numeric := "FALSE"
	if !math.IsNaN(n) {
		numeric = o.number + " " + sign + " " + q.bind(n)
	}
	if o.kind != scalar || !isText {
		return "(" + numeric + ")", nil
	}
	return "(CASE WHEN " + o.own + " = 'string' THEN " + q.textCompare(o.folded, sign, o.form(s)) + " ELSE " + numeric + " END)", nil
}

// form is a text in the form that the operand's column has.
func (o *operand) form(s string) string {
	if o.kind == lower {
		return strings.ToLower(fold(s))
	}
	return fold(s)
}

func (q *compiler) textCompare(column, sign, value string) string {
	if sign != "=" {
		column += " COLLATE " + q.x.dialect.collation
	}
	return "(" + column + " " + sign + " " + q.bind(value) + ")"
}

// pair compares two operands.
func (q *compiler) pair(t *expression.Term, a, b *operand, sign string) (string, error) {
	isText := func(o *operand) bool { return o.kind == text || o.kind == lower }
	collate := ""
	if sign != "=" {
		collate = " COLLATE " + q.x.dialect.collation
	}
	upper := func(o *operand) string {
		if o.kind == lower {
			return "UPPER(" + o.folded + ")"
		}
		return o.folded
	}
	numbers := "(" + a.number + " " + sign + " " + b.number + ")"
	switch {
	case isText(a) && isText(b):
		return "(" + upper(a) + collate + " " + sign + " " + upper(b) + ")", nil
	case isText(a) != isText(b), (a.kind == moment) != (b.kind == moment):
		return "", q.fail(t, a.name+" and "+b.name+" cannot be compared", "compare texts with texts, numbers with numbers and times with times")
	case a.kind == scalar && b.kind == scalar:
		return "(CASE WHEN " + a.own + " = 'string' AND " + b.own + " = 'string' THEN " + a.folded + collate + " " + sign + " " + b.folded + " ELSE " + numbers + " END)", nil
	}
	return numbers, nil
}

// call translates a function that is a condition.
func (q *compiler) call(t *expression.Term) (string, error) {
	name := strings.ToLower(t.Name)
	switch name {
	case "contains", "startswith", "endswith":
		if len(t.Args) != 2 {
			return "", q.fail(t, t.Name+"() takes two arguments", "write "+t.Name+"(branch, 'text')")
		}
		return q.holds(t, name)
	case "in":
		return q.in(t)
	case "ago":
		return "", q.fail(t, "a time is no condition", "write started > ago('7d')")
	}
	return "", q.fail(t, t.Name+"() is not known here", meant(t.Name, []string{"contains", "startsWith", "endsWith", "in", "ago"}, "there are contains, startsWith, endsWith, in and ago"))
}

func (q *compiler) holds(t *expression.Term, name string) (string, error) {
	o := q.operand(t.Args[0])
	if o == nil {
		return "", q.fail(t.Args[0], "this is no name", "write "+t.Name+"(branch, 'text'); whether a value is one of several asks in(branch, 'a', 'b')")
	}
	v, err := q.literal(t.Args[1])
	if err != nil {
		return "", err
	}
	if o.kind == number || o.kind == boolean || o.kind == moment {
		return "", q.fail(t.Args[0], o.name+" is no text", "compare it with ==, < and >")
	}
	if _, is := v.(instant); is || v == nil {
		return "", q.fail(t.Args[1], "this is no text", "write it in single quotes")
	}
	s := o.form(expression.Format(v))
	count := int64(utf8.RuneCountInString(s))
	switch {
	case s == "":
		return "(" + o.folded + " IS NOT NULL)", nil
	case name == "contains":
		return "(" + q.x.dialect.position + "(" + o.folded + ", " + q.bind(s) + ") > 0)", nil
	case name == "startswith":
		return "(substr(" + o.folded + ", 1, " + q.bind(count) + ") = " + q.bind(s) + ")", nil
	}
	return "(" + q.x.dialect.suffix(o.folded, q.bind(count)) + " = " + q.bind(s) + ")", nil
}

// in translates in(x, a, b, …): whether x equals one of them.
func (q *compiler) in(t *expression.Term) (string, error) {
	if len(t.Args) < 2 || q.operand(t.Args[0]) == nil {
		return "", q.fail(t, "in() takes a name and values", "write in(branch, 'main', 'develop')")
	}
	var parts []string
	for _, a := range t.Args[1:] {
		v, err := q.literal(a)
		if err != nil {
			return "", err
		}
		c, err := q.with(a, q.operand(t.Args[0]), "=", v)
		if err != nil {
			return "", err
		}
		parts = append(parts, c)
	}
	return joined(parts, "OR"), nil
}
