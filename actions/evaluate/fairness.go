package evaluate

import (
	"errors"
	"fmt"
	"iter"
	"math"
	"slices"
	"strings"

	"github.com/mlops-runner/mlops/actions/action"
	"github.com/mlops-runner/mlops/actions/metric"
	"github.com/mlops-runner/mlops/actions/slice"
	"github.com/mlops-runner/mlops/runner/report"
)

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

// fairer tells which way a measure of fairness is better.
func fairer(name string) string {
	if strings.HasSuffix(name, "_ratio") {
		return "higher"
	}
	return "lower"
}

// measures are the measures of fairness that have a value, by the names of their metrics.
func (r *Result) measures() iter.Seq2[string, FairMeasure] {
	prefix := ""
	if as := action.TextOf(r.Inputs["as"]); as != "" {
		prefix = as + "."
	}
	return func(yield func(string, FairMeasure) bool) {
		for _, f := range r.Fairness {
			for _, m := range f.Measures {
				if !math.IsNaN(float64(m.Value)) && !yield(prefix+m.Name+"."+f.Attribute, m) {
					return
				}
			}
		}
	}
}

// FairnessValues are the intervals of the measures of fairness, by metric.
func (r *Result) FairnessValues() map[string]report.Interval {
	out := map[string]report.Interval{}
	for name, m := range r.measures() {
		if !math.IsNaN(float64(m.Low + m.High)) {
			out[name] = report.Interval{Low: m.Low, High: m.High, Level: 0.95, Method: "rates of groups", N: r.Rows, Unit: "rows"}
		}
	}
	return out
}
