package plan

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gopkg.in/yaml.v3"

	"github.com/mlops-runner/mlops/spec"
)

// richFile has most of what a fingerprint may depend on.
const richFile = `
name: churn
params: {lr: 0.1, depth: 4, name: "4", unused: 1, net: {hidden: [8, 16], act: relu}}
env: {GLOBAL: g}
data:
  customers: {path: data/customers.csv}
  other: {path: data/other.csv}
metrics: {auc: {better: higher}}
jobs:
  prepare:
    name: Prepare
    description: Cleans
    inputs: [src/prepare.py, data.customers]
    outputs: [clean.csv, stats/]
    run: python src/prepare.py ${{ data.customers }} ${{ params.net.act }}
  train:
    name: Train
    needs: [prepare]
    inputs: [src/train.py, clean.csv]
    outputs: [model/, "m-${{ matrix.depth }}.json"]
    metrics: ["m-${{ matrix.depth }}.json"]
    network: none
    user: root
    timeout-minutes: 5
    stop-grace: 3s
    retry: {limit: 2, on: [oom]}
    resources: {cpus: 2, memory: 4GiB, gpus: 1}
    caches: {pip: ~/.cache/pip}
    strategy:
      matrix:
        depth: [4, 8]
        kind: [a]
    select: best(auc)
    env: {LR: "${{ params.lr }}", ROWS: "${{ needs.prepare.outputs.rows }}"}
    steps:
      - name: fit
        id: fit
        if: success()
        shell: bash
        working-directory: src
        timeout-minutes: 1
        continue-on-error: true
        env: {SEED: "1", NAME: "${{ params.name }}"}
        run: |
          python train.py --depth ${{ matrix.depth }}
          echo ${{ params.depth }}
      - uses: ./action
        with:
          data: ${{ data.customers }}
          cols: {b: 1, a: [x, y]}
`

// prints are the fingerprints of the nodes, as far as the plan knows them. The
// environment, which is evaluated later, stands in as it is written.
func prints(p *Plan) map[string]string {
	out := map[string]string{}
	for _, n := range p.Nodes {
		var lines []Line
		for _, v := range n.Env {
			lines = append(lines, Line{"env", v.Name, v.Value})
		}
		for _, l := range n.Late {
			lines = append(lines, Line{"value", l, "later"})
		}
		out[n.ID] = Fingerprint(With(n.Definition.Lines(), lines...)).String()
	}
	return out
}

// edited is richFile with one piece replaced.
func edited(t *testing.T, old, new string) string {
	t.Helper()
	if strings.Count(richFile, old) != 1 {
		t.Fatalf("%q does not stand once in the file", old)
	}
	return strings.Replace(richFile, old, new, 1)
}

// changed lists the jobs whose nodes have other fingerprints.
func changed(t *testing.T, src string) string {
	t.Helper()
	before, p := prints(planOf(t, richFile)), planOf(t, src)
	var jobs []string
	for _, n := range p.Nodes {
		if prints(p)[n.ID] != before[n.ID] && !slices.Contains(jobs, n.Job) {
			jobs = append(jobs, n.Job)
		}
	}
	return strings.Join(jobs, " ")
}

func TestFingerprintKeeps(t *testing.T) {
	t.Parallel()
	for name, c := range map[string][2]string{
		"name of the pipeline":  {"name: churn", "name: other"},
		"name of a job":         {"name: Train\n", "name: Fit\n"},
		"description":           {"description: Cleans", "description: Washes"},
		"name of a step":        {"name: fit\n", "name: Fit the model\n"},
		"timeout of a job":      {"timeout-minutes: 5", "timeout-minutes: 50"},
		"timeout of a step":     {"timeout-minutes: 1\n", "timeout-minutes: 2\n"},
		"grace":                 {"stop-grace: 3s", "stop-grace: 5s"},
		"retry":                 {"retry: {limit: 2, on: [oom]}", "retry: 1"},
		"cpus and memory":       {"cpus: 2, memory: 4GiB", "memory: 8GiB, shm: 1GiB, pids: 9"},
		"caches":                {"~/.cache/pip", "/other"},
		"unused param":          {"unused: 1", "unused: 2"},
		"another new param":     {"unused: 1", "unused: 1, new: x"},
		"unused part of a tree": {"hidden: [8, 16]", "hidden: [8]"},
		"unused dataset":        {"data/other.csv", "data/another.csv"},
		"better of a metric":    {"better: higher", "better: lower"},
		"fail-fast":             {"strategy:\n", "strategy:\n      fail-fast: false\n      max-parallel: 1\n"},
		"cache: false":          {"stop-grace: 3s", "cache: false"},
		"condition of the job":  {"stop-grace: 3s", "if: always()"},
		"needs":                 {"needs: [prepare]", "needs: prepare"},
		"another axis' values":  {"depth: [4, 8]", "depth: [8, 4]"},
	} {
		if got := changed(t, edited(t, c[0], c[1])); got != "" {
			t.Errorf("%s changes %s", name, got)
		}
	}
}

