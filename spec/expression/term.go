package expression

// A Term is a part of a parsed expression, for those who translate it into
// another language instead of evaluating it. Parentheses have none of their own.
type Term struct {
	// Op is an operator as it is written (&&, ==, !, +, …), "value" for a literal,
	// "path" for a name and the properties behind it, "call" for a call of a
	// function, and "other" for what reads a part that only running tells.
	Op         string
	Start, End int      // byte offsets in the expression's source
	Value      any      // of a literal: nil, bool, float64 or string
	Path       []string // of a path, as written; see [Reference]
	Name       string   // of the function, as written
	Args       []*Term  // operands or arguments; && and || have two or more
}

// Term returns the expression's tree, or nil if the source is blank.
func (x *Expr) Term() *Term {
	if x.root == nil {
		return nil
	}
	return newTerm(x.root)
}

func newTerm(n *node) *Term {
	n = n.ungroup()
	t := &Term{Start: int(n.start), End: int(n.end)}
	switch n.op {
	case opNull:
		t.Op = "value"
	case opBool:
		t.Op, t.Value = "value", n.yes
	case opNumber:
		t.Op, t.Value = "value", n.num
	case opString:
		t.Op, t.Value = "value", n.text
	case opName, opProperty, opIndex, opFilter:
		t.readPath(n)
		return t
	case opCall:
		t.Op, t.Name = "call", n.text
	case opNegate:
		t.Op = "-"
	default:
		t.Op = n.op.sign()
	}
	for _, a := range n.args {
		t.Args = append(t.Args, newTerm(a))
	}
	return t
}

func (t *Term) readPath(n *node) {
	var inner []Reference
	path, dynamic := walkPath(n, &inner)
	if t.Op, t.Path = "path", path; dynamic || path == nil {
		t.Op, t.Path = "other", nil
	}
}

// Fold returns s in the form in which == and startsWith compare texts: two are
// equal to them if their forms are.
func Fold(s string) string { return upperText(s) }

// Number returns v as the number that it counts as beside one: 0 for null, 1 for
// true, NaN for text that is no number.
func Number(v any) float64 { return toNumber(v) }
