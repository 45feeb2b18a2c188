package datacheck

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/mlops-runner/mlops/actions/table"
)

// maxLeakCells bounds the values of a sample in which columns are looked for that
// give the label away.
const maxLeakCells = 1 << 20

// leaks looks for columns that tell the label by themselves, in a sample of every
// n-th row.
type leaks struct {
	s      *setup
	label  int
	stride uint64
	most   int
	labels []string
	cells  [][]string // of each sampled row; nulls are ""
}

func leaksProbe(s *setup) (probe, error) {
	at, err := s.indices("label", []string{s.label})
	if err != nil {
		return nil, err
	}
	return &leaks{s: s, label: at[0], stride: 1, most: min(20_000, maxLeakCells/len(s.columns))}, nil
}

func (p *leaks) see(b *table.Batch, first uint64) error {
	for i := range b.Rows {
		if (first+uint64(i))%p.stride != 0 || b.Columns[p.label].Null(i) {
			continue
		}
		row := make([]string, len(b.Columns))
		for k := range row {
			row[k] = text(&b.Columns[k], i)
		}
		p.labels, p.cells = append(p.labels, row[p.label]), append(p.cells, row)
		if len(p.cells) >= 2*p.most {
			p.halve()
		}
	}
	return nil
}

// halve leaves out every other row, so that the sample stays one of the whole.
func (p *leaks) halve() {
	p.stride *= 2
	n := 0
	for i := 0; i < len(p.cells); i += 2 {
		p.labels[n], p.cells[n] = p.labels[i], p.cells[i]
		n++
	}
	p.labels, p.cells = p.labels[:n], p.cells[:n]
}

func (p *leaks) results() ([]Result, error) { return nil, nil }

func (p *leaks) hints() (out []Hint, err error) {
	classes := map[string]int{}
	for _, l := range p.labels {
		classes[l]++
	}
	if len(p.labels) < fewRows || len(classes) < 2 || len(classes) > 20 {
		return nil, nil
	}
	for k, c := range p.s.columns {
		if k == p.label {
			continue
		}
		values := make([]string, len(p.cells))
		for i := range values {
			values[i] = p.cells[i][k]
		}
		if how, power := power(values, p.labels, classes); power > leakPower {
			out = append(out, Hint{Kind: "leak", Column: c.Name, Text: fmt.Sprintf("it tells %s by itself (%s %.3f): would it be known when predicting?", p.s.label, how, power)})
		}
	}
	return out, nil
}

func (p *leaks) close() error { return nil }

// power is how well a column alone tells the label, from 0 for chance to 1: of
// numbers and two classes the area under the ROC curve, whichever way it points; else
// how much purer the column's values make the classes. Columns with hardly any
// value twice tell nothing that way.
func power(values, labels []string, classes map[string]int) (how string, power float64) {
	groups := map[string]map[string]int{}
	for i, v := range values {
		if groups[v] == nil {
			groups[v] = map[string]int{}
		}
		groups[v][labels[i]]++
	}
	if numbers, ok := allNumbers(values); ok && len(classes) == 2 && len(groups) > 2 {
		a := auc(numbers, labels)
		return "AUC", max(a, 1-a)
	}
	if len(groups) > len(values)/10 {
		return "", 0
	}
	most, pure := 0, 0
	for _, n := range classes {
		most = max(most, n)
	}
	for _, g := range groups {
		best := 0
		for _, n := range g {
			best = max(best, n)
		}
		pure += best
	}
	return "purity", float64(pure-most) / float64(len(values)-most)
}

func allNumbers(values []string) ([]float64, bool) {
	out := make([]float64, len(values))
	for i, v := range values {
		n, ok := parse(v, "float")
		if !ok {
			return nil, false
		}
		out[i] = n
	}
	return out, true
}

// auc is the share of pairs of both classes that the numbers order, ties counting
// half (Mann and Whitney, 1947).
func auc(numbers []float64, labels []string) float64 {
	order := make([]int, len(numbers))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(numbers[a], numbers[b]) })
	positive := labels[0]
	ranks, n := 0.0, 0
	for from := 0; from < len(order); {
		to := from + 1
		for to < len(order) && numbers[order[to]] == numbers[order[from]] {
			to++
		}
		for _, i := range order[from:to] {
			if labels[i] == positive {
				ranks += float64(from+to+1) / 2
				n++
			}
		}
		from = to
	}
	m := len(order) - n
	return (ranks - float64(n)*float64(n+1)/2) / (float64(n) * float64(m))
}
