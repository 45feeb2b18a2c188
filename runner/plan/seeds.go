package plan

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"

	"github.com/mlops-runner/mlops/spec"
)

// SeedVariable is the environment variable in which a leg of a job with seeds
// finds its seed.
const SeedVariable = "MLOPS_SEED"

// seeded adds the legs of a job with seeds: each combination of its matrix with
// the seeds 1, 2, … up to the most that may run, and who chooses among them.
// Those beyond n are spare. What a leg is does not depend on how many there are,
// so that other numbers of seeds reuse what has run.
func (b *builder) seeded(j *spec.Job, s *spec.Seeds, ids []string, ls []spec.Leg) {
	if !b.countSeeds(j, s, len(ids)) {
		return
	}
	var all []int
	for i, id := range ids {
		var legs []int
		for seed := 1; seed <= s.Max; seed++ {
			if seed <= s.N {
				legs = append(legs, len(b.plan.Nodes))
			}
			b.add(b.seedLeg(j, s, id, ls[i], seed))
		}
		if j.Select.Value == "" {
			n := b.selectNode(j, id, legs)
			n.Leg = ls[i]
			b.choice(j, n.withSeeds(j, s, ""), legs)
		}
		all = append(all, legs...)
	}
	if j.Select.Value != "" {
		b.choice(j, b.selectNode(j, j.ID.Value, all).withSeeds(j, s, ""), all)
	}
}

// seedLeg makes the node of one seed.
func (b *builder) seedLeg(j *spec.Job, seeds *spec.Seeds, config string, leg spec.Leg, seed int) (*Node, source) {
	leg = append(slices.Clip(leg), spec.LegValue{Name: spec.SeedKey, Value: float64(seed)})
	n, s := b.node(j, seedID(config, len(leg) > 1, seed), leg)
	n.withSeeds(j, seeds, config).Publish, n.Spare = false, seed > seeds.N
	if j.Seeds != nil {
		n.Env = append([]Var{{SeedVariable, strconv.Itoa(seed)}}, n.Env...)
	}
	return n, s
}

func (n *Node) withSeeds(j *spec.Job, s *spec.Seeds, config string) *Node {
	n.Config, n.Seeds, n.MaxSeeds = config, s.N, s.Max
	if n.Pos == (spec.Pos{}) {
		n.Pos = j.Pos
	}
	return n
}

// seedID names the leg of a seed: train@seed=2, train@depth=4,seed=2. The name
// of its configuration stands before it as it is.
func seedID(config string, matrix bool, seed int) string {
	sign := "@"
	if matrix {
		sign = ","
	}
	return config + sign + spec.SeedKey + "=" + strconv.Itoa(seed)
}

// countSeeds bounds how many legs seeds make.
func (b *builder) countSeeds(j *spec.Job, s *spec.Seeds, configs int) bool {
	limit := cmp.Or(b.options.MaxLegs, defaultLegs)
	if n := configs * s.Max; n > limit {
		b.report(j.Pos, spec.CodeMatrix, fmt.Sprintf("the seeds of job %q make %d legs; at most %d are allowed", j.ID, n, limit), "lower max or n of seeds, or try fewer combinations")
		return false
	}
	return true
}

// Choice says among what a Select node chooses, for people: "3 legs", "3 seeds",
// "2 legs by the mean of 3 seeds each", and how many seeds there may be.
func (n *Node) Choice() string {
	legs := len(n.Needs)
	if n.Select.Follow != "" {
		legs--
	}
	if n.Seeds == 0 {
		return fmt.Sprintf("%d legs", legs)
	}
	text := counted(n.Seeds, "seed")
	if configs := legs / n.Seeds; configs > 1 {
		text = fmt.Sprintf("%d legs by the mean of %s each", configs, text)
	}
	return text + n.MoreSeeds()
}

// MoreSeeds says how many seeds a job may come to, for people; "" if there are no more.
func (n *Node) MoreSeeds() string {
	if n.MaxSeeds <= n.Seeds {
		return ""
	}
	return fmt.Sprintf(", up to %d seeds while a gate can't tell", n.MaxSeeds)
}

func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
