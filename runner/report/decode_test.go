package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/store"
	"github.com/mlops-runner/mlops/schemas"
	"github.com/mlops-runner/mlops/spec"
)

// equalNaN compares numbers so that a NaN is as another.
func equalNaN() cmp.Options {
	return cmp.Options{
		cmp.Comparer(func(a, b Number) bool { return sameFloat(float64(a), float64(b)) }),
		cmp.Comparer(func(a, b Point) bool { return sameFloat(a.Step, b.Step) && sameFloat(a.Value, b.Value) }),
	}
}

func schema(t testing.TB) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(schemas.Report()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource(SchemaID, doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile(SchemaID)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func valid(s *jsonschema.Schema, data []byte) error {
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		return err
	}
	return s.Validate(v)
}

// full is a report with every field filled in.
func full() *Report {
	day := time.Date(2026, 3, 1, 10, 0, 0, 123, time.UTC)
	old, now := "1", "2"
	d := store.Sum([]byte("x"))
	commit := strings.Repeat("ab", 20)
	side := Side{Run: "0195f000-0000-7000-8000-000000000002", Digest: d, Name: "lr", Commit: commit, Branch: "lr", Subject: "s", Dirty: true, Started: day,
		Status: record.Failure, URL: "https://example.org/runs/1?a=b#c", Attempt: 2}
	return &Report{
		Version: Version, Pipeline: "churn", Decision: Blocked, Why: "w", Unverified: "reported by eve", Head: side, Base: &side,
		Baseline: Baseline{Asked: "merge-base", Wanted: commit, Found: commit, Behind: 1, Tip: -1, Age: -time.Second, Why: "because"},
		Metrics: []Metric{{Name: "auc", Slice: map[string]string{"a": "b"}, Better: Higher, Unit: "u", Gated: true, Job: "j", Others: []string{"k"}, Head: number(math.NaN()), Seeds: 3, Base: number(math.Inf(-1)), Change: number(math.Copysign(0, -1)), Relative: number(1e300), Interval: &Interval{Low: Number(math.Inf(-1)), High: Number(math.Inf(1)), Level: 0.95, P: number(0), Method: "m",
			N: 3, Needs: 4, Unit: "rows", Paired: true, Error: "e"}, Own: &Interval{Low: 1, High: 2, Level: 0.9, P: number(1), Method: "m", N: 1, Needs: 1, Unit: "rows", Paired: true, Error: "e"}, Verdict: CantTell, Note: "n", HeadCurve: []Point{{Step: 1, Value: math.NaN()}}, BaseCurve: []Point{{Step: 0.5, Value: 2}}, Past: []Point{{Value: math.Inf(1)}}}},
		Gates:   []Judged{{Gate: "auc > 1", Pos: spec.Pos{Line: 3, Col: 5}, Outcome: Failed, Detail: "d", Parts: []Part{{"auc", "0.5", true}}}, {Gate: "g", Outcome: Undecided}},
		Changed: []GateChange{{"a", "b"}}, Params: []Change{{"p", &old, &now}, {"q", nil, &now}}, ParamCount: 3,
		Inputs: []InputChange{{Name: "n", Path: "p", OldPath: "o", Old: d, New: d, OldSize: 1, NewSize: 2, OldFiles: 3, NewFiles: 4, IsDataset: true}},
		Code:   Code{Files: []string{"f"}, Count: 2, Commits: 3},
		Jobs: []Job{{ID: "j", Status: record.Skipped, Cached: true, Reason: "oom", Error: "e\nf", Exit: 1, Why: []string{"w"}, Wall: time.Second, Equal: true, Changed: []Change{{"step 1", &old, &now}, {"x", &old, nil}},
			Outputs: Sameness{1, 2}, Only: "head", Base: record.Success, Log: []string{"l"}}},
		Outputs: Sameness{1, 2}, Cost: Cost{Wall: 1, CPU: 2, GPUSeconds: 0.5, Jobs: 3, Cached: 1, Price: 0.1}, BaseCost: &Cost{Wall: 1, CPU: 2, GPUSeconds: 0.5, Jobs: 3, Cached: 1, Price: 0.1},
		Sections: []Section{{ID: "data", Title: "Data", Summary: "s", Failing: true, Columns: []Column{{"c", true}}, Rows: [][]string{{"1"}}, Patch: []string{"-a", "+b"}, Priority: 3, Plots: []Plot{{
			Title: "t", Kind: Bars, X: "x", Y: "y", Labels: []string{"a"}, Series: []Series{{Name: "s", Role: RoleBaseline, Points: []Point{{Step: 1, Value: math.NaN()}}, Values: []Number{2}}},
		}}}},
		Promotions: []record.Promotion{{Model: "churn", Version: 3, Alias: "production", Was: 2, Outcome: record.Refused, New: true, DryRun: true, Why: "v"}},
		Notes:      []string{"note"},
	}
}

// reports are all that these tests have.
func reports(t testing.TB) map[string]*Report {
	all := map[string]*Report{"full": full()}
	for _, dir := range cases(t) {
		all[filepath.Base(dir)] = Compare(readCase(t, dir))
	}
	r := rand.New(rand.NewPCG(9, 9))
	for i := range 15 {
		all[fmt.Sprint("random ", i)] = Compare(random(r), random(r), CompareOptions{Gates: gatesOf("a > baseline.a", "better(b)"), History: []*record.Run{random(r), random(r)}, MinHistory: 1})
		all[fmt.Sprint("judged ", i)] = Trial{By: "\xff", Gates: gatesOf("a > baseline.a", "c.d > 0"), Unknown: []string{"", "odd"}[i%2]}.Judge(all[fmt.Sprint("random ", i)])
	}
	return all
}

// random is a run with random metrics, jobs and texts, bad ones too.
func random(r *rand.Rand) *record.Run {
	word := func() string {
		if r.IntN(60) == 0 {
			return strings.Repeat("long ", 14_000)
		}
		return []string{"a", "b", "c.d", "", "\xff", "x\x00y", "ü|`<"}[r.IntN(7)]
	}
	number := func() float64 {
		return []float64{0, math.Copysign(0, -1), 1, -1.5, r.NormFloat64(), math.NaN(), math.Inf(1), math.Inf(-1), math.MaxFloat64, 5e-324}[r.IntN(10)]
	}
	run := &record.Run{ID: word(), Pipeline: word(), Status: record.Status([]string{"success", "failure", "odd", ""}[r.IntN(4)]), Reason: "gate", Started: time.Now(), Params: record.Values{word(): number(), word(): word()}}
	run.Source.Commit, run.Environment.Cost = word(), number()
	for range r.IntN(5) {
		j := record.Job{ID: word(), Job: word(), Status: record.Success, Error: word(), Why: []string{word()}, Matrix: record.Values{"seed": number(), word(): word()},
			Fingerprint: store.Sum([]byte(word())), FingerprintLines: []string{"params " + word() + " " + word(), word()}}
		for range r.IntN(6) {
			m := record.Metric{Name: word(), Value: number(), Unit: word(), Better: word()}
			if r.IntN(3) == 0 {
				m.Slice = map[string]string{word(): word()}
			}
			for k := range r.IntN(120) {
				m.History = append(m.History, Point{Step: float64(k), Value: number()})
			}
			j.Metrics = append(j.Metrics, m)
		}
		j.Inputs = []record.Artifact{{Path: word(), Name: word(), Digest: store.Sum([]byte(word()))}}
		run.Jobs = append(run.Jobs, j)
	}
	return run
}

// A report that was written and read again is the same, and valid by the schema.
func TestDecode(t *testing.T) {
	t.Parallel()
	s := schema(t)
	for name, r := range reports(t) {
		data, err := record.Canonical(r)
		if err != nil {
			t.Fatal(err)
		}
		got, err := Decode(bytes.NewReader(data))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if d := cmp.Diff(r, got, equalNaN()); d != "" {
			t.Errorf("%s: %s", name, d)
		}
		if err := valid(s, data); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Every field of the model stands in full.
func TestFullIsFull(t *testing.T) {
	t.Parallel()
	data, err := record.Canonical(full())
	if err != nil {
		t.Fatal(err)
	}
	var missing []string
	var walk func(r *rule, v any)
	walk = func(r *rule, v any) {
		for _, f := range r.fields {
			x, ok := v.(map[string]any)[f.name]
			if !ok {
				missing = append(missing, r.name+"."+f.name)
				continue
			}
			at := f.rule
			if at.kind == list && at.item.kind == object {
				at, x = at.item, x.([]any)[0]
			}
			if at.kind == object {
				walk(at, x)
			}
		}
	}
	var v any
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatal(err)
	}
	walk(rules(), v)
	if len(missing) > 0 {
		t.Errorf("missing: %s", strings.Join(missing, " "))
	}
}

// What Decode refuses, and what it says. Each is refused by the schema too,
// unless it is beyond it.
func TestDecodeRefuses(t *testing.T) {
	t.Parallel()
	s := schema(t)
	whole, err := record.CanonicalLine(full())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, old, new, want string }{
		{"empty", string(whole), "", "report: is no JSON: EOF"},
		{"no object", string(whole), "[]", "report: is no object"},
		{"null", string(whole), "null", "report: is no object"},
		{"cut off", `"why":"w"}`, "", "report: is no JSON: EOF"},
		{"something behind", `"why":"w"}`, `"why":"w"} {}`, "report: something follows its end"},
		{"unknown decision", `"decision":"blocked"`, `"decision":"ship it"`, `report: decision: is "ship it"; known are "promote", "no gates", "no baseline", "inconclusive", "blocked", "error"`},
		{"a decision that the gates deny", `"decision":"blocked"`, `"decision":"promote"`, `beyond: report: decision: is "promote", but the gates say "blocked"`},
		{"unknown verdict", `"verdict":"can't tell"`, `"verdict":"good"`, `report: metrics[0].verdict: is "good"; known are "better", "same", "worse", "can't tell", "changed", "new", "missing"`},
		{"unknown outcome", `"outcome":"failed"`, `"outcome":"ok"`, `report: gates[0].outcome: is "ok"; known are "passed", "failed", "no baseline", "can't tell", "error"`},
		{"unknown status", `"status":"skipped"`, `"status":"gone"`, `report: jobs[0].status: is "gone"; known are "", "success", "failure", "cancelled", "skipped", "running", "interrupted"`},
		{"unknown direction", `"better":"higher"`, `"better":"up"`, `report: metrics[0].better: is "up"; known are "higher", "lower"`},
		{"unknown side", `"only":"head"`, `"only":"x"`, `report: jobs[0].only: is "x"; known are "head", "base"`},
		{"a forged digest", `"digest":"sha256:`, `"digest":"sha256:..`, `report: base.digest: has 73 bytes; at most 71`},
		{"a digest in capitals", `"digest":"sha256:2`, `"digest":"sha256:A`, `report: base.digest: "sha256:Ad711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881" has not the form ^sha256:[0-9a-f]{64}$`},
		{"a forged commit", `"wanted":"ab`, `"wanted":"-->`, `report: baseline.wanted: "-->ababababababababababababababababababab" has not the form ^[0-9a-f]{7,64}$`},
		{"a forged address", `"url":"https://example.org`, `"url":"javascript:alert(1)`, "report: base.url: \"javascript:alert(1)/runs/1?a=b#c\" has not the form ^https?://[^\\s<>\"'`\\\\\\x00-\\x1f\\x7f]+$"},
		{"a forged run", `"run":"0`, `"run":"0 verdict=promote`, `report: base.run: "0 verdict=promote195f000-0000-7000-8000-000000000002" has not the form ^[A-Za-z0-9][A-Za-z0-9._:-]*$`},
		{"a forged time", `"started":"2026`, `"started":"26`, `report: base.started: "26-03-01T10:00:00.000000123Z" has not the form ` + timeForm},
		{"an impossible time", `"started":"2026-03`, `"started":"2026-13`, `beyond: report: parsing time "2026-13-01T10:00:00.000000123Z": month out of range`},
		{"a text for a number", `"n":3`, `"n":"3"`, "report: metrics[0].interval.n: is no number"},
		{"a number for a text", `"method":"m"`, `"method":1`, "report: metrics[0].interval.method: is no text"},
		{"a fraction", `"n":3`, `"n":3.5`, "report: metrics[0].interval.n: 3.5 is no whole number"},
		{"less than nothing", `"jobs":3,`, `"jobs":-3,`, "report: baseCost.jobs: -3 is less than 0"},
		{"too large a number", `"relative":1e+300`, `"relative":1e+400`, "beyond: report: metrics[0].relative: 1e+400 is beyond what a number can be"},
		{"NaN where none may be", `"gpuSeconds":0.5`, `"gpuSeconds":"NaN"`, "report: baseCost.gpuSeconds: is no number"},
		{"another name of infinity", `"low":"-Infinity"`, `"low":"-inf"`, "report: metrics[0].interval.low: is no number"},
		{"null for a number", `"head":"NaN"`, `"head":null`, "report: metrics[0].head: is no number"},
		{"null for a list", `"notes":["note"]`, `"notes":null`, "report: notes: is no list"},
		{"a point of three", `[0.5,2]`, `[0.5,2,3]`, "report: metrics[0].baseCurve[0]: has more than 2 items"},
		{"a point of one", `[0.5,2]`, `[0.5]`, "report: metrics[0].baseCurve[0]: is no pair of a step and a value"},
		{"yes for true", `"dirty":true`, `"dirty":"yes"`, "report: base.dirty: is neither true nor false"},
		{"a field is missing", `"why":"w"`, `"x":1`, "report: lacks why"},
		{"a field of a part is missing", `"asked":"merge-base",`, ``, "report: baseline: lacks asked"},
		{"a field stands there twice", `"why":"w"`, `"why":"w","why":"v"`, "beyond: report: why: stands there twice"},
		{"a field in other case", `"why":"w"`, `"why":"w","DECISION":"promote"`, "beyond: report: DECISION: is unknown; write decision"},
		{"a Kelvin sign", `"pipeline":"churn"`, `"pipeline":"churn","toKen":1,"metricſ":[]`, "beyond: report: metricſ: is unknown; write metrics"},
		{"another version", `"version":1`, `"version":2`, "beyond: report: version: is 2; this mlops reads 1"},
		{"no version", `"version":1`, `"version":0`, "report: version: 0 is less than 1"},
		{"a row that is too short", `[["1"]]`, `[[]]`, "beyond: report: sections[0].rows[0]: has 0 cells for 1 columns"},
		{"an interval that is none", `"high":"Infinity","level":0.95,"low":"-Infinity"`, `"high":1,"level":0.95,"low":2`, "beyond: report: metrics[0].interval: is none: 2 to 1 at level 0.95"},
		{"a level that is none", `"level":0.95`, `"level":95`, "beyond: report: metrics[0].interval: is none: -Inf to +Inf at level 95"},
		{"a change of one side", `"base":"-Infinity",`, ``, "beyond: report: metrics[0].change: is there without both values"},
		{"more than all", `{"all":2,"same":1}`, `{"all":2,"same":3}`, "beyond: report: jobs[0].outputs: has 3 equal of 2"},
		{"a long list", `"notes":["note"]`, `"notes":[` + strings.Repeat(`"",`, 100) + `""]`, "report: notes: has more than 100 items"},
		{"a long curve", `"past":[[0,"Infinity"]]`, `"past":[` + strings.Repeat(`[0,0],`, 100) + `[0,0]]`, "report: metrics[0].past: has more than 100 items"},
		{"a long text", `"why":"w"`, `"why":"` + strings.Repeat("w", 4097) + `"`, "report: why: has 4097 bytes; at most 4096"},
		{"many slices", `"slice":{"a":"b"}`, `"slice":{"a":"` + manyKeys(17) + `"}`, "report: metrics[0].slice.k15: more than 16 names"},
		{"no UTF-8", `"why":"w"`, "\"why\":\"\xff\"", "beyond: report: is not UTF-8"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			text := strings.Replace(string(whole), c.old, c.new, 1)
			if text == string(whole) {
				t.Fatalf("%s is not there", c.old)
			}
			_, err := Decode(strings.NewReader(text))
			want, beyond := strings.CutPrefix(c.want, "beyond: ")
			var invalid *InvalidError
			switch {
			case !errors.As(err, &invalid) || err.Error() != want:
				t.Errorf("got  %v\nwant %s", err, want)
			case !beyond && valid(s, []byte(text)) == nil:
				t.Error("the schema takes it")
			}
		})
	}
}

