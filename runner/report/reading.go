package report

import (
	"math"
	"slices"
	"strings"

	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/report/history"
	"github.com/mlops-runner/mlops/spec"
	"github.com/mlops-runner/mlops/spec/expression"
)

// A reading is the value of a metric that counts among those that the jobs of
// one run reported: that of the last job, or the mean of the last group of legs
// that differ in their seed alone.
type reading struct {
	record.Metric
	key    string   // of the metric
	seeds  []seed   // two or more, or nil
	job    string   // key in mlops.yaml of who reported it
	others []string // jobs whose other value does not count
	reused bool     // was measured in an earlier run
}

// A seed is what one of several legs has.
type seed struct {
	name  string // the matrix values that make the seed, as canonical JSON
	value float64
}

// A Leg says how a job instance stands among those of its job.
type Leg struct {
	Job    string // key in mlops.yaml
	Matrix record.Values
}

// isSeed reports whether a matrix value means nothing but another roll of the dice.
func isSeed(name string) bool {
	return strings.EqualFold(name, "seed") || strings.EqualFold(name, "random_state")
}

// A place is what a job instance has in common with those of other seeds.
type place struct {
	job    string // key in mlops.yaml
	group  string // for people: train, train@depth=4
	key    string // equal for legs that differ in their seed alone
	seed   string // "" for none
	reused bool
}

func (l Leg) place(id string) place {
	rest, seeds := record.Values{}, record.Values{}
	for k, v := range l.Matrix {
		if isSeed(k) {
			seeds[k] = v
		} else {
			rest[k] = v
		}
	}
	if len(seeds) == 0 {
		return place{job: l.Job, group: id, key: id}
	}
	var parts []string
	for _, k := range sortedKeys(rest) {
		parts = append(parts, k+"="+expression.Format(expression.FromGo(rest[k])))
	}
	group := l.Job
	if len(parts) > 0 {
		group += "@" + strings.Join(parts, ",")
	}
	return place{job: l.Job, group: group, key: l.Job + " " + canonical(rest), seed: canonical(seeds)}
}

// canonical is the one text of a value.
func canonical(v any) string {
	line, err := record.CanonicalLine(v)
	if err != nil {
		return err.Error()
	}
	return strings.TrimSuffix(string(line), "\n")
}

// Config is what the id of a leg of seeds has in common with those of other
// seeds, which a select chooses together: train@depth=4 of train@depth=4,seed=2.
func Config(j record.Job) string {
	id, _ := strings.CutSuffix(j.ID, spec.SeedKey+"="+expression.Format(expression.FromGo(j.Matrix[spec.SeedKey])))
	return strings.TrimRight(id, ",@")
}

// readingsOf returns the readings of a run. Legs that a job's select did not
// choose do not count.
func readingsOf(r *record.Run) []reading {
	places := make(map[string]place, len(r.Jobs))
	var ms []record.Metric
	for _, j := range r.Jobs {
		p := Leg{Job: j.Job, Matrix: j.Matrix}.place(j.ID)
		p.reused = j.Cached
		places[j.ID] = p
		if chosen := r.Selected[j.Job]; chosen != "" && chosen != j.ID && chosen != Config(j) {
			continue
		}
		from := len(ms)
		ms = append(ms, j.Metrics...)
		for i := range ms[from:] {
			ms[from+i].Job = j.ID
		}
	}
	return readings(ms, places)
}

// readings returns the values that count, in the order in which their metrics
// were first reported. A job without a place stands for itself.
func readings(ms []record.Metric, places map[string]place) []reading {
	at := make(map[string]int, len(ms))
	out := make([]reading, 0, len(ms))
	again := map[int][]record.Metric{} // all values of those with several
	for i, m := range ms {
		key := m.Key()
		k, ok := at[key]
		if !ok {
			at[key] = len(out)
			out = append(out, reading{Metric: m, key: key})
			continue
		}
		if again[k] == nil {
			again[k] = []record.Metric{out[k].Metric}
		}
		again[k] = append(again[k], ms[i])
	}
	for k := range out {
		r := &out[k]
		r.job, r.reused = places[r.Job].job, places[r.Job].reused
		if all := again[k]; all != nil {
			r.choose(all, places)
		}
	}
	return out
}

// choose takes the value that counts of several.
func (r *reading) choose(all []record.Metric, places map[string]place) {
	last := all[len(all)-1]
	at := places[last.Job]
	r.Metric, r.job, r.reused = last, at.job, at.reused
	others := all
	if at.seed != "" {
		others = nil
		for _, m := range all {
			p := places[m.Job]
			if p.seed == "" || p.key != at.key {
				others = append(others, m)
				continue
			}
			r.seeds = append(r.seeds, seed{p.seed, m.Value})
		}
		if len(r.seeds) > 1 {
			r.Value, _ = history.Moments(valuesOf(r.seeds))
			r.Job = at.group
		} else {
			r.seeds = nil
		}
	}
	for _, m := range others {
		if m.Job != last.Job && !sameFloat(m.Value, r.Value) && !slices.Contains(r.others, m.Job) {
			r.others = append(r.others, m.Job)
		}
	}
}

// like returns r as it would be with the seeds of h alone, if it has all of
// them and more: then the two are paired, and what differs between seeds does not
// make the difference of the runs less sure.
func (r *reading) like(h *reading) *reading {
	if len(h.seeds) < 2 || len(r.seeds) <= len(h.seeds) {
		return r
	}
	at := make(map[string]seed, len(r.seeds))
	for _, s := range r.seeds {
		at[s.name] = s
	}
	out := *r
	out.seeds = nil
	for _, s := range h.seeds {
		if same, ok := at[s.name]; ok {
			out.seeds = append(out.seeds, same)
		}
	}
	if len(out.seeds) < len(h.seeds) {
		return r
	}
	out.Value, _ = history.Moments(valuesOf(out.seeds))
	return &out
}

func sameFloat(a, b float64) bool { return a == b || math.IsNaN(a) && math.IsNaN(b) }