func TestFingerprintChanges(t *testing.T) {
	t.Parallel()
	for name, c := range map[string][3]string{
		"command":                {"python train.py", "python fit.py", "train"},
		"step's shell":           {"shell: bash", "shell: sh", "train"},
		"step's directory":       {"working-directory: src", "working-directory: lib", "train"},
		"step's condition":       {"if: success()", "if: always()", "train"},
		"step's id":              {"id: fit", "id: fit2", "train"},
		"step's continue":        {"continue-on-error: true", "continue-on-error: false", "train"},
		"step's env":             {`SEED: "1"`, `SEED: "2"`, "train"},
		"step in the background": {"id: fit", "id: fit\n        background: true", "train"},
		"job's env":              {`LR: "${{`, `LR: "x${{`, "train"},
		"file's env":             {"GLOBAL: g", "GLOBAL: h", "prepare train"},
		"param in env":           {"lr: 0.1", "lr: 0.2", "train"},
		"param in a script":      {"depth: 4,", "depth: 5,", "train"},
		"param in a step's env":  {`name: "4"`, "name: x", "train"},
		"param's type":           {`name: "4"`, "name: 4", "train"},
		"param in a tree":        {"act: relu", "act: elu", "prepare"},
		"a digit far behind":     {"lr: 0.1", "lr: 0.10000000000000002", "train"},
		"matrix values' type":    {"depth: [4, 8]", "depth: ['4', '8']", "train"},
		"another axis":           {"kind: [a]", "kind: [b]", "train"},
		"an output":              {"stats/", "stat/", "prepare"},
		"a metrics file":         {`metrics: ["m-${{ matrix.depth }}.json"]`, `metrics: ["n-${{ matrix.depth }}.json"]`, "train"},
		"no metrics file":        {"    metrics: [\"m-${{ matrix.depth }}.json\"]\n", "", "train"},
		"network":                {"network: none", "network: on", "train"},
		"user":                   {"    user: root\n", "", "train"},
		"gpus":                   {"gpus: 1", "gpus: 2", "train"},
		"isolate":                {"user: root", "user: root\n    isolate: true", "train"},
		"action":                 {"uses: ./action", "uses: ./actions", "train"},
		"with":                   {"a: [x, y]", "a: [y, x]", "train"},
		"with's type":            {"b: 1", "b: '1'", "train"},
		"path of a dataset":      {"data/customers.csv", "data/clients.csv", "prepare train"},
		"select":                 {"select: best(auc)", "select: worst(auc)", "train"},
		"one more step":          {"      - uses: ./action", "      - run: x\n      - uses: ./action", "train"},
	} {
		src := edited(t, c[0], c[1])
		if name == "another axis" || name == "matrix values' type" { // other ids: compare the definitions alone
			if a, b := definitions(planOf(t, richFile)), definitions(planOf(t, src)); cmp.Equal(a["train"], b["train"]) {
				t.Errorf("%s changes nothing", name)
			}
			continue
		}
		if got := changed(t, src); got != c[2] {
			t.Errorf("%s changes %q, want %q", name, got, c[2])
		}
	}
}

// definitions are the sorted lines of each job's nodes, sorted.
func definitions(p *Plan) map[string][]string {
	out := map[string][]string{}
	for _, n := range p.Nodes {
		out[n.Job] = append(out[n.Job], strings.Join(append(n.Definition.Lines(), n.Late...), "\n"))
		slices.Sort(out[n.Job])
	}
	return out
}

// Keys moved about and the file written in other styles are the same pipeline.
func TestFingerprintOfReformattedFile(t *testing.T) {
	t.Parallel()
	want := definitions(planOf(t, richFile))
	for seed := range uint64(50) {
		var doc yaml.Node
		if err := yaml.Unmarshal([]byte(richFile), &doc); err != nil {
			t.Fatal(err)
		}
		shuffle(&doc, rand.New(rand.NewPCG(seed, 3)))
		src, err := yaml.Marshal(&doc)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, definitions(planOf(t, string(src)))); diff != "" {
			t.Fatalf("seed %d (-want +got):\n%s\n%s", seed, diff, src)
		}
	}
}

