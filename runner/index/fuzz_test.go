package index

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mlops-runner/mlops/spec/expression"
)

// FuzzWhere: whatever somebody writes for --where and --sort, it is refused with its place, or
// becomes SQL that holds not a word of it, which finds the runs for which
// the language's own evaluator says yes.
func FuzzWhere(f *testing.F) {
	for _, s := range [][2]string{
		{"metrics.auc > 0.5 && params.depth == 8", "-metrics.auc"}, {"!(status == 'success') || branch != 'main'", "started,branch"},
		{"in(params.model, 'xgb', 8, null) && contains(author, 'it''s')", "-params.lr"}, {"started >= '2026-11-01' && started < ago('1h')", "-started"},
		{"'; DROP TABLE runs; --' == branch", "'"}, {"params['deep.name'] <= metrics['auc{plan=pro}']", "params['x'' OR 1=1']"},
		{"jobs.evaluate.cached && !jobs.train.status", "jobs.train.seconds"}, {"startsWith(commit, 'C0FF') && endsWith(data.customers, '0')", "run.id"},
		{"0.5 <= metrics.auc", "params.depth"}, {"8 >= params.depth", "-branch"}, {"dirty == true || pull_request != null", "-pull_request"}, {"-1.5 < params.lr", "metrics.LOSS"}, {"1e300 > metrics.loss || metrics.loss != metrics.loss", ""},
		{"metrics.\"x\" == 1; SELECT", "metrics.auc DESC"}, {"((((metrics.auc))))", "--metrics.auc"}, {"seconds == '5' && true && 'a' && null", " - branch"},
	} {
		f.Add(s[0], s[1])
	}
	w := newWorld(f, 11)
	for range 40 {
		w.write(w.run(), true)
	}
	x := open(f, w, Options{Now: later})
	f.Fuzz(func(t *testing.T, where, sort string) {
		if len(where)+len(sort) > 2000 {
			t.Skip("one as long takes long")
		}
		query := Query{Where: where, Sort: strings.Split(sort, ",")}
		if sort == "" {
			query.Sort = nil
		}
		x.recent = recent
		answer, err := x.Select(context.Background(), query)
		if err != nil {
			placed(t, err)
			return
		}
		x.recent = 0 // as of many runs
		many, err := x.Select(context.Background(), query)
		if d := cmp.Diff(ids(answer), ids(many)); err != nil || d != "" {
			t.Errorf("%q %q: of many runs other ones are found, or in another order: %v\n%s", where, sort, err, d)
		}
		onlyOurs(t, x, query)
		found := ids(answer)
		if sort != "" {
			slices.Sort(found)
			slices.Reverse(found)
		}
		agrees(t, x, w, where, found)
	})
}

// placed makes sure that an error is of the query, and points into it.
func placed(t *testing.T, err error) {
	t.Helper()
	var bad *QueryError
	if !errors.As(err, &bad) {
		t.Fatalf("no error of a query: %v", err)
	}
	if bad.Pos < 0 || bad.Pos > bad.End || bad.End > len(bad.Source) || bad.Msg == "" || bad.Error() == "" {
		t.Fatalf("no place in %q: %+v", bad.Source, bad)
	}
}

// ourWords are all that a statement may be made of: SQL's, our tables' and columns', and
// the two texts that tell kinds of parameters and of artifacts. Aliases and marks of bound
// values are counted.
const ourWords = `SELECT FROM JOIN LEFT CROSS ON WHERE AND OR NOT IS NULL CASE WHEN THEN ELSE END COALESCE CAST AS DOUBLE PRECISION TRUE FALSE
ORDER BY ASC DESC LIMIT COLLATE BINARY UPPER instr substr MAX GROUP DISTINCT UNION
runs r c jobs params metrics_latest artifacts model_versions aliases a v
id pipeline folded_pipeline status reason event folded_event actor folded_actor branch folded_branch author folded_author subject folded_subject
executor folded_executor host folded_host commit_hash dirty pull_request started ended seconds damage
run_id job cached key kind number text folded_text slice value special role name path digest store version alias yes
'' 'string' 'data' ( ) , . = < > <= >= <> - 0 1 2`

