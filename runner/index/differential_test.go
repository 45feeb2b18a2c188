package index

import (
	"context"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mlops-runner/mlops/runner/dataset"
	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/store"
	"github.com/mlops-runner/mlops/spec/expression"
)

// A field is a name as a query writes it and as the oracle does, which is the
// language's own evaluator over values taken from the run: what is missing is NaN.
type field struct {
	query, oracle string
	kind          kind
	value         func(r *record.Run) any // nil if the run has none
}

func metricOf(name, slice string) func(r *record.Run) any {
	return func(r *record.Run) (v any) {
		for _, m := range r.Metrics() {
			if m.Key() == name+slice {
				v = m.Value
			}
		}
		return v
	}
}

func paramOf(name string) func(r *record.Run) any {
	return func(r *record.Run) any { return r.Params[name] }
}

func jobOf(id string, get func(j *record.Job) any) func(r *record.Run) any {
	return func(r *record.Run) any {
		if j := r.Job(id); j != nil {
			return get(j)
		}
		return nil
	}
}

func numberOr0(n int) any {
	if n == 0 {
		return nil
	}
	return float64(n)
}

func fields() []field {
	return []field{
		{"metrics.auc", "m1", number, metricOf("auc", "")}, {"metrics.LOSS", "m2", number, metricOf("loss", "")},
		{"metrics.val.f1", "m3", number, metricOf("val.f1", "")}, {"metrics['auc{plan=pro}']", "m4", number, metricOf("auc", "{plan=pro}")},
		{"params.depth", "p1", scalar, paramOf("depth")}, {"params.lr", "p2", scalar, paramOf("lr")},
		{"params.model", "p3", scalar, paramOf("model")}, {"params.deep.name", "p4", scalar, paramOf("deep.name")},
		{"run.status", "r1", lower, func(r *record.Run) any { return string(r.Status) }},
		{"branch", "r2", text, func(r *record.Run) any { return r.Source.Branch }},
		{"commit", "r3", lower, func(r *record.Run) any { return r.Source.Commit }},
		{"Actor", "r4", text, func(r *record.Run) any { return r.Trigger.Actor }},
		{"run.author", "r5", text, func(r *record.Run) any { return r.Source.Author }},
		{"dirty", "r6", boolean, func(r *record.Run) any { return r.Source.Dirty }},
		{"pull_request", "r7", number, func(r *record.Run) any { return numberOr0(r.Trigger.Number) }},
		{"started", "r8", moment, func(r *record.Run) any { return float64(r.Started.UnixMicro()) }},
		{"seconds", "r9", number, func(r *record.Run) any { return r.Ended.Sub(r.Started).Seconds() }},
		{"jobs.train.status", "j1", lower, jobOf("train", func(j *record.Job) any { return string(j.Status) })},
		{"jobs.evaluate.seconds", "j2", number, jobOf("evaluate", func(j *record.Job) any { return j.Wall.Seconds() })},
		{"jobs.evaluate.cached", "j3", boolean, jobOf("evaluate", func(j *record.Job) any { return j.Cached })},
		{"data.customers", "d1", lower, func(r *record.Run) any {
			in := r.Inputs()[0]
			return dataset.Digest(map[string]store.Digest{in.Path: in.Digest}).String()
		}},
	}
}

// both is one condition in both spellings.
type both struct{ query, oracle string }

func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// A maker makes random conditions.
type maker struct {
	*rand.Rand
	fields []field
	texts  []string
}

func (m maker) condition(depth int) both {
	if depth == 0 || m.IntN(3) == 0 {
		return m.atom()
	}
	a := m.condition(depth - 1)
	if m.IntN(4) == 0 {
		return both{"!(" + a.query + ")", "!(" + a.oracle + ")"}
	}
	b, op := m.condition(depth-1), pick(m.Rand, " && ", " || ")
	return both{"(" + a.query + op + b.query + ")", "(" + a.oracle + op + b.oracle + ")"}
}

