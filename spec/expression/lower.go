package expression

import (
	"reflect"
	"strconv"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/builtin"
	"github.com/expr-lang/expr/conf"
	"github.com/expr-lang/expr/file"
)

// lowerer turns our tree into expr's. What GitHub's rules decide is a call of an
// operation below; what only numbers or only booleans can reach is expr's own
// operator.
type lowerer struct {
	src  string
	vars int
	// notes are made for a trace: each evaluated part then records its value.
	tracing bool
	notes   []*Node
	parent  *Node // of the next note
}

// A lowered node with what its values are known to be.
type lowered struct {
	ast.Node
	kind typeKind // kindAny, kindBoolean or kindNumber
}

func (l *lowerer) at(n *node, x ast.Node) ast.Node {
	x.SetLocation(file.Location{From: int(n.start), To: int(n.end)})
	return x
}

func (l *lowerer) any(n *node, x ast.Node) lowered { return lowered{l.at(n, x), kindAny} }

// operation is a call of one of [operations]; those that need the frame get it first.
func (l *lowerer) operation(n *node, name string, args ...ast.Node) ast.Node {
	return l.at(n, &ast.CallNode{Callee: l.at(n, &ast.IdentifierNode{Value: name}), Arguments: args})
}

func (l *lowerer) frame(n *node) ast.Node { return l.at(n, &ast.IdentifierNode{Value: "$env"}) }

func (l *lowerer) text(n *node, s string) ast.Node { return l.at(n, &ast.StringNode{Value: s}) }

// lower returns the expr tree of n.
func (l *lowerer) lower(n *node) lowered {
	if !l.tracing || n.op == opGroup {
		return l.node(n)
	}
	i, parent := len(l.notes), l.parent
	note := &Node{Text: l.src[n.start:n.end], Start: int(n.start), End: int(n.end), op: n.op}
	l.notes = append(l.notes, note)
	if parent != nil {
		parent.Children = append(parent.Children, note)
	}
	l.parent = note
	x := l.node(n)
	l.parent = parent
	return l.any(n, l.operation(n, "note", l.frame(n), l.at(n, &ast.IntegerNode{Value: i}), x.Node))
}

func (l *lowerer) node(n *node) lowered {
	switch n.op {
	case opNull:
		return l.any(n, &ast.NilNode{})
	case opBool:
		return lowered{l.at(n, &ast.BoolNode{Value: n.yes}), kindBoolean}
	case opNumber:
		return lowered{l.at(n, &ast.FloatNode{Value: n.num}), kindNumber}
	case opString:
		return l.any(n, l.text(n, n.text))
	case opGroup:
		return l.lower(n.args[0])
	case opName, opProperty, opIndex, opFilter:
		return l.path(n)
	case opCall:
		return l.call(n)
	case opNot:
		return lowered{l.at(n, &ast.UnaryNode{Operator: "!", Node: l.condition(n.args[0])}), kindBoolean}
	case opNegate:
		return lowered{l.at(n, &ast.UnaryNode{Operator: "-", Node: l.number(n, n.args[0])}), kindNumber}
	case opOr, opAnd:
		return l.logical(n)
	case opAdd, opSubtract, opMultiply, opDivide, opRemainder:
		return l.arithmetic(n)
	}
	return l.comparison(n)
}

// path lowers a name and what is read from it. Its inner parts are not noted.
func (l *lowerer) path(n *node) lowered {
	switch base := n.ungroup(); base.op {
	case opName:
		return l.any(n, l.operation(base, "load", l.frame(n), l.text(n, base.text)))
	case opProperty:
		return l.any(n, l.operation(base, "index", l.frame(n), l.path(base.args[0]).Node, l.text(n, base.text)))
	case opIndex:
		return l.any(n, l.operation(base, "index", l.frame(n), l.path(base.args[0]).Node, l.lower(base.args[1]).Node))
	case opFilter:
		return l.any(n, l.operation(base, "filter", l.frame(n), l.path(base.args[0]).Node))
	default:
		return l.lower(base)
	}
}

func (l *lowerer) condition(n *node) ast.Node { return l.truth(n, l.lower(n)) }

func (l *lowerer) truth(n *node, x lowered) ast.Node {
	if x.kind == kindBoolean {
		return x.Node
	}
	return l.operation(n, "truthy", x.Node)
}

// number lowers an operand of arithmetic, which must be a number.
func (l *lowerer) number(operator, n *node) ast.Node {
	x := l.lower(n)
	if x.kind == kindNumber {
		return x.Node
	}
	return l.operation(n, "number", x.Node, l.text(n, operator.op.sign()), l.text(n, l.src[n.start:n.end]))
}

func (l *lowerer) arithmetic(n *node) lowered {
	a, b := l.number(n, n.args[0]), l.number(n, n.args[1])
	if n.op == opRemainder { // expr's own is for whole numbers
		return lowered{l.operation(n, "remainder", a, b), kindNumber}
	}
	return lowered{l.at(n, &ast.BinaryNode{Operator: n.op.sign(), Left: a, Right: b}), kindNumber}
}

func (l *lowerer) comparison(n *node) lowered {
	a, b := l.lower(n.args[0]), l.lower(n.args[1])
	if a.kind == kindNumber && b.kind == kindNumber {
		return lowered{l.at(n, &ast.BinaryNode{Operator: n.op.sign(), Left: a.Node, Right: b.Node}), kindBoolean}
	}
	return lowered{l.operation(n, n.op.sign(), l.frame(n), a.Node, b.Node), kindBoolean}
}

