package report

import (
	"math"
	"slices"

	"github.com/mlops-runner/mlops/runner/record"
)

// A past is what metrics were in a row of runs. It is one table, filled in one
// pass over the runs, because there may be thousands of metrics in dozens.
type past struct {
	at   map[string]int // row of a metric, by key
	rows [][]pastValue  // a value for each run
}

// A pastValue is what an earlier run had of a metric.
type pastValue struct {
	value  float64
	unit   string
	seeds  int  // whose mean it is, 0 for one value
	reused bool // was measured in a run before that
	known  bool
}

// newPast reads the values of runs, oldest first, of the metrics with these
// keys, which may repeat.
func newPast(runs []*record.Run, keys []string) *past {
	p := &past{at: make(map[string]int, len(keys))}
	if len(runs) == 0 {
		return p
	}
	for _, k := range keys {
		if _, ok := p.at[k]; !ok {
			p.at[k] = len(p.at)
		}
	}
	cells := make([]pastValue, len(p.at)*len(runs))
	for i := range len(p.at) {
		p.rows = append(p.rows, cells[i*len(runs):(i+1)*len(runs)])
	}
	for i, r := range runs {
		if !p.take(i, r) {
			p.choose(i, r)
		}
	}
	return p
}

// take reads the values of run i if none of its metrics has two.
func (p *past) take(i int, r *record.Run) bool {
	for k := range r.Jobs {
		j := &r.Jobs[k]
		for n := range j.Metrics {
			m := &j.Metrics[n]
			at, ok := p.at[m.Key()]
			switch {
			case !ok:
			case p.rows[at][i].known:
				return false
			default:
				p.rows[at][i] = pastValue{value: m.Value, unit: m.Unit, reused: j.Cached, known: true}
			}
		}
	}
	return len(r.Selected) == 0
}

// choose reads them by the rule which of several counts.
func (p *past) choose(i int, r *record.Run) {
	for _, row := range p.rows {
		row[i] = pastValue{}
	}
	rs := readingsOf(r)
	for k := range rs {
		if at, ok := p.at[rs[k].key]; ok {
			p.rows[at][i] = pastValue{rs[k].Value, rs[k].Unit, len(rs[k].seeds), rs[k].reused, true}
		}
	}
}

// row returns the values of a metric, one for each run.
func (p *past) row(key string) []pastValue {
	i, ok := p.at[key]
	if !ok {
		return nil
	}
	return p.rows[i]
}

// points returns the values of a metric, the last n of them; the step counts runs.
func (p *past) points(key string, n int) (ps []Point) {
	row := p.row(key)
	for i := len(row) - 1; i >= 0 && len(ps) < n; i-- {
		if row[i].known {
			ps = append(ps, Point{Step: float64(i), Value: row[i].value})
		}
	}
	slices.Reverse(ps)
	return ps
}

// measured returns the finite values that runs measured themselves, in the way
// of h: a value that was reused says nothing of noise, and the mean of seeds has
// less of it than one. Those in another unit do not count.
func (p *past) measured(h *reading, unit string) (ps []Point) {
	for i, v := range p.row(h.key) {
		if !v.known || v.reused || v.seeds != len(h.seeds) || math.IsNaN(v.value-v.value) {
			continue
		}
		if v.unit == "" || unit == "" || v.unit == unit {
			ps = append(ps, Point{Step: float64(i), Value: v.value})
		}
	}
	return ps
}

func valuesIn(ps []Point) []float64 {
	out := make([]float64, len(ps))
	for i, p := range ps {
		out[i] = p.Value
	}
	return out
}
