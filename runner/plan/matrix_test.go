package plan

import (
	"fmt"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"github.com/mlops-runner/mlops/spec"
)

// legTexts are the legs of job a as GitHub's documentation writes them.
func legTexts(p *Plan) []string {
	var out []string
	for _, n := range p.Nodes {
		if n.Job == "a" && n.Kind == Run {
			var parts []string
			for _, v := range n.Leg {
				parts = append(parts, v.Name+": "+legText(v.Value))
			}
			out = append(out, "{"+strings.Join(parts, ", ")+"}")
		}
	}
	return out
}

func matrixFile(matrix string) string {
	return "params: {lrs: [0.1, 0.2], sets: {x: 1}, big: 1000, text: '[4, \"8\", {\"n\": 1}]'}\n" +
		"jobs:\n  a:\n    inputs: []\n    run: x\n    strategy:\n      matrix:\n" +
		strings.ReplaceAll("\n"+strings.Trim(matrix, "\n"), "\n", "\n        ") + "\n"
}

// The examples of https://docs.github.com/en/actions/how-tos/write-workflows/choose-what-workflows-do/run-job-variations
// and of its reference of jobs.<job_id>.strategy.matrix.
func TestMatrixAsDocumented(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, matrix string
		want         []string
	}{
		{"two axes", `
version: [10, 12, 14]
os: [ubuntu-latest, windows-latest]`, []string{
			"{version: 10, os: ubuntu-latest}", "{version: 10, os: windows-latest}", "{version: 12, os: ubuntu-latest}",
			"{version: 12, os: windows-latest}", "{version: 14, os: ubuntu-latest}", "{version: 14, os: windows-latest}"}},
		{"include: fruit, animal, color, shape", `
fruit: [apple, pear]
animal: [cat, dog]
include:
  - color: green
  - color: pink
    animal: cat
  - fruit: apple
    shape: circle
  - fruit: banana
  - fruit: banana
    animal: cat`, []string{
			"{fruit: apple, animal: cat, color: pink, shape: circle}",
			"{fruit: apple, animal: dog, color: green, shape: circle}",
			"{fruit: pear, animal: cat, color: pink}",
			"{fruit: pear, animal: dog, color: green}",
			"{fruit: banana}",
			"{fruit: banana, animal: cat}"}},
		{"include expands one combination", `
os: [windows-latest, ubuntu-latest]
node: [14, 16]
include:
  - os: windows-latest
    node: 16
    npm: 6`, []string{
			"{os: windows-latest, node: 14}", "{os: windows-latest, node: 16, npm: 6}",
			"{os: ubuntu-latest, node: 14}", "{os: ubuntu-latest, node: 16}"}},
		{"include adds a combination", `
os: [macos-latest, windows-latest, ubuntu-latest]
version: [12, 14, 16]
include:
  - os: windows-latest
    version: 17`, []string{
			"{os: macos-latest, version: 12}", "{os: macos-latest, version: 14}", "{os: macos-latest, version: 16}",
			"{os: windows-latest, version: 12}", "{os: windows-latest, version: 14}", "{os: windows-latest, version: 16}",
			"{os: ubuntu-latest, version: 12}", "{os: ubuntu-latest, version: 14}", "{os: ubuntu-latest, version: 16}",
			"{os: windows-latest, version: 17}"}},
		{"include alone", `
include:
  - site: production
    datacenter: site-a
  - site: staging
    datacenter: site-b`, []string{"{site: production, datacenter: site-a}", "{site: staging, datacenter: site-b}"}},
		{"exclude takes parts of combinations", `
os: [macos-latest, windows-latest]
version: [12, 14, 16]
environment: [staging, production]
exclude:
  - os: macos-latest
    version: 12
    environment: production
  - os: windows-latest
    version: 16`, []string{
			"{os: macos-latest, version: 12, environment: staging}",
			"{os: macos-latest, version: 14, environment: staging}", "{os: macos-latest, version: 14, environment: production}",
			"{os: macos-latest, version: 16, environment: staging}", "{os: macos-latest, version: 16, environment: production}",
			"{os: windows-latest, version: 12, environment: staging}", "{os: windows-latest, version: 12, environment: production}",
			"{os: windows-latest, version: 14, environment: staging}", "{os: windows-latest, version: 14, environment: production}"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			same(t, "legs", c.want, legTexts(planOf(t, matrixFile(c.matrix))))
		})
	}
}

