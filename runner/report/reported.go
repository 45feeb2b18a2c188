package report

import (
	"cmp"
	"slices"

	"github.com/mlops-runner/mlops/runner/plan"
	"github.com/mlops-runner/mlops/runner/record"
)

// Reported returns what the jobs of a run reported, in the order of the plan,
// each metric with the value that counts, beside no baseline. legs tells of job
// instances that are legs of a matrix, by id; what is declared of directions
// and units beats what jobs say.
func Reported(ms []record.Metric, declared []plan.Metric, legs map[string]Leg) []Metric {
	places := make(map[string]place, len(legs))
	for id, l := range legs {
		places[id] = l.place(id)
	}
	says := declarations(declared)
	out := make([]Metric, 0, len(ms))
	for _, r := range readings(ms, places) {
		out = append(out, r.metric(says))
	}
	return out
}

// metric is what a reading alone tells.
func (r *reading) metric(declared map[string]plan.Metric) Metric {
	d := declared[r.Name]
	return Metric{
		Name: r.Name, Slice: r.Slice, Better: cmp.Or(d.Better, r.Better), Unit: cmp.Or(d.Unit, r.Unit), Job: r.Job, Others: r.others,
		Head: number(r.Value), Seeds: len(r.seeds),
	}
}

func declarations(ms []plan.Metric) map[string]plan.Metric {
	by := make(map[string]plan.Metric, len(ms))
	for _, m := range ms {
		by[m.Name] = m
	}
	return by
}

// Histories returns what each metric was in a row of runs, oldest first, in
// Past: of all rows alone, and only finite values that the run measured itself.
// The order is that of the newest run.
func Histories(runs []*record.Run, declared []plan.Metric) []Metric {
	says := declarations(declared)
	var found []reading
	var keys []string
	seen := map[string]bool{}
	for _, run := range slices.Backward(runs) {
		for _, r := range readingsOf(run) {
			if len(r.Slice) == 0 && !seen[r.key] {
				seen[r.key] = true
				found, keys = append(found, r), append(keys, r.key)
			}
		}
	}
	p := newPast(runs, keys)
	out := make([]Metric, len(found))
	for i := range found {
		out[i] = found[i].metric(says)
		out[i].Past = p.measured(&found[i], out[i].Unit)
	}
	return out
}