func manyKeys(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `","k%d":"`, i)
	}
	return b.String()
}

// A newer mlops may write more; what it writes is left out, however deep it is.
func TestDecodeIgnoresNewFields(t *testing.T) {
	t.Parallel()
	whole, err := record.CanonicalLine(full())
	if err != nil {
		t.Fatal(err)
	}
	deep := strings.Repeat(`[{"a":`, 2000) + "1" + strings.Repeat("}]", 2000)
	text := strings.Replace(string(whole), `"why":"w"`, `"why":"w","confidence":`+deep+`,"next":null`, 1)
	got, err := Decode(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(full(), got, equalNaN()); d != "" {
		t.Error(d)
	}
}

// endless is a reader of one byte, for ever.
type endless byte

func (e endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(e)
	}
	return len(p), nil
}

func TestDecodeIsBounded(t *testing.T) {
	t.Parallel()
	if _, err := Decode(endless(' ')); err == nil || err.Error() != "report: is longer than 16777216 bytes" {
		t.Error(err)
	}
	if _, err := Decode(io.MultiReader(strings.NewReader(`{"metrics":[`), io.LimitReader(endless('['), 1<<20))); err == nil {
		t.Error("a million brackets are a report")
	}
	if _, err := Decode(iotestError{}); !errors.Is(err, os.ErrClosed) {
		t.Error(err)
	}
}

