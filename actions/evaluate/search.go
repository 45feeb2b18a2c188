package evaluate

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/mlops-runner/mlops/actions/metric"
	"github.com/mlops-runner/mlops/actions/slice"
	"github.com/mlops-runner/mlops/actions/table"
	"github.com/mlops-runner/mlops/runner/report"
)

// features are the columns among which slices are searched, and why others are
// left out.
func (f *Frame) features() (out []slice.Feature, notes []string, err error) {
	if !f.config.findAll && len(f.config.find) == 0 {
		return nil, nil, nil
	}
	columns := f.sliceColumns()
	for i, c := range f.others {
		named := slices.Contains(f.config.find, c.name)
		if !named && !f.config.findAll {
			continue
		}
		if c.many {
			notes = append(notes, fmt.Sprintf("%s holds more than %d values", c.name, maxValues))
			continue
		}
		feature, err := slice.Auto(columns[i])
		if tooMany := new(slice.TooManyError); errors.As(err, &tooMany) {
			notes = append(notes, err.Error())
			continue
		} else if err != nil {
			return nil, nil, err
		}
		if len(feature.Values) > 1 {
			out = append(out, feature)
		}
	}
	return out, notes, nil
}

// search looks for slices in which values, a loss or a difference of losses, are
// higher than elsewhere. ids names rows for people.
func search(features []slice.Feature, values, weights []float64, groups []uint64, o slice.Options, ids func(rows []int) ([]string, error)) ([]Found, []string, error) {
	if len(features) == 0 || values == nil {
		return nil, nil, nil
	}
	d, err := slice.Discover(features, slice.Rows{Values: values, Weights: weights, Clusters: dense(groups)}, o)
	if err != nil {
		return nil, nil, err
	}
	var out []Found
	for _, f := range d.Found {
		found := Found{Where: map[string]string{}, Rows: f.Rows, Share: report.Number(f.Share), Mean: report.Number(f.Mean), Rest: report.Number(f.Rest),
			Low: report.Number(f.Low), High: report.Number(f.High), P: report.Number(f.Corrected), Sentence: f.Sentence}
		for _, v := range f.Values {
			found.Where[v.Feature] = v.Value
		}
		if found.Examples, err = ids(f.Examples); err != nil {
			return nil, nil, err
		}
		out = append(out, found)
	}
	return out, d.Notes, nil
}

// dense numbers groups from 0.
func dense(groups []uint64) []int32 {
	if groups == nil {
		return nil
	}
	place := map[uint64]int32{}
	out := make([]int32, len(groups))
	for i, g := range groups {
		n, ok := place[g]
		if !ok {
			n = int32(len(place))
			place[g] = n
		}
		out[i] = n
	}
	return out
}

// losses are what each row costs: the metric that most tells of a single row.
// It returns nil for tasks where no row stands alone.
func losses(r *metric.Rows) (values []float64, what string) {
	for _, name := range []string{"logloss", "mae", "accuracy"} {
		m, err := metric.Find(name)
		if err != nil || !m.For(r.Task) || m.Check(r) != nil {
			continue
		}
		switch {
		case m.Kind == metric.Mean:
			return m.PerRow(r), map[string]string{"logloss": "log-loss", "mae": "absolute error"}[name]
		case m.Kind == metric.Cells:
			predicted := m.Predict(r)
			values = make([]float64, r.Len())
			for i, c := range predicted {
				if float64(c) != r.Label[i] {
					values[i] = 1
				}
			}
			return values, "error rate"
		}
	}
	return nil, ""
}

// find searches the rows of one model.
func (f *Frame) find(ctx context.Context, r *Result) error {
	features, notes, err := f.features()
	if err != nil || len(features) == 0 {
		return err
	}
	values, what := losses(f.rows)
	if values == nil {
		return nil
	}
	r.Looked = what + ", " + lookedAt(features)
	found, more, err := search(features, values, f.rows.Weight, f.groups, slice.Options{What: what}, func(rows []int) ([]string, error) { return f.idsOf(ctx, rows) })
	r.Found = found
	for _, n := range append(notes, more...) {
		r.Notes = append(r.Notes, "search of slices: "+n)
	}
	return err
}

// lookedAt says among which slices was searched.
func lookedAt(fs []slice.Feature) string {
	var names []string
	for _, f := range fs[:min(len(fs), 5)] {
		names = append(names, f.Name)
	}
	if more := len(fs) - len(names); more > 0 {
		names = append(names, fmt.Sprintf("%d more", more))
	}
	return "by values and pairs of values of " + strings.Join(names, ", ")
}

// idsOf names rows by their ids, which are read anew since only hashes of them are
// kept, or by their numbers if there are none.
func (f *Frame) idsOf(ctx context.Context, rows []int) ([]string, error) {
	out := make([]string, len(rows))
	for i, row := range rows {
		out[i] = strconv.Itoa(row + 1)
	}
	if f.ids == nil || len(rows) == 0 {
		return out, nil
	}
	t, err := table.Open(f.paths, table.Options{Columns: []string{f.ids.column}})
	if err != nil {
		return nil, err
	}
	first, last := 0, slices.Max(rows)
	for b, err := range t.Batches(ctx) {
		if err != nil {
			return nil, err
		}
		for i, row := range rows {
			if row >= first && row < first+b.Rows {
				out[i] = string(keyText(&b.Columns[0], row-first, nil))
			}
		}
		if first += b.Rows; first > last {
			break
		}
	}
	return out, nil
}
