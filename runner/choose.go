package runner

import (
	"cmp"
	"fmt"
	"math"

	"github.com/mlops-runner/mlops/runner/agent"
	"github.com/mlops-runner/mlops/runner/plan"
	"github.com/mlops-runner/mlops/runner/record"
)

// A candidate is a leg that a Select node may choose.
type candidate struct {
	leg, config string
	value       float64 // of the metric, 0 without one
	outcome     *outcome
}

// choose picks the leg of a Select node: the one with the best value of the
// metric, of equal ones the first; without a metric the first leg. NaN never wins.
// Legs that differ in their seed alone are one configuration: the best of these is
// that with the best mean, and the best leg is looked for in it.
func (x *execution) choose(n *plan.Node) *outcome {
	cs, bad := x.candidates(n)
	if bad != nil {
		return bad
	}
	followed := x.followed(n)
	config := best(n.Select, means(cs))
	var legs []candidate
	for _, c := range cs {
		if config != nil && c.config == config.config {
			legs = append(legs, c)
		}
	}
	winner := best(n.Select, legs)
	for i := range legs {
		if followed != nil && seedOf(x.Plan.Node(legs[i].leg)) == followed {
			winner = &legs[i]
		}
	}
	if winner == nil {
		return &outcome{status: agent.Failure, reason: agent.ReasonConfig, err: fmt.Sprintf("no leg of %s has a value of %s", n.Job, n.Select.Metric)}
	}
	o := winner.outcome
	return &outcome{status: agent.Success, cached: o.cached, product: o.product, leg: winner.leg, config: winner.config}
}

// followed is the seed that was chosen of the job before, nil where none is to be
// followed.
func (x *execution) followed(n *plan.Node) any {
	i := x.Plan.Index(n.Select.Follow)
	if i < 0 || x.outcomes[i] == nil {
		return nil
	}
	return seedOf(x.Plan.Node(x.outcomes[i].leg))
}

// seedOf is the seed of a leg, nil if there is none.
func seedOf(leg *plan.Node) any {
	if leg == nil {
		return nil
	}
	return leg.Seed()
}

// candidates are the legs that made something, in the order of the plan.
func (x *execution) candidates(n *plan.Node) (cs []candidate, bad *outcome) {
	for _, need := range n.Needs {
		o, node := x.outcomes[need.Node], x.Plan.Nodes[need.Node]
		if o.product == nil || node.Job != n.Job { // the other is who is followed
			continue
		}
		c := candidate{leg: node.ID, config: cmp.Or(node.Config, node.ID), outcome: o}
		if n.Select.Metric != "" {
			v, ok := metricOf(o.product.metrics, n.Select.Metric)
			if !ok {
				return nil, &outcome{status: agent.Failure, reason: agent.ReasonConfig,
					err: fmt.Sprintf("%s reported no metric %s, by which %s is selected", node.ID, n.Select.Metric, n.Job),
					fix: fmt.Sprintf("write %s into a metrics file of the job's outputs, or a line %s=NUMBER to $MLOPS_METRICS", n.Select.Metric, n.Select.Metric)}
			}
			c.value = v
		}
		cs = append(cs, c)
	}
	return cs, nil
}

// means returns one candidate for each configuration, with the mean of its legs.
func means(cs []candidate) (out []candidate) {
	at, count := map[string]int{}, map[string]float64{}
	for _, c := range cs {
		i, ok := at[c.config]
		if !ok {
			i = len(out)
			at[c.config] = i
			out = append(out, candidate{config: c.config})
		}
		count[c.config]++
		out[i].value += (c.value - out[i].value) / count[c.config]
	}
	return out
}

// best is the winner of a selection, nil if there is none.
func best(s plan.Selection, cs []candidate) *candidate {
	var winner *candidate
	for i := range cs {
		c := &cs[i]
		switch {
		case math.IsNaN(c.value):
		case winner == nil || s.Highest && c.value > winner.value || !s.Highest && c.value < winner.value:
			winner = c
		}
		if s.Metric == "" {
			return winner
		}
	}
	return winner
}

func metricOf(ms []record.Metric, name string) (float64, bool) {
	for _, m := range ms {
		if m.Name == name && len(m.Slice) == 0 {
			return m.Value, true
		}
	}
	return 0, false
}
