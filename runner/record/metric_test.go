package record

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// text prints metrics in short: name{slice}=value@step unit better [history].
func text(ms []Metric) string {
	var b strings.Builder
	for _, m := range ms {
		fmt.Fprintf(&b, "%s=%v", m.Key(), m.Value)
		if m.Step != nil {
			fmt.Fprintf(&b, "@%v", *m.Step)
		}
		for _, word := range []string{m.Unit, m.Better} {
			if word != "" {
				b.WriteString(" " + word)
			}
		}
		for i, p := range m.History {
			fmt.Fprintf(&b, "%s%v:%v", map[bool]string{true: " [", false: " "}[i == 0], p.Step, p.Value)
		}
		if len(m.History) > 0 {
			b.WriteString("]")
		}
		b.WriteString("\n")
	}
	return b.String()
}

func TestReadMetrics(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, file, in, want string }{
		{"flat object", "m.json", `{"auc": 0.91, "f1": 1}`, "auc=0.91\nf1=1\n"},
		{"nested names", "m.json", `{"val": {"auc": 0.9, "a": {"b": 2}}}`, "val.auc=0.9\nval.a.b=2\n"},
		{"lists by index", "m.json", `{"conf": [[5, 1], [2, 7]]}`, "conf.0.0=5\nconf.0.1=1\nconf.1.0=2\nconf.1.1=7\n"},
		{"booleans are 1 and 0", "m.json", `{"ok": true, "bad": false}`, "ok=1\nbad=0\n"},
		{"python's numbers", "m.json", `{"a": NaN, "b": Infinity, "c": -Infinity, "d": [NaN,-Infinity]}`, "a=NaN\nb=+Inf\nc=-Inf\nd.0=NaN\nd.1=-Inf\n"},
		{"the same as text", "m.json", `{"a": "NaN", "b": "-Infinity"}`, "a=NaN\nb=-Inf\n"},
		{"names inside strings stay", "m.json", `{"NaN": 1, "a Infinity \" NaN": 2}`, "NaN=1\n\"a Infinity \\\" NaN\"=2\n"},
		{"big integers", "m.json", `{"n": 123456789012345678901234567890, "m": 1e400}`, "n=1.2345678901234568e+29\nm=+Inf\n"},
		{"text and null are ignored", "m.json", `{"model": "xgb", "x": null, "auc": 0.5}`, "auc=0.5\n"},
		{"escapes", "m.json", `{"\u00e9\n": 1}`, "!m.json:1: metric name \"é\\n\": want at most 512 bytes of text without control characters"},
		{"byte order mark", "m.json", "\xef\xbb\xbf{\"a\": 1}", "a=1\n"},
		{"same twice", "m.json", `{"a": 1, "a": 1}`, "a=1\n"},
		{"twice with another value", "m.json", "{\"a\": 1,\n\"a\": 2}", "!m.json:2: metric a is 2 here and 1 in line 1; rename one of them"},
		{"dotted name that collides", "m.json", "{\"a\": {\"b\": 1},\n\"a.b\": 2}", "!m.json:2: metric a.b is 2 here and 1 in line 1; rename one of them"},
		{"history in a list", "m.json", `[{"step": 1, "loss": 0.9}, {"step": 2, "loss": 0.5, "acc": 1}]`, "loss=0.5@2 [1:0.9 2:0.5]\nacc=1@2\n"},
		{"history below a name", "m.json", `{"train": [{"epoch": 1, "loss": 3}, {"epoch": 2, "loss": 2}], "auc": 0.9}`, "train.loss=2@2 [1:3 2:2]\nauc=0.9\n"},
		{"a name again after a history", "m.json", `{"a": 1, "h": [{"step": 1, "x": 1}], "a": 2}`, "!m.json:1: metric a is 2 here and 1 in line 1; rename one of them"},
		{"list without steps", "m.json", `[{"a": 1}, {"a": 2}]`, "0.a=1\n1.a=2\n"},
		{"step of the whole file", "m.json", `{"loss": 0.3, "step": 10}`, "loss=0.3@10\n"},
		{"step wins over epoch", "m.json", `[{"epoch": 0, "step": 5, "loss": 1}, {"epoch": 0, "step": 9, "loss": 2}]`, "loss=2@9 [5:1 9:2]\n"},
		{"spelled out", "m.json", `[{"name": "auc", "value": 0.9, "unit": "1", "better": "higher", "slice": {"region": "EU", "age": 3}, "step": 4},
			{"name": "auc", "value": "NaN", "history": [[1, 0.5], [2, "NaN"]]}]`, "auc{age=3,region=EU}=0.9@4 1 higher\nauc=NaN@2 [1:0.5 2:NaN]\n"},
		{"wrong direction", "m.jsonl", "{\"name\": \"a\", \"value\": 1, \"better\": \"up\"}", "!m.jsonl:1: metric a: better is \"up\"; write higher or lower"},
		{"wrong point", "m.jsonl", `{"name": "a", "value": 1, "history": [[1]]}`, "!m.jsonl:1: metric a: point 0 of its history is not [step, value]"},
		{"json lines", "m.jsonl", "{\"step\":1,\"loss\":3}\n\n{\"step\":2,\"loss\":2}\n{\"auc\":0.9}\n", "loss=2@2 [1:3 2:2]\nauc=0.9\n"},
		{"json lines in a json file", "m.json", "{\"a\":1}\n{\"a\":2}", "a=2\n"},
		{"empty json", "m.json", " \n", "!m.json: is empty"},
		{"json ends too early", "m.json", "{\"a\":\n1", "!m.json:2: ends too early: want , or }"},
		{"json with a bad word", "m.json", "{\"a\":\n\n nan}", "!m.json:3: \"nan\" is no JSON value; numbers look like 0.91, 1e-5, NaN or -Infinity, text stands in double quotes"},
		{"json with single quotes", "m.json", "{'a': 1}", "!m.json:1: unexpected '\\'': want a key in double quotes"},
		{"json scalar", "m.json", "0.5", "!m.json:1: want an object or a list of objects, such as {\"auc\": 0.91}"},
		{"string without an end", "m.json", "{\"a\": \"b\n\"}", "!m.json:1: a string that does not end in its line"},
		{"utf-16", "m.json", "\xff\xfe{\x00", "!m.json: is UTF-16; write UTF-8"},

		{"yaml", "m.yaml", "val:\n  auc: 0.9\n  n: 1_000\nnan: .nan\ninf: -.inf\nok: true\nname: x\nhex: 0x10\nexp: 1e-5\n", "val.auc=0.9\nval.n=1000\nnan=NaN\ninf=-Inf\nok=1\nhex=16\nexp=1e-05\n"},
		{"yaml history", "m.yml", "- {step: 1, loss: 2}\n- {step: 2, loss: 1}\n", "loss=1@2 [1:2 2:1]\n"},
		{"yaml aliases and merges", "m.yaml", "base: &b {a: 1, c: 2}\nx:\n  <<: *b\n  c: 3\ny: *b\n", "base.a=1\nbase.c=2\nx.c=3\nx.a=1\ny.a=1\ny.c=2\n"},
		{"yaml twice", "m.yaml", "a: 1\nb: 2\na: 3\n", "!m.yaml:3: metric a is 3 here and 1 in line 1; rename one of them"},
		{"yaml error", "m.yaml", "a: 1\nb: [1\n", "!m.yaml:2: did not find expected ',' or ']'"},
		{"yaml scanner error", "m.yaml", "a: 1\nb: 2\nc: @x\n", "!m.yaml:3: found character that cannot start any token"},
		{"yaml documents", "m.yaml", "a: 1\n---\na: 2\n", "!m.yaml: holds several documents; write one file for each"},
		{"yaml of comments", "m.yaml", "# nothing\n", "!m.yaml: is empty"},
		{"yaml big integer", "m.yaml", "n: 123456789012345678901234567890\n", "n=1.2345678901234568e+29\n"},

		{"toml", "m.toml", "auc = 0.9\nn = 3\nbad = nan\nmost = -inf\nok = true\nwhen = 2024-01-01\n[val]\nf1 = 1e-3\n", "auc=0.9\nbad=NaN\nmost=-Inf\nn=3\nok=1\nval.f1=0.001\n"},
		{"toml history", "m.toml", "[[h]]\nstep = 1\nloss = 2.0\n[[h]]\nstep = 2\nloss = 1.0\n", "h.loss=1@2 [1:2 2:1]\n"},
		{"toml error", "m.toml", "a = 1\nb = \n", "!m.toml:2: expected value but found '\\n' instead"},

		{"csv history", "m.csv", "epoch,loss,acc\n1,0.9,0.5\n2,0.4,0.8\n", "loss=0.4@2 [1:0.9 2:0.4]\nacc=0.8@2 [1:0.5 2:0.8]\n"},
		{"csv of one row", "m.csv", "auc,f1\n0.9,0.8\n", "auc=0.9@0\nf1=0.8@0\n"},
		{"csv without a counter", "m.csv", ",loss\n0,3\n1,2\n", "loss=2@1 [0:3 1:2]\n"},
		{"csv of Lightning", "m.csv", "epoch,step,train_loss,val_loss\n0,49,0.5,\n0,49,,0.7\n1,99,0.3,\n", "train_loss=0.3@99 [49:0.5 99:0.3]\nval_loss=0.7@49\n"},
		{"csv of pandas", "m.csv", "Step,a,b,c\n1,nan,-inf,True\n", "a=NaN@1\nb=-Inf@1\nc=1@1\n"},
		{"csv with a text column", "m.csv", "step,name,a\n1,x,5\n", "a=5@1\n"},
		{"csv with text among numbers", "m.csv", "step,a\n1,5\n2,six\n", "!m.csv:3: a is \"six\", not a number as above"},
		{"csv with a short row", "m.csv", "a,b\n1,2\n3\n", "!m.csv:3: another number of cells than the header's 2"},
		{"csv without a header", "m.csv", "1,2\n3,4\n", "!m.csv:1: the first line holds numbers; write the names of the columns above it"},
		{"csv column twice", "m.csv", "a,a\n1,2\n", "!m.csv:1: column \"a\" stands twice"},
		{"csv cell that is no UTF-8", "m.csv", "a\n1\n" + strings.Repeat("\xba", 50) + "\n", "!m.csv:3: a is \"�…\", not a number as above"},
		{"csv quote", "m.csv", "a,b\n\"1,2\n", "!m.csv:2: extraneous or missing \" in quoted-field"},
		{"long csv", "m.csv", "metric,value,unit,better,region\nauc,0.9,,higher,EU\nauc,0.8,,higher,\nlatency,12,ms,lower,\n", "auc{region=EU}=0.9 higher\nauc=0.8 higher\nlatency=12 ms lower\n"},
		{"long csv with steps", "m.csv", "name,value,step\nloss,3,1\nloss,2,2\n", "loss=2@2 [1:3 2:2]\n"},
		{"long csv, twice", "m.csv", "metric,value\na,1\na,2\n", "!m.csv:3: metric a is 2 here and 1 in line 2; rename one of them"},
		{"long csv, text", "m.csv", "metric,value\na,b\n", "!m.csv:2: metric a: value is \"b\", not a number"},
		{"tsv", "m.tsv", "step\tloss\n1\t2\n", "loss=2@1\n"},
		{"empty csv", "m.csv", "", "!m.csv: is empty"},
		{"unknown ending", "m.txt", "a", "!m.txt: cannot tell the format from the name; end it in json, jsonl, yaml, yml, toml, csv or tsv"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			ms, err := ReadMetrics(c.file, strings.NewReader(c.in))
			got := text(ms)
			if err != nil {
				got = "!" + err.Error()
				var typed *MetricError
				if !errors.As(err, &typed) || typed.File != c.file {
					t.Errorf("%T, want a MetricError of %s", err, c.file)
				}
			}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Error(d)
			}
			for _, m := range ms {
				if m.File != c.file {
					t.Errorf("%s is of file %q", m.Name, m.File)
				}
			}
		})
	}
}

