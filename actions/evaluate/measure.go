package evaluate

import (
	"fmt"
	"math"
	"slices"

	"github.com/mlops-runner/mlops/actions/metric"
	"github.com/mlops-runner/mlops/actions/paired"
	"github.com/mlops-runner/mlops/actions/slice"
	"github.com/mlops-runner/mlops/runner/report"
)

// A part is some rows that are looked at: all, or those of a slice.
type part struct {
	slice map[string]string // nil for all rows
	rows  []int32           // nil for all
	count int
}

// maxMeasured bounds the values of all slices together.
const maxMeasured = 5000

// parts are all rows, and the slices that are large enough to be judged.
func (f *Frame) parts() (parts []part, small []Small, err error) {
	parts = []part{{count: f.rows.Len()}}
	columns := f.sliceColumns()
	limits := slice.Limits{Rows: f.config.minRows, Classes: f.classes()}
	for _, text := range f.config.slices {
		spec, err := slice.Parse(text, nil)
		if err != nil {
			return nil, nil, err
		}
		if err := f.few(spec); err != nil {
			return nil, nil, fmt.Errorf("slices: %s: %w", text, err)
		}
		of, err := spec.Of(columns, limits)
		if err != nil {
			return nil, nil, fmt.Errorf("slices: %s: %w", text, err)
		}
		if of.Note != "" {
			f.notes = append(f.notes, of.Note)
		}
		rows := of.Split()
		for i, s := range of.List {
			if s.Small != "" {
				small = append(small, Small{s.Values, s.Rows, s.Small})
				continue
			}
			parts = append(parts, part{s.Values, rows[i], s.Rows})
		}
	}
	return parts, small, nil
}

// few fails for columns of which not all values were kept.
func (f *Frame) few(spec slice.Spec) error {
	for _, term := range spec.Terms {
		if slices.ContainsFunc(f.others, func(c *column) bool { return c.name == term.Column && c.many }) {
			return &ColumnError{Column: term.Column, Reason: fmt.Sprintf("holds more than %d values", maxValues), Fix: "slice by a column that puts them together"}
		}
	}
	return nil
}

// classes are those of a binary task, of which a slice needs both.
func (f *Frame) classes() []int8 {
	if f.rows.Task != metric.Binary {
		return nil
	}
	out := make([]int8, f.rows.Len())
	for i, x := range f.rows.Label {
		out[i] = int8(x)
	}
	return out
}

// pick returns the rows of a part.
func (p part) pick(r *metric.Rows) *metric.Rows {
	if p.rows == nil || r == nil {
		return r
	}
	return r.Pick(p.rows)
}

func (p part) groups(all []uint64) []uint64 {
	if p.rows == nil || all == nil {
		return all
	}
	out := make([]uint64, len(p.rows))
	for i, row := range p.rows {
		out[i] = all[row]
	}
	return out
}

// measure computes the metrics of all parts.
func (f *Frame) measure(ms []wanted, parts []part) (out []Measured, err error) {
	for _, p := range parts {
		if len(out)+len(ms) > maxMeasured {
			f.notes = append(f.notes, fmt.Sprintf("of %d slices only the first are measured, %d values in all; name fewer slices or metrics", len(parts)-1, len(out)))
			break
		}
		more, err := f.measurePart(ms, p)
		if err != nil {
			return nil, err
		}
		out = append(out, more...)
	}
	return out, nil
}

func (f *Frame) measurePart(ms []wanted, p part) (out []Measured, err error) {
	rows := p.pick(f.rows)
	pair, err := newPair(rows, nil, p.groups(f.groups), f.seed())
	if err != nil {
		return nil, err
	}
	for _, m := range ms {
		e, err := pair.estimate(m.Metric)
		if err != nil && (m.byTask || p.slice != nil) {
			if p.slice == nil {
				f.notes = append(f.notes, fmt.Sprintf("without %s: %v", m.name, err))
			}
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", m.name, err)
		}
		out = append(out, m.measured(p, e))
	}
	return out, nil
}

func (m wanted) measured(p part, e paired.Estimate) Measured {
	out := Measured{
		Name: m.name, Title: m.Display, Slice: p.slice, Better: string(m.Better), Unit: m.unit, Rows: p.count,
		Value: report.Number(e.A.Value),
	}
	if math.IsNaN(e.A.Value) {
		out.Reason = e.Reason
		return out
	}
	out.Own = interval(e.A, e)
	return out
}

// interval is that of a value in the form of reports; nil if it is not known.
func interval(v paired.Value, e paired.Estimate) *report.Interval {
	if math.IsNaN(v.Low) || math.IsNaN(v.High) {
		return nil
	}
	i := &report.Interval{Low: report.Number(v.Low), High: report.Number(v.High), Level: e.Level, Method: e.Method, N: e.N, Unit: "rows"}
	if e.Clusters < e.N {
		i.N, i.Unit = e.Clusters, "groups"
	}
	return i
}

// seed is a digest of the predictions in whatever order, so that equal ones have
// equal intervals.
func (f *Frame) seed() uint64 {
	sum := uint64(f.rows.Len())
	for row, label := range f.rows.Label {
		h := mix(math.Float64bits(label))
		for _, list := range [][]float64{f.rows.Score, f.rows.Prediction} {
			if list != nil {
				h = mix(h ^ math.Float64bits(list[row]))
			}
		}
		sum += h
	}
	return sum
}
