package expression

import "math"

// Check returns the type of x and all that is certain to be wrong with it in
// e: names, properties and functions that do not exist, numbers and types of
// arguments, operands that cannot be compared or added, and an expression that
// could cost too much. Where nothing is known, nothing is reported. The errors
// are of kind [CheckError] and in the order in which the parts are evaluated.
func (x *Expr) Check(e *Env) (Type, []*Error) {
	if x.root == nil {
		return NullType(), []*Error{{Kind: CheckError, Msg: "an expression was expected", End: len(x.src)}}
	}
	if e == nil {
		e = new(Env)
	}
	c := typer{env: e, src: x.src}
	t := c.typeOf(x.root)
	if len(c.errs) == 0 {
		c.limitCost(x.root)
	}
	return t, c.errs
}

// typer finds the type of each part. After an error a part counts as any, so
// that one mistake is one error.
type typer struct {
	env  *Env
	src  string
	errs []*Error
}

func (c *typer) report(start, end int32, msg, fix string) Type {
	c.errs = append(c.errs, &Error{Kind: CheckError, Msg: msg, Pos: int(start), End: int(end), Fix: fix})
	return Type{}
}

func (c *typer) text(n *node) string { return c.src[n.start:n.end] }

func (c *typer) typeOf(n *node) Type {
	switch n.op {
	case opNull:
		return NullType()
	case opBool:
		return BooleanType()
	case opNumber:
		return NumberType()
	case opString:
		return StringType()
	case opGroup:
		return c.typeOf(n.args[0])
	case opName:
		return c.name(n)
	case opProperty:
		return c.read(n, c.typeOf(n.args[0]), n.text)
	case opIndex:
		return c.index(n)
	case opFilter:
		return c.filter(n)
	case opCall:
		return c.call(n)
	case opNot:
		c.typeOf(n.args[0])
		return BooleanType()
	case opOr, opAnd:
		return c.logical(n)
	case opNegate, opAdd, opSubtract, opMultiply, opDivide, opRemainder:
		return c.arithmetic(n)
	}
	return c.comparison(n)
}

func (c *typer) logical(n *node) Type {
	t := c.typeOf(n.args[0])
	for _, a := range n.args[1:] {
		t = either(t, c.typeOf(a))
	}
	return t
}

func (c *typer) arithmetic(n *node) Type {
	for _, a := range n.args {
		t := c.typeOf(a)
		if NumberType().accepts(t) {
			continue
		}
		fix := ""
		if n.op == opAdd && t.kind == kindString {
			fix = "join text with format('{0}{1}', ...)"
		}
		c.report(a.start, a.end, `"`+n.op.sign()+`" needs numbers, but `+c.text(a)+" is "+t.named(), fix)
	}
	return NumberType()
}

func (c *typer) comparison(n *node) Type {
	a, b := c.typeOf(n.args[0]), c.typeOf(n.args[1])
	sign := `"` + n.op.sign() + `"`
	switch {
	case unlike(a, b) || n.ordered() && a.compound() && b.compound():
		c.report(n.start, n.end, sign+" cannot compare "+a.named()+" with "+b.named(), "")
	case neverNumber(n.args[0], b):
		c.report(n.args[0].start, n.args[0].end, c.text(n.args[0])+" is no number, and "+c.text(n.args[1])+" is "+b.named()+": they never compare", "")
	case neverNumber(n.args[1], a):
		c.report(n.args[1].start, n.args[1].end, c.text(n.args[1])+" is no number, and "+c.text(n.args[0])+" is "+a.named()+": they never compare", "")
	}
	return BooleanType()
}

// ordered reports whether n asks for more than being equal.
func (n *node) ordered() bool { return opLess <= n.op && n.op <= opGreaterEqual }

// unlike reports whether values of the types never compare: an array or object
// with anything else. With null they do, to see whether something is there.
func unlike(a, b Type) bool {
	if a.kind == kindAny || b.kind == kindAny || a.kind == kindNull || b.kind == kindNull {
		return false
	}
	return (a.compound() || b.compound()) && a.kind != b.kind
}

// neverNumber reports whether n is a string that is no number, compared with one.
func neverNumber(n *node, with Type) bool {
	n = n.ungroup()
	if n.op != opString || !with.number() && with.kind != kindBoolean {
		return false
	}
	return math.IsNaN(parseNumber(n.text))
}

// index types of[i]. A literal string is a property.
func (c *typer) index(n *node) Type {
	of := c.typeOf(n.args[0])
	i := n.args[1].ungroup()
	if i.op == opString {
		return c.read(n, of, i.text)
	}
	t := c.typeOf(n.args[1])
	if t.compound() {
		return c.report(i.start, i.end, "an index is text or a number, but "+c.text(i)+" is "+t.named(), "")
	}
	if of.filtered {
		return filtered(c.item(n, of.Elem()))
	}
	return c.item(n, of)
}