func TestMetricLines(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, in, want, err string }{
		{"nothing", "", "", ""},
		{"comments and empty lines", "# a\n\n  \r\n", "", ""},
		{"one", "auc=0.91\n", "auc=0.91\n", ""},
		{"several", "auc=0.9 f1=0.8\n", "auc=0.9\nf1=0.8\n", ""},
		{"with a step", "loss=0.5 step=1\nstep=2 loss=0.3\n", "loss=0.3@2 [1:0.5 2:0.3]\n", ""},
		{"json", "{\"loss\":0.3,\"step\":10}\n", "loss=0.3@10\n", ""},
		{"keras", "loss = 0.3, acc = 0.9; n=1\r\n", "loss=0.3\nacc=0.9\nn=1\n", ""},
		{"a later line counts", "auc=0.5\nauc=0.9\n", "auc=0.9\n", ""},
		{"numpy", "a=nan b=-inf c=True d=1e-05\n", "a=NaN\nb=-Inf\nc=1\nd=1e-05\n", ""},
		{"text", "auc=high\n", "", `MLOPS_METRICS:1: auc is "high", not a number; write auc=NUMBER, such as auc=0.91`},
		{"comma", "auc=0,91", "", `MLOPS_METRICS:1: auc is "0,91", not a number; write auc=0.91, with a point`},
		{"percent", "\nauc=92.3%", "", `MLOPS_METRICS:2: auc is "92.3%", not a number; write auc=0.923`},
		{"unit", "t=12ms", "", `MLOPS_METRICS:1: t is "12ms", not a number; write t=12, the unit belongs into metrics: in mlops.yaml`},
		{"quotes", `auc="0.9"`, "", `MLOPS_METRICS:1: auc is "\"0.9\"", not a number; write auc=0.9 without quotes`},
		{"colon", "auc: 0.9\nf1=1", "f1=1\n", `MLOPS_METRICS:1: "auc: 0.9" is no metric; write NAME=NUMBER, such as auc=0.91`},
		{"word before", "epoch 3 loss=1", "", `MLOPS_METRICS:1: "epoch 3 loss=1" is no metric; write NAME=NUMBER, such as auc=0.91`},
		{"nothing behind", "auc=", "", `MLOPS_METRICS:1: auc is "", not a number; write auc=NUMBER, such as auc=0.91`},
		{"step alone", "step=3", "", `MLOPS_METRICS:1: a step alone; write the metric on the same line, such as loss=0.3 step=10`},
		{"twice in a line", "a=1 a=2", "a=1\n", `MLOPS_METRICS:1: metric a is 2 here and 1 in line 1; rename one of them`},
		{"several errors", "a\nok=1\n{]", "ok=1\n", "MLOPS_METRICS:1: \"a\" is no metric; write NAME=NUMBER, such as auc=0.91\nMLOPS_METRICS:3: unexpected ']': want a key in double quotes"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			ms, err := MetricReader{}.Lines(c.in)
			message := ""
			if err != nil {
				message = err.Error()
			}
			if d := cmp.Diff(c.want+"\n"+c.err, text(ms)+"\n"+message); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestManyBadLinesAreNotAllReported(t *testing.T) {
	t.Parallel()
	_, err := MetricReader{}.Lines(strings.Repeat("bad\n", 1000))
	if n := strings.Count(err.Error(), "\n"); n != maxErrors {
		t.Errorf("%d lines of errors, want %d", n+1, maxErrors+1)
	}
}

func TestNotices(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, file, in, want string }{
		{"text", "m.json", `{"model": "xgb", "x": null, "auc": 0.5}`, `m.json: 2 values are no numbers and were ignored (first: model = "xgb" in line 1)`},
		{"number in quotes", "m.json", `{"b": 1, "auc": "0.5"}`, `m.json: 1 value is no number and was ignored: auc = "0.5" in line 1; write it without quotes to make it a metric`},
		{"nothing found", "m.yaml", "{}", "m.yaml: no metric found"},
		{"all is well", "m.json", `{"a": 1}`, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			if _, err := (MetricReader{Notice: func(s string) { got = append(got, s) }}).Read(c.file, strings.NewReader(c.in)); err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(c.want, strings.Join(got, "\n")); d != "" {
				t.Error(d)
			}
		})
	}
}

