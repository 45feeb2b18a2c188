package plan

import (
	"slices"

	"github.com/mlops-runner/mlops/spec"
)

// seeds are those of a job: its own, or those of a job before it that it carries on.
func (b *builder) seeds(j *spec.Job) *spec.Seeds {
	if j.Seeds != nil {
		return j.Seeds
	}
	return b.carried[j.ID.Value]
}

// carries finds the jobs that are to run once for each seed of a training: those
// that measure what it made, and those on the way from its outputs to them. Other
// jobs read the outputs of the seed that was chosen, so that nothing is packed or
// shipped several times. Seeds are not carried beyond a choice among combinations
// of a matrix, since what is chosen is known only when they ran, nor into jobs that
// are never cached.
func (b *builder) carries() map[string]*spec.Seeds {
	before := b.madeOf()
	seeds := map[string]*spec.Seeds{}
	for again := true; again; {
		again = false
		for _, j := range b.file.Jobs {
			if seeds[j.ID.Value] != nil || j.Seeds != nil || j.Cache.Value == "false" {
				continue
			}
			if s := b.seedsOf(before[j.ID.Value], seeds); s != nil {
				seeds[j.ID.Value], again = s, true
			}
		}
	}
	out := map[string]*spec.Seeds{}
	for _, j := range b.file.Jobs {
		if seeds[j.ID.Value] != nil && b.measures(j) {
			keep(j.ID.Value, before, seeds, out)
		}
	}
	return out
}

// madeOf lists by job the jobs whose outputs it reads, in the order of the edges.
func (b *builder) madeOf() map[string][]string {
	out := map[string][]string{}
	for _, n := range b.plan.Nodes {
		for _, need := range n.Needs {
			if from := b.plan.Nodes[need.Node].Job; len(need.Paths) > 0 && !slices.Contains(out[n.Job], from) {
				out[n.Job] = append(out[n.Job], from)
			}
		}
	}
	return out
}

// seedsOf are the seeds that come with the outputs of jobs: of several as many as
// all of them have. It is nil if none has any.
func (b *builder) seedsOf(from []string, carried map[string]*spec.Seeds) (s *spec.Seeds) {
	for _, j := range b.file.Jobs {
		own := j.Seeds
		if own == nil {
			own = carried[j.ID.Value]
		}
		switch {
		case own == nil || own.Max < 2 || !slices.Contains(from, j.ID.Value) || b.choosesAmongCombinations(j):
		case s == nil:
			s = own
		default:
			s = &spec.Seeds{N: min(s.N, own.N), Max: min(s.Max, own.Max), When: s.When}
		}
	}
	return s
}

func (b *builder) choosesAmongCombinations(j *spec.Job) bool {
	return j.Select.Value != "" && len(j.Strategy.Matrix.Axes)+len(j.Strategy.Matrix.Include) > 0
}

// measures reports whether a job reports metrics of what it reads.
func (b *builder) measures(j *spec.Job) bool {
	return len(j.Metrics) > 0 || slices.ContainsFunc(j.Steps, func(s *spec.Step) bool { return b.options.Actions[s.Uses.Value].Measures })
}

// keep takes a job, and those before it that carry the seeds to it.
func keep(job string, before map[string][]string, seeds, out map[string]*spec.Seeds) {
	if seeds[job] == nil || out[job] != nil {
		return
	}
	out[job] = seeds[job]
	for _, from := range before[job] {
		keep(from, before, seeds, out)
	}
}

// perSeed lets a leg that carries a seed on read what the same seed made, in the
// place of what was chosen.
func (b *builder) perSeed(n *Node, needs []Need) []Need {
	if b.carried[n.Job] == nil {
		return needs
	}
	for k, need := range needs {
		if len(need.Paths) == 0 {
			continue
		}
		if leg, ok := b.legOf(need.Node, n.Seed()); ok {
			needs[k].Node = leg
		}
	}
	return needs
}

// legOf is the leg of a seed among those that a Select node stands for; it fails
// where it stands for several combinations, or has no such leg.
func (b *builder) legOf(chooser int, seed any) (int, bool) {
	c := b.plan.Nodes[chooser]
	legs := b.members[chooser]
	if c.Kind != Select || c.Seeds == 0 || len(legs) == 0 {
		return 0, false
	}
	config := b.plan.Nodes[legs[0]].Config
	if b.plan.Nodes[legs[len(legs)-1]].Config != config {
		return 0, false
	}
	for _, i := range b.legs[c.Job] {
		if leg := b.plan.Nodes[i]; leg.Config == config && leg.Seed() == seed {
			return i, true
		}
	}
	return 0, false
}

// Seed is the seed of a leg of a job with seeds, nil if it has none.
func (n *Node) Seed() any {
	v, _ := value(n.Leg, spec.SeedKey)
	return v
}

// follow lets the choice among legs that carry seeds on be that of the job whose
// seeds they are.
func (b *builder) follow(e *edgeSet, w *writers, i int) {
	n := b.plan.Nodes[i]
	if b.carried[n.Job] == nil {
		return
	}
	leg := b.members[i][0]
	probe := &edgeSet{at: map[int]int{}}
	b.dataEdges(probe, w, leg)
	for _, need := range probe.needs {
		if _, ok := b.legOf(need.Node, b.plan.Nodes[leg].Seed()); ok {
			n.Select.Follow = b.plan.Nodes[need.Node].ID
			e.add(need.Node, "", true)
			return
		}
	}
}