// onlyOurs makes sure that the statement is made of our words, and that each bound value is used.
func onlyOurs(t *testing.T, x *Index, query Query) {
	t.Helper()
	q := &compiler{x: x, operands: map[string]*operand{}}
	condition := "TRUE"
	var term *expression.Term
	var err error
	if query.Where != "" {
		if term, err = q.parse(context.Background(), query.Where); err == nil {
			q.require(term)
			condition, err = q.condition(term)
		}
	}
	var by []sorting
	if err == nil {
		by, err = q.sorts(context.Background(), query.Sort)
	}
	if err != nil {
		t.Fatalf("it was selected by and cannot be compiled: %v", err)
	}
	ours := map[string]bool{}
	for _, w := range strings.Fields(ourWords) {
		ours[w] = true
	}
	marks := map[string]bool{}
	if term != nil {
		q.few = q.among(q.parts(term))
	}
	statement := q.text(condition, by, 0)
	for _, w := range regexp.MustCompile(`[A-Za-z_][A-Za-z_0-9]*|\?[0-9]+|'[^']*'|[0-9]+|--|/\*|<>|<=|>=|[^ ]`).FindAllString(statement, -1) {
		switch {
		case strings.HasPrefix(w, "?"):
			marks[w] = true
		case regexp.MustCompile(`^p[0-9]+$`).MatchString(w):
		case !ours[w]:
			t.Fatalf("%q %q became SQL with the word %q:\n%s", query.Where, query.Sort, w, statement)
		}
	}
	if len(marks) != len(q.args) {
		t.Fatalf("%q %q: %d values are bound and %d used:\n%s", query.Where, query.Sort, len(q.args), len(marks), statement)
	}
}

// agrees makes sure that runs were found if and only if the evaluator says yes of them.
func agrees(t *testing.T, x *Index, w *world, where string, found []string) {
	t.Helper()
	if where == "" {
		return
	}
	q := &compiler{x: x, operands: map[string]*operand{}}
	term, err := q.parse(context.Background(), where)
	if err != nil {
		t.Fatal(err)
	}
	o := &oracle{compiler: q, fields: map[string]field{}, values: map[string]any{}}
	for _, f := range fields() {
		path, err := (&compiler{x: x, operands: map[string]*operand{}}).parse(context.Background(), f.query)
		if err != nil {
			t.Fatal(err)
		}
		named, err := q.lookup(context.Background(), path.Path)
		if err != nil {
			t.Fatal(err)
		}
		o.fields[named.name] = f
	}
	said := o.condition(term)
	if o.unknown {
		return // it names what the oracle has no field for
	}
	condition, err := expression.Parse(said)
	if err != nil {
		return // longer or deeper than the language allows
	}
	var want []string
	for _, id := range slices.Backward(slices.Sorted(maps.Keys(w.runs))) {
		names := scope(fields(), w.runs[id])
		maps.Copy(names.Names, o.values)
		v, err := condition.Eval(names)
		if err != nil {
			return // as above
		}
		if expression.Truthy(v) {
			want = append(want, id)
		}
	}
	if d := cmp.Diff(want, found); d != "" {
		t.Errorf("%q: in memory (-), by %s with %v, and in the database (+) differ:\n%s", where, said, o.values, d)
	}
}

// An oracle writes a condition as the evaluator takes it, over the names of [fields].
// Values of the query are names, too: v1, v2, ….
type oracle struct {
	*compiler
	fields  map[string]field // by the names of operands
	values  map[string]any
	unknown bool // it met a name that is no field
}

func (o *oracle) field(t *expression.Term) field {
	f, known := o.fields[o.operand(t).name]
	o.unknown = o.unknown || !known
	return f
}

func (o *oracle) bound(v any) string {
	name := fmt.Sprintf("v%d", len(o.values)+1)
	o.values[name] = v
	return name
}

func (o *oracle) condition(t *expression.Term) string {
	switch t.Op {
	case "path":
		return o.field(t).oracle
	case "value":
		return o.bound(t.Value)
	case "!":
		return "!(" + o.condition(t.Args[0]) + ")"
	case "&&", "||":
		var parts []string
		for _, a := range t.Args {
			parts = append(parts, o.condition(a))
		}
		return "(" + strings.Join(parts, " "+t.Op+" ") + ")"
	case "call":
		return o.call(t)
	}
	a, b, op := t.Args[0], t.Args[1], t.Op
	if a.Op == "path" && b.Op == "path" {
		return "(" + o.field(a).oracle + " " + op + " " + o.field(b).oracle + ")"
	}
	if a.Op != "path" {
		a, b = b, a
		op = map[string]string{"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}[op]
	}
	return o.compared(o.field(a), op, b)
}

// compared is a comparison of a field with a value.
func (o *oracle) compared(f field, op string, t *expression.Term) string {
	v, err := o.literal(t)
	if err == nil && f.kind == moment && v != nil {
		var at int64
		at, err = o.time(t, v)
		v = float64(at)
	}
	switch {
	case err != nil:
		o.unknown = true
		return ""
	case v == nil && op == "!=":
		return "has_" + f.oracle
	case v == nil:
		return "!has_" + f.oracle
	}
	return "(" + f.oracle + " " + op + " " + o.bound(v) + ")"
}

func (o *oracle) call(t *expression.Term) string {
	f := o.field(t.Args[0])
	if strings.EqualFold(t.Name, "in") {
		var parts []string
		for _, a := range t.Args[1:] {
			parts = append(parts, o.compared(f, "==", a))
		}
		return "(" + strings.Join(parts, " || ") + ")"
	}
	v, err := o.literal(t.Args[1])
	o.unknown = o.unknown || err != nil
	return "(there_" + f.oracle + " && " + t.Name + "(" + f.oracle + ", " + o.bound(v) + "))"
}