// What is no number is told by name and kind, and what is true or false is marked.
func TestKinds(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"metrics.json": `{"auc": "high", "val": {"f1": null, "ok": true}, "n": 1}`,
		"metrics.yaml": "auc: high\nval: {f1: null, ok: true}\nn: 1\n",
	} {
		odd := map[string]string{}
		ms, err := MetricReader{NotNumber: func(name, kind string) { odd[name] = kind }}.Read(name, strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(map[string]string{"auc": Text, "val.f1": Null}, odd); d != "" {
			t.Errorf("%s: %s", name, d)
		}
		want := []Metric{{Name: "val.ok", Value: 1, Kind: Bool, File: name}, {Name: "n", Value: 1, File: name}}
		if d := cmp.Diff(want, ms); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	bomb := "a: &a [1,1,1,1,1,1,1,1,1]\n"
	for i := range 12 {
		bomb += fmt.Sprintf("%c: &%c [%s]\n", 'b'+i, 'b'+i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*%c,", 'a'+i), 9), ","))
	}
	for _, c := range []struct{ name, file, in, want string }{
		{"metrics", "m.json", "[" + strings.Repeat("1,", MaxMetrics) + "1]", "more than 10000 metrics"},
		{"depth", "m.json", strings.Repeat("[", 1e6), "nested deeper than 64"},
		{"depth of objects", "m.json", strings.Repeat(`{"a":`, 1e5), "nested deeper than 64"},
		{"values", "m.json", "[" + strings.Repeat("null,", maxTreeValues) + "1]", "more than 1,000,000 values"},
		{"size", "m.json", strings.Repeat(" ", maxMetricFile+1), "larger than 64 MiB"},
		{"yaml depth", "m.yaml", strings.Repeat("[", 1e6), "nested deeper than 64"},
		{"yaml block depth", "m.yaml", strings.Repeat("- ", 5000) + "1", "eep"},
		{"yaml bomb", "m.yaml", bomb, "more than 1,000,000 values"},
		{"yaml loop", "m.yaml", "a: &a [*a]", "nested deeper than 64"},
		{"yaml size", "m.yaml", strings.Repeat("#", maxMarkupFile+1), "larger than 8 MiB"},
		{"toml depth", "m.toml", "a = " + strings.Repeat("[", 1e6), "nested deeper than 64"},
		{"long name", "m.json", `{"` + strings.Repeat("x", 600) + `": 1}`, "at most 512 bytes"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := ReadMetrics(c.file, strings.NewReader(c.in))
			var typed *MetricError
			if !errors.As(err, &typed) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %.200v, want %q", err, c.want)
			}
		})
	}
}

