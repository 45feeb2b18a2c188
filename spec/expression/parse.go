package expression

import "strings"

// descent builds the tree by recursive descent. Depth is counted where GitHub's
// parser counts it, so that the same expressions are too deep.
type descent struct {
	src    string
	tokens []token
	next   int
	depth  int
	env    *Env // nil: names are not looked at
}

// failure carries an error out of the descent; parse alone recovers it.
type failure struct{ err *Error }

func parse(src string, env *Env) (root *node, err error) {
	var buf [32]token
	tokens, lexErr := lex(src, buf[:0])
	if lexErr != nil {
		return nil, lexErr
	}
	p := descent{src: src, tokens: tokens, env: env}
	if p.peek().kind == tokEnd {
		return nil, nil
	}
	defer func() {
		if r := recover(); r != nil {
			f, ok := r.(failure)
			if !ok {
				panic(r)
			}
			root, err = nil, f.err
		}
	}()
	root = p.expression()
	if p.peek().kind != tokEnd {
		p.unexpected()
	}
	return root, nil
}

func (p *descent) peek() token { return p.tokens[p.next] }

func (p *descent) at(k tokenKind) bool { return p.tokens[p.next].kind == k }

// take returns the next token and moves on, but never over the end.
func (p *descent) take() token {
	t := p.tokens[p.next]
	if t.kind != tokEnd {
		p.next++
	}
	return t
}

func (p *descent) match(k tokenKind) bool {
	if !p.at(k) {
		return false
	}
	p.next++
	return true
}

// previous returns the token before the next one.
func (p *descent) previous() token { return p.tokens[p.next-1] }

func (p *descent) expect(k tokenKind) {
	if !p.match(k) {
		p.unexpected()
	}
}

func (p *descent) enter() {
	p.depth++
	if p.depth > MaxDepth {
		p.fail("exceeded max expression depth 50: '"+p.show(p.peek())+"'", p.peek())
	}
}

func (p *descent) leave() { p.depth-- }

func (p *descent) expression() *node {
	p.enter()
	n := p.logical(opOr, tokOr)
	p.leave()
	return n
}

// logical parses a chain of || or of &&, which is one level deep however long.
func (p *descent) logical(o op, k tokenKind) *node {
	first := p.operand(o)
	if !p.at(k) {
		return first
	}
	p.enter()
	n := &node{op: o, start: first.start, pos: p.peek().start, args: []*node{first}}
	for p.match(k) {
		n.args = append(n.args, p.operand(o))
	}
	p.leave()
	n.end = n.args[len(n.args)-1].end
	return n
}

func (p *descent) operand(o op) *node {
	if o == opOr {
		return p.logical(opAnd, tokAnd)
	}
	return p.binary(0)
}

// binaryOp returns the operator that a token is on a level: 0 equality, 1
// order, 2 sum, 3 product. The first two are GitHub's.
func binaryOp(level int, k tokenKind) (op, bool) {
	switch {
	case level == 0 && (k == tokEqual || k == tokNotEqual):
		return opEqual + op(k-tokEqual), true
	case level == 1 && tokLess <= k && k <= tokGreaterEqual:
		return opLess + op(k-tokLess), true
	case level == 2 && k == tokPlus:
		return opAdd, true
	case level == 2 && k == tokMinus:
		return opSubtract, true
	case level == 3 && k == tokStar:
		return opMultiply, true
	case level == 3 && k == tokSlash:
		return opDivide, true
	case level == 3 && k == tokPercent:
		return opRemainder, true
	}
	return 0, false
}

func (p *descent) binary(level int) *node {
	if level == 4 {
		return p.unary()
	}
	left := p.binary(level + 1)
	for {
		t := p.peek()
		o, ok := binaryOp(level, t.kind)
		if !ok || o == opMultiply && !p.spaced(t) {
			return left
		}
		p.next++
		right := p.binary(level + 1)
		left = &node{op: o, start: left.start, end: right.end, pos: t.start, args: []*node{left, right}}
	}
}

