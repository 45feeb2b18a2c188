package report

import (
	"math"
	"slices"
	"strings"

	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/spec/expression"
)

// A reading is the value of a metric that counts among those that the jobs of
// one run reported: that of the last job, or of the last group of legs that
// differ in their seed alone, whose mean it is.
type reading struct {
	record.Metric
	seeds  []seed   // two or more, or nil
	others []string // jobs whose other value does not count
	reused bool     // was measured in an earlier run
}

// A seed is the value of one leg.
type seed struct {
	name  string // the matrix values that make the seed, as canonical JSON
	value float64
}

// A Leg says how a job instance stands among those of its job.
type Leg struct {
	Job    string // key in mlops.yaml
	Matrix record.Values
	Reused bool // its metrics were measured in an earlier run
}

// seedKeys are the names of matrix values that mean nothing but another roll of
// the dice, in lower case.
var seedKeys = []string{"seed", "random_state"}

func isSeed(name string) bool { return slices.Contains(seedKeys, strings.ToLower(name)) }

// split returns what a leg has in common with those of other seeds, for people
// and for maps, and its seed; "" for none.
func (l Leg) split(id string) (group, key, name string) {
	rest, seeds := record.Values{}, record.Values{}
	for k, v := range l.Matrix {
		if isSeed(k) {
			seeds[k] = v
		} else {
			rest[k] = v
		}
	}
	if len(seeds) == 0 {
		return id, id, ""
	}
	var parts []string
	for _, k := range sortedKeys(rest) {
		parts = append(parts, k+"="+expression.Format(expression.FromGo(rest[k])))
	}
	group = l.Job
	if len(parts) > 0 {
		group += "@" + strings.Join(parts, ",")
	}
	return group, l.Job + " " + canonical(rest), canonical(seeds)
}

// canonical is the one text of a value.
func canonical(v any) string {
	line, err := record.CanonicalLine(v)
	if err != nil {
		return err.Error()
	}
	return strings.TrimSuffix(string(line), "\n")
}

// readings returns the values that count, in the order in which their metrics
// were first reported.
func readings(ms []record.Metric, legs map[string]Leg) []reading {
	at := map[string]int{}
	var all [][]record.Metric
	for _, m := range ms {
		key := m.Key()
		i, ok := at[key]
		if !ok {
			i, at[key] = len(all), len(all)
			all = append(all, nil)
		}
		all[i] = append(all[i], m)
	}
	out := make([]reading, len(all))
	for i, same := range all {
		out[i] = reading1(same, legs)
	}
	return out
}

// reading1 chooses among the values of one metric.
func reading1(all []record.Metric, legs map[string]Leg) reading {
	last := all[len(all)-1]
	r := reading{Metric: last, reused: legs[last.Job].Reused}
	group, key, name := legs[last.Job].split(last.Job)
	sum := 0.0
	var others []record.Metric
	for _, m := range all {
		if _, k, n := legs[m.Job].split(m.Job); name == "" || k != key || n == "" {
			others = append(others, m)
			continue
		} else {
			r.seeds = append(r.seeds, seed{n, m.Value})
			sum += m.Value
		}
	}
	if len(r.seeds) < 2 {
		r.seeds, others = nil, all
	} else {
		r.Value, r.Job = sum/float64(len(r.seeds)), group
	}
	for _, m := range others {
		if m.Job != last.Job && !sameFloat(m.Value, r.Value) && !slices.Contains(r.others, m.Job) {
			r.others = append(r.others, m.Job)
		}
	}
	return r
}

func sameFloat(a, b float64) bool { return a == b || math.IsNaN(a) && math.IsNaN(b) }

// of returns the readings of a run. Legs that a job's select did not choose do not count.
func readingsOf(r *record.Run) []reading {
	legs := make(map[string]Leg, len(r.Jobs))
	var ms []record.Metric
	for _, j := range r.Jobs {
		legs[j.ID] = Leg{Job: j.Job, Matrix: j.Matrix, Reused: j.Cached}
		if chosen := r.Selected[j.Job]; chosen != "" && chosen != j.ID {
			continue
		}
		for _, m := range j.Metrics {
			m.Job = j.ID
			ms = append(ms, m)
		}
	}
	return readings(ms, legs)
}
