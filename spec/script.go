package spec

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/mlops-runner/mlops/spec/expression"
)

// A ScriptExpr is an expression of a script that has become a variable.
type ScriptExpr struct {
	Var  string // name of the environment variable: MLOPS_EXPR_1 and so on
	Expr string // without ${{ }}
	Pos  Pos    // of the expression in the file
}

// ScriptPrefix starts the names of the variables that stand for expressions.
const ScriptPrefix = "MLOPS_EXPR_"

// Script returns the step's shell text with each ${{ }} replaced by a reference
// to an environment variable, and the variables in the order of their numbers.
// Equal expressions share a variable. The reference is written so that the
// variable's value arrives as one word, byte for byte, whatever it holds: the
// shell reads its text before it knows the value, so no value can become
// syntax. (What a command does with its arguments is its own: `eval`, `sh -c`
// and `python -c` run them.) Text without expressions is returned as it is.
//
// It fails where no reference can stand for the value, which Parse has reported
// as [CodeExpressionShell] or [CodeExpressionSyntax].
func (s *Step) Script() (text string, exprs []ScriptExpr, err error) {
	if !strings.Contains(s.Run.Value, "${{") {
		return s.Run.Value, nil, nil
	}
	t, err := expression.ParseTemplate(s.Run.Value)
	if err != nil {
		return "", nil, fmt.Errorf("script at line %d: %w", s.Run.Pos.Line, err)
	}
	r := &scriptScanner{}
	r.rewrite(s.Run.Value, t, s.Shell.Value)
	if len(r.problems) > 0 {
		p := r.problems[0]
		return "", nil, fmt.Errorf("script at line %d: %s: %s", s.Run.Pos.Line, p.part.Expr, p.message)
	}
	for i, part := range r.unique {
		exprs = append(exprs, ScriptExpr{ScriptPrefix + strconv.Itoa(i+1), part.Expr.String(), s.RunMap.Pos(part.ExprStart)})
	}
	return string(r.out), exprs, nil
}

// scriptProblem is an expression that no variable can stand for.
type scriptProblem struct {
	part    expression.Part
	message string
	fix     string
}

const throughEnv = `give it to the step through "env:" and read "$NAME"`

// reset makes a scanner ready for another script; it keeps its buffers.
func (r *scriptScanner) reset(text string) {
	*r = scriptScanner{text: text, limit: len(text), parts: r.parts[:0], out: r.out[:0], unique: r.unique[:0]}
}

// rewrite replaces the expressions of a script.
func (r *scriptScanner) rewrite(text string, t *expression.Template, shell string) {
	r.reset(text)
	for _, p := range t.Parts {
		if p.Expr != nil {
			r.parts = append(r.parts, p)
		}
	}
	if shell != "" && shell != "sh" && shell != "bash" && !strings.HasPrefix(shell, "sh ") && !strings.HasPrefix(shell, "bash ") {
		for _, p := range r.parts {
			r.problem(p, "a script of the shell "+strconv.Quote(shell)+" takes no ${{ }}", `give it to the step through "env:" and read the variable`)
		}
		return
	}
	r.bash = strings.HasPrefix(shell, "bash")
	r.posix = strings.HasPrefix(shell, "sh")
	r.command(false)
}

// A scriptScanner copies a shell script and follows just enough of the shell's
// grammar (POSIX.1-2017 XCU 2, and Bash) to know how the text around an
// expression is quoted.
type scriptScanner struct {
	text    string
	i       int // next byte
	limit   int // end of the text, or of the here-document being read
	parts   []expression.Part
	k       int // next part
	out     []byte
	unique  []expression.Part // first part of each variable
	index   map[string]int    // of unique by expression, once they are many
	numbers []expression.Part // parts that must be numbers
	bash    bool              // the shell is bash for sure
	posix   bool              // the shell is sh for sure, whichever that is

	heredocs     []heredoc // announced on this line
	numbersUntil int       // expressions before this offset must be numbers
	problems     []scriptProblem
}

// heredoc is a here-document whose text starts on the next line.
type heredoc struct {
	end    string
	quoted bool
	tabs   bool // <<- drops leading tabs
}

func (r *scriptScanner) problem(p expression.Part, message, fix string) {
	r.problems = append(r.problems, scriptProblem{p, message, fix})
}

// more reports whether there is text left.
func (r *scriptScanner) more() bool { return r.i < r.limit }

