package spec

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

const oneJob = "jobs:\n  train: {run: python train.py}\n"

// wantCodes parses a text and compares the codes of its problems.
func wantCodes(t *testing.T, name, src string, want ...Code) Diagnostics {
	t.Helper()
	_, ds := Parse(FileName, []byte(src), testOptions())
	var got []Code
	for _, d := range ds {
		got = append(got, d.Code)
		if d.Pos.Line < 1 || d.Pos.Col < 1 || d.File == "" {
			t.Errorf("%s: %s has no place", name, d.Error())
		}
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("%s (-want +got):\n%s%s", name, diff, render(t, ds))
	}
	return ds
}

// Small files that unfold to much, and large ones, end in one problem each.
func TestHostileSizes(t *testing.T) {
	t.Parallel()
	nest := func(open, end string, n int) string { return strings.Repeat(open, n) + strings.Repeat(end, n) }
	for name, c := range map[string]struct {
		src  string
		want []Code
	}{
		"4 MiB and a byte":          {strings.Repeat("#", MaxSize+1), []Code{CodeTooLarge}},
		"a comment of 4 MiB":        {strings.Repeat("#", MaxSize-len(oneJob)-1) + "\n" + oneJob, nil},
		"a value of 4 MiB":          {oneJob + "params: {a: " + strings.Repeat("x", MaxSize-100) + "}", nil},
		"an alias bomb":             {aliasBomb(), []Code{CodeAlias}},
		"a merge bomb":              {mergeBomb(), []Code{CodeAlias}},
		"deep brackets":             {"params: {a: " + nest("[", "]", 65) + "}\n" + oneJob, []Code{CodeTooDeep}},
		"brackets within":           {"params: {a: " + nest("[", "]", 60) + "}\n" + oneJob, nil},
		"deep braces":               {"params: " + nest("{a: ", "}", 5000) + "\n" + oneJob, []Code{CodeTooDeep}},
		"deeper than the scanner":   {"params: {a: " + nest("[", "]", 20_000) + "}\n" + oneJob, []Code{CodeSyntax}},
		"deep dashes":               {"params:\n  a:\n    " + strings.Repeat("- ", 3000) + "x\n" + oneJob, []Code{CodeTooDeep}},
		"deep with":                 {"jobs: {a: {uses: promote, with: {model: m, from: f, alias: " + nest("[", "]", 100) + "}}}", []Code{CodeWrongType, CodeTooDeep}},
		"deep and anchored":         {"params: {b: &b 1, a: " + nest("[", "]", 100) + "}\n" + oneJob, []Code{CodeTooDeep}},
		"many keys":                 {"params:\n" + numbered("  k%: 1\n", 20_000) + oneJob, nil},
		"many unclosed expressions": {"jobs:\n  a:\n    run: |\n" + strings.Repeat("      ${{ '\n", 20_000), []Code{CodeExpressionSyntax}},
		"a long line of tabs":       {"jobs:\n" + strings.Repeat("\t", 100_000) + "x", []Code{CodeSyntax}},
		"many aliases of one value": {"params: {a: &a 1, b: [" + strings.Repeat("*a, ", 100_000) + "]}\n" + oneJob, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantCodes(t, name, c.src, c.want...)
		})
	}
}

// aliasBomb is a list of ten aliases of a list of ten aliases, and so on.
func aliasBomb() string {
	var b strings.Builder
	b.WriteString("params:\n  na: &na [x, x, x, x, x, x, x, x, x, x]\n")
	for i := range 20 {
		b.WriteString("  " + letter(i+1) + ": &" + letter(i+1) + " [" + strings.TrimSuffix(strings.Repeat("*"+letter(i)+", ", 10), ", ") + "]\n")
	}
	return b.String() + oneJob
}

