package drift

import (
	"errors"
	"fmt"

	"github.com/mlops-runner/mlops/actions/profile"
)

// Options say when a move counts. The zero value means what the fields say of 0.
type Options struct {
	Warn  float64 // from which share of moved rows on a column is worth a warning; 0 means 0.1
	Fail  float64 // and from which a failure; 0 means 0.2, or Warn if that is more
	Alpha float64 // how rare a move must be by chance, after the correction for all columns; 0 means 0.001

	Label string          // the column to be reported apart, "" for none
	Skip  []string        // columns to leave out
	Tests map[string]Test // columns to be judged by a measure in place of the rule

	// Past are earlier accepted profiles, the oldest first. From five on, a
	// column's thresholds are no lower than the median of its distances from one to
	// the next plus three times their median absolute deviation. A Fail that is not 0
	// stays as it is, and Warn below it: who says how much must not be means that,
	// whatever the column does by itself.
	Past []*profile.Profile
}

// What is wrong with what is compared or how.
var (
	ErrVersion   = errors.New("profiles of different versions cannot be compared")
	ErrThreshold = errors.New("a threshold is no share")
	ErrTest      = errors.New("no such test")
)

// filled returns the options with what 0 means, or what is wrong with them.
func (o Options) filled() (Options, error) {
	if o.Warn == 0 {
		o.Warn = 0.1
	}
	if o.Fail == 0 {
		o.Fail = max(0.2, o.Warn)
	}
	if o.Alpha == 0 {
		o.Alpha = 0.001
	}
	for _, share := range []float64{o.Warn, o.Fail, o.Alpha} {
		if !(share > 0 && share <= 1) {
			return o, fmt.Errorf("%w: %v is not between 0 and 1", ErrThreshold, share)
		}
	}
	if o.Warn > o.Fail {
		return o, fmt.Errorf("%w: to warn from %v on is too late for failing from %v on", ErrThreshold, o.Warn, o.Fail)
	}
	for name, t := range o.Tests {
		if _, err := t.filled(); err != nil {
			return o, fmt.Errorf("column %q: %w", name, err)
		}
	}
	return o, nil
}
