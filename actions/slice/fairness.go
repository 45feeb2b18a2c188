package slice

import (
	"cmp"
	"fmt"
	"math"

	"github.com/mlops-runner/mlops/runner/report/distribution"
)

// Decisions are what was decided of each row and what was true.
type Decisions struct {
	Selected []bool // the model said yes
	// Truth is 1 where yes was right, 0 where no was, and -1 where it is unknown; nil if it
	// is nowhere known.
	Truth    []int8
	Weights  []float64 // as in [Rows]
	Clusters []int32   // as in [Rows]
}

// FairnessOptions of [Fairness]. Its zero value has the defaults.
type FairnessOptions struct {
	Rows       int     // that a rate of a group needs to be judged; 0 is 30
	Ratio      float64 // the least ratio that is fair; 0 is 0.8
	Difference float64 // the largest difference that is fair; 0 is 0.1
}

// A Verdict on fairness is decided by the interval, not by the value.
type Verdict string

// The verdicts.
const (
	Fair     Verdict = "fair"       // all of the interval is within what is fair
	Unfair   Verdict = "unfair"     // none of it is
	CantTell Verdict = "can't tell" // some of it is, or too few rows are compared
)

// A Group is the rows with one value of the attribute.
type Group struct {
	Value     string
	Rows      int
	Selection Rate // selected, of all
	TPR       Rate // selected, of those where yes was right; also called recall
	FPR       Rate // selected, of those where no was right
	// Impact is the selection rate divided by the highest of the other groups that are
	// judged, as the four-fifths rule asks.
	Impact Disparity
}

// A FairnessReport compares the groups of one attribute. Names and definitions are
// those of Fairlearn's metrics (https://fairlearn.org, assessment: common fairness
// metrics). The rates of groups are Aequitas's pprev, tpr and fpr, and what it calls
// disparities are ratios of them, with which it is content from 0.8 to 1.25. The
// four-fifths rule is that of the Uniform Guidelines on Employee Selection Procedures,
// 29 CFR 1607.4 D.
type FairnessReport struct {
	Attribute string
	Groups    []Group // in the order of the attribute's values

	DemographicParityDifference Disparity // highest - lowest selection rate
	DemographicParityRatio      Disparity // lowest / highest selection rate: disparate impact
	EqualOpportunityDifference  Disparity // highest - lowest TPR
	EqualizedOddsDifference     Disparity // the larger of the differences of TPR and of FPR
	EqualizedOddsRatio          Disparity // the smaller of the ratios of TPR and of FPR
}

// Fairness compares the groups that an attribute's values make. Groups that are too
// small for a rate are listed with it and not compared by it. What is known of TPR and
// FPR comes of rows whose truth is known; without any these rates are NaN.
//
// A disparity is that of the two groups that are furthest apart, which chance alone
// puts apart the more groups there are. So its interval is made of those of all pairs,
// each with the level that Bonferroni's correction leaves for it: Newcombe's of
// differences (Interval estimation for the difference between independent
// proportions, method 10, Statistics in Medicine 17, 1998) and those of logarithms of
// ratios (D. Katz et al., Biometrics 34, 1978) with half a row more in each count. Rows with weights
// or clusters count as the effective number that the variance of the rate shows; groups
// are taken as independent.
//
// It fails if lengths differ.
func Fairness(attribute Feature, d Decisions, o FairnessOptions) (*FairnessReport, error) {
	o.Rows, o.Ratio, o.Difference = cmp.Or(o.Rows, 30), cmp.Or(o.Ratio, 0.8), cmp.Or(o.Difference, 0.1)
	rows, err := d.rows()
	if err == nil {
		err = check([]Feature{attribute}, rows)
	}
	if err != nil {
		return nil, err
	}
	r := &FairnessReport{Attribute: attribute.Name}
	selection := d.rates(attribute, rows, nil, o)
	tpr, fpr := d.rates(attribute, rows, func(row int) bool { return d.truth(row) == 1 }, o), d.rates(attribute, rows, func(row int) bool { return d.truth(row) == 0 }, o)
	for i, value := range attribute.Values {
		if selection[i].Of > 0 {
			r.Groups = append(r.Groups, Group{
				Value: value, Rows: selection[i].Of, Selection: selection[i].Rate, TPR: tpr[i].Rate, FPR: fpr[i].Rate,
				Impact: impact(selection, i, o),
			})
		}
	}
	r.DemographicParityDifference = differences(o, selection)
	r.DemographicParityRatio = ratios(o, selection)
	r.EqualOpportunityDifference = differences(o, tpr)
	r.EqualizedOddsDifference = differences(o, tpr, fpr)
	r.EqualizedOddsRatio = ratios(o, tpr, fpr)
	return r, nil
}

func (d Decisions) truth(row int) int8 {
	if d.Truth == nil {
		return -1
	}
	return d.Truth[row]
}

// rows are the decisions as values of 0 and 1.
func (d Decisions) rows() (Rows, error) {
	if d.Truth != nil && len(d.Truth) != len(d.Selected) {
		return Rows{}, fmt.Errorf("%d truths for %d decisions", len(d.Truth), len(d.Selected))
	}
	r := Rows{Values: make([]float64, len(d.Selected)), Weights: d.Weights, Clusters: d.Clusters}
	for row, yes := range d.Selected {
		if yes {
			r.Values[row] = 1
		}
	}
	return r, nil
}

// rates returns those of the groups, of the rows that of says.
func (d Decisions) rates(attribute Feature, rows Rows, of func(row int) bool, o FairnessOptions) []rate {
	r := Rows{Values: append([]float64{}, rows.Values...), Weights: rows.Weights, Clusters: rows.Clusters}
	for row := range r.Values {
		if of != nil && !of(row) {
			r.Values[row] = math.NaN() // is left out
		}
	}
	p := collect(r)
	c, _ := newCounter(p, []Feature{attribute}, false)
	out := make([]rate, len(attribute.Values))
	for i, value := range attribute.Values {
		out[i] = newRate(value, c.grids[0].cell(i), o.Rows)
	}
	return out
}

// z returns the normal quantile of intervals of 95 % together, if they are so many.
func z(intervals int) float64 {
	return distribution.NormalQuantile(1 - 0.025/float64(max(intervals, 1)))
}