// Files of many names, right or wrong, take time in proportion to their size:
// were a step, a name or a suggestion looked for in all others, each of these
// would take minutes.
func TestManyNames(t *testing.T) {
	t.Parallel()
	const n = 6_000
	job := "jobs:\n  a:\n    run: x\n"
	for name, c := range map[string]struct {
		src  string
		last Code // of the last problem
	}{
		"steps with ids":    {"jobs:\n  a:\n    steps:\n" + numbered("    - {id: s%, run: 'x ${{ github.sha }}'}\n", n), ""},
		"steps twice":       {"jobs:\n  a:\n    steps:\n" + strings.Repeat("    - {id: s, run: x}\n", n), CodeTooMany},
		"needs":             {"jobs:\n" + numbered("  j%: {run: x}\n", n) + "  z:\n    needs: [" + numbered("j%,", n) + "]\n    steps:\n" + numbered("    - run: 'x ${{ github.sha }}%'\n", n), ""},
		"datasets":          {"data:\n" + numbered("  d%: x\n", n) + job + "    inputs: [" + numbered("data.d%,", n) + "]\n", ""},
		"metrics":           {"metrics:\n" + numbered("  m%:\n", n) + job + "gates:\n" + numbered("  - M% > 0\n", n), ""},
		"unknown jobs":      {"jobs:\n" + numbered("  preparation%: {run: x}\n", n) + "  z: {run: x, needs: [" + numbered("perparation%,", n) + "]}\n", CodeTooMany},
		"unknown datasets":  {"data:\n" + numbered("  customers%: x\n", n) + job + "    inputs: [" + numbered("data.costumers%,", n) + "]\n", CodeTooMany},
		"unknown metrics":   {"metrics:\n" + numbered("  metric%:\n", n) + job + "gates:\n" + numbered("  - mertic% > 0\n", n), CodeTooMany},
		"unknown params":    {"params:\n" + numbered("  parameter%: 1\n", n) + "jobs: {a: {run: '" + numbered("${{ params.pramater% }} ", n) + "'}}\n", CodeTooMany},
		"selects":           {"metrics:\n" + numbered("  m%:\n", n) + "jobs:\n" + numbered("  j%: {run: x, select: best(m%), strategy: {matrix: {a: [1]}}}\n", n), ""},
		"mistakes in a row": {"jobs: {a: {run: \"" + numbered("${{ nobody% }}", n) + "\"}}\n", CodeTooMany},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, ds := Parse(FileName, []byte(c.src), testOptions())
			if last := append(Diagnostics{{}}, ds...)[len(ds)]; last.Code != c.last {
				t.Errorf("%d problems, the last is %v", len(ds), last)
			}
		})
	}
}

func letter(i int) string { return "n" + string(rune('a'+i)) }

// mergeBomb merges each mapping with all before it.
func mergeBomb() string {
	var b strings.Builder
	b.WriteString("x-a: &na {" + strings.TrimSuffix(numbered("k%: 1, ", 200), ", ") + "}\n")
	for i := range 25 {
		b.WriteString("x-" + letter(i+1) + ": &" + letter(i+1) + " {v: [" + strings.TrimSuffix(strings.Repeat("*"+letter(i)+", ", 8), ", ") + "], <<: *" + letter(i) + "}\n")
	}
	return b.String() + oneJob
}

// numbered repeats a text with numbers in the place of %.
func numbered(text string, n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(strings.ReplaceAll(text, "%", formatNumber(float64(i))))
	}
	return b.String()
}

// The same text in the encodings and line ends of other editors is the same file.
func TestEncodingsOfOneFile(t *testing.T) {
	t.Parallel()
	src := "name: é日本\njobs:\n  train:\n    run: |\n      echo a\n      echo ${{ params.a }}\nparams: {a: 1}\n"
	want := parseOK(t, src)
	for name, text := range map[string]string{
		"byte order mark": "\ufeff" + src,
		"CRLF":            strings.ReplaceAll(src, "\n", "\r\n"),
		"CR":              strings.ReplaceAll(src, "\n", "\r"),
		"document marks":  "---\n" + src + "...\n",
		"directive":       "%YAML 1.1\n---\n" + src,
	} {
		got := parseOK(t, text)
		if diff := cmp.Diff(want, got, values); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if place := got.Jobs[0].Steps[0].RunMap.Pos(strings.Index(got.Jobs[0].Steps[0].Run.Value, "params")); place.Col != 16 {
			t.Errorf("%s: the expression stands at %v", name, place)
		}
	}
}

func TestNotUTF8(t *testing.T) {
	t.Parallel()
	for name, src := range map[string]string{
		"latin 1": "name: caf\xe9\n", "cut": "name: \xe2\x82", "overlong": "name: \xc0\xaf", "surrogate": "name: \xed\xa0\x80",
		"UTF-16 little": "\xff\xfen\x00", "UTF-16 big": "\xfe\xff\x00n", "UTF-32": "n\x00\x00\x00", "delete": "name: \x7f", "C1": "name: \u0090",
		"escape": "name: \x1b[2J", "noncharacter": "name: \uffff",
	} {
		wantCodes(t, name, src+oneJob, CodeEncoding)
	}
	parseOK(t, "name: \"\\x1b is an escape\"\n"+oneJob)
	parseOK(t, "name: '\U0001F600 \u0085'\n"+oneJob)
}

