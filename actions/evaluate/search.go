package evaluate

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/mlops-runner/mlops/actions/metric"
	"github.com/mlops-runner/mlops/actions/slice"
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
func search(features []slice.Feature, values, weights []float64, groups []uint64, o slice.Options, ids func(row int) string) ([]Found, []string, error) {
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
		for _, row := range f.Examples {
			found.Examples = append(found.Examples, ids(row))
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
func (f *Frame) find(r *Result) error {
	features, notes, err := f.features()
	if err != nil || len(features) == 0 {
		return err
	}
	values, what := losses(f.rows)
	if values == nil {
		return nil
	}
	r.Looked = what + ", " + lookedAt(features)
	found, more, err := search(features, values, f.rows.Weight, f.groups, slice.Options{What: what}, f.idOf)
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

// idOf names a row: by its number, since ids are kept as hashes.
func (f *Frame) idOf(row int) string { return strconv.Itoa(row + 1) }

// A Fairness compares the groups of one attribute by the rates of decisions.
type Fairness struct {
	Attribute string        `json:"attribute"`
	Groups    []FairGroup   `json:"groups"`
	Measures  []FairMeasure `json:"measures"`
}

// A FairGroup is the rows with one value of the attribute. Rates are NaN where
// there are no rows that they are of.
type FairGroup struct {
	Value     string        `json:"value"`
	Rows      int           `json:"rows"`
	Selection report.Number `json:"selection"` // share of rows that are decided positive
	TPR       report.Number `json:"tpr"`       // of those that are positive
	FPR       report.Number `json:"fpr"`       // of those that are negative
}

// A FairMeasure is a difference or ratio between groups.
type FairMeasure struct {
	Name    string        `json:"name"` // of a metric: demographic_parity_ratio, …
	Value   report.Number `json:"value"`
	Low     report.Number `json:"low"`
	High    report.Number `json:"high"`
	Between [2]string     `json:"between"` // the group with the lowest rate and that with the highest
	Verdict string        `json:"verdict"` // fair, unfair, can't tell
	Note    string        `json:"note,omitempty"`
}

// fairness compares the groups of the attributes that the inputs name.
func (f *Frame) fairness() (out []Fairness, err error) {
	if len(f.config.fairness) == 0 {
		return nil, nil
	}
	d, err := f.decisions()
	if err != nil {
		return nil, err
	}
	columns := f.sliceColumns()
	for _, name := range f.config.fairness {
		i := slices.IndexFunc(columns, func(c slice.Column) bool { return c.Name == name })
		attribute, err := slice.Categorical(columns[i], 50)
		if err != nil {
			return nil, fmt.Errorf("fairness: %w", err)
		}
		r, err := slice.Fairness(attribute, d, slice.FairnessOptions{Rows: f.config.minRows})
		if err != nil {
			return nil, fmt.Errorf("fairness: %w", err)
		}
		out = append(out, fair(r))
	}
	return out, nil
}

func (f *Frame) decisions() (slice.Decisions, error) {
	m, err := metric.Find("accuracy")
	if err == nil && f.rows.Task != metric.Binary {
		err = errors.New("fairness is about decisions between two classes; the task is " + f.rows.Task.String())
	}
	if err == nil {
		err = m.Check(f.rows)
	}
	if err != nil {
		return slice.Decisions{}, err
	}
	d := slice.Decisions{Selected: isOne(m.Predict(f.rows)), Truth: f.classes(), Weights: f.rows.Weight, Clusters: dense(f.groups)}
	return d, nil
}

func fair(r *slice.FairnessReport) Fairness {
	out := Fairness{Attribute: r.Attribute}
	for _, g := range r.Groups {
		out.Groups = append(out.Groups, FairGroup{g.Value, g.Rows, report.Number(g.Selection.Value), report.Number(g.TPR.Value), report.Number(g.FPR.Value)})
	}
	for _, m := range []struct {
		name string
		d    slice.Disparity
	}{
		{"demographic_parity_difference", r.DemographicParityDifference}, {"demographic_parity_ratio", r.DemographicParityRatio},
		{"equal_opportunity_difference", r.EqualOpportunityDifference},
		{"equalized_odds_difference", r.EqualizedOddsDifference}, {"equalized_odds_ratio", r.EqualizedOddsRatio},
	} {
		out.Measures = append(out.Measures, FairMeasure{
			m.name, report.Number(m.d.Value), report.Number(m.d.Low), report.Number(m.d.High), [2]string{m.d.Lowest, m.d.Highest}, string(m.d.Verdict), m.d.Note,
		})
	}
	return out
}
