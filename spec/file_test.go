package spec

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"gopkg.in/yaml.v3"
)

// values compares Files without their places.
var values = cmp.Options{
	cmpopts.IgnoreTypes(Pos{}, &SourceMap{}), cmpopts.EquateEmpty(),
}

// parseOK parses a text that must be without mistakes.
func parseOK(t *testing.T, src string) *File {
	t.Helper()
	return wantClean(t, FileName, []byte(src), testOptions())
}

// parseAny parses a file whose actions nobody knows, so that their inputs may be anything.
func parseAny(t *testing.T, src string) *File {
	t.Helper()
	return wantClean(t, FileName, []byte(src), Options{ReadFile: readFrom("testdata")})
}

func str0(s string) Str { return Str{Value: s} }

func TestDesignMeansWhatItSays(t *testing.T) {
	t.Parallel()
	f := wantClean(t, "design.yaml", read(t, "testdata/ok/design.yaml"), testOptions())
	if f.Name.Value != "churn" || f.Baseline.Value != "merge-base" || len(f.Jobs) != 4 || len(f.Gates) != 4 {
		t.Errorf("name %q, baseline %q, %d jobs, %d gates", f.Name, f.Baseline, len(f.Jobs), len(f.Gates))
	}
	want := &Job{
		ID: str0("train"), HasInputs: true, Inputs: []Str{str0("src/train.py"), str0("data.customers")},
		Outputs: []Str{str0("model/"), str0("metrics.json"), str0("predictions.csv")},
		Image:   str0("python:3.12-slim"), Timeout: time.Hour, Resources: Resources{CPUs: 2, Memory: 4 << 30},
		Strategy: Strategy{Matrix: Matrix{Axes: []Axis{{Name: str0("depth"), Values: []any{4.0, 8.0}}}}},
		Select:   str0("best(auc)"), Caches: []Cache{{str0("pip"), str0("~/.cache/pip")}},
		Steps: []*Step{{Run: str0("pip install -r requirements.txt")},
			{Run: str0("python src/train.py --lr ${{ params.train.lr }} --depth ${{ matrix.depth }}")}},
	}
	if diff := cmp.Diff(want, f.Job("train"), values); diff != "" {
		t.Errorf("train (-want +got):\n%s", diff)
	}
	on := Triggers{
		Set: true, Push: &GitFilter{Branches: []Str{str0("main")}},
		PullRequest: &GitFilter{Paths: []Str{str0("src/**"), str0("params.yaml"), str0("data/**")}},
		Schedule:    []Str{str0("0 3 * * 1")}, Data: []Str{str0("customers")},
	}
	if diff := cmp.Diff(on, f.On, values); diff != "" {
		t.Errorf("on (-want +got):\n%s", diff)
	}
	if got := f.Metrics; len(got) != 2 || got[1].Better != "lower" || got[1].Unit != "ms" {
		t.Errorf("metrics %+v", got)
	}
	if f.Job("nobody") != nil {
		t.Error("a job that is not there")
	}
}

