package record

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
)

// A Metric is a number that a job reported, with its history if it has one.
// It is identified by Job, Name and Slice.
type Metric struct {
	Name    string            `json:"name"`              // dotted: val.auc, conf.0.1
	Value   float64           `json:"value"`             // the last one; may be NaN or infinite
	Unit    string            `json:"unit,omitempty"`    // ms, USD, …
	Better  string            `json:"better,omitempty"`  // higher, lower or "" (unknown)
	Kind    string            `json:"kind,omitempty"`    // [Bool] if it was written as true or false; "" for a number
	Slice   map[string]string `json:"slice,omitempty"`   // column → value; empty for all rows
	Step    *float64          `json:"step,omitempty"`    // of Value; nil if it has none
	History []Point           `json:"history,omitempty"` // in the order of the source, Value last
	// Points is how many points the history had before it was thinned to
	// History; 0 if it was not.
	Points int    `json:"points,omitempty"`
	Job    string `json:"job,omitempty"`  // id of the job instance
	File   string `json:"file,omitempty"` // where it was read from; "" for no file
}

// What stands in files of metrics instead of numbers. Of these only Bool makes a
// metric: true is 1, false is 0.
const (
	Bool = "bool"
	Text = "text"
	Null = "null"
)

// A Point is one value of a metric's history; in JSON it is [step, value].
type Point struct {
	Step  float64 // step, epoch, iteration: whatever the source counts
	Value float64
}

// MarshalJSON writes the metric with NaN and infinities as strings.
func (m Metric) MarshalJSON() ([]byte, error) {
	line, err := CanonicalLine(m)
	return bytes.TrimSuffix(line, []byte("\n")), err
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (m *Metric) UnmarshalJSON(data []byte) error {
	type plain Metric
	in := struct {
		*plain
		Value *number `json:"value"`
		Step  *number `json:"step"`
	}{plain: (*plain)(m)}
	if err := json.Unmarshal(data, &in); err != nil {
		return err
	}
	if in.Value == nil || m.Name == "" {
		return errors.New("a metric needs name and value")
	}
	m.Value = float64(*in.Value)
	m.Step = (*float64)(in.Step)
	return nil
}

// MarshalJSON writes [step, value].
func (p Point) MarshalJSON() ([]byte, error) {
	line, err := CanonicalLine(p)
	return bytes.TrimSuffix(line, []byte("\n")), err
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (p *Point) UnmarshalJSON(data []byte) error {
	var pair []number
	if err := json.Unmarshal(data, &pair); err != nil {
		return err
	}
	if len(pair) != 2 {
		return fmt.Errorf("a point has a step and a value, not %d numbers", len(pair))
	}
	*p = Point{float64(pair[0]), float64(pair[1])}
	return nil
}

// number is a float64 in JSON that may be NaN or infinite.
type number float64

func (n *number) UnmarshalJSON(data []byte) error {
	text := string(data)
	if f, ok := specialNumber(strings.Trim(text, `"`)); ok && text[0] == '"' {
		*n = number(f)
		return nil
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return fmt.Errorf("%s is not a number", text)
	}
	*n = number(f)
	return nil
}

// specialNumber reads the names of the numbers that JSON lacks.
func specialNumber(text string) (float64, bool) {
	switch text {
	case nanText:
		return math.NaN(), true
	case infText:
		return math.Inf(1), true
	case negInfText:
		return math.Inf(-1), true
	}
	return 0, false
}

// Key returns a text that is equal for equal Name and Slice only. It is for
// maps and sorting, and reads well: auc, auc{plan=pro,region=EU}.
func (m *Metric) Key() string {
	if len(m.Slice) == 0 {
		return quoteIfNeeded(m.Name)
	}
	if len(m.Slice) == 1 { // as mostly; reports ask for the keys of thousands of metrics
		for k, v := range m.Slice {
			return quoteIfNeeded(m.Name) + "{" + quoteIfNeeded(k) + "=" + quoteIfNeeded(v) + "}"
		}
	}
	var b strings.Builder
	b.WriteString(quoteIfNeeded(m.Name))
	sep := byte('{')
	for _, k := range slices.Sorted(maps.Keys(m.Slice)) {
		b.WriteByte(sep)
		sep = ','
		b.WriteString(quoteIfNeeded(k) + "=" + quoteIfNeeded(m.Slice[k]))
	}
	b.WriteByte('}')
	return b.String()
}

func quoteIfNeeded(s string) string {
	if s == "" || strings.ContainsAny(s, "{}=,\"\\") {
		return strconv.Quote(s)
	}
	return s
}

// sameValue reports whether a and b say the same: equal, or both NaN.
func sameValue(a, b float64) bool { return a == b || math.IsNaN(a) && math.IsNaN(b) }

// MergeMetrics joins the metrics that one job reported in several files. A
// name and slice that stands in several with one value is one metric, with the
// longest history; with different values it is an error that names both files.
// All such errors are reported at once, as *[MetricError]s.
func MergeMetrics(lists ...[]Metric) ([]Metric, error) {
	var all []Metric
	var errs []error
	at := map[string]int{}
	for _, m := range slices.Concat(lists...) {
		key := m.Key()
		i, seen := at[key]
		if !seen {
			at[key] = len(all)
			all = append(all, m)
			continue
		}
		if !sameValue(all[i].Value, m.Value) {
			errs = append(errs, conflict(key, all[i], m))
			continue
		}
		if len(m.History) > len(all[i].History) {
			all[i] = m
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return all, nil
}

func conflict(key string, a, b Metric) error {
	return &MetricError{File: b.File, Err: fmt.Errorf("metric %s is %v here and %v in %s; rename one of them, or write it to one file only",
		key, b.Value, a.Value, a.File)}
}

// A MetricError reports what is wrong with a source of metrics.
type MetricError struct {
	File string // name as given to the reader; MLOPS_METRICS for metric lines
	Line int    // counts from 1; 0 if unknown
	Err  error
}

func (e *MetricError) Error() string {
	switch {
	case e.Line > 0:
		return fmt.Sprintf("%s:%d: %v", e.File, e.Line, e.Err)
	case e.File != "":
		return fmt.Sprintf("%s: %v", e.File, e.Err)
	}
	return e.Err.Error()
}

func (e *MetricError) Unwrap() error { return e.Err }
