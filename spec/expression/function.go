package expression

import "strings"

// A Func is a function that expressions can call. Names of functions are found
// whatever their case.
type Func struct {
	// Params are the parameters. With Variadic the last may be given any number
	// of times, also none.
	Params   []Param
	Variadic bool
	Result   Type
	// Call computes the result. args are values of the language, as many as
	// were given. What it returns may be anything that [FromGo] takes. Its
	// errors become the cause of an [*Error] at the place of the call. It must
	// be safe for concurrent use if the expression is used so.
	Call func(args []any) (any, error)

	// Builtins alone have these.
	run  func(*budget, []any) (any, error) // in place of Call
	max  int                               // of arguments, if there is a limit beside Params
	kind builtinKind
}

// A Param is a parameter of a [Func].
type Param struct {
	Type     Type
	Optional bool // may be left out; only parameters at the end
	// ByName passes what is written and not its value: the argument must be a
	// plain reference, and Call gets its dotted path, as for better(auc) the
	// string "auc". Type is checked against what the reference means.
	ByName bool
}

// builtinKind marks the functions that are more than a call.
type builtinKind uint8

const (
	plainFunc builtinKind = iota
	caseFunc              // takes an odd number of arguments and evaluates only what it needs
)

// arity returns how many arguments f takes at least and at most; most < 0 is no limit.
func (f *Func) arity() (least, most int) {
	least, most = len(f.Params), len(f.Params)
	if f.Variadic {
		least, most = least-1, -1
	}
	for least > 0 && f.Params[least-1].Optional {
		least--
	}
	if f.max > 0 {
		most = f.max
	}
	return least, most
}

// param returns the parameter of argument i.
func (f *Func) param(i int) Param {
	switch {
	case i < len(f.Params):
		return f.Params[i]
	case f.Variadic && len(f.Params) > 0:
		return f.Params[len(f.Params)-1]
	}
	return Param{}
}

// arityProblem returns what GitHub says of n arguments for f, or "".
func (f *Func) arityProblem(n int) string {
	least, most := f.arity()
	switch {
	case n < least:
		return "too few parameters supplied"
	case most >= 0 && n > most:
		return "too many parameters supplied"
	case f.kind == caseFunc && n%2 == 0:
		return "even number of parameters supplied, requires an odd number of parameters"
	}
	return ""
}

// call runs f.
func (f *Func) call(b *budget, args []any) (any, error) {
	if f.run != nil {
		return f.run(b, args)
	}
	v, err := f.Call(args)
	if err != nil {
		return nil, err
	}
	v = FromGo(v)
	if s, ok := v.(string); ok {
		return v, b.text(len(s))
	}
	return v, nil
}

// lookupFunc finds a function by name in extra, then among the builtins.
func lookupFunc(extra map[string]Func, name string) (*Func, bool) {
	if f, ok := extra[name]; ok {
		return &f, true
	}
	for k, f := range extra {
		if sameName(k, name) {
			return &f, true
		}
	}
	for i := range builtins {
		if sameName(builtins[i].name, name) {
			return &builtins[i].Func, true
		}
	}
	return nil, false
}

// Builtins returns the functions that every expression can call, by name:
// GitHub's contains, startsWith, endsWith, format, join, toJSON, fromJSON and
// case, and of our own abs, min, max and round for numbers. Neither [Env] nor
// [Scope] need to list them; one of the same name there takes their place.
// success(), failure(), always(), cancelled() and hashFiles() are not among
// them: they depend on the place and are given by the caller.
func Builtins() map[string]Func {
	m := make(map[string]Func, len(builtins))
	for i := range builtins {
		f := builtins[i].Func
		run := f.run
		f.Call = func(args []any) (any, error) { return run(new(budget), args) }
		m[builtins[i].name] = f
	}
	return m
}

// functionNames returns the names of all functions that can be called.
func functionNames(extra map[string]Func) []string {
	names := make([]string, 0, len(extra)+len(builtins))
	for n := range extra {
		names = append(names, n)
	}
	for i := range builtins {
		if !containsName(names, builtins[i].name) {
			names = append(names, builtins[i].name)
		}
	}
	return names
}

func containsName(names []string, name string) bool {
	for _, n := range names {
		if strings.EqualFold(n, name) {
			return true
		}
	}
	return false
}
