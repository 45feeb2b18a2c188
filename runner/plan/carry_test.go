package plan

import (
	"strings"
	"testing"

	"github.com/mlops-runner/mlops/spec"
)

// carrying plans with an action that measures.
func carrying(t *testing.T, text string) *Plan {
	t.Helper()
	actions := map[string]spec.Action{"measure": {Name: "measure", Version: 1, Measures: true, Inputs: []spec.ActionInput{{Name: "of", Type: "path"}}}}
	f, ds := spec.Parse("mlops.yaml", []byte(text), spec.Options{Actions: actions})
	if len(ds) > 0 {
		t.Fatal(ds)
	}
	p, err := New(f, Options{Actions: actions})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestSeedsAreCarriedToWhatMeasures(t *testing.T) {
	t.Parallel()
	const train = "jobs:\n  t: {run: x, inputs: [], outputs: [m], seeds: {n: 2, max: 3}}\n"
	for _, c := range []struct{ name, file, of, want string }{
		{"an action that measures", train + "  e: {uses: measure, with: {of: m}}\n", "e@seed=2", "t@seed=2"},
		{"also by a spare seed", train + "  e: {uses: measure, with: {of: m}}\n", "e@seed=3", "t@seed=3"},
		{"the job itself follows", train + "  e: {uses: measure, with: {of: m}}\n", "e", "e@seed=1 e@seed=2 t"},
		{"a metrics file", train + "  e: {run: x, inputs: [m], metrics: [e.json]}\n", "e@seed=2", "t@seed=2"},
		{"what lies between", train + "  p: {run: x, inputs: [m], outputs: [p]}\n  e: {uses: measure, with: {of: p}}\n", "e@seed=2", "p@seed=2"},
		{"a path with a matrix value",
			"jobs:\n  t: {run: x, inputs: [], outputs: ['${{ matrix.k }}'], strategy: {matrix: {k: [u, v]}}}\n" +
				"  e: {uses: measure, with: {of: '${{ matrix.k }}'}, strategy: {matrix: {k: [u, v]}}}\n", "e@k=v", "t@k=v"},
		{"not what lies beside", train + "  p: {run: x, inputs: [m], outputs: [p]}\n  e: {uses: measure, with: {of: m}}\n", "p", "t"},
		{"not what measures nothing", train + "  e: {run: x, inputs: [m]}\n", "e", "t"},
		{"not what is never cached", train + "  e: {run: x, inputs: [m], metrics: [e.json], cache: false}\n", "e", "t"},
		{"not a job with seeds of its own", train + "  e: {run: x, inputs: [m], metrics: [e.json], seeds: 2}\n", "e@seed=2", "t"},
		{"a matrix before and behind",
			"jobs:\n  t: {run: x, inputs: [], outputs: ['${{ matrix.k }}'], seeds: 2, strategy: {matrix: {k: [u, v]}}}\n" +
				"  e: {run: x, inputs: ['${{ matrix.k }}'], metrics: ['${{ matrix.k }}.json'], strategy: {matrix: {k: [u, v]}}}\n", "e@k=v,seed=2", "t@k=v,seed=2"},
		{"not beyond a choice among combinations",
			"jobs:\n  t: {run: x, inputs: [], outputs: [m], seeds: 2, strategy: {matrix: {k: [u, v]}}, select: first}\n" +
				"  e: {run: x, inputs: [m], metrics: [e.json]}\n", "e", "t"},
		{"as many as both have", train + "  u: {run: x, inputs: [], outputs: [o], seeds: 4}\n  e: {run: x, inputs: [m, o], metrics: [e.json]}\n", "e@seed=2", "t@seed=2 u@seed=2"},
	} {
		n := carrying(t, c.file).Node(c.of)
		if n == nil {
			t.Errorf("%s: no node %s", c.name, c.of)
			continue
		}
		var got []string
		for _, need := range n.Needs {
			got = append(got, carrying(t, c.file).Nodes[need.Node].ID)
		}
		same(t, c.name, c.want, strings.Join(got, " "))
	}
}

func TestSpareSeedsBringWhatTheyNeed(t *testing.T) {
	t.Parallel()
	p := carrying(t, "jobs:\n  t: {run: x, inputs: [], outputs: [m], seeds: {n: 2, max: 4}}\n  e: {uses: measure, with: {of: m}}\n")
	same(t, "legs", "t@seed=3 e@seed=3", strings.Join(p.WithSpares([]string{"e@seed=3"}), " "))
	same(t, "usual legs", "e@seed=1", strings.Join(p.WithSpares([]string{"e@seed=1"}), " "))
}
