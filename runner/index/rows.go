package index

import (
	"cmp"
	"encoding/json"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/mlops-runner/mlops/runner/dataset"
	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/store"
	"github.com/mlops-runner/mlops/spec/expression"
)

// A table names the columns of a table in the order of its rows.
type table struct {
	name    string
	columns []string
}

// The tables that are filled from runs, in the order in which they are written.
var runTables = []table{
	{"runs", []string{"id", "pipeline", "folded_pipeline", "status", "reason", "event", "folded_event", "actor", "folded_actor", "branch", "folded_branch",
		"author", "folded_author", "subject", "folded_subject", "executor", "folded_executor", "host", "folded_host", "commit_hash", "dirty", "pull_request",
		"started", "ended", "seconds", "content", "sealed", "damage"}},
	{"jobs", []string{"run_id", "job", "status", "cached", "seconds"}},
	{"params", []string{"run_id", "key", "kind", "number", "text", "folded_text"}},
	{"metrics_latest", []string{"run_id", "key", "slice", "value", "special"}},
	{"artifacts", []string{"run_id", "role", "name", "job", "path", "digest", "size"}},
}

// rows are those of one run, by the tables of [runTables].
type rows struct {
	id      string
	content string // digest of what they were made from
	tables  [][][]any
}

// clean makes text that both databases take.
func clean(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}

func fold(s string) string { return expression.Fold(clean(s)) }

func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// rowsOf are the rows of a run.
func rowsOf(s *record.Sheet) *rows {
	r := s.Run
	out := &rows{id: r.ID, tables: make([][][]any, len(runTables))}
	out.tables[1] = jobRows(r)
	out.tables[2] = paramRows(r)
	out.tables[3] = metricRows(r)
	out.tables[4] = artifactRows(s)
	run := runRow(r)
	out.content = r.Digest.Hex()
	if !r.Sealed {
		out.content = "open " + digestOf(run, out.tables)
	}
	run[25] = out.content
	out.tables[0] = [][]any{run}
	return out
}

// digestOf tells rows of an unsealed run from those that it had before.
func digestOf(run []any, tables [][][]any) string {
	text := &strings.Builder{}
	for _, r := range append(slices.Concat(tables...), run) {
		for _, v := range r {
			if f, ok := v.(float64); ok && (math.IsInf(f, 0) || math.IsNaN(f)) {
				v = math.Float64bits(f)
			}
			data, _ := json.Marshal(v) // texts and finite numbers can always be written
			text.Write(append(data, '\n'))
		}
	}
	return store.Sum([]byte(text.String())).Hex()
}

func runRow(r *record.Run) []any {
	row := []any{r.ID}
	pair := func(s string) { row = append(row, clean(s), fold(s)) }
	pair(r.Pipeline)
	row = append(row, strings.ToLower(clean(string(r.Status))), strings.ToLower(clean(r.Reason)))
	for _, s := range []string{r.Trigger.Event, r.Trigger.Actor, r.Source.Branch, r.Source.Author, r.Source.Subject, r.Environment.Executor, r.Environment.Host.Name} {
		pair(s)
	}
	row = append(row, strings.ToLower(clean(r.Source.Commit)), flag(r.Source.Dirty))
	var number, ended, seconds any
	if r.Trigger.Number != 0 {
		number = int64(r.Trigger.Number)
	}
	if !r.Ended.IsZero() {
		ended, seconds = r.Ended.UnixMicro(), r.Ended.Sub(r.Started).Seconds()
	}
	return append(row, number, r.Started.UnixMicro(), ended, seconds, "", flag(r.Sealed), "")
}

// damagedRow stands for a record that cannot be read. It is not sealed, so that it is tried again.
func damagedRow(e record.Entry, why error) *rows {
	row := runRow(&record.Run{ID: e.ID, Started: e.Time})
	out := &rows{id: e.ID, tables: make([][][]any, len(runTables)), content: "damaged " + clean(why.Error())}
	row[25], row[27] = out.content, clean(why.Error())
	out.tables[0] = [][]any{row}
	return out
}