// spaced reports whether a star stands alone and something follows it; else it
// is the error it is for GitHub.
func (p *descent) spaced(t token) bool {
	next := p.tokens[p.next+1]
	return next.kind != tokEnd && isBlank(p.src[t.start-1]) && (isBlank(p.src[t.end]) || next.kind == tokOpenParen)
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

func (p *descent) unary() *node {
	o := opNot
	switch p.peek().kind {
	case tokNot:
	case tokMinus:
		o = opNegate
	default:
		return p.index()
	}
	t := p.take()
	p.enter()
	arg := p.unary()
	p.leave()
	return &node{op: o, start: t.start, end: arg.end, pos: t.start, args: []*node{arg}}
}

// index parses an operand and what is read from it. Literals have nothing to read.
func (p *descent) index() *node {
	n := p.call()
	if n.op != opGroup && n.op != opCall && n.op != opName {
		return n
	}
	depth := p.depth
	for {
		switch {
		case p.match(tokOpenBracket):
			n = p.bracket(n)
		case p.match(tokDot):
			n = p.property(n)
		default:
			p.depth = depth
			return n
		}
	}
}

func (p *descent) bracket(of *node) *node {
	n := &node{op: opFilter, start: of.start, pos: p.previous().start, args: []*node{of}}
	if !p.match(tokStar) {
		n.op = opIndex
		n.args = append(n.args, p.expression())
	}
	p.expect(tokCloseBracket)
	n.end = p.previous().end
	p.enter()
	return n
}

func (p *descent) property(of *node) *node {
	p.enter()
	n := &node{op: opProperty, start: of.start, pos: p.peek().start, args: []*node{of}}
	switch {
	case p.match(tokName):
		n.text = p.text(p.previous())
	case p.match(tokStar):
		n.op = opFilter
	default:
		p.badProperty(of)
	}
	n.end = p.previous().end
	return n
}

// badProperty fails at what follows a dot. In auc-0.5 that is the 5, and the
// mistake is the minus.
func (p *descent) badProperty(of *node) {
	if p.env != nil || of.op != opName || !p.at(tokNumber) {
		p.unexpected()
	}
	i := lastMinus(of.text)
	if i < 0 {
		p.unexpected()
	}
	at := of.start + int32(i)
	err := p.error("unexpected symbol: '-'", token{start: at, end: at + 1})
	err.Fix = spaceFix(of.text, i, p.text(token{start: of.end, end: p.peek().end}))
	panic(failure{err})
}

func (p *descent) text(t token) string { return p.src[t.start:t.end] }

func (p *descent) call() *node {
	if !p.at(tokName) {
		return p.primary()
	}
	t := p.take()
	n := &node{op: opName, start: t.start, end: t.end, pos: t.start, text: p.text(t)}
	if !p.match(tokOpenParen) {
		p.checkName(n.text, t)
		return n
	}
	n.op = opCall
	for !p.match(tokCloseParen) {
		n.args = append(n.args, p.expression())
		if !p.at(tokCloseParen) {
			p.expect(tokComma)
		}
	}
	n.end = p.previous().end
	p.checkCall(n, t)
	return n
}

func (p *descent) checkName(name string, t token) {
	if p.env == nil {
		return
	}
	if _, ok := p.env.lookup(name); !ok {
		p.fail("unrecognized named-value: '"+name+"'", t)
	}
}

func (p *descent) checkCall(n *node, t token) {
	if p.env == nil {
		return
	}
	f, ok := lookupFunc(p.env.Funcs, n.text)
	if !ok {
		p.fail("unrecognized function: '"+n.text+"'", t)
	}
	if msg := f.arityProblem(len(n.args)); msg != "" {
		p.fail(msg+": '"+n.text+"'", t)
	}
}

func (p *descent) primary() *node {
	t := p.take()
	n := &node{start: t.start, end: t.end, pos: t.start}
	switch t.kind {
	case tokTrue, tokFalse:
		n.op, n.yes = opBool, t.kind == tokTrue
	case tokNull:
		n.op = opNull
	case tokNumber:
		n.op, n.num = opNumber, t.num
	case tokString:
		n.op, n.text = opString, textOf(p.src, t)
	case tokOpenParen:
		p.group(n)
	case tokEnd:
		p.unexpectedEnd()
	default:
		p.next--
		p.unexpected()
	}
	return n
}

func (p *descent) group(n *node) {
	n.op, n.args = opGroup, []*node{p.expression()}
	if p.at(tokEnd) {
		p.unexpectedEnd()
	}
	p.expect(tokCloseParen)
	n.end = p.previous().end
}

func (p *descent) unexpectedEnd() {
	t := p.previous()
	p.fail("unexpected end of expression: '"+p.show(t)+"'", t)
}

func (p *descent) unexpected() {
	t := p.peek()
	err := p.error("unexpected symbol: '"+p.show(t)+"'", t)
	switch {
	case t.kind == tokNumber && p.next > 0:
		err.Fix = fixWord(p.text(t))
	case t.kind == tokName && p.next > 0:
		err.Fix = p.fixOperator(t)
	}
	panic(failure{err})
}

// fixOperator is the cure for an operator that is a word in other languages: an
// unexpected and, or what follows a not.
func (p *descent) fixOperator(t token) string {
	for _, word := range []string{p.text(t), p.text(p.previous())} {
		switch strings.ToLower(word) {
		case "and", "or", "not":
			sign, _ := otherLanguages(word)
			return `write "` + sign + `" instead of ` + word
		}
	}
	return ""
}

// show returns a token as GitHub's errors do.
func (p *descent) show(t token) string {
	switch t.kind {
	case tokEnd:
		return "EOF"
	case tokString:
		return textOf(p.src, t)
	}
	return p.text(t)
}

func (p *descent) error(msg string, t token) *Error {
	return &Error{Kind: ParsingError, Msg: msg, Pos: int(t.start), End: int(t.end), src: p.src}
}

func (p *descent) fail(msg string, t token) { panic(failure{p.error(msg, t)}) }
