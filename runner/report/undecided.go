package report

import (
	"slices"

	"github.com/mlops-runner/mlops/spec"
)

// Unsure returns the metrics that leave gates of a report undecided and whose
// intervals rest on seeds, so that more seeds may decide. contexts are those that
// the gates were judged with.
func (r *Report) Unsure(contexts map[string]any) []Metric {
	var read []string
	for _, g := range r.Gates {
		if g.Outcome == Undecided {
			read = append(read, gated([]spec.Str{{Value: g.Gate, Pos: g.Pos}}, contexts)...)
		}
	}
	var out []Metric
	for _, m := range r.Metrics {
		overSeeds := m.Interval != nil && m.Interval.Unit == unitSeeds
		if overSeeds && slices.Contains(read, gateName(m.Name, len(m.Slice) > 0)) {
			out = append(out, m)
		}
	}
	return out
}

// unitSeeds is what an interval over seeds rests on.
const unitSeeds = "seeds"