func jobRows(r *record.Run) (out [][]any) {
	for _, j := range r.Jobs {
		out = append(out, []any{r.ID, clean(j.ID), strings.ToLower(clean(string(j.Status))), flag(j.Cached), j.Wall.Seconds()})
	}
	return unique(out, 2)
}

func paramRows(r *record.Run) (out [][]any) {
	for _, k := range slices.Sorted(maps.Keys(r.Params)) {
		if kind, number, text, folded := paramCells(r.Params[k]); kind != "" {
			out = append(out, []any{r.ID, clean(k), kind, number, text, folded})
		}
	}
	return unique(out, 2)
}

// paramCells are the cells of a parameter; kind is "" for null and for what is no scalar.
func paramCells(v any) (kind string, number, text, folded any) {
	v = expression.FromGo(v)
	switch v.(type) {
	case bool:
		kind = "bool"
	case float64:
		kind = "number"
	case string:
		kind = "string"
	default:
		return "", nil, nil, nil
	}
	if n := expression.Number(v); !math.IsNaN(n) {
		number = n
	}
	s := expression.Format(v)
	return kind, number, clean(s), fold(s)
}

// metricRows are one row for each name and slice.
func metricRows(r *record.Run) (out [][]any) {
	at := map[[2]string]int{}
	for _, j := range r.Jobs {
		job, _, _ := strings.Cut(j.ID, "@")
		if chosen := r.Selected[job]; chosen != "" && chosen != j.ID && strings.Contains(j.ID, "@") && strings.Contains(chosen, "@") {
			continue // a leg that was not chosen
		}
		for i := range j.Metrics {
			m := &j.Metrics[i]
			key := clean(m.Name)
			slice := strings.TrimPrefix(clean(m.Key()), key)
			value, special := metricCells(m.Value)
			row := []any{r.ID, key, slice, value, special}
			if old, again := at[[2]string{key, slice}]; again {
				out[old] = row
				continue
			}
			at[[2]string{key, slice}] = len(out)
			out = append(out, row)
		}
	}
	return unique(out, 3)
}

func metricCells(v float64) (value any, special string) {
	switch {
	case math.IsNaN(v):
		return nil, "nan"
	case math.IsInf(v, 1):
		return v, "inf"
	case math.IsInf(v, -1):
		return v, "-inf"
	}
	return v, ""
}

func artifactRows(s *record.Sheet) (out [][]any) {
	add := func(role, name, job, path string, d store.Digest, size int64) {
		out = append(out, []any{s.Run.ID, role, clean(name), clean(job), clean(path), d.String(), size})
	}
	data := map[string]map[string]store.Digest{}
	sizes := map[string]int64{}
	for _, in := range s.Inputs {
		add("in", in.Name, "", in.Path, in.Digest, in.Size)
		if in.Name == "" {
			continue
		}
		if data[in.Name] == nil {
			data[in.Name] = map[string]store.Digest{}
		}
		data[in.Name][in.Path] = in.Digest
		sizes[in.Name] += in.Size
	}
	for name, files := range data {
		add("data", name, "", "", dataset.Digest(files), sizes[name])
	}
	for job, made := range s.Outputs {
		for _, a := range made {
			add("out", a.Name, job, a.Path, a.Digest, a.Size)
		}
	}
	return unique(out, 5)
}

// unique sorts rows by their first n cells, which are texts, and leaves out
// those whose cells were there before.
func unique(in [][]any, n int) [][]any {
	order := func(a, b []any) int {
		for i := range n {
			if c := cmp.Compare(a[i].(string), b[i].(string)); c != 0 {
				return c
			}
		}
		return 0
	}
	slices.SortStableFunc(in, order)
	return slices.CompactFunc(in, func(a, b []any) bool { return order(a, b) == 0 })
}
