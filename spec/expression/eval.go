package expression

import (
	"errors"
	"fmt"
	"math"

	"github.com/expr-lang/expr/checker"
	"github.com/expr-lang/expr/compiler"
	"github.com/expr-lang/expr/conf"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/parser"
	"github.com/expr-lang/expr/vm"
)

// program is a lowered and compiled expression.
type program = vm.Program

// compile lowers root and compiles it; a tracing lowerer keeps its notes.
func compile(l *lowerer, root *node) (*program, error) {
	tree := &parser.Tree{Node: l.lower(root).Node}
	c := &conf.Config{Functions: operations(), ShortCircuit: true}
	if _, err := checker.Check(tree, c); err != nil {
		return nil, fmt.Errorf("lower %q: %w", l.src, err)
	}
	p, err := compiler.Compile(tree, c)
	if err != nil {
		return nil, fmt.Errorf("compile %q: %w", l.src, err)
	}
	return p, nil
}

// Eval returns the value of x: nil, bool, float64, string, [*Array] or
// [*Object]. The expression need not have been checked; a name that s does not
// have is then an error. Errors are of type [*Error] and stand at the part that
// failed. An evaluation may build no more than [MaxText] bytes of text and do
// only so much work; it ends within about a second whatever the source is.
func (x *Expr) Eval(s *Scope) (any, error) { return x.eval(s, new(budget)) }

func (x *Expr) eval(s *Scope, b *budget) (any, error) {
	if x.root == nil {
		return nil, nil
	}
	x.once.Do(func() { x.prog, x.err = compile(&lowerer{src: x.src}, x.root) })
	if x.err != nil {
		return nil, x.err
	}
	return x.run(x.prog, &frame{scope: s, budget: b})
}

func (x *Expr) run(p *program, f *frame) (any, error) {
	if f.scope == nil {
		f.scope = new(Scope)
	}
	v, err := vm.Run(p, f)
	if err != nil {
		return nil, x.evaluationError(err)
	}
	return v, nil
}

// evaluationError turns an error of the machine into ours: the cause is what an
// operation returned, the place that of its node.
func (x *Expr) evaluationError(err error) error {
	var at *file.Error
	if !errors.As(err, &at) {
		return &Error{Kind: EvaluationError, Msg: err.Error(), End: len(x.src), src: x.src, cause: err}
	}
	e := &Error{Kind: EvaluationError, Msg: at.Message, Pos: at.From, End: at.To, src: x.src, cause: at.Prev}
	if at.Prev != nil {
		e.Msg = at.Prev.Error()
	}
	return e
}

// predicate is the operation of a condition of case().
func predicate(a ...any) (any, error) {
	yes, ok := a[0].(bool)
	if !ok {
		return nil, errCase
	}
	return yes, nil
}

// operandOf is the operation of an operand of arithmetic: the value, the
// operator and the source of the operand.
func operandOf(a ...any) (any, error) {
	if f, ok := a[0].(float64); ok {
		return f, nil
	}
	return nil, fmt.Errorf("%q needs numbers, but %s is %s", a[1], a[2], describe(a[0]))
}

// remainder is the operation of %, with the sign of the dividend.
func remainder(a ...any) (any, error) { return math.Mod(a[0].(float64), a[1].(float64)), nil }