// with: keeps YAML's types, so that an action need not guess.
func TestWithKeepsTypes(t *testing.T) {
	t.Parallel()
	f := wantClean(t, "design.yaml", read(t, "testdata/ok/design.yaml"), testOptions())
	got := map[string]any{}
	for _, w := range f.Job("check").Steps[0].With {
		got[w.Name.Value] = w.Value
	}
	want := map[string]any{
		"data": "${{ data.customers }}", "key": "customer_id", "rows": "5_000..", "rules": []any{"end >= start"}, "disjoint": "data/test.csv",
		"columns": map[string]any{"tenure": "int 0..120", "income": "float 0.. , null ..10%", "plan": []any{"free", "pro", "team"}, "churned": "bool, true 1%..60%"},
		"drift":   map[string]any{"against": "baseline", "warn": "10%", "fail": "20%"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("with (-want +got):\n%s", diff)
	}
	f = parseAny(t, "jobs: {a: {uses: mine, with: {a: 1, b: yes, c: true, d: '1', e: ~, f: 1e3, g: 0x10, h: 08, i: 0o17, j: 2026-01-01, k: .5}}}")
	var list []any
	for _, w := range f.Jobs[0].Steps[0].With {
		list = append(list, w.Value)
	}
	if diff := cmp.Diff([]any{1.0, "yes", true, "1", nil, 1000.0, 16.0, 8.0, 15.0, "2026-01-01", 0.5}, list); diff != "" {
		t.Errorf("scalars (-want +got):\n%s", diff)
	}
}

func TestMatrix(t *testing.T) {
	t.Parallel()
	f := parseOK(t, `
params: {depths: "[1, 2]"}
jobs:
  a:
    run: echo ${{ matrix.depth }} ${{ matrix.extra }} ${{ matrix.model.name }} ${{ matrix.open }}
    strategy:
      fail-fast: false
      max-parallel: 2
      matrix:
        depth: [4, "8", true]
        model: [{name: tree}]
        open: ${{ fromJSON(params.depths) }}
        include: [{depth: 4, extra: x}, {extra: [1]}]
        exclude: [{depth: true}]
`)
	no := false
	want := Strategy{FailFast: &no, MaxParallel: 2, Matrix: Matrix{
		Axes: []Axis{{Name: str0("depth"), Values: []any{4.0, "8", true}}, {Name: str0("model"), Values: []any{map[string]any{"name": "tree"}}},
			{Name: str0("open"), Expr: str0("${{ fromJSON(params.depths) }}")}},
		Include: []Leg{{{"depth", 4.0}, {"extra", "x"}}, {{"extra", []any{1.0}}}},
		Exclude: []Leg{{{"depth", true}}},
	}}
	if diff := cmp.Diff(want, f.Jobs[0].Strategy, values); diff != "" {
		t.Errorf("strategy (-want +got):\n%s", diff)
	}
}

func TestMatrixLimitIsAnOption(t *testing.T) {
	t.Parallel()
	src := []byte("jobs: {a: {run: x, strategy: {matrix: {a: [1, 2], b: [1, 2]}}}}")
	if _, ds := Parse(FileName, src, Options{MaxLegs: 4}); len(ds) > 0 {
		t.Error(ds)
	}
	if _, ds := Parse(FileName, src, Options{MaxLegs: 3}); len(ds) != 1 || ds[0].Code != CodeMatrix {
		t.Error(ds)
	}
}

func TestJobForms(t *testing.T) {
	t.Parallel()
	f := parseAny(t, `
env: {A: 1, B: yes, C: 0.10}
defaults: {image: img, shell: bash, network: none, run: {working-directory: src}}
concurrency: one
on: {workflow_dispatch: {inputs: {depth: {type: number, default: 6}, fast: {type: boolean, default: true}, size: {type: choice, options: [s, m], default: m}, free: }}}
jobs:
  a:
    if: ${{ inputs.fast }}
    build: {context: docker, file: train.Dockerfile, args: {V: 1}}
    retry: 2
    seeds: 3
    resources: {gpus: all, shm: 1GB, cpus: .5}
    services: {db: postgres:17, cache: {image: redis, ports: [6379]}}
    cache: false
    steps: [{uses: mine, with: {a: 1}}, {run: x, shell: sh, background: true}]
  b:
    needs: a
    image: other
    network: on
    retry: [{on: oom, resources: {memory: 8GiB}, delay: 1m}, {exit: [75, 76], limit: 3}]
    seeds: {n: 2, max: 8, when: undecided}
    concurrency: {group: "gpu-${{ inputs.depth }}", cancel-in-progress: true}
    continue-on-error: true
    stop-grace: 30s
    run: x
`)
	a, b := f.Jobs[0], f.Jobs[1]
	check := func(what string, want, got any) {
		t.Helper()
		if diff := cmp.Diff(want, got, values); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}
	check("env", []Var{{str0("A"), str0("1")}, {str0("B"), str0("yes")}, {str0("C"), str0("0.10")}}, f.Env)
	check("if", "inputs.fast", a.If.Value)
	check("image of a", "", a.Image.Value)
	check("build", &Build{Context: str0("docker"), File: str0("train.Dockerfile"), Args: []Var{{str0("V"), str0("1")}}}, a.Build)
	check("network", []string{"none", "on"}, []string{a.Network, b.Network})
	check("retry of a", []Retry{{Limit: 2}}, a.Retry)
	check("retry of b", []Retry{{On: []Str{str0("oom")}, Limit: 1, Delay: time.Minute, Resources: &Resources{Memory: 8 << 30}}, {Exit: []int{75, 76}, Limit: 3}}, b.Retry)
	check("seeds", []*Seeds{{N: 3, Max: 3, When: "always"}, {N: 2, Max: 8, When: "undecided"}}, []*Seeds{a.Seeds, b.Seeds})
	check("resources", Resources{GPUs: -1, Shm: 1e9, CPUs: 0.5}, a.Resources)
	check("services", []Service{{Name: str0("db"), Image: str0("postgres:17")}, {Name: str0("cache"), Image: str0("redis"), Ports: []int{6379}}}, a.Services)
	check("cache", "false", a.Cache.Value)
	check("steps", []string{"bash src", "sh src", "bash src"}, []string{
		a.Steps[0].Shell.Value + " " + a.Steps[0].Dir.Value, a.Steps[1].Shell.Value + " " + a.Steps[1].Dir.Value, b.Steps[0].Shell.Value + " " + b.Steps[0].Dir.Value})
	check("single", []bool{false, true}, []bool{a.Single, b.Single})
	check("concurrency", []*Concurrency{{Group: str0("one")}, {Group: str0("gpu-${{ inputs.depth }}"), CancelInProgress: str0("true")}}, []*Concurrency{f.Concurrency, b.Concurrency})
	check("continue-on-error", "true", b.ContinueOnError.Value)
	check("stop-grace", 30*time.Second, b.StopGrace)
	check("inputs", []DispatchInput{{Name: str0("depth"), Type: "number", Default: 6.0}, {Name: str0("fast"), Type: "boolean", Default: true},
		{Name: str0("size"), Type: "choice", Options: []Str{str0("s"), str0("m")}, Default: "m"}, {Name: str0("free"), Type: "string"}}, f.On.Dispatch.Inputs)
}

func TestOnInItsForms(t *testing.T) {
	t.Parallel()
	for src, want := range map[string]Triggers{
		"push":                           {Set: true, Push: &GitFilter{}},
		"[push, workflow_dispatch]":      {Set: true, Push: &GitFilter{}, Dispatch: &Dispatch{}},
		"{push: , pull_request: {}}":     {Set: true, Push: &GitFilter{}, PullRequest: &GitFilter{}},
		"{merge_group: {branches: [a]}}": {Set: true, MergeGroup: &GitFilter{Branches: []Str{str0("a")}}},
		"":                               {Set: true},
	} {
		f := parseOK(t, "on: "+src+"\njobs: {a: {run: x}}")
		if diff := cmp.Diff(want, f.On, values); diff != "" {
			t.Errorf("on: %s (-want +got):\n%s", src, diff)
		}
	}
	if f := parseOK(t, "jobs: {a: {run: x}}"); f.On.Set {
		t.Error("on is set and is not there")
	}
}

// Permuting the keys of any mapping changes no value of the File, only orders
// that the file itself gives to jobs, metrics and the like.
func TestOrderOfKeysMeansNothing(t *testing.T) {
	t.Parallel()
	for _, path := range glob(t, "testdata/ok/*.yaml") {
		src := read(t, path)
		if strings.Contains(string(src), "<<") {
			continue // the printed form would repeat anchors
		}
		want := sortedFile(wantClean(t, path, src, testOptions()))
		for seed := range uint64(8) {
			var doc yaml.Node
			if err := yaml.Unmarshal(src, &doc); err != nil {
				t.Fatal(err)
			}
			shuffle(rand.New(rand.NewPCG(seed, 1)), &doc)
			out, err := yaml.Marshal(&doc)
			if err != nil {
				t.Fatal(err)
			}
			got := sortedFile(wantClean(t, fmt.Sprintf("%s shuffled by %d:\n%s", path, seed, out), out, testOptions()))
			if diff := cmp.Diff(want, got, values, cmpopts.IgnoreFields(File{}, "Path")); diff != "" {
				t.Fatalf("%s shuffled by %d (-want +got):\n%s", path, seed, diff)
			}
		}
	}
}

func shuffle(r *rand.Rand, n *yaml.Node) {
	for _, c := range n.Content {
		shuffle(r, c)
	}
	if n.Kind == yaml.MappingNode {
		r.Shuffle(len(n.Content)/2, func(i, j int) {
			n.Content[2*i], n.Content[2*j] = n.Content[2*j], n.Content[2*i]
			n.Content[2*i+1], n.Content[2*j+1] = n.Content[2*j+1], n.Content[2*i+1]
		})
	}
}

// sortedFile puts what keeps the order of the source into an order of its own.
func sortedFile(f *File) *File {
	byName := func(a, b string) int { return strings.Compare(a, b) }
	vars := func(a, b Var) int { return byName(a.Name.Value, b.Name.Value) }
	slices.SortFunc(f.Env, vars)
	slices.SortFunc(f.Data, func(a, b Dataset) int { return byName(a.Name.Value, b.Name.Value) })
	slices.SortFunc(f.Metrics, func(a, b Metric) int { return byName(a.Name.Value, b.Name.Value) })
	slices.SortFunc(f.Jobs, func(a, b *Job) int { return byName(a.ID.Value, b.ID.Value) })
	if f.On.Dispatch != nil {
		slices.SortFunc(f.On.Dispatch.Inputs, func(a, b DispatchInput) int { return byName(a.Name.Value, b.Name.Value) })
	}
	for _, j := range f.Jobs {
		sortJob(j, vars)
	}
	return f
}

func sortJob(j *Job, vars func(a, b Var) int) {
	slices.SortFunc(j.Env, vars)
	slices.SortFunc(j.Caches, func(a, b Cache) int { return strings.Compare(a.Name.Value, b.Name.Value) })
	slices.SortFunc(j.Services, func(a, b Service) int { return strings.Compare(a.Name.Value, b.Name.Value) })
	slices.SortFunc(j.Strategy.Matrix.Axes, func(a, b Axis) int { return strings.Compare(a.Name.Value, b.Name.Value) })
	for _, leg := range slices.Concat(j.Strategy.Matrix.Include, j.Strategy.Matrix.Exclude) {
		slices.SortFunc(leg, func(a, b LegValue) int { return strings.Compare(a.Name, b.Name) })
	}
	if j.Build != nil {
		slices.SortFunc(j.Build.Args, vars)
	}
	for _, s := range j.Steps {
		slices.SortFunc(s.Env, vars)
		slices.SortFunc(s.With, func(a, b With) int { return strings.Compare(a.Name.Value, b.Name.Value) })
	}
}