// A thinned history keeps its first and last point, at even distances between.
func TestThinning(t *testing.T) {
	t.Parallel()
	for _, n := range []int{2, 3, MaxPoints - 1, MaxPoints, MaxPoints + 1, MaxPoints + 2, 2*MaxPoints + 1, 250_000} {
		var b strings.Builder
		b.WriteString("step,loss\n")
		for i := range n {
			fmt.Fprintf(&b, "%d,%d\n", i, 2*i)
		}
		var notices []string
		ms, err := MetricReader{Notice: func(s string) { notices = append(notices, s) }}.Read("m.csv", strings.NewReader(b.String()))
		if err != nil {
			t.Fatal(err)
		}
		h := ms[0].History
		if len(h) > MaxPoints+1 || len(h) < min(n, MaxPoints/2) {
			t.Errorf("%d points: %d kept", n, len(h))
		}
		if h[0].Step != 0 || h[len(h)-1].Step != float64(n-1) || ms[0].Value != float64(2*(n-1)) {
			t.Errorf("%d points: from %v to %v, value %v", n, h[0], h[len(h)-1], ms[0].Value)
		}
		if thinned := n > MaxPoints; (ms[0].Points == n) != thinned || (len(notices) == 1) != thinned {
			t.Errorf("%d points: said %d, notices %v", n, ms[0].Points, notices)
		}
		for i := 1; i < len(h)-1; i++ {
			if h[i].Step-h[i-1].Step != h[1].Step {
				t.Fatalf("%d points: uneven at %d: %v", n, i, h[i])
			}
		}
	}
}

