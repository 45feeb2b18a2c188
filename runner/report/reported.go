package report

import (
	"cmp"

	"github.com/mlops-runner/mlops/runner/plan"
	"github.com/mlops-runner/mlops/runner/record"
)

// Reported returns what the jobs of a run without a baseline reported, in the
// order of the plan, each metric with the value that counts. legs tells of job
// instances that are legs of a matrix, by id; declared beats what jobs say of
// directions and units.
func Reported(ms []record.Metric, declared []plan.Metric, legs map[string]Leg) []Metric {
	out := make([]Metric, 0, len(ms))
	for _, r := range readings(ms, legs) {
		m := Metric{Name: r.Name, Slice: r.Slice, Better: r.Better, Unit: r.Unit, Job: r.Job, Others: r.others, Head: number(r.Value), Note: seedNote(&r, nil)}
		for _, d := range declared {
			if d.Name == m.Name {
				m.Better, m.Unit = cmp.Or(d.Better, m.Better), cmp.Or(d.Unit, m.Unit)
			}
		}
		out = append(out, m)
	}
	return out
}