// shuffle permutes the keys of every mapping and changes every node's style.
func shuffle(n *yaml.Node, r *rand.Rand) {
	if n.Kind == yaml.MappingNode {
		r.Shuffle(len(n.Content)/2, func(i, k int) {
			n.Content[2*i], n.Content[2*k] = n.Content[2*k], n.Content[2*i]
			n.Content[2*i+1], n.Content[2*k+1] = n.Content[2*k+1], n.Content[2*i+1]
		})
	}
	switch {
	case n.Kind != yaml.ScalarNode && r.IntN(2) == 0:
		n.Style ^= yaml.FlowStyle
	case n.Kind == yaml.ScalarNode && n.Tag == "!!str" && r.IntN(2) == 0:
		n.Style = yaml.DoubleQuotedStyle
	}
	if r.IntN(4) == 0 && n.Kind != yaml.DocumentNode {
		n.HeadComment = "# a comment"
	}
	for _, c := range n.Content {
		shuffle(c, r)
	}
}

// The lines themselves, so that a change of what they say is seen.
func TestDefinition(t *testing.T) {
	t.Parallel()
	p := planOf(t, richFile)
	var b strings.Builder
	for _, n := range p.Nodes {
		fmt.Fprintf(&b, "%s\n  %s\n", n.ID, strings.Join(n.Definition.Lines(), "\n  "))
		for _, l := range n.Late {
			fmt.Fprintf(&b, "  later %s\n", l)
		}
	}
	golden(t, "definition.txt", b.String())
}

func TestReferences(t *testing.T) {
	t.Parallel()
	const quoted = `"\"t\""` // a value that begins with a quote is quoted once more
	contexts := map[string]any{
		"github": map[string]any{"ref": "main", "event": map[string]any{"labels": []any{map[string]any{"name": "bug"}}, "two words": 1.0}},
		"inputs": map[string]any{"n": 3.0},
	}
	for _, c := range []struct {
		expr string
		want string // lines, without those of the step
		late string
		git  bool
	}{
		{"params.a", "params a 1", "", false},
		{"params.A", "params a 1", "", false},
		{"params.tree", "params tree.x " + quoted + "|params tree.y.0 5", "", false},
		{"params.tree['x']", "params tree.x " + quoted, "", false},
		{"params.tree[params.a]", "params a 1|params tree.x " + quoted + "|params tree.y.0 5", "", false},
		{"toJSON(params)", "params a 1|params tree.x " + quoted + "|params tree.y.0 5", "", false},
		{"github.ref", "github ref main", "", true},
		{"GitHub.REF", "github REF main", "", true},
		{"github.event.labels[0].name", "github event.labels.0.name bug", "", true},
		{"github.event['two words']", "github event.two%20words 1", "", true},
		{"inputs.n", "inputs n 3", "", true},
		{"data.d", "data d d.csv", "", false},
		{"data[params.tree.x]", "data d d.csv|data e e.csv|params tree.x " + quoted, "", false},
		{"needs.n.outputs.x", "", "needs.n.outputs.x", false},
		{"needs.n.outputs['two words']", "", "needs.n.outputs['two words']", false},
		{"needs['n'].outputs['it''s']", "", "needs.n.outputs['it''s']", false},
		{"needs.n.result == 'success' && needs.n.outputs.y", "", "needs.n.outputs.y needs.n.result", false},
		{"github.head_ref", "github head_ref ", "", true},
	} {
		src := "on: {workflow_dispatch: {inputs: {n: {type: number}}}}\nparams: {a: 1, tree: {x: t, y: [5]}}\ndata: {d: d.csv, e: e.csv}\njobs:\n  n: {inputs: [], run: x}\n" +
			"  j: {needs: n, inputs: [], uses: ./x, with: {v: " + fmt.Sprintf("%q", "${{ "+c.expr+" }}") + "}}\n"
		p := planWith(t, src, Options{Contexts: contexts})
		var got []string
		for _, l := range p.Node("j").Definition.Lines() {
			if !strings.HasPrefix(l, "step ") && !strings.HasPrefix(l, "version ") && !strings.HasPrefix(l, "place ") {
				got = append(got, l)
			}
		}
		if diff := cmp.Diff([]any{c.want, c.late, c.git}, []any{strings.Join(got, "|"), strings.Join(p.Node("j").Late, " "), p.Git}); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.expr, diff)
		}
	}
}