func TestThinningOfManyHistories(t *testing.T) {
	t.Parallel()
	c := newCollector("x", MetricReader{})
	for i := range 3000 {
		step := float64(i)
		c.begin(&step)
		for k := range 1000 {
			if err := c.add(Metric{Name: fmt.Sprint(k)}, 1, 1); err != nil {
				t.Fatal(err)
			}
		}
	}
	total := 0
	for _, m := range c.finish() {
		total += len(m.History)
		if first, last := m.History[0].Step, m.History[len(m.History)-1].Step; first != 0 || last != 2999 {
			t.Fatalf("%s goes from %v to %v", m.Name, first, last)
		}
	}
	if total > maxAllPoints+1000 || total < maxAllPoints/4 {
		t.Errorf("%d points kept", total)
	}
}

func TestMergeMetrics(t *testing.T) {
	t.Parallel()
	a := []Metric{{Name: "auc", Value: 0.9, File: "a.json"}, {Name: "nan", Value: math.NaN(), File: "a.json"}}
	b := []Metric{{Name: "auc", Value: 0.9, File: "b.json", History: []Point{{1, 0.8}, {2, 0.9}}}, {Name: "nan", Value: math.NaN(), File: "b.json"}, {Name: "auc", Value: 0.1, Slice: map[string]string{"r": "EU"}}}
	got, err := MergeMetrics(a, b)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]Metric{b[0], a[1], b[2]}, got, cmpopts.EquateNaNs()); d != "" {
		t.Error(d)
	}
	_, err = MergeMetrics(a, []Metric{{Name: "auc", Value: 0.8, File: "c.csv"}, {Name: "nan", Value: 0, File: "c.csv"}})
	want := "c.csv: metric auc is 0.8 here and 0.9 in a.json; rename one of them, or write it to one file only\n" +
		"c.csv: metric nan is 0 here and NaN in a.json; rename one of them, or write it to one file only"
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