func TestMatrix(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, matrix string
		want         []string
	}{
		{"exclude comes before include", "k: [1, 2]\nexclude: [{k: 1}]\ninclude: [{k: 1, x: y}]", []string{"{k: 2}", "{k: 1, x: y}"}},
		{"an include may take back a whole matrix", "k: [1]\nexclude: [{k: 1}]\ninclude: [{k: 1}]", []string{"{k: 1}"}},
		{"an include does not extend another's leg", "k: [1]\ninclude: [{k: 2}, {k: 2, x: 1}]", []string{"{k: 1}", "{k: 2}", "{k: 2, x: 1}"}},
		{"an exclude of a value that is not there takes nothing", "k: [1, 2]\nexclude: [{k: 3}]", []string{"{k: 1}", "{k: 2}"}},
		{"numbers and texts differ", "k: [1, '1', true, 'true']\nexclude: [{k: '1'}, {k: true}]", []string{"{k: 1}", "{k: true}"}},
		{"lists and mappings", "k: [[1, 2], {b: 1, a: x}]\nexclude: [{k: [1, 3]}]", []string{"{k: [1,2]}", `{k: {"a":"x","b":1}}`}},
		{"a list from an expression", "k: ${{ fromJSON(params.text) }}", []string{"{k: 4}", "{k: 8}", `{k: {"n":1}}`}},
		{"a list of the params", "k: ${{ params.lrs }}", []string{"{k: 0.1}", "{k: 0.2}"}},
		{"values that are expressions", "k: ['${{ params.big }}', 'n-${{ params.big }}', ['${{ params.big }}'], {v: '${{ params.big }}'}]",
			[]string{"{k: 1000}", "{k: n-1000}", "{k: [1000]}", `{k: {"v":1000}}`}},
		{"expressions in include and exclude", "k: [1, 1000]\nexclude: [{k: '${{ params.big }}'}]\ninclude: [{x: '${{ params.sets.x }}'}]",
			[]string{"{k: 1, x: 1}"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			same(t, "legs", c.want, legTexts(planOf(t, matrixFile(c.matrix))))
		})
	}
}

func TestLegIDs(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 60)
	for _, c := range []struct {
		name, matrix string
		want         []string
	}{
		{"one axis", "depth: [4, 8]", []string{"a@depth=4", "a@depth=8"}},
		{"several", "depth: [4]\nlr: [0.1, 1e-05]", []string{"a@depth=4,lr=0.1", "a@depth=4,lr=0.00001"}},
		{"what an include adds is left out", "k: [1]\ninclude: [{k: 1, note: hello}]", []string{"a@k=1"}},
		{"unless names would be equal", "include: [{k: 1, note: a}, {k: 1, note: b}]", []string{"a@k=1,note=a", "a@k=1,note=b"}},
		{"a leg without an axis has all", "k: [1]\nm: [2]\ninclude: [{k: 9}]", []string{"a@k=1,m=2", "a@k=9"}},
		{"words that need no change", "k: [python:3.12, a_b-c+d, ünï, '']", []string{"a@k=python:3.12", "a@k=a_b-c+d", "a@k=ünï", "a@k="}},
		{"words that do", `k: ["bert/base", "bert base", "../../x", "a\nb", "a,k=2", "***"]`, []string{
			"a@k=bert-base~", "a@k=bert-base~", "a@k=..-..-x~", "a@k=a-b~", "a@k=a-k-2~", "a@k=~"}},
		{"nested values", "k: [[1, 2], {opt: {name: adam}}]", []string{"a@k=1-2~", "a@k=opt:-name:adam~"}},
		{"long ones", "k: [" + long + "1, " + long + "2]", []string{"a@k=" + long[:40] + "~", "a@k=" + long[:40] + "~"}},
		{"the same text", "k: [4, '4']", []string{"a@k=4", "a@k=4~2"}},
		{"the same value", "k: [4, 4, 4]", []string{"a@k=4", "a@k=4~2", "a@k=4~3"}},
		{"null and booleans", "k: [null, true]", []string{"a@k=null", "a@k=true"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := ids(planOf(t, matrixFile(c.matrix)))
			seen := map[string]bool{}
			for i, id := range got {
				if seen[id] {
					t.Errorf("two legs are called %s", id)
				}
				seen[id] = true
				if head, digest, ok := strings.Cut(id, "~"); ok && len(digest) == 8 {
					got[i] = head + "~" // a digest of the value
				}
			}
			same(t, "ids", c.want, got)
		})
	}
}

