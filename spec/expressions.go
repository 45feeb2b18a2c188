package spec

import (
	"fmt"
	"maps"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/mlops-runner/mlops/spec/expression"
)

// want is what an expression has to give.
type want uint8

const (
	wantAny    want = iota
	wantText        // anything with a text: no array or object
	wantBool        // true or false
	wantNumber      // a number, or text that may be one
	wantArray       // an array
	wantScript      // text for a shell
)

// A check is an expression, or a text with some, that is checked when the
// whole file is known: its contexts may stand below it.
type check struct {
	node *yaml.Node
	form *form
	job  *Job
	step int
}

// expression queues a value that is an expression as a whole.
func (w *walker) expression(n *yaml.Node, f *form) {
	w.checks = append(w.checks, check{n, f, w.job, w.step})
}

// template queues a text with ${{ }}.
func (w *walker) template(n *yaml.Node, f *form) {
	w.checks = append(w.checks, check{n, f, w.job, w.step})
}

// checked is the outcome of a check, which many places may share.
type checked struct {
	errs []*expression.Error
	typ  expression.Type
	expr *expression.Expr
	tmpl *expression.Template
	refs []expression.Reference // once known
}

type checkedKey struct {
	env   string
	text  string
	whole bool
}

// checkExpressions checks all queued expressions, equal ones once. Equal
// expressions inside of different scripts are at least parsed once.
func (w *walker) checkExpressions() {
	done := map[checkedKey]*checked{}
	var parser expression.Parser
	var script checked // the present script's
	var parts expression.Template
	for i := range w.checks {
		c := &w.checks[i]
		if w.hidden > 0 {
			return // nothing more would be shown
		}
		env, id := w.types.of(w.file, c)
		if c.form.want == wantScript { // seldom equal, and large
			script = checked{tmpl: &parts}
			script.check(c, env, &parser)
			w.reportChecked(c, env, &script)
			continue
		}
		key := checkedKey{id, c.node.Value, c.form.kind == kindExpr}
		got := done[key]
		if got == nil {
			got = new(checked)
			got.check(c, env, &parser)
			done[key] = got
		}
		w.reportChecked(c, env, got)
	}
}

// check parses and checks one text. A template that got has already is reused.
func (got *checked) check(c *check, env *expression.Env, parser *expression.Parser) {
	var err error
	if c.form.kind == kindExpr {
		text, _ := unwrap(c.node.Value)
		if got.expr, err = expression.Parse(text); err == nil {
			got.typ, got.errs = got.expr.Check(env)
		}
	} else if err = got.template(c.node.Value, parser); err == nil {
		got.typ, got.errs = got.tmpl.Check(env)
	}
	if err != nil {
		got.errs, got.tmpl = []*expression.Error{err.(*expression.Error)}, nil
	}
}

func (got *checked) template(text string, parser *expression.Parser) (err error) {
	if got.tmpl != nil {
		return parser.Reparse(got.tmpl, text)
	}
	got.tmpl, err = parser.Template(text)
	return err
}

func (w *walker) reportChecked(c *check, env *expression.Env, got *checked) {
	from := 0
	if c.form.kind == kindExpr {
		_, from = unwrap(c.node.Value)
		if w.mixed(c) {
			return
		}
	}
	for _, e := range got.errs {
		w.expressionError(c.node, from, e, &reported{c, env, got})
	}
	if len(got.errs) == 0 {
		w.checkWant(c, got)
	}
	w.checkSteps(c, from, got)
	w.checkSecrets(c, from, got)
	if c.form.want == wantScript && got.tmpl != nil {
		w.checkScript(c, env, got.tmpl)
	}
}

// mixed reports a condition with text around ${{ }}: it would always be true.
func (w *walker) mixed(c *check) bool {
	text, _ := unwrap(c.node.Value)
	at := strings.Index(text, "${{")
	if at < 0 {
		return false
	}
	if !strings.Contains(text[at:], "}}") {
		w.inside(c.node, strings.Index(c.node.Value, "${{"), 3, CodeExpressionSyntax, `write "}}" behind the expression, or leave "${{" out`, `"${{" is never closed`)
		return true
	}
	w.inside(c.node, strings.Index(c.node.Value, "${{"), 3, CodeExpressionSyntax, "put the whole condition inside one ${{ }}, or leave ${{ }} out",
		"a condition with text around ${{ }} is always true")
	return true
}