func TestMetricFile(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{
		"metrics.json": true, "out/metrics.yaml": true, "train.metrics.csv": true, "eval_metrics.JSON": true, "a/b_metrics.tsv": true,
		"metrics.jsonl": true, "metrics.yml": true, "metrics.toml": true,
		"metrics": false, "metrics.txt": false, "metric.json": false, "mymetrics.json": false, "metrics.json.bak": false, "metrics/auc.json": false, "": false,
	} {
		if got := MetricFile(name); got != want {
			t.Errorf("%q: %v", name, got)
		}
	}
}

func TestKeysAreDistinct(t *testing.T) {
	t.Parallel()
	seen := map[string]Metric{}
	words := []string{"a", "a{b=c}", `"a"`, "b=c", "b", "c", "", "a,b=c", `\`}
	for _, name := range words {
		for _, k := range words {
			for _, v := range words {
				for _, m := range []Metric{{Name: name}, {Name: name, Slice: map[string]string{k: v}}, {Name: name, Slice: map[string]string{k: v, "z": k}}} {
					if old, ok := seen[m.Key()]; ok && cmp.Diff(old, m) != "" {
						t.Errorf("%v and %v share %s", old, m, m.Key())
					}
					seen[m.Key()] = m
				}
			}
		}
	}
}