// has reports whether the text goes on with s.
func (r *scriptScanner) has(s string) bool {
	return strings.HasPrefix(r.text[r.i:r.limit], s)
}

// copy passes n bytes, or fewer at the end.
func (r *scriptScanner) copy(n int) {
	n = min(n, r.limit-r.i)
	r.out = append(r.out, r.text[r.i:r.i+n]...)
	r.i += n
}

// exprAt reports whether an expression starts at offset i.
func (r *scriptScanner) exprAt(i int) bool {
	return r.k < len(r.parts) && r.parts[r.k].Start == i
}

// expr replaces the expression here, if there is one, by before, a reference and after.
func (r *scriptScanner) expr(before, after string) bool {
	if !r.exprAt(r.i) {
		return false
	}
	if r.i < r.numbersUntil {
		r.numbers = append(r.numbers, r.parts[r.k])
	}
	r.out = append(r.out, before...)
	r.out = append(append(r.out, r.variable()...), after...)
	return true
}

// variable passes the expression here and returns the variable's name.
func (r *scriptScanner) variable() string {
	p := r.parts[r.k]
	r.k++
	r.i = p.End
	i := r.find(p.Expr.String())
	if i < 0 {
		i = len(r.unique)
		r.unique = append(r.unique, p)
	}
	return ScriptPrefix + strconv.Itoa(i+1)
}

// find returns the index of the variable that stands for an expression, or -1.
// Most scripts have a few, for which a map costs more than it saves.
func (r *scriptScanner) find(expr string) int {
	const few = 8
	if len(r.unique) <= few {
		return slices.IndexFunc(r.unique, func(p expression.Part) bool { return p.Expr.String() == expr })
	}
	if r.index == nil {
		r.index = map[string]int{}
	}
	for i := len(r.index); i < len(r.unique); i++ {
		r.index[r.unique[i].Expr.String()] = i
	}
	if i, ok := r.index[expr]; ok {
		return i
	}
	return -1
}

// refuse passes the expression here, if there is one, and says why it cannot be there.
func (r *scriptScanner) refuse(message, fix string) bool {
	if !r.exprAt(r.i) {
		return false
	}
	r.problem(r.parts[r.k], message, fix)
	r.variable()
	return true
}

// refuseFrom reports the expressions from the part numbered k on.
func (r *scriptScanner) refuseFrom(k int, message, fix string) {
	for _, p := range r.parts[k:min(r.k, len(r.parts))] {
		r.problem(p, message, fix)
	}
}

// escaped passes a backslash and the character behind it.
func (r *scriptScanner) escaped() {
	r.copy(1)
	if !r.refuse("a backslash stands before ${{ }}", "remove the backslash; the value is always taken literally") {
		r.copy(1)
	}
}

// double passes text in double quotes.
func (r *scriptScanner) double() {
	first := r.k
	for r.copy(1); r.more(); {
		switch {
		case r.expr("${", "}"):
		case r.has(`"`):
			r.copy(1)
			return
		default:
			r.quotedByte()
		}
	}
	r.unfinished(first, `"`)
}

// quotedByte passes what is special in double quotes and here-documents, or one byte.
func (r *scriptScanner) quotedByte() {
	switch r.text[r.i] {
	case '\\':
		r.escaped()
	case '`':
		r.backticks()
	case '$':
		r.dollar(true)
	default:
		r.copy(1)
	}
}

