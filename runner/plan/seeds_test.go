package plan

import (
	"strings"
	"testing"
)

func idsOf(p *Plan) (usual, spare []string) {
	for _, n := range p.Nodes {
		if n.Spare {
			spare = append(spare, n.ID)
		} else {
			usual = append(usual, n.ID)
		}
	}
	return usual, spare
}

func TestSeedLegs(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, job, usual, spare, targets string }{
		{"a number", "seeds: 2", "a@seed=1 a@seed=2 a", "", "a"},
		{"up to max", "seeds: {n: 2, max: 3}", "a@seed=1 a@seed=2 a", "a@seed=3", "a"},
		{"undecided without max", "seeds: {n: 9, when: undecided}",
			"a@seed=1 a@seed=2 a@seed=3 a@seed=4 a@seed=5 a@seed=6 a@seed=7 a@seed=8 a@seed=9 a", "a@seed=10", "a"},
		{"one", "seeds: 1", "a@seed=1 a", "", "a"},
		{"with a matrix", "seeds: 2, strategy: {matrix: {k: [x, z]}}, outputs: ['${{ matrix.k }}']",
			"a@k=x,seed=1 a@k=x,seed=2 a@k=x a@k=z,seed=1 a@k=z,seed=2 a@k=z", "", "a@k=x a@k=z"},
		{"with a matrix and select", "seeds: {n: 2, max: 3}, strategy: {matrix: {k: [x, z]}}, select: best(m)",
			"a@k=x,seed=1 a@k=x,seed=2 a@k=z,seed=1 a@k=z,seed=2 a", "a@k=x,seed=3 a@k=z,seed=3", "a"},
	} {
		p := planOf(t, "jobs:\n  a: {run: x, inputs: [], "+c.job+"}\n  b: {run: x, inputs: [], needs: a}\nmetrics: {m: {better: higher}}\n")
		usual, spare := idsOf(p)
		same(t, c.name, c.usual+" b", strings.Join(usual, " "))
		same(t, c.name+": spare", c.spare, strings.Join(spare, " "))
		var targets []string
		for _, need := range p.Node("b").Needs {
			targets = append(targets, p.Nodes[need.Node].ID)
		}
		same(t, c.name+": what b waits for", c.targets, strings.Join(targets, " "))
	}
}

// Other numbers of seeds keep what has run: a leg is the same whatever n and max are.
func TestSeedLegsDoNotDependOnTheirNumber(t *testing.T) {
	t.Parallel()
	few := planOf(t, "jobs: {a: {run: 'x ${{ matrix.seed }}', inputs: [], seeds: 2}}\n")
	many := planOf(t, "jobs: {a: {run: 'x ${{ matrix.seed }}', inputs: [], seeds: {n: 3, max: 8}}}\n")
	for _, id := range []string{"a@seed=1", "a@seed=2"} {
		same(t, id, few.Node(id).Definition, many.Node(id).Definition)
		same(t, id, few.Node(id).Env, many.Node(id).Env)
	}
	if few.Node("a@seed=1").Definition == few.Node("a@seed=2").Definition {
		t.Error("two seeds have one definition")
	}
}

func TestSpareLegsAreSelectedByNameAlone(t *testing.T) {
	t.Parallel()
	p := planOf(t, "jobs:\n  w: {run: x, inputs: [], outputs: [d]}\n  a: {run: x, inputs: [d], seeds: {n: 2, max: 4}}\n  b: {run: x, inputs: [], needs: a}\n")
	for _, c := range []struct {
		name string
		down bool
		want string
	}{
		{"", false, "w a@seed=1 a@seed=2 a b"},
		{"a", false, "w a@seed=1 a@seed=2 a"},
		{"w", true, "w a@seed=1 a@seed=2 a b"},
		{"a@seed=4", false, "w a@seed=4"},
	} {
		var names []string
		if c.name != "" {
			names = []string{c.name}
		}
		on, err := p.Select(names, c.down)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for i, n := range p.Nodes {
			if on[i] {
				got = append(got, n.ID)
			}
		}
		same(t, c.name, c.want, strings.Join(got, " "))
	}
}
