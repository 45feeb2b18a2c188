package datacheck

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mlops-runner/mlops/actions/action"
	"github.com/mlops-runner/mlops/actions/table"
)

// A lines source is a table as text, its cells split by commas; an empty cell is null.
type lines struct {
	name string
	text string
	size int // rows of a batch
}

func (l lines) rows() [][]string {
	var out [][]string
	for line := range strings.Lines(strings.TrimSpace(l.text)) {
		out = append(out, strings.Split(strings.TrimSuffix(line, "\n"), ","))
	}
	return out
}

func (l lines) Columns() []table.Column {
	var cs []table.Column
	for _, name := range l.rows()[0] {
		cs = append(cs, table.Column{Name: name, Kind: table.Text})
	}
	return cs
}

func (l lines) Batches(context.Context) iter.Seq2[*table.Batch, error] {
	return func(yield func(*table.Batch, error) bool) {
		all := l.rows()
		at := int64(1)
		for rows := range slices.Chunk(all[1:], l.size) {
			b := &table.Batch{File: l.name, Row: at, Line: at + 1, Rows: len(rows), Columns: make([]table.Vector, len(all[0]))}
			for c := range b.Columns {
				v := &b.Columns[c]
				v.Kind, v.Nulls = table.Text, make([]bool, len(rows))
				for i, r := range rows {
					v.Nulls[i] = r[c] == ""
					v.Texts = append(v.Texts, []byte(r[c]))
				}
			}
			if !yield(b, nil) {
				return
			}
			at += int64(len(rows))
		}
	}
}

var noon = time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)

// checked checks tables by name, the first of which is data.csv.
func checked(t *testing.T, inputs map[string]any, tables map[string]string) (*Checked, time.Time) {
	t.Helper()
	inputs["data"] = "data.csv"
	c, err := parseConfig(inputs)
	if err != nil {
		t.Fatal(err)
	}
	s := &setup{config: c, ctx: t.Context(), call: action.Call{Temp: t.TempDir()}, now: noon}
	s.open = func(name string) (source, error) {
		if tables[name] == "" {
			return nil, fmt.Errorf("no table %s", name)
		}
		return lines{name: name, text: tables[name], size: 2}, nil
	}
	data, err := s.open("data.csv")
	if err != nil {
		t.Fatal(err)
	}
	s.over(data.Columns())
	out := &Checked{Data: "data.csv"}
	if err := out.run(s, data); err != nil {
		t.Fatal(err)
	}
	out.sum()
	return out, s.until
}

// failures are the lines of what did not pass.
func failures(c *Checked) (out []string) {
	for _, r := range c.Results {
		if r.Passed {
			continue
		}
		line := fmt.Sprintf("%s %s: %s", r.Level, r.Title(), r.Measured)
		for _, o := range r.First {
			line += fmt.Sprintf(" | %s %s", o.Place(), o.Value)
		}
		out = append(out, line)
	}
	return out
}

type m = map[string]any

