package expression

// op says what a node is.
type op uint8

const (
	opNull op = iota
	opBool
	opNumber
	opString
	opName     // a context or metric: text
	opProperty // args[0].text
	opIndex    // args[0][args[1]]
	opFilter   // args[0].*
	opCall     // text(args...)
	opGroup    // (args[0])
	opNot
	opNegate
	opOr  // args[0] || args[1] || ...
	opAnd // args[0] && args[1] && ...
	opEqual
	opNotEqual
	opLess
	opLessEqual
	opGreater
	opGreaterEqual
	opAdd
	opSubtract
	opMultiply
	opDivide
	opRemainder
)

// A node is a part of an expression.
type node struct {
	op         op
	yes        bool    // opBool
	start, end int32   // source[start:end]
	pos        int32   // of the operator, the name, or the property
	text       string  // name, property, function or string
	num        float64 // opNumber
	args       []*node
}

// ungroup returns n without the parentheses around it.
func (n *node) ungroup() *node {
	for n.op == opGroup {
		n = n.args[0]
	}
	return n
}

// sign returns the operator as it is written.
func (o op) sign() string {
	switch o {
	case opNot:
		return "!"
	case opOr:
		return "||"
	case opAnd:
		return "&&"
	case opEqual:
		return "=="
	case opNotEqual:
		return "!="
	case opLess:
		return "<"
	case opLessEqual:
		return "<="
	case opGreater:
		return ">"
	case opGreaterEqual:
		return ">="
	}
	return o.arithmetic()
}

func (o op) arithmetic() string {
	switch o {
	case opAdd:
		return "+"
	case opSubtract, opNegate:
		return "-"
	case opMultiply:
		return "*"
	case opDivide:
		return "/"
	case opRemainder:
		return "%"
	}
	return ""
}
