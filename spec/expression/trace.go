package expression

import (
	"strconv"
	"strings"
)

// A Node is a part of an evaluated expression. Parentheses have no node of their
// own, and what is read from a name, such as baseline.auc, is one.
type Node struct {
	Text       string // as written
	Start, End int    // byte offsets in the expression's source
	Value      any
	// Evaluated is false for what was not reached: the right side of || after a
	// true left side, the branches of case() not taken, arguments by name, and
	// what failed.
	Evaluated bool
	Children  []*Node

	op op
}

// Trace evaluates x as [Expr.Eval] does and returns the value of each part. If
// that fails, the node is what was evaluated until then. A blank expression has
// a node without text.
func (x *Expr) Trace(s *Scope) (*Node, error) {
	if x.root == nil {
		return &Node{Evaluated: true}, nil
	}
	l := &lowerer{src: x.src, tracing: true}
	p, err := compile(l, x.root)
	if err != nil {
		return nil, err
	}
	_, err = x.run(p, &frame{scope: s, budget: new(budget), notes: l.notes})
	return l.notes[0], err
}

// note records the value of a part.
func (f *frame) note(i int, v any) any {
	f.notes[i].Value, f.notes[i].Evaluated = v, true
	return v
}

// String returns the expression with what its references and calls evaluated to
// behind them: "auc 0.912 >= baseline.auc 0.915 - 0.002".
func (n *Node) String() string {
	var b strings.Builder
	n.write(&b)
	return b.String()
}

func (n *Node) write(b *strings.Builder) {
	at := n.Start
	for _, c := range n.Children {
		b.WriteString(n.Text[at-n.Start : c.Start-n.Start])
		c.write(b)
		at = c.End
	}
	b.WriteString(n.Text[at-n.Start:])
	if n.Evaluated && (opName <= n.op && n.op <= opCall) {
		b.WriteString(" " + brief(n.Value))
	}
}

// describe names a value in an error: "null", "the string 'x'", "an array".
func describe(v any) string {
	switch v.(type) {
	case string:
		return "the string " + brief(v)
	case *Array, *Object:
		return "an " + strings.ToLower(string(KindOf(v)))
	}
	return brief(v)
}

// brief shows a value in a few characters.
func brief(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case string:
		if len(v) > 40 {
			v = strings.ToValidUTF8(v[:40], "") + "..."
		}
		return "'" + v + "'"
	case *Array:
		return "[" + count(len(v.items), "item") + "]"
	case *Object:
		return "{" + count(len(v.keys), "name") + "}"
	}
	return Format(v)
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}