func (m maker) atom() both {
	f := m.fields[m.IntN(len(m.fields))]
	sign := pick(m.Rand, "==", "!=", "<", "<=", ">", ">=")
	switch m.IntN(8) {
	case 0:
		yes := m.IntN(2) == 0
		return both{f.query + map[bool]string{true: " != null", false: " == null"}[yes], map[bool]string{true: "has_" + f.oracle, false: "!has_" + f.oracle}[yes]}
	case 1:
		return both{f.query, f.oracle}
	case 2:
		if g := m.fields[m.IntN(len(m.fields))]; comparable(f, g) {
			return both{f.query + " " + sign + " " + g.query, f.oracle + " " + sign + " " + g.oracle}
		}
	case 3, 4:
		if f.kind == text || f.kind == lower || f.kind == scalar {
			return m.textCall(f)
		}
	}
	query, oracle := m.value(f)
	if m.IntN(3) == 0 {
		flipped := map[string]string{"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}[sign]
		return both{query + " " + flipped + " " + f.query, f.oracle + " " + sign + " " + oracle}
	}
	return both{f.query + " " + sign + " " + query, f.oracle + " " + sign + " " + oracle}
}

func comparable(f, g field) bool {
	isText := func(f field) bool { return f.kind == text || f.kind == lower }
	return isText(f) == isText(g) && (f.kind == moment) == (g.kind == moment)
}

func (m maker) textCall(f field) both {
	s := quote(m.texts[m.IntN(len(m.texts))])
	if m.IntN(3) == 0 {
		other := quote(m.texts[m.IntN(len(m.texts))])
		return both{"in(" + f.query + ", " + s + ", " + other + ")", "(" + f.oracle + " == " + s + " || " + f.oracle + " == " + other + ")"}
	}
	call := pick(m.Rand, "contains", "startsWith", "endsWith") + "("
	return both{call + f.query + ", " + s + ")", "(there_" + f.oracle + " && " + call + f.oracle + ", " + s + "))"}
}

// value is a literal to compare a field with.
func (m maker) value(f field) (query, oracle string) {
	n := expression.Format(pick(m.Rand, 0, 0.1, 0.3, 0.5, 0.9, 1, -1.5, 7, 8))
	s := quote(m.texts[m.IntN(len(m.texts))])
	switch f.kind {
	case text, lower:
		return s, s
	case moment:
		at := newWorldStart.Add(hours(m.IntN(400)))
		return quote(at.Format("2006-01-02T15:04:05Z07:00")), fmt.Sprintf("%d", at.UnixMicro())
	case scalar:
		n = pick(m.Rand, n, s, s, "true", "false", "'8'")
	case boolean:
		n = pick(m.Rand, "true", "false", "1")
	}
	return n, n
}

// scope is what the oracle evaluates over.
func scope(fs []field, r *record.Run) *expression.Scope {
	names := map[string]any{}
	for _, f := range fs {
		v := f.value(r)
		there := v != nil
		if !there {
			v = math.NaN()
		}
		names[f.oracle], names["there_"+f.oracle], names["has_"+f.oracle] = v, there, there && v != "" || f.kind == scalar && there
	}
	return &expression.Scope{Names: names}
}

// TestQueriesAreTheLanguage compares what the databases find with what the
// language's own evaluator says of each run.
func TestQueriesAreTheLanguage(t *testing.T) {
	t.Parallel()
	backends(t, func(t *testing.T, o Options) {
		w := newWorld(t, 7)
		for range 60 {
			w.write(w.run(), true)
		}
		x := open(t, w, o)
		m := maker{w.r, fields(), []string{"", "xgb", "Xg", "main", "MAIN", "feature/", "y_%", "%", "_", "c0ff", "C0FFEE00", "success", "ail", "ä", "8",
			"'", "it's", "'; DROP TABLE runs; --", "x' OR '1'='1", "\\", "\"", "?1", "$1", "sha256:"}}
		hits := 0
		for i := range 1500 {
			c := m.condition(i % 4)
			hits += compare(t, x, w, m.fields, c)
		}
		if hits < 1500 {
			t.Errorf("only %d runs were found at all: the conditions test nothing", hits)
		}
	})
}

func compare(t *testing.T, x *Index, w *world, fs []field, c both) int {
	t.Helper()
	oracle, err := expression.Parse(c.oracle)
	if err != nil {
		t.Fatalf("%s: %v", c.oracle, err)
	}
	var want []string
	for _, id := range slices.Backward(slices.Sorted(maps.Keys(w.runs))) {
		v, err := oracle.Eval(scope(fs, w.runs[id]))
		if err != nil {
			t.Fatalf("%s: %v", c.oracle, err)
		}
		if expression.Truthy(v) {
			want = append(want, id)
		}
	}
	for _, x.recent = range []int{recent, 0} { // as of few runs, and as of many
		got, err := x.Select(context.Background(), Query{Where: c.query})
		if err != nil {
			t.Fatalf("%s: %v", c.query, err)
		}
		if d := cmp.Diff(want, ids(got)); d != "" {
			t.Errorf("%s: in memory (-) and in the database (+) differ, as of more than %d runs:\n%s", c.query, x.recent, d)
		}
	}
	return len(want)
}

func ids(a *Answer) (out []string) {
	for _, r := range a.Rows {
		out = append(out, r.ID)
	}
	return out
}

func open(t testing.TB, w *world, o Options) *Index {
	t.Helper()
	x, err := Open(context.Background(), w.root, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { x.Close() })
	return x
}
