package index

import (
	"context"
	"math"
	"slices"
	"strings"

	"github.com/mlops-runner/mlops/spec/expression"
)

// SQLite has no statistics here, as they would have to be kept, and begins with
// whatever name comes first: of 100,000 runs, metrics.auc > 0.5 && metrics.m03 < 0.00001
// took 274 ms. So it is counted, up to a few, how many runs each part of a condition
// leaves, and the answer is sought among those of the rarest.

// counted is for how many parts of a condition that is done: each takes some 0.2 ms.
const counted = 16

// A part is some runs in the order of an index: those whose column compares so with
// a value.
type part struct {
	of     *indexed
	column string
	sign   string
	value  any
}

// indexed is the rows of a name in a table that has its values in an index.
type indexed struct {
	table string
	fixed [][2]string // columns and what they are
	value string      // column of numbers
	text  string      // column of texts in the form of comparison, or ""
}

// sql is the part as a statement, by whose values it is bound.
func (p part) sql(q *compiler) string {
	b := &strings.Builder{}
	b.WriteString("SELECT run_id FROM " + p.of.table + " WHERE ")
	for _, f := range p.of.fixed {
		b.WriteString(f[0] + " = " + q.bind(f[1]) + " AND ")
	}
	b.WriteString(p.column + " " + p.sign + " " + q.bind(p.value))
	return b.String()
}

// candidates are parts that hold every run for which t is true, and how many rows they have;
// more than few is few+1. They are nil if no parts are known.
func (q *compiler) candidates(ctx context.Context, t *expression.Term, few int, left *int) (ps []part, n int, err error) {
	switch t.Op {
	case "&&":
		n = few + 1
		for _, a := range t.Args {
			some, count, err := q.candidates(ctx, a, few, left)
			if err != nil {
				return nil, 0, err
			}
			if some != nil && (ps == nil || count < n) {
				ps, n = some, count
			}
		}
		return ps, n, nil
	case "||":
		for _, a := range t.Args {
			some, count, err := q.candidates(ctx, a, few, left)
			if some == nil || err != nil {
				return nil, 0, err
			}
			ps, n = append(ps, some...), min(n+count, few+1)
		}
		return ps, n, nil
	}
	ps = q.parts(t)
	for _, p := range ps {
		if *left == 0 {
			return nil, 0, nil
		}
		*left--
		count, err := q.count(ctx, p, few+1-n)
		if n += count; err != nil {
			return nil, 0, err
		}
	}
	return ps, n, nil
}

// count is how many rows a part has, up to a limit.
func (q *compiler) count(ctx context.Context, p part, limit int) (n int, err error) {
	c := &compiler{x: q.x}
	statement := "SELECT COUNT(*) FROM (" + p.sql(c) + " LIMIT " + c.bind(int64(limit)) + ")"
	err = q.x.db.QueryRowContext(ctx, statement, c.args...).Scan(&n)
	return n, err
}

// parts are those of a comparison of a name with a value, or of in(); nil if there are none.
func (q *compiler) parts(t *expression.Term) []part {
	switch {
	case t.Op == "call" && strings.EqualFold(t.Name, "in"):
		var ps []part
		for _, a := range t.Args[1:] {
			some := q.compares(t.Args[0], "=", a)
			if some == nil {
				return nil
			}
			ps = append(ps, some...)
		}
		return ps
	case !slices.Contains([]string{"==", "<", "<=", ">", ">="}, t.Op):
		return nil
	}
	a, b, sign := t.Args[0], t.Args[1], strings.TrimPrefix(t.Op, "=")
	if a.Op != "path" {
		a, b = b, a
		sign = flipped(sign)
	}
	return q.compares(a, sign, b)
}

// flipped is a sign for operands that changed places.
func flipped(sign string) string {
	if turned, ok := map[string]string{"<": ">", "<=": ">=", ">": "<", ">=": "<="}[sign]; ok {
		return turned
	}
	return sign
}

func (q *compiler) compares(a *expression.Term, sign string, b *expression.Term) (ps []part) {
	o := q.operand(a)
	if o == nil || o.indexed == nil {
		return nil
	}
	v, err := q.literal(b)
	if _, moment := v.(instant); err != nil || v == nil || moment {
		return nil
	}
	if s, is := v.(string); is && o.kind == scalar {
		if sign != "=" { // texts are compared with texts, and as numbers with others
			return nil
		}
		ps = append(ps, part{o.indexed, o.indexed.text, sign, o.form(s)})
	}
	if n := expression.Number(v); !math.IsNaN(n) {
		ps = append(ps, part{o.indexed, o.indexed.value, sign, n})
	}
	return ps
}

// among is the parts as a table of runs, each once.
func (q *compiler) among(ps []part) string {
	all := make([]string, len(ps))
	for i, p := range ps {
		all[i] = p.sql(q)
	}
	return strings.Join(all, " UNION ")
}
