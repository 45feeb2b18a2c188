package expression

import (
	"slices"
	"strings"
)

// A Template is text with ${{ }} parts. It is safe for concurrent use.
type Template struct {
	Parts []Part
	src   string
}

// A Part is a piece of a template: text, or an expression if Expr is not nil.
type Part struct {
	Text string
	Expr *Expr
	// Start and End are byte offsets in the template: src[Start:End] is the
	// whole part, with the ${{ and }} of an expression.
	Start, End int
	// ExprStart and ExprEnd are those of the expression inside, without the
	// space around it; 0 for text.
	ExprStart, ExprEnd int
}

const (
	opening = "${{"
	closing = "}}"
)

// A Parser parses templates and lets those that hold the same expression share
// it, which saves most of the work for a file whose steps read the same values.
// The zero Parser is ready; it may not be used by two goroutines at once.
type Parser struct {
	exprs map[string]*Expr
}

// Template parses as [ParseTemplate] does.
func (p *Parser) Template(src string) (*Template, error) {
	t := new(Template)
	if err := p.Reparse(t, src); err != nil {
		return nil, err
	}
	return t, nil
}

// Reparse makes t the template of src and takes over its memory. After an error
// t is of no use. Its expressions stay good.
func (p *Parser) Reparse(t *Template, src string) error {
	if p.exprs == nil {
		p.exprs = map[string]*Expr{}
	}
	return t.parse(src, p.parse)
}

func (p *Parser) parse(src string) (*Expr, error) {
	if x := p.exprs[src]; x != nil {
		return x, nil
	}
	x, err := Parse(src)
	if err == nil {
		p.exprs[src] = x
	}
	return x, err
}

// ParseTemplate splits text at its ${{ }} parts and parses them. As in GitHub's
// reader }} inside a string of an expression does not end it. An unfinished
// ${{ and an empty part are errors; so is anything that [Parse] rejects. The
// error is an [*Error] whose places count in src.
func ParseTemplate(src string) (*Template, error) {
	t := new(Template)
	if err := t.parse(src, Parse); err != nil {
		return nil, err
	}
	return t, nil
}

func (t *Template) parse(src string, parse func(string) (*Expr, error)) error {
	t.src, t.Parts = src, slices.Grow(t.Parts[:0], 1+2*strings.Count(src, opening))
	for at := 0; at < len(src); {
		i := strings.Index(src[at:], opening)
		if i < 0 {
			t.Parts = append(t.Parts, Part{Text: src[at:], Start: at, End: len(src)})
			break
		}
		if i > 0 {
			t.Parts = append(t.Parts, Part{Text: src[at : at+i], Start: at, End: at + i})
		}
		p, err := parsePart(src, at+i, parse)
		if err != nil {
			return err
		}
		t.Parts = append(t.Parts, p)
		at = p.End
	}
	return nil
}

// parsePart parses the part whose ${{ starts at start.
func parsePart(src string, start int, parse func(string) (*Expr, error)) (Part, error) {
	in := start + len(opening)
	n := closingAt(src[in:])
	if n < 0 { // a string may be what is not closed, and Parse says so
		n = strings.Index(src[in:], closing)
	}
	if n < 0 {
		return Part{}, &Error{Kind: LexingError, Msg: `"${{" is never closed`, Pos: start, End: in, Fix: `write "}}" behind the expression`}
	}
	body := src[in : in+n]
	p := Part{Start: start, End: in + n + len(closing)}
	p.ExprStart = in + len(body) - len(strings.TrimLeft(body, " \t\r\n"))
	body = strings.Trim(body, " \t\r\n")
	p.ExprEnd = p.ExprStart + len(body)
	if body == "" {
		return Part{}, &Error{Kind: ParsingError, Msg: "an expression was expected", Pos: start, End: p.End}
	}
	x, err := parse(body)
	if err != nil {
		return Part{}, err.(*Error).moved(p.ExprStart)
	}
	p.Expr = x
	return p, nil
}

// closingAt returns where the }} is that ends an expression, or -1.
func closingAt(s string) int {
	inText := false
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\'':
			inText = !inText
		case !inText && strings.HasPrefix(s[i:], closing):
			return i
		}
	}
	return -1
}

// String returns the source.
func (t *Template) String() string { return t.src }

// Sole returns the expression of a template that is one ${{ }} and no text, whose
// value keeps its type, or nil.
func (t *Template) Sole() *Expr {
	if len(t.Parts) == 1 {
		return t.Parts[0].Expr
	}
	return nil
}

// Literal reports whether the template holds no expression.
func (t *Template) Literal() bool {
	for _, p := range t.Parts {
		if p.Expr != nil {
			return false
		}
	}
	return true
}

// Eval returns the value of the template: of a sole ${{ }} what it evaluates
// to, of any other text a string, into which values go as [Format] writes them.
// The error is an [*Error] whose places count in the template.
func (t *Template) Eval(s *Scope) (any, error) {
	if x := t.Sole(); x != nil {
		v, err := x.Eval(s)
		return v, t.moved(err, t.Parts[0])
	}
	var b budget
	var out strings.Builder
	for _, p := range t.Parts {
		text, err := p.eval(s, &b)
		if err != nil {
			return nil, t.moved(err, p)
		}
		if err := b.text(len(text)); err != nil {
			return nil, &Error{Kind: EvaluationError, Msg: err.Error(), Pos: p.Start, End: p.End}
		}
		out.WriteString(text)
	}
	return out.String(), nil
}

func (p Part) eval(s *Scope, b *budget) (string, error) {
	if p.Expr == nil {
		return p.Text, nil
	}
	v, err := p.Expr.eval(s, b)
	return Format(v), err
}

func (t *Template) moved(err error, p Part) error {
	if e, ok := err.(*Error); ok {
		return e.moved(p.ExprStart)
	}
	return err
}

// Check checks all parts; see [Expr.Check]. The type is that of a sole part, and
// otherwise string. In text, an array or object is an error: it would become
// the word Array or Object. The places count in the template.
func (t *Template) Check(e *Env) (Type, []*Error) {
	var errs []*Error
	sole := t.Sole() != nil
	result := StringType()
	for _, p := range t.Parts {
		if p.Expr == nil {
			continue
		}
		typ, found := p.Expr.Check(e)
		for _, err := range found {
			errs = append(errs, err.moved(p.ExprStart))
		}
		switch {
		case sole:
			result = typ
		case typ.compound() && len(found) == 0:
			errs = append(errs, &Error{Kind: CheckError, Msg: p.Expr.src + " is " + typ.named() + " and has no text", Pos: p.ExprStart,
				End: p.ExprEnd, Fix: "write toJSON(" + p.Expr.src + ")"})
		}
	}
	return result, errs
}

// References returns what all parts read; see [Expr.References]. The places
// count in the template.
func (t *Template) References() []Reference {
	var refs []Reference
	for _, p := range t.Parts {
		if p.Expr == nil {
			continue
		}
		for _, r := range p.Expr.References() {
			r.Pos, r.End = r.Pos+p.ExprStart, r.End+p.ExprStart
			refs = append(refs, r)
		}
	}
	return refs
}