// Names stay short however many axes there are, and different however alike the values.
func TestLegIDsAreBounded(t *testing.T) {
	t.Parallel()
	var m strings.Builder
	for i := range 20 {
		fmt.Fprintf(&m, "axis%d: [%s]\n", i, strings.Repeat("v", 30))
	}
	p := planOf(t, matrixFile(m.String()+"last: [é, è]"))
	if len(p.Nodes) != 2 || p.Nodes[0].ID == p.Nodes[1].ID {
		t.Errorf("%v", ids(p))
	}
	for _, id := range ids(p) {
		if len(id) > maxID || !strings.HasPrefix(id, "a@axis0=vvv") {
			t.Errorf("%d bytes: %s", len(id), id)
		}
	}
}

// What expressions can span is bounded before it is made.
func TestMatrixLimit(t *testing.T) {
	t.Parallel()
	list := "'[" + strings.Repeat("1,", 1100) + "1]'"
	src := "params: {l: " + list + "}\njobs:\n  a:\n    inputs: []\n    run: x\n    strategy:\n      matrix:\n        k: ${{ fromJSON(params.l) }}\n"
	for _, c := range []struct {
		name, src string
		o         Options
		want      string
	}{
		{"one axis", src, Options{}, `mlops.yaml:8:9: the matrix of job "a" spans 1101 combinations; at most 1024 are allowed [matrix]`},
		{"a product that would not fit in memory", src + strings.Repeat("        x: ${{ fromJSON(params.l) }}\n", 1) + "        y: ${{ fromJSON(params.l) }}\n        z: ${{ fromJSON(params.l) }}\n",
			Options{}, `mlops.yaml:8:9: the matrix of job "a" spans 2147483647 combinations; at most 1024 are allowed [matrix]`},
		{"a lower limit", src, Options{MaxLegs: 10}, `mlops.yaml:8:9: the matrix of job "a" spans 1101 combinations; at most 10 are allowed [matrix]`},
	} {
		if diff := cmp.Diff([]string{c.want}, problems(t, c.src, c.o)); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
	}
	if n := len(planWith(t, src, Options{MaxLegs: 1101}).Nodes); n != 1101 {
		t.Errorf("%d legs, want 1101", n)
	}
}

func TestSelectNode(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		rule, better string
		want         Selection
		text         string
	}{
		{"best(auc)", "higher", Selection{Metric: "auc", Highest: true}, "highest auc"},
		{"best(auc)", "lower", Selection{Metric: "auc", Highest: false}, "lowest auc"},
		{"worst(auc)", "higher", Selection{Metric: "auc", Highest: false}, "lowest auc"},
		{" worst ( metrics.auc ) ", "lower", Selection{Metric: "auc", Highest: true}, "highest auc"},
		{"first", "higher", Selection{Metric: "", Highest: true}, "first"},
	} {
		p := planOf(t, "metrics: {auc: {better: "+c.better+"}}\njobs:\n  a:\n    inputs: []\n    outputs: [m, 'o${{ matrix.k }}']\n    metrics: ['m.json']\n"+
			"    strategy: {matrix: {k: [1, 2]}, fail-fast: false, max-parallel: 1}\n    select: "+c.rule+"\n    run: x\n")
		n := p.Node("a")
		same(t, "rule "+c.rule, c.want, n.Select)
		same(t, "text", c.text, n.Select.String())
		want := &Node{
			ID: "a", Job: "a", Kind: Select, Pos: n.Pos, Publish: true, Select: c.want, Needs: []Need{{Node: 0, Order: true}, {Node: 1, Order: true}},
			Outputs: []string{"m", "o1", "o2"}, Metrics: []string{"m.json"}, Definition: Define(Line{"select", "a", strings.TrimSpace(c.rule)}),
		}
		same(t, "node of "+c.rule, want, n)
		if n.Pos != (spec.Pos{Line: 8, Col: len("    select: ") + 1 + strings.IndexFunc(c.rule, unicode.IsLetter)}) {
			t.Errorf("select stands at %v", n.Pos)
		}
		for _, leg := range p.Nodes[:2] {
			if leg.Publish || leg.FailFast || leg.MaxParallel != 1 {
				t.Errorf("leg %s: %+v", leg.ID, leg)
			}
		}
	}
}
