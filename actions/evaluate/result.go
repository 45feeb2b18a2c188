package evaluate

import (
	"encoding/json"
	"fmt"
	"math"

	"github.com/mlops-runner/mlops/runner/report"
)

// ResultFile is the name of the file in which a job keeps its [Result], by the names
// of [spec.KeptName] where several steps evaluate.
const ResultFile = "evaluation.json"

// Version of the form of a [Result] and of a [Comparison].
const Version = 1

// A Result is what the predictions of one model are worth.
type Result struct {
	Version int            `json:"version"`
	Inputs  map[string]any `json:"inputs"` // of the action
	Files   []string       `json:"files"`  // of the predictions, relative to the repository
	Task    string         `json:"task"`
	Rows    int            `json:"rows"`
	Groups  int            `json:"groups,omitempty"` // of rows that belong together; 0 if rows are independent

	Metrics  []Measured    `json:"metrics"`            // of all rows first, then by slice
	Small    []Small       `json:"small,omitempty"`    // slices that are not judged
	Found    []Found       `json:"found,omitempty"`    // slices in which the model is worse than elsewhere, that nobody named
	Looked   string        `json:"looked,omitempty"`   // among what Found was searched, for people; "" if nothing was
	Fairness []Fairness    `json:"fairness,omitempty"` // by attribute
	Plots    []report.Plot `json:"plots,omitempty"`    // curves
	Notes    []string      `json:"notes,omitempty"`
}

// A Measured is a metric of all rows or of those of a slice.
type Measured struct {
	Name   string            `json:"name"`
	Title  string            `json:"title"` // for people
	Slice  map[string]string `json:"slice,omitempty"`
	Better string            `json:"better,omitempty"`
	Unit   string            `json:"unit,omitempty"`
	Rows   int               `json:"rows"`
	Value  report.Number     `json:"value"` // NaN if the rows do not define it
	Reason string            `json:"reason,omitempty"`
	// Own is where the value would be with other rows of the same kind; nil if that is not known.
	Own *report.Interval `json:"interval,omitempty"`
}

// A Small is a slice with too few rows to be judged.
type Small struct {
	Slice map[string]string `json:"slice"`
	Rows  int               `json:"rows"`
	Why   string            `json:"why"`
}

// A Found is a slice that was found.
type Found struct {
	Where    map[string]string `json:"where"`
	Rows     int               `json:"rows"`
	Share    report.Number     `json:"share"`              // of all rows
	Mean     report.Number     `json:"mean"`               // loss, or difference of losses, in the slice
	Rest     report.Number     `json:"rest"`               // and elsewhere
	Low      report.Number     `json:"low"`                // 95 % interval of Mean - Rest
	High     report.Number     `json:"high"`               //
	P        report.Number     `json:"p"`                  // corrected for all slices that were looked at
	Sentence string            `json:"sentence"`           // for people
	Examples []string          `json:"examples,omitempty"` // ids, or numbers of rows from 1, of the highest losses
}

// ParseResult reads what a job kept. It fails for one of a later version.
func ParseResult(text []byte) (*Result, error) {
	var r Result
	if err := json.Unmarshal(text, &r); err != nil {
		return nil, err
	}
	if r.Version > Version {
		return nil, &VersionError{r.Version}
	}
	return &r, nil
}

// A VersionError reports an evaluation that a later mlops made.
type VersionError struct{ Version int }

func (e *VersionError) Error() string {
	return "the evaluation was made by a later version of mlops; update mlops"
}

// Undefined says of which metrics the rows have no value, and why, a line each; of
// all rows alone.
func (r *Result) Undefined() (out []string) {
	for _, m := range r.Metrics {
		if m.Slice == nil && m.Reason != "" && math.IsNaN(float64(m.Value)) {
			out = append(out, fmt.Sprintf("%s has no value: %s", m.Name, m.Reason))
		}
	}
	return out
}