// Each check passes what it should and names what it does not, with the rows.
func TestChecks(t *testing.T) {
	t.Parallel()
	const people = "id,age,plan,born\n1,20,free,2000-01-31\n2,30,pro,2001-01-31\n3,40,free,\n3,-5,gold,2002-02-30\n"
	tests := []struct {
		name   string
		inputs m
		tables map[string]string
		want   []string
	}{
		{"as many rows as wanted", m{"rows": "4"}, nil, nil},
		{"too few rows", m{"rows": "5_000.."}, nil, []string{"fail rows: 4 rows"}},
		{"a level of its own", m{"rows": "5..", "level": m{"rows": "warn"}}, nil, []string{"warn rows: 4 rows"}},
		{"a check that is off", m{"rows": "5..", "level": m{"rows": "off"}}, nil, nil},
		{"a key twice", m{"key": "id"}, nil, []string{"fail id key: equal to an earlier one: 1 row (25.0%) | data.csv:5 3"}},
		{"two columns together", m{"key": []any{"id", "age"}}, nil, nil},
		{"a null in a key", m{"key": []any{"id", "born"}}, nil, []string{"fail id, born key: 1 row with a null | data.csv:4 3, null"}},
		{"a type and its nulls", m{"columns": m{"born": "date"}, "unknown": "off"}, nil, []string{
			"fail born null: 1 null (25.0%)", "fail born type: 1 of 3 values (33.3%) do not fit | data.csv:5 2002-02-30"}},
		{"a range of dates", m{"columns": m{"born": "date 2000-02-01.. , null 1"}, "unknown": "off"}, nil, []string{
			"fail born type: 1 of 3 values (33.3%) do not fit | data.csv:5 2002-02-30", "fail born range: 1 of 3 values (33.3%) do not fit | data.csv:2 2000-01-31"}},
		{"a range", m{"columns": m{"age": "int 0..120"}, "unknown": "off"}, nil, []string{"fail age range: 1 of 4 values (25.0%) do not fit | data.csv:5 -5"}},
		{"a list of values, as a warning", m{"columns": m{"plan": "[free, pro], warn"}, "unknown": "off"}, nil, []string{"warn plan values: 1 of 4 values (25.0%) do not fit | data.csv:5 gold"}},
		{"a YAML list", m{"columns": m{"plan": []any{"free", "pro", "gold"}}, "unknown": "off"}, nil, nil},
		{"a pattern", m{"columns": m{"plan": "text /^[fp]/"}, "unknown": "off"}, nil, []string{"fail plan pattern: 1 of 4 values (25.0%) do not fit | data.csv:5 gold"}},
		{"lengths", m{"columns": m{"plan": "string, length 4.."}, "unknown": "off"}, nil, []string{"fail plan length: 1 of 4 values (25.0%) do not fit | data.csv:3 pro"}},
		{"nulls by share and by count", m{"columns": m{"born": "null ..30%"}, "unknown": "off"}, nil, nil},
		{"nulls by count", m{"columns": m{"born": "null 2"}, "unknown": "off"}, nil, []string{"fail born null: 1 null (25.0%)"}},
		{"unique", m{"columns": m{"id": "int, unique"}, "unknown": "off"}, nil, []string{"fail id unique: equal to an earlier one: 1 row (25.0%) | data.csv:5 3"}},
		{"distinct", m{"columns": m{"plan": "distinct ..2"}, "unknown": "off"}, nil, []string{"fail plan distinct: 3 values"}},
		{"moments", m{"columns": m{"age": "int, mean 21.25, max ..39, std 19.3..19.4, min -5"}, "unknown": "off"}, nil, []string{"fail age max: 40"}},
		{"unknown and missing columns", m{"columns": m{"id": "int", "ages": "int"}}, nil, []string{
			"fail ages missing: there is no column \"ages\"; did you mean \"age\"?", "warn age unknown: a column string", "warn plan unknown: a column string", "warn born unknown: a column string"}},
		{"a rule", m{"rules": "age >= 0 && plan != 'x'"}, nil, []string{"fail rules: 1 of 4 rows (25.0%) do not meet it | data.csv:5 age -5, plan gold"}},
		{"a rule that some rows need not meet", m{"rules": []any{m{"check": "age >= 0", "allow": "25%"}, m{"check": "age >= 25", "allow": "25%", "level": "warn"}}}, nil,
			[]string{"warn rules: 2 of 4 rows (50.0%) do not meet it | data.csv:2 age 20 | data.csv:5 age -5"}},
		{"a rule does not judge nulls", m{"rules": "born >= '2000-02-01'"}, nil,
			[]string{"fail rules: 1 of 3 rows (33.3%) do not meet it; 1 row with nulls not judged | data.csv:2 born 2000-01-31"}},
		{"a rule that asks for null", m{"rules": "born != null || age > 40"}, nil, []string{"fail rules: 1 of 4 rows (25.0%) do not meet it | data.csv:4 born null, age 40"}},
		{"a column whose name is no word", m{"rules": "row['unit price'] > 1"}, map[string]string{"data.csv": "unit price\n1\n2\n"},
			[]string{"fail rules: 1 of 2 rows (50.0%) do not meet it | data.csv:2 unit price 1"}},
		{"a share of true", m{"columns": m{"x": "bool, true ..60%, false ..30%"}}, map[string]string{"data.csv": "x\ntrue\nFalse\n0\n1\n"}, []string{"fail x false: 2 of 4 values (50.0%)"}},
		{"references", m{"refs": m{"id": "users.csv.id"}}, map[string]string{"users.csv": "id\n1\n3\n9\n"}, []string{"fail id refs: 1 of 4 values (25.0%) are not there | data.csv:3 2"}},
		{"rows and keys of another table", m{"key": []any{"id", "age"}, "disjoint": "test.csv"}, map[string]string{"test.csv": "born,id,age,plan\n2000-01-31,1,20,free\n,3,40,pro\n"}, []string{
			"fail id, age disjoint: in both: 2 rows (50.0%) | data.csv:2 1, 20 | data.csv:4 3, 40", "fail row disjoint: in both: 1 row (25.0%) | data.csv:2 2000-01-31, 1, 20, free"}},
		{"groups and time of another table", m{"disjoint": m{"with": "test.csv", "by": "plan", "time": "born"}}, map[string]string{"test.csv": "plan,born\nteam,2001-01-31\n"}, []string{
			"fail born disjoint: newest 2001-01-31T00:00:00Z | data.csv:3 2001-01-31 | data.csv:5 2002-02-30"}},
		{"data that is fresh", m{"fresh": "at within 36h"}, map[string]string{"data.csv": "at\n2026-01-30T13:00:00Z\n2026-01-29\n"}, nil},
		{"data that is not", m{"fresh": "at within 1d"}, map[string]string{"data.csv": "at\n2026-01-29\n"}, []string{"fail at fresh: newest 2026-01-29T00:00:00Z, 2.5d old at 2026-01-31T12:00:00Z"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tables := map[string]string{"data.csv": people}
			for name, text := range tt.tables {
				tables[name] = text
			}
			got, _ := checked(t, tt.inputs, tables)
			if d := cmp.Diff(tt.want, failures(got)); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

// What passes for its freshness does so until the newest row is too old, and for
// ever if the time was given.
func TestFreshUntil(t *testing.T) {
	t.Parallel()
	tables := map[string]string{"data.csv": "at\n2026-01-30T13:00:00Z\n"}
	if _, until := checked(t, m{"fresh": "at within 36h"}, tables); !until.Equal(noon.Add(13 * time.Hour)) {
		t.Errorf("until %v", until)
	}
	if got, until := checked(t, m{"fresh": "at within 36h", "now": "2026-01-30T14:00:00Z"}, tables); !until.IsZero() || got.Failed > 0 {
		t.Errorf("with a time that was given: until %v, %v", until, failures(got))
	}
}

// Hashes that find no room in memory go through files, and come to the same.
func TestTallySpills(t *testing.T) {
	t.Parallel()
	for _, limit := range []int{10, 1000, 1 << 20} {
		ta := &tally{limit: limit, temp: t.TempDir()}
		h := newHasher()
		b := &table.Batch{Rows: 5000, Columns: []table.Vector{{Kind: table.Int, Ints: make([]int64, 5000)}}}
		for i := range b.Columns[0].Ints {
			b.Columns[0].Ints[i] = int64(i % 4990)
		}
		for i := range b.Rows {
			hi, lo := h.row(b, i, []int{0})
			if err := ta.add(entry{hi, lo, uint64(i)}); err != nil {
				t.Fatal(err)
			}
		}
		groups, again := 0, lowest{}
		if err := ta.groups(func(es []entry) {
			groups++
			for _, e := range es[1:] {
				again.add(e.row)
			}
		}); err != nil {
			t.Fatal(err)
		}
		if groups != 4990 || again.count != 10 || !slices.Equal(again.rows, []uint64{4990, 4991, 4992, 4993, 4994}) {
			t.Errorf("limit %d: %d groups, %d repeated, first %v", limit, groups, again.count, again.rows)
		}
		if err := ta.close(); err != nil {
			t.Error(err)
		}
	}
}
