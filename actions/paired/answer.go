package paired

import (
	"math"

	"github.com/mlops-runner/mlops/runner/report/distribution"
)

// A Word is an answer.
type Word string

// The words of [Estimate.Verdict]. The other questions are answered Yes, No or CantTell.
const (
	Better   Word = "better"
	Same     Word = "same"
	Worse    Word = "worse"
	CantTell Word = "can't tell"
	Yes      Word = "yes"
	No       Word = "no"
)

// An Answer is what an estimate says to a question about its true difference.
type Answer struct {
	Word Word
	// P is how probable rows that speak as much for a yes are if the answer is
	// no: one-sided, NaN if unknown. It is for corrections of many answers
	// (distribution.Holm): alone a yes has a P of up to half of 1 - Level.
	P float64
}

// Better tells whether A is more than B by more than margin.
func (e Estimate) Better(margin float64) Answer {
	return e.answer(e.Diff.Low > margin, e.Diff.High <= margin, e.chance(margin, false))
}

// NotWorse tells whether A is less than B by no more than margin: non-inferiority.
func (e Estimate) NotWorse(margin float64) Answer {
	return e.answer(e.Diff.Low >= -margin, e.Diff.High < -margin, e.chance(-margin, false))
}

// Same tells whether A and B differ by no more than margin: equivalence by two
// one-sided tests, each at half of 1 - Level (D. Schuirmann, Journal of
// Pharmacokinetics and Biopharmaceutics 15, 1987).
func (e Estimate) Same(margin float64) Answer {
	d := e.Diff
	return e.answer(d.Low >= -margin && d.High <= margin, d.Low > margin || d.High < -margin,
		max(e.chance(-margin, false), e.chance(margin, true)))
}

func (e Estimate) answer(yes, no bool, p float64) Answer {
	switch {
	case yes:
		return Answer{Yes, p}
	case no:
		return Answer{No, p}
	}
	return Answer{CantTell, p}
}

// chance is the one-sided p of a difference as large (or, if below, as small) as
// this one if it is really at: of Student's t, with the standard error by
// which that side of the interval was drawn.
func (e Estimate) chance(at float64, below bool) float64 {
	d := e.Diff
	distance, half := d.Value-at, d.Value-d.Low
	if distance < 0 {
		half = d.High - d.Value
	}
	if below {
		distance = -distance
	}
	switch {
	case distance != distance || half != half:
		return nan
	case half == 0 && distance >= 0:
		return 0
	case half == 0:
		return 1
	}
	return tail(distance/half*distribution.StudentQuantile((1+e.Level)/2, e.DF), e.DF)
}

// Verdict is Same where the whole interval is within margin (of 0: where
// both models give the same), else Better or Worse where it is on one side of
// 0, more being better (see [Estimate.Back]), else CantTell.
func (e Estimate) Verdict(margin float64) Word {
	switch {
	case e.Same(margin).Word == Yes:
		return Same
	case e.Diff.Low > 0:
		return Better
	case e.Diff.High < 0:
		return Worse
	}
	return CantTell
}

// Needs returns about how many more rows would decide Verdict(margin) with the
// given power, in (0, 1): 0 if it is decided, or would not be by 10^9 more. It
// assumes that the true difference is the measured one and that an interval
// narrows with the root of the rows (in clusters as large as now). With a power of
// 0.5 half of all repetitions decide: that is what package report computes. The
// number has two digits.
func (e Estimate) Needs(margin, power float64) int {
	d, half := math.Abs(e.Diff.Value), (e.Diff.High-e.Diff.Low)/2
	if e.Verdict(margin) != CantTell || !(half > 0) {
		return 0
	}
	distance := d // to 0, or to the nearest end of "same"
	if margin > 0 {
		distance = max(d, margin-d)
	}
	q := distribution.NormalQuantile((1 + e.Level) / 2)
	reach := half * (1 + distribution.NormalQuantile(power)/q)
	more := float64(e.N) * ((reach/distance)*(reach/distance) - 1)
	if !(more > 1e-9 && more <= 1e9) {
		return 0
	}
	unit := math.Pow10(max(0, int(math.Floor(math.Log10(more)))-1))
	return int(math.Ceil(more/unit-1e-9) * unit)
}