// single passes text in single quotes, or in $'…' with escapes.
func (r *scriptScanner) single(escapes bool) {
	first := r.k
	reopen := `"'`
	if escapes {
		reopen = `"$'`
	}
	for r.copy(1); r.more(); {
		switch {
		case r.expr(`'"${`, `}`+reopen):
		case r.has(`'`):
			r.copy(1)
			return
		case escapes && r.has(`\`):
			r.escaped()
		default:
			r.copy(1)
		}
	}
	r.unfinished(first, `'`)
}

// unfinished reports expressions behind a quote that never ends: how they are
// quoted cannot be told.
func (r *scriptScanner) unfinished(first int, quote string) {
	r.refuseFrom(first, "the "+quote+" before it is never closed", "close it")
}

// backticks passes `…`, whose quoting rules differ between shells.
func (r *scriptScanner) backticks() {
	first := r.k
	for r.copy(1); r.more(); {
		switch {
		case r.refuse("${{ }} stands in backticks", "write $( ) in place of the backticks"):
		case r.has("`"):
			r.copy(1)
			return
		case r.has(`\`):
			r.escaped()
		default:
			r.copy(1)
		}
	}
	r.unfinished(first, "`")
}

// dollar passes an expansion, or a lone $.
func (r *scriptScanner) dollar(quoted bool) {
	switch {
	case r.exprAt(r.i + 1):
		r.copy(1)
		r.refuse("a $ stands before ${{ }}", `write \$ for the character $`)
	case r.has("$(("):
		r.copy(3)
		r.arithmetic(")")
	case r.has("$[") && !r.posix:
		r.copy(2)
		r.arithmetic("]")
	case r.has("$("):
		r.substitution()
	case r.has("${"):
		r.parameter(quoted)
	case r.has("$'") && !quoted:
		r.copy(1)
		r.ansi()
	default:
		r.copy(1)
		if r.more() && strings.IndexByte("#?!$@*-", r.text[r.i]) >= 0 && !r.exprAt(r.i+1) && !r.exprAt(r.i) {
			r.copy(1)
		}
	}
}

// substitution passes $(…).
func (r *scriptScanner) substitution() {
	first := r.k
	r.copy(2)
	r.command(true)
	if !r.has(")") {
		r.unfinished(first, "$(")
	}
	r.copy(1)
}

// ansi passes $'…'. Not every sh knows it; where shells would disagree on the
// closing quote, what follows cannot be told.
func (r *scriptScanner) ansi() {
	end := strings.IndexByte(r.text[r.i+1:r.limit], '\'')
	plain := end >= 0 && !strings.Contains(r.text[r.i:r.i+1+end], `\`)
	if r.bash || plain {
		r.single(true)
		return
	}
	first := r.k
	r.single(true)
	r.k = max(r.k, first)
	for r.k < len(r.parts) && r.parts[r.k].Start < r.limit {
		r.problem(r.parts[r.k], "shells disagree on the $'…' before it", "write shell: bash, or use printf in place of $'…'")
		r.copy(r.parts[r.k].Start - r.i)
		r.variable()
	}
	r.refuseFrom(first, "shells disagree on the $'…' around it", "write shell: bash, or use printf in place of $'…'")
}

// arithmetic passes an arithmetic expression up to its closing bracket, which
// is doubled for ")". A value there is evaluated as arithmetic, which in bash
// can run commands, so it must be a number.
func (r *scriptScanner) arithmetic(closing string) {
	first, depth := r.k, 0
	for r.more() {
		switch {
		case r.exprAt(r.i):
			r.numbers = append(r.numbers, r.parts[r.k])
			r.out = append(r.out, r.variable()...)
		case depth == 0 && closing == "]" && r.has("]"):
			r.copy(1)
			return
		case depth == 0 && closing == ")" && r.has(")"):
			if !r.has("))") {
				r.refuseFrom(first, "$(( is not closed by ))", "write $( ( for commands in a subshell")
			}
			r.copy(2)
			return
		case r.has("("), r.has("["):
			depth++
			r.copy(1)
		case r.has(")"), r.has("]"):
			depth = max(depth-1, 0)
			r.copy(1)
		case r.has(`"`):
			r.double()
		default:
			r.quotedByte()
		}
	}
	r.unfinished(first, "arithmetic")
}

// parameter passes ${…}. Inside double quotes a value stands for itself, but
// behind an operator that takes a pattern it must be quoted again.
func (r *scriptScanner) parameter(quoted bool) {
	first := r.k
	r.copy(2)
	for r.more() && (wordByte(r.text[r.i]) || strings.IndexByte("#!@*?$-", r.text[r.i]) >= 0) && !r.exprAt(r.i) {
		r.copy(1)
	}
	pattern := r.more() && strings.IndexByte("#%/^,", r.text[max(r.i, 1)]) >= 0 || r.i > 0 && r.text[r.i-1] == '#'
	number := r.has("[") || r.has(":") && r.i+1 < r.limit && strings.IndexByte("-=+?", r.text[r.i+1]) < 0
	for r.more() {
		switch {
		case r.exprAt(r.i) && number:
			r.numbers = append(r.numbers, r.parts[r.k])
			r.expr("${", "}")
		case quoted && !pattern && r.expr("${", "}"):
		case r.expr(`"${`, `}"`):
		case r.has("}"):
			r.copy(1)
			return
		case r.has(`'`) && (!quoted || pattern):
			r.single(false)
		case r.has(`"`):
			r.double()
		default:
			r.quotedByte()
		}
	}
	r.unfinished(first, "${")
}

func wordByte(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}