// logical lowers a || b to: let t = a; truthy(t) ? t : b.
func (l *lowerer) logical(n *node) lowered {
	args := make([]lowered, len(n.args))
	kind := kindBoolean
	for i, a := range n.args {
		args[i] = l.lower(a)
		if args[i].kind != kindBoolean {
			kind = kindAny
		}
	}
	x := args[len(args)-1].Node
	for i := len(args) - 2; i >= 0; i-- {
		if kind == kindBoolean {
			x = l.at(n, &ast.BinaryNode{Operator: n.op.sign(), Left: args[i].Node, Right: x})
		} else {
			x = l.either(n, args[i], n.args[i], x)
		}
	}
	return lowered{x, kind}
}

func (l *lowerer) either(n *node, a lowered, src *node, b ast.Node) ast.Node {
	name := "t" + strconv.Itoa(l.vars)
	l.vars++
	t := func() ast.Node { return l.at(src, &ast.IdentifierNode{Value: name}) }
	yes, no := b, t()
	if n.op == opOr {
		yes, no = no, yes
	}
	choice := l.at(n, &ast.ConditionalNode{Cond: l.operation(src, "truthy", t()), Exp1: yes, Exp2: no})
	return l.at(n, &ast.VariableDeclaratorNode{Name: name, Value: a.Node, Expr: choice})
}

func (l *lowerer) call(n *node) lowered {
	if sameName(n.text, "case") && len(n.args) >= 3 && len(n.args)%2 == 1 {
		return l.choice(n)
	}
	args := []ast.Node{l.frame(n), l.text(n, n.text)}
	for i, a := range n.args {
		args = append(args, l.argument(n, a, i))
	}
	return l.any(n, l.operation(n, "call", args...))
}

// argument lowers an argument. Only the scope knows whether the function wants
// a reference by name.
func (l *lowerer) argument(call, n *node, i int) ast.Node {
	x := l.lower(n).Node
	path, ok := n.path()
	if !ok {
		return x
	}
	cond := l.operation(n, "byName", l.frame(n), l.text(n, call.text), l.at(n, &ast.IntegerNode{Value: i}))
	return l.at(n, &ast.ConditionalNode{Cond: cond, Exp1: l.text(n, path), Exp2: x})
}

// choice lowers case(), which evaluates no more than it must, as in GitHub's runner.
func (l *lowerer) choice(n *node) lowered {
	args := make([]ast.Node, len(n.args))
	for i, a := range n.args {
		args[i] = l.lower(a).Node
	}
	x := args[len(args)-1]
	for i := len(args) - 3; i >= 0; i -= 2 {
		cond := l.operation(n.args[i], "predicate", args[i])
		x = l.at(n, &ast.ConditionalNode{Cond: cond, Exp1: args[i+1], Exp2: x})
	}
	return l.any(n, x)
}

// operations are the functions of the lowered tree. A new table is made for each
// compilation, which costs less than a hundredth of it, and nothing at start-up.
func operations() conf.FunctionsTable {
	table := conf.FunctionsTable{}
	add := func(name string, result reflect.Type, f func(args ...any) (any, error)) {
		in := []reflect.Type{reflect.TypeFor[[]any]()}
		table[name] = &builtin.Function{Name: name, Func: f,
			Types: []reflect.Type{reflect.FuncOf(in, []reflect.Type{result}, true)}}
	}
	value, boolean, number := reflect.TypeFor[any](), reflect.TypeFor[bool](), reflect.TypeFor[float64]()
	add("load", value, func(a ...any) (any, error) { return a[0].(*frame).load(a[1].(string)) })
	add("index", value, func(a ...any) (any, error) { return a[0].(*frame).index(a[1], a[2]) })
	add("filter", value, func(a ...any) (any, error) { return a[0].(*frame).filter(a[1]) })
	add("call", value, func(a ...any) (any, error) { return a[0].(*frame).call(a[1].(string), a[2:]) })
	add("note", value, func(a ...any) (any, error) { return a[0].(*frame).note(a[1].(int), a[2]), nil })
	add("byName", boolean, func(a ...any) (any, error) { return a[0].(*frame).byName(a[1].(string), a[2].(int)), nil })
	add("truthy", boolean, func(a ...any) (any, error) { return Truthy(a[0]), nil })
	add("predicate", boolean, predicate)
	add("number", number, operandOf)
	add("remainder", number, remainder)
	for o := opEqual; o <= opGreaterEqual; o++ {
		add(o.sign(), boolean, comparison(o))
	}
	return table
}

// comparison returns the operation of a comparison. Unordered values, as NaN
// and anything, are not less, equal or greater, and so only !=.
func comparison(o op) func(args ...any) (any, error) {
	return func(a ...any) (any, error) {
		found, err := a[0].(*frame).compare(a[1], a[2])
		switch o {
		case opEqual:
			return found == same, err
		case opNotEqual:
			return found != same, err
		case opLess:
			return found == less, err
		case opLessEqual:
			return found == less || found == same, err
		case opGreater:
			return found == greater, err
		}
		return found == greater || found == same, err
	}
}