type iotestError struct{}

func (iotestError) Read([]byte) (int, error) { return 0, os.ErrClosed }

// FuzzDecode: no panic; what is taken is valid by the schema and stays as it is
// when it is written and read again.
func FuzzDecode(f *testing.F) {
	s := schema(f)
	for name, r := range reports(f) {
		data, err := record.CanonicalLine(r)
		if err != nil {
			f.Fatal(err)
		}
		if len(data) < 20_000 && !strings.HasPrefix(name, "random") {
			f.Add(data)
		}
	}
	f.Add([]byte(`{"version":1,"pipeline":"","decision":"no gates","why":"","head":{},"baseline":{"asked":"","why":""},"cost":{"wall":0,"jobs":0,"cached":0}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := Decode(bytes.NewReader(data))
		if err != nil {
			var invalid *InvalidError
			if !errors.As(err, &invalid) || strings.Contains(err.Error(), "\n") && !bytes.Contains(data, []byte("\n")) {
				t.Errorf("%v", err)
			}
			return
		}
		if err := valid(s, data); err != nil {
			t.Errorf("the schema refuses it: %v", err)
		}
		again, err := record.Canonical(r)
		if err != nil {
			t.Fatal(err)
		}
		r2, err := Decode(bytes.NewReader(again))
		if err != nil {
			t.Fatalf("read again: %v", err)
		}
		third, err := record.Canonical(r2)
		if err != nil || !bytes.Equal(again, third) {
			t.Errorf("written again it differs (%v):\n%s\n%s", err, again, third)
		}
	})
}

// FuzzCompare: whatever the records hold, the report can be written and read.
func FuzzCompare(f *testing.F) {
	f.Add(uint64(1), "auc", "auc >= baseline.auc", 0.9, 0.8)
	f.Add(uint64(2), "a\xff", "better(a)", math.NaN(), math.Inf(1))
	f.Fuzz(func(t *testing.T, seed uint64, name, gate string, h, b float64) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		head, base := random(rnd), random(rnd)
		head.Jobs = append(head.Jobs, record.Job{ID: name, Metrics: []record.Metric{{Name: name, Value: h, Better: Higher}}})
		base.Jobs = append(base.Jobs, record.Job{ID: name, Metrics: []record.Metric{{Name: name, Value: b, Better: Higher}}})
		r := Compare(head, base, CompareOptions{Gates: gatesOf(gate), OwnGates: gatesOf(gate+" ", name)})
		data, err := record.Canonical(r)
		if err != nil {
			t.Fatal(err)
		}
		got, err := Decode(bytes.NewReader(data))
		if err != nil {
			t.Fatalf("%v\n%s", err, data)
		}
		if d := cmp.Diff(r, got, equalNaN()); d != "" {
			t.Error(d)
		}
		if strings.Contains(r.Why, "\n") || len(r.Why) > maxWhy+10 {
			t.Errorf("why: %q", r.Why)
		}
	})
}

// What an action gives may be ragged; the report is not, and the action's table stays as it was.
func TestSectionsAreSquare(t *testing.T) {
	t.Parallel()
	o := CompareOptions{Sections: []Section{{ID: "a", Columns: []Column{{Name: "x"}, {Name: "y"}}, Rows: [][]string{{"1"}, {"1", "2", "3"}, nil}}}}
	r := Compare(&record.Run{}, nil, o)
	data, err := record.Canonical(r)
	if err != nil {
		t.Fatal(err)
	}
	got, err := Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([][]string{{"1", ""}, {"1", "2"}, {"", ""}}, got.Sections[0].Rows); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([][]string{{"1"}, {"1", "2", "3"}, nil}, o.Sections[0].Rows); d != "" {
		t.Error("changed", d)
	}
}