// inside reports an error at a part of a scalar.
func (w *walker) inside(n *yaml.Node, offset, length int, code Code, fix, format string, args ...any) {
	if w.full() {
		return
	}
	m := w.mapOf(n)
	from := m.Pos(offset)
	to := from
	if length > 0 {
		to = m.Pos(offset + length)
	}
	w.add(Diagnostic{Pos: from, End: to, Code: code, Fix: fix, Message: fmt.Sprintf(format, args...)})
}

// reported is what expressionError must know to name the cure.
type reported struct {
	c   *check
	env *expression.Env
	got *checked
}

// expressionError reports an error of an expression that starts at byte from
// of a scalar. r is nil for expressions without an environment.
func (w *walker) expressionError(n *yaml.Node, from int, e *expression.Error, r *reported) {
	if w.full() {
		return
	}
	code, message, fix := codeOf(e), e.Msg, e.Fix
	if message == "unexpected symbol: 'EOF'" {
		message = "the expression ends too early"
	}
	switch {
	case r == nil:
	case code == CodeExpressionName:
		code, message, fix = w.nameError(e, r)
	case code == CodeExpressionSyntax && fix == "" && cutByComma(n):
		fix = "put it in quotes: between [ and ] a comma begins the next item"
	case code == CodeExpressionContext && fix == "":
		fix = w.contextFix(r.reference(e), r.c)
	}
	w.inside(n, from+e.Pos, e.End-e.Pos, code, fix, "%s", message)
}

// cutByComma reports whether a text without quotes looks like one half of a call
// in a list in brackets.
func cutByComma(n *yaml.Node) bool {
	return n.Style == 0 && strings.Count(n.Value, "(") != strings.Count(n.Value, ")")
}

// codeOf tells the kinds of errors apart by the words of package expression;
// TestExpressionCodes holds both together.
func codeOf(e *expression.Error) Code {
	switch m := e.Msg; {
	case strings.HasPrefix(m, "exceeded max"), strings.Contains(m, " may cost too much"), strings.Contains(m, " too much text"):
		return CodeExpressionLimit
	case e.Kind != expression.CheckError, m == "an expression was expected":
		return CodeExpressionSyntax
	case strings.Contains(m, " is not available here, only in "):
		return CodeExpressionContext
	case strings.HasPrefix(m, "unknown name "), strings.HasPrefix(m, "unknown property "):
		return CodeExpressionName
	case strings.HasPrefix(m, "unknown function "), strings.HasSuffix(m, " is not a function"), strings.Contains(m, "parameters supplied"):
		return CodeExpressionFunction
	}
	return CodeExpressionType
}

// nameError improves what is said of an unknown name by what the file knows.
func (w *walker) nameError(e *expression.Error, r *reported) (code Code, message, fix string) {
	code, message, fix = CodeExpressionName, e.Msg, e.Fix
	path := r.pathAt(e)
	switch {
	case len(path) == 0:
	case len(path) == 1:
		if cure, ok := foreignContexts[strings.ToLower(path[0])]; ok {
			return code, fmt.Sprintf("there is no context %q", path[0]), cure
		}
		if fix == "" && r.c.form.scope == scopeGate {
			fix = declareMetric(r.reference(e).Path)
		}
	case strings.EqualFold(path[0], "params"):
		return w.unknownParam(path[1:])
	case strings.EqualFold(path[0], "needs") && w.declares(path[1]) && len(path) == 2 && path[1] != r.c.job.ID.Value:
		fix = fmt.Sprintf("add %q to the needs of job %q", path[1], r.c.job.ID.Value)
	case strings.EqualFold(path[0], "metrics") && fix == "":
		fix = declareMetric(r.reference(e).Path[1:])
	}
	return code, message, fix
}

