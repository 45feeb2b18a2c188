package runner

import (
	"fmt"
	"math"

	"github.com/mlops-runner/mlops/runner/agent"
	"github.com/mlops-runner/mlops/runner/plan"
	"github.com/mlops-runner/mlops/runner/record"
)

// choose picks the leg of a Select node: the one with the best value of the
// metric, of equal ones the first; without a metric the first leg. NaN never wins.
func (x *execution) choose(n *plan.Node) *outcome {
	best := math.NaN()
	var winner *outcome
	leg := ""
	for _, need := range n.Needs {
		o, id := x.outcomes[need.Node], x.Plan.Nodes[need.Node].ID
		if o.product == nil {
			continue
		}
		if n.Select.Metric == "" {
			winner, leg = o, id
			break
		}
		v, ok := metricOf(o.product.metrics, n.Select.Metric)
		if !ok {
			return &outcome{status: agent.Failure, reason: agent.ReasonConfig,
				err: fmt.Sprintf("%s reported no metric %s, by which %s is selected", id, n.Select.Metric, n.Job),
				fix: fmt.Sprintf("write %s into a metrics file of the job's outputs, or a line %s=NUMBER to $MLOPS_METRICS", n.Select.Metric, n.Select.Metric)}
		}
		if math.IsNaN(v) {
			continue
		}
		if math.IsNaN(best) || n.Select.Highest && v > best || !n.Select.Highest && v < best {
			best, winner, leg = v, o, id
		}
	}
	if winner == nil {
		return &outcome{status: agent.Failure, reason: agent.ReasonConfig, err: fmt.Sprintf("no leg of %s has a value of %s", n.Job, n.Select.Metric)}
	}
	return &outcome{status: agent.Success, cached: winner.cached, product: winner.product, leg: leg}
}

func metricOf(ms []record.Metric, name string) (float64, bool) {
	for _, m := range ms {
		if m.Name == name && len(m.Slice) == 0 {
			return m.Value, true
		}
	}
	return 0, false
}