func TestMergeKeys(t *testing.T) {
	t.Parallel()
	f := wantClean(t, "anchors.yaml", read(t, "testdata/ok/anchors.yaml"), testOptions())
	train, test, again := f.Job("train"), f.Job("test"), f.Job("again")
	if train.Image.Value != "python:3.12-slim" || train.Timeout.Minutes() != 10 || len(train.Env) != 2 {
		t.Errorf("train: own keys win, others come: %+v", train)
	}
	if len(test.Env) != 1 || test.Env[0].Value.Value != "3" || test.Timeout.Minutes() != 5 {
		t.Errorf("test: the first mapping of a list wins: %+v", test.Env)
	}
	if again.Steps[0].Run.Value != test.Steps[0].Run.Value || len(again.Env) != 2 {
		t.Errorf("again: %+v", again)
	}
	for name, c := range map[string]struct {
		src  string
		want []Code
	}{
		"in quotes":           {"params: {'<<': 1}\n", nil},
		"of a list of others": {"params: {<<: [1]}\n", []Code{CodeAlias}},
		"of a mapping":        {"params: {<<: {a: 1}, b: 2}\n", nil},
		"of unknown keys":     {"x-a: &a {foo: 1}\nmetrics: {auc: {<<: *a}}\n", []Code{CodeUnknownKey}},
		"twice the same":      {"params: {a: 1, a: 2}\n", []Code{CodeDuplicateKey}},
		"own and merged":      {"x-a: &a {lr: 1}\nparams: {<<: *a, lr: 2}\n", nil},
		"inside itself":       {"params: &p {<<: *p}\n", []Code{CodeAlias}},
	} {
		wantCodes(t, name, c.src+oneJob, c.want...)
	}
}

// What YAML 1.1 reads as booleans, octal or sexagesimal numbers are words and
// decimal numbers here; a number where text belongs keeps its text.
func TestSurprisesOfYAML(t *testing.T) {
	t.Parallel()
	f := parseOK(t, `
on: push
name: 1e3
env: {A: yes, B: 010, C: 0o10, D: 1_000, E: 12:30:45, F: 3.10, G: .inf, H: 2026-01-01, I: null_, J: 0x1F, K: TRUE}
params: {yes: no, a: 010, b: 0o10, c: 08, d: 1_000, e: 12:30, f: 1e3, g: "1", h: ~, i: TRUE, j: 2026-01-01, k: 0b11, l: -0}
jobs: {on: {run: yes}, yes: {run: "no", timeout-minutes: 1e2, needs: on}}
`)
	var env []string
	for _, v := range f.Env {
		env = append(env, v.Value.Value)
	}
	if diff := cmp.Diff([]string{"yes", "010", "0o10", "1_000", "12:30:45", "3.10", ".inf", "2026-01-01", "null_", "0x1F", "TRUE"}, env); diff != "" {
		t.Errorf("env (-want +got):\n%s", diff)
	}
	want := map[string]any{"yes": "no", "a": 10.0, "b": 8.0, "c": 8.0, "d": 1000.0, "e": "12:30", "f": 1000.0, "g": "1", "h": nil, "i": true, "j": "2026-01-01", "k": 3.0, "l": 0.0}
	if diff := cmp.Diff(want, f.Params.Tree); diff != "" {
		t.Errorf("params (-want +got):\n%s", diff)
	}
	if f.Name.Value != "1e3" || f.Jobs[0].ID.Value != "on" || f.Jobs[1].Timeout.Minutes() != 100 {
		t.Errorf("%q, %q, %v", f.Name, f.Jobs[0].ID, f.Jobs[1].Timeout)
	}
	wantCodes(t, "true as on", "true: push\n"+oneJob, CodeUnknownKey)
	wantCodes(t, "on as text", "'on': push\n"+oneJob)
	wantCodes(t, "lossy", "jobs: {a: {run: x, strategy: {matrix: {v: [3.10, 3.1, 1e3, 0.5, 9007199254740993, '3.10', 1.0]}}}}",
		CodeLossyNumber, CodeLossyNumber, CodeLossyNumber)
}