// item is the type of what a computed index of a value finds.
func (c *typer) item(n *node, of Type) Type {
	switch {
	case of.kind == kindArray:
		return of.of.elem
	case of.kind == kindObject:
		return of.values()
	case of.kind == kindAny || of.kind == kindNull:
		return Type{}
	}
	return c.report(n.pos, n.end, c.text(n.args[0])+" is "+of.named()+" and has no items", "")
}

// values is a type that all values of an object have.
func (t Type) values() Type {
	if t.of.open {
		if len(t.of.names) == 0 {
			return t.of.elem
		}
		return Type{}
	}
	ts := make([]Type, 0, len(t.of.names))
	for _, name := range t.of.names {
		f, _ := t.Field(name)
		ts = append(ts, f)
	}
	return union(ts)
}

func filtered(elem Type) Type {
	return Type{kind: kindArray, filtered: true, of: &shape{elem: elem}}
}

func (c *typer) filter(n *node) Type {
	t := c.typeOf(n.args[0])
	if t.filtered {
		t = t.Elem()
	}
	switch {
	case t.kind == kindArray:
		return filtered(t.of.elem)
	case t.kind == kindObject:
		return filtered(t.values())
	case t.scalar() && t.kind != kindNull:
		return c.report(n.pos, n.end, c.text(n.args[0])+" is "+t.named()+` and has nothing for ".*"`, "")
	}
	return filtered(Type{})
}

// read types the property name of a value of type t.
func (c *typer) read(n *node, t Type, name string) Type {
	if t.filtered {
		return filtered(c.property(n, t.Elem(), name))
	}
	return c.property(n, t, name)
}

func (c *typer) property(n *node, t Type, name string) Type {
	switch t.kind {
	case kindAny, kindNull:
		return Type{}
	case kindObject:
		if f, ok := t.Field(name); ok {
			return f
		}
		return c.noProperty(n, t, name)
	case kindArray:
		if !math.IsNaN(parseNumber(name)) {
			return t.of.elem
		}
		return c.report(n.pos, n.end, c.text(n.args[0])+" is an array and has no properties", "write [0] for one item or .* for all")
	}
	return c.report(n.pos, n.end, c.text(n.args[0])+" is "+t.named()+" and has no properties", "")
}

// call types a call.
func (c *typer) call(n *node) Type {
	end := n.pos + int32(len(n.text))
	f, ok := lookupFunc(c.env.Funcs, n.text)
	if !ok {
		for _, a := range n.args {
			c.typeOf(a)
		}
		return c.noFunction(n, end)
	}
	if problem := f.arityProblem(len(n.args)); problem != "" {
		for _, a := range n.args {
			c.typeOf(a)
		}
		return c.report(n.pos, end, problem+" to "+n.text, f.usage(n.text))
	}
	if f.kind == caseFunc {
		return c.choice(n)
	}
	for i, a := range n.args {
		c.argument(n, f.param(i), a, i)
	}
	return f.Result
}

// choice types case(): conditions are booleans, and the type is that of its values.
func (c *typer) choice(n *node) Type {
	last := len(n.args) - 1
	var values []Type
	for i, a := range n.args {
		t := c.typeOf(a)
		if i == last || i%2 == 1 {
			values = append(values, t)
		} else if !BooleanType().accepts(t) {
			c.report(a.start, a.end, "case needs a boolean as predicate, but "+c.text(a)+" is "+t.named(), "")
		}
	}
	return union(values)
}

// bareName is the cure for a name that stands in quotes.
func bareName(call, a *node) string {
	if a.op == opString && legalName(a.text) {
		return "write " + call.text + "(" + a.text + ")"
	}
	return ""
}

func (c *typer) argument(call *node, p Param, a *node, i int) {
	before := len(c.errs)
	t := c.typeOf(a)
	if len(c.errs) > before {
		return
	}
	if _, ok := a.path(); p.ByName && !ok {
		c.report(a.start, a.end, call.text+" needs "+p.named()+" by its name, not "+c.text(a), bareName(call, a))
		return
	}
	if p.Type.accepts(t) {
		return
	}
	fix := ""
	if p.Type.kind == kindScalar && t.compound() {
		fix = "write toJSON(" + c.text(a) + ")"
	}
	c.report(a.start, a.end, call.text+" needs "+p.named()+", but "+c.text(a)+" is "+t.named(), fix)
}

// named is the parameter's type with its article.
func (p Param) named() string {
	if p.Type.kind == kindAny {
		return "a reference"
	}
	return p.Type.named()
}

// named is the type with its article.
func (t Type) named() string {
	switch t.kind {
	case kindNull:
		return "null"
	case kindAny:
		return "any value"
	case kindScalar:
		return "text or a number"
	case kindArray, kindObject:
		return "an " + t.String()
	}
	return "a " + t.String()
}
