package expression

import (
	"strings"
	"sync"
)

// An Expr is a parsed expression. It is immutable to its users and safe for
// concurrent use; what it is lowered to is compiled at the first [Expr.Eval].
type Expr struct {
	src  string
	root *node // nil if the source is blank

	once sync.Once
	prog *program
	err  error
}

// Parse parses an expression, without ${{ }}. Blank source is an expression
// whose value is null, as in GitHub's parser, and that [Expr.Check] rejects.
// Names and functions are left to Check. The error is an [*Error].
func Parse(src string) (*Expr, error) { return newExpr(src, nil) }

// ParseIn parses as GitHub's parser does, which knows what exists: the first
// unknown name, unknown function or wrong number of arguments ends it, even
// before a later error of syntax. Types are left to [Expr.Check]. The error is
// an [*Error].
func ParseIn(src string, e *Env) (*Expr, error) {
	if e == nil {
		e = new(Env)
	}
	return newExpr(src, e)
}

func newExpr(src string, e *Env) (*Expr, error) {
	root, err := parse(src, e)
	if err != nil {
		return nil, err
	}
	return &Expr{src: src, root: root}, nil
}

// String returns the source.
func (x *Expr) String() string { return x.src }

// An Env is what an expression may use, for [Expr.Check]. Names are found
// whatever their case.
type Env struct {
	Names map[string]Type
	Funcs map[string]Func // beside the builtins
	// Elsewhere maps names that exist, but not here, to the places where they
	// do, such as "secrets": "steps and env". It is the end of a sentence.
	Elsewhere map[string]string

	once   sync.Once
	folded map[string]string // names by their lower case
}

// lookup finds the type of a name.
func (e *Env) lookup(name string) (Type, bool) {
	if t, ok := e.Names[name]; ok {
		return t, true
	}
	e.once.Do(func() { // a search for each name would be slow where metrics are many
		e.folded = make(map[string]string, len(e.Names))
		for k := range e.Names {
			e.folded[strings.ToLower(k)] = k
		}
	})
	if k, ok := e.folded[strings.ToLower(name)]; ok {
		return e.Names[k], true
	}
	return Type{}, false
}

// A Scope is what an expression reads, for [Expr.Eval]. Names are found
// whatever their case. Values may be anything that [FromGo] takes; to evaluate
// many expressions, convert large values once.
type Scope struct {
	Names map[string]any
	Funcs map[string]Func // beside the builtins
}

// lookup finds the value of a name.
func (s *Scope) lookup(name string) (any, bool) {
	if v, ok := s.Names[name]; ok {
		return v, true
	}
	for k, v := range s.Names {
		if sameName(k, name) {
			return v, true
		}
	}
	return nil, false
}