// contextFix tells how to come by a context where it is not.
func (w *walker) contextFix(ref *expression.Reference, c *check) string {
	if ref == nil || c.job == nil {
		return ""
	}
	switch strings.ToLower(ref.Path[0]) {
	case "secrets":
		return "write it into env of a step, and read the variable there"
	case "matrix":
		return "write strategy: {matrix: {depth: [4, 8]}} at the job"
	case "data":
		if len(ref.Path) > 1 && len(w.file.Data) == 0 {
			return "declare it: data: {" + ref.Path[1] + ": {path: ...}}"
		}
	case "inputs":
		if len(ref.Path) > 1 && w.file.On.Dispatch == nil {
			return "declare it: on: {workflow_dispatch: {inputs: {" + ref.Path[1] + ": {type: string}}}}"
		}
	case "needs":
		if len(ref.Path) > 1 && len(c.job.Needs) == 0 && w.declares(ref.Path[1]) {
			return fmt.Sprintf("write needs: %s at job %q", ref.Path[1], c.job.ID.Value)
		}
	}
	return ""
}

// foreignContexts are contexts of GitHub Actions that mlops does not have.
var foreignContexts = map[string]string{
	"vars":     "write params.NAME or env.NAME",
	"runner":   "jobs run in containers; write the value itself",
	"job":      "write the value itself",
	"strategy": "write matrix.NAME",
}

// pathAt returns the reference that an error is about, up to the part in error.
func (r *reported) pathAt(e *expression.Error) []string {
	if ref := r.reference(e); ref != nil {
		return r.until(*ref, e)
	}
	return nil
}

func (r *reported) reference(e *expression.Error) *expression.Reference {
	for _, ref := range r.got.references() {
		if ref.Pos <= e.Pos && e.Pos < ref.End {
			return &ref
		}
	}
	return nil
}

// declareMetric is the cure for a metric that nobody declares, by the whole of its
// name: evaluations may have names with a point, as in test.auc.
func declareMetric(path []string) string {
	return "declare it: metrics: {" + strings.Join(path, ".") + ": {better: higher}}"
}

// until shortens a path to the first part that the environment does not have.
func (r *reported) until(ref expression.Reference, e *expression.Error) []string {
	if e.Pos == ref.Pos {
		return ref.Path[:1]
	}
	for name, t := range r.env.Names {
		if !strings.EqualFold(name, ref.Path[0]) {
			continue
		}
		for i, p := range ref.Path[1:] {
			f, ok := t.Field(p)
			if !ok {
				return ref.Path[:i+2]
			}
			t = f
		}
	}
	return ref.Path
}

// checkSteps reports the steps that an expression reads before they have run.
func (w *walker) checkSteps(c *check, from int, got *checked) {
	ids := w.types.steps[c.job]
	if ids == nil || c.form.scope < scopeStep {
		return
	}
	for _, ref := range got.references() {
		if len(ref.Path) < 2 || !strings.EqualFold(ref.Path[0], "steps") {
			continue
		}
		if at, ok := ids[strings.ToLower(ref.Path[1])]; ok && at >= c.step {
			w.inside(c.node, from+ref.Pos, ref.End-ref.Pos, CodeExpressionName, "read it in a later step", "the step %q has not run yet", ref.Path[1])
		}
	}
}

func (c *checked) references() []expression.Reference {
	switch {
	case c.refs != nil:
	case c.expr != nil:
		c.refs = c.expr.References()
	case c.tmpl != nil:
		c.refs = c.tmpl.References()
	}
	return c.refs
}

// unknownParam names the file that should have the parameter, and near ones.
func (w *walker) unknownParam(path []string) (code Code, message, fix string) {
	name := strings.Join(path, ".")
	where := w.file.Params.Path
	if where == "" {
		where = `"params:"`
	}
	message = fmt.Sprintf("%s has no parameter %q", where, name)
	if w.file.Params.Path == "" && w.file.Params.Tree == nil {
		return CodeUnknownParam, fmt.Sprintf("there is no parameter %q: the file has no params", name), "write params: params.yaml, or the values below params:"
	}
	leaves, branches := w.paramNames()
	if best := Nearest(name, append(branches, leaves...)); best != "" {
		return CodeUnknownParam, message, fmt.Sprintf("did you mean %q?", best)
	}
	return CodeUnknownParam, message, oneOf(leaves)
}