// Git is set wherever the context shapes the plan.
func TestGit(t *testing.T) {
	t.Parallel()
	contexts := map[string]any{"github": map[string]any{"sha": "abc", "ref": "main"}}
	for _, job := range []string{
		`{inputs: [], image: "x:${{ github.sha }}", run: x}`,
		`{inputs: ["${{ github.ref }}/x"], run: x}`,
		`{inputs: [], outputs: ["${{ github.ref }}/x"], run: x}`,
		`{inputs: [], strategy: {matrix: {k: ["${{ github.ref }}"]}}, run: x}`,
		`{inputs: [], run: "echo ${{ github.sha }}"}`,
		`{inputs: [], env: {A: "${{ github.sha }}"}, run: x}`,
		`{inputs: [], caches: {a: "/c/${{ github.ref }}"}, run: x}`,
		`{inputs: [data.d], run: x}`,
	} {
		if p := planWith(t, "data: {d: \"${{ github.ref }}.csv\"}\njobs: {a: "+job+"}\n", Options{Contexts: contexts}); !p.Git {
			t.Errorf("%s: Git is false", job)
		}
	}
	if p := planOf(t, "jobs: {a: {inputs: [], image: x, if: \"github.ref == 'main'\", run: x}}\n"); !p.Git {
		t.Error("a condition that reads github does not set Git")
	}
}

// Plans of one file are equal, however often they are made.
func TestNewIsDeterministic(t *testing.T) {
	t.Parallel()
	src := "data: {a: a, b: b, c: c, d: d}\njobs:\n  w: {inputs: [], outputs: [a, b, c, d], run: x}\n" +
		"  j: {inputs: [], uses: ./x, with: {p: '${{ data.d }}', q: {y: '${{ data.c }}', x: '${{ data.b }}'}, r: '${{ data.a }}'}}\n"
	want := planOf(t, src)
	same(t, "inputs", []Input{{Pattern: "d", Data: "d"}, {Pattern: "b", Data: "b"}, {Pattern: "c", Data: "c"}, {Pattern: "a", Data: "a"}}, want.Node("j").Inputs)
	for range 20 {
		same(t, "plan", want, planOf(t, src))
	}
}

func TestLater(t *testing.T) {
	t.Parallel()
	p := planOf(t, "jobs:\n  a: {isolate: true, uses: pack}\n  b: {run: x}\n")
	same(t, "a", []string{"uses: pack"}, p.Node("a").Later)
	same(t, "b", []string(nil), p.Node("b").Later)
}

// What the parser fills in and what the plan does reach the node.
func TestNode(t *testing.T) {
	t.Parallel()
	p := planWith(t, `
defaults: {image: "py:${{ params.v }}", shell: sh, timeout-minutes: 2}
params: {v: 3}
data: {d: {path: ./d/, digest: "sha256:`+strings.Repeat("0", 64)+`"}}
jobs:
  a:
    inputs: [data.d, "!./d/tmp//"]
    run: "\n  echo ${{ params.v }}\necho\n"
  b:
    build: {context: ./img, args: {V: "${{ params.v }}"}}
    uses: ./x
  c: {uses: ./x, network: on}
  d: {steps: [{uses: ./x}, {run: "`+strings.Repeat("é", 70)+`"}]}
`, Options{})
	a, b := p.Node("a"), p.Node("b")
	same(t, "inputs", []Input{{Pattern: "d/", Data: "d", Digest: "sha256:" + strings.Repeat("0", 64)}, {Pattern: "!d/tmp/"}}, a.Inputs)
	same(t, "image", "py:3", a.Image)
	step := a.Steps[0]
	step.Pos = spec.Pos{}
	same(t, "step", Step{Name: "echo ${{ params.v }}", Run: "\n  echo \"${MLOPS_EXPR_1}\"\necho\n", Shell: "sh", Exprs: []Var{{"MLOPS_EXPR_1", "params.v"}}}, step)
	same(t, "build", &Build{Context: "img", Args: []Var{{"V", "3"}}}, b.Build)
	same(t, "names", []string{"./x", strings.Repeat("é", 59) + "…"}, []string{p.Node("d").Steps[0].Name, p.Node("d").Steps[1].Name})
	for id, want := range map[string]bool{"a": true, "b": false, "c": true, "d": true} {
		if p.Node(id).Network != want {
			t.Errorf("%s: network %v", id, !want)
		}
	}
	if p.Node("nobody") != nil || p.Index("nobody") != -1 {
		t.Error("an unknown node is found")
	}
	if v, ok := p.Param("v"); !ok || v.Value != 3.0 {
		t.Errorf("param v: %v", v)
	}
	if _, ok := p.Param("w"); ok {
		t.Error("an unknown param is found")
	}
}
