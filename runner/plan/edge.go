package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/mlops-runner/mlops/spec"
)

// edges finds what each node waits for: `needs`, the legs of a select, and the
// nodes whose outputs it reads.
func (b *builder) edges() {
	w := b.writers()
	for i, n := range b.plan.Nodes {
		e := &edgeSet{at: map[int]int{}}
		if n.Kind == Select {
			for _, leg := range b.members[i] {
				e.add(leg, "", true)
			}
			b.follow(e, w, i)
			n.Needs = e.needs
			continue
		}
		for _, need := range b.sources[i].job.Needs {
			for _, target := range b.targets(need.Value) {
				e.add(target, "", true)
			}
		}
		b.dataEdges(e, w, i)
		n.Needs = b.perSeed(n, e.needs)
	}
	w.conflicts(b)
}

// targets are the nodes that stand for a job: its Selects, or all of its legs.
func (b *builder) targets(job string) []int {
	if s, ok := b.selects[job]; ok {
		return s
	}
	return b.legs[job]
}

// dataEdges adds the nodes that write what node i reads.
func (b *builder) dataEdges(e *edgeSet, w *writers, i int) {
	n := b.plan.Nodes[i]
	var without []string
	for _, in := range n.Inputs {
		if rest, ok := strings.CutPrefix(in.Pattern, "!"); ok {
			without = append(without, rest)
		}
	}
	for k, in := range n.Inputs {
		if strings.HasPrefix(in.Pattern, "!") || in.Source != "" {
			continue
		}
		for _, out := range w.read(in.Pattern) {
			if slices.ContainsFunc(without, func(p string) bool { return excluded(p, out.path) }) {
				continue
			}
			if m := b.plan.Nodes[out.node]; m.Job != n.Job {
				e.add(out.node, out.path, false)
			} else if (out.node == i || m.Kind == Select) && readsItself(in.Pattern, out.path) {
				b.report(b.sources[i].input(k), spec.CodeOwnInput, fmt.Sprintf("job %q reads %s, which it writes itself", n.Job, out.path),
					"read from one path and write to another")
			} // another leg of the same matrix: each leg has its own outputs
		}
	}
}

type edgeSet struct {
	needs []Need
	at    map[int]int
}

func (e *edgeSet) add(node int, path string, order bool) {
	i, ok := e.at[node]
	if !ok {
		i = len(e.needs)
		e.at[node] = i
		e.needs = append(e.needs, Need{Node: node})
	}
	e.needs[i].Order = e.needs[i].Order || order
	if path != "" && !slices.Contains(e.needs[i].Paths, path) {
		e.needs[i].Paths = append(e.needs[i].Paths, path)
	}
}