// paramNames lists the leaves of the parameters and the branches above them.
func (w *walker) paramNames() (leaves, branches []string) {
	seen := map[string]bool{}
	for _, p := range w.file.Params.Leaves {
		leaves = append(leaves, p.Name)
		for i, c := range p.Name {
			if c == '.' && !seen[p.Name[:i]] {
				seen[p.Name[:i]] = true
				branches = append(branches, p.Name[:i])
			}
		}
	}
	return leaves, branches
}

// checkWant checks what an expression gives against what its key takes.
func (w *walker) checkWant(c *check, got *checked) {
	need := c.form.want
	if t, ok := w.wants[c.node]; ok {
		need = t
	} else if need == wantAny && c.form.kind != kindAny && c.form.kind != kindExpr {
		need = wantText
	}
	whole := got.expr != nil || got.tmpl != nil && got.tmpl.Sole() != nil
	if c.form.kind == kindBool {
		need = wantBool
	}
	kind, known := got.typ.Kind()
	if !known || need == wantAny || !whole {
		return
	}
	switch {
	case need == wantBool && kind != expression.BooleanKind:
		w.at(c.node, CodeExpressionType, boolExprFix(c, kind), "the expression must be true or false, but is %s", article(kind))
	case (need == wantText || need == wantScript) && compound(kind):
		w.at(c.node, CodeExpressionType, "write toJSON(...) around it, or pick a part", "%s has no text", article(kind))
	case need == wantNumber && (compound(kind) || kind == expression.BooleanKind):
		w.at(c.node, CodeExpressionType, "", "the expression must be a number, but is %s", article(kind))
	case need == wantArray && kind != expression.ArrayKind:
		w.at(c.node, CodeExpressionType, "write a list, or fromJSON(...) of text that is one", "the expression must be an array, but is %s", article(kind))
	}
}

func boolExprFix(c *check, kind expression.Kind) string {
	text, _ := unwrap(c.node.Value)
	switch kind {
	case expression.NumberKind:
		return "compare it: " + clipPlain(text) + " >= 0.8"
	case expression.StringKind:
		return "compare it: " + clipPlain(text) + " == 'true'"
	}
	return ""
}

func clipPlain(s string) string {
	if len(s) > 40 {
		return "..."
	}
	return s
}

func compound(k expression.Kind) bool {
	return k == expression.ArrayKind || k == expression.ObjectKind
}

// article puts the article before the name of a kind.
func article(k expression.Kind) string {
	switch k {
	case expression.ArrayKind, expression.ObjectKind:
		return "an " + strings.ToLower(string(k))
	case expression.NullKind:
		return "null"
	}
	return "a " + strings.ToLower(string(k))
}

// checkScript checks where the expressions of a script stand.
func (w *walker) checkScript(c *check, env *expression.Env, t *expression.Template) {
	step := c.job.Steps[min(max(c.step, 0), len(c.job.Steps)-1)]
	r := &w.script
	r.rewrite(c.node.Value, t, step.Shell.Value)
	for _, p := range r.problems {
		w.inside(c.node, p.part.Start, p.part.End-p.part.Start, CodeExpressionShell, p.fix, "%s", p.message)
	}
	for _, p := range r.numbers {
		typ, errs := p.Expr.Check(env)
		if kind, known := typ.Kind(); len(errs) == 0 && (!known || kind != expression.NumberKind) {
			w.inside(c.node, p.Start, p.End-p.Start, CodeExpressionShell, throughEnv+" after checking that it is a number",
				"the shell evaluates this place as arithmetic, and %s may be no number", p.Expr)
		}
	}
}

// functionPlaces adds to contextPlaces where functions can be called.
var functionPlaces = map[string]string{
	"success": "if", "failure": "if", "always": "if", "cancelled": "if", "hashFiles": "keys of steps",
	"better": "gates", "worse": "gates", "same": "gates", "not_worse": "gates", "worst_slice": "gates", "ci_low": "gates", "ci_high": "gates",
}

// elsewhere is the table of names that exist in other scopes.
func elsewhere() map[string]string {
	m := maps.Clone(contextPlaces)
	maps.Copy(m, functionPlaces)
	return m
}
