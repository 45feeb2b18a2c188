package evaluate

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/mlops-runner/mlops/actions/action"
	"github.com/mlops-runner/mlops/actions/table"
	"github.com/mlops-runner/mlops/runner/record"
)

// Run evaluates the predictions that the inputs name. It prints the metrics and
// hands over evaluation.json, the metrics and sections of the report.
func Run(ctx context.Context, call action.Call) (action.Outcome, error) {
	r, err := Evaluate(ctx, call.Inputs, call.Root)
	if err != nil {
		return action.Outcome{}, err
	}
	if err := r.log(call.Log); err != nil {
		return action.Outcome{}, err
	}
	text, err := record.Canonical(r)
	if err != nil {
		return action.Outcome{}, err
	}
	return action.Outcome{Metrics: r.recorded(), Sections: r.Sections(), Files: map[string][]byte{ResultFile: text}}, nil
}

// Evaluate evaluates the predictions that the inputs of the action name, below
// the folder root.
func Evaluate(ctx context.Context, inputs map[string]any, root string) (*Result, error) {
	c, err := parseConfig(inputs)
	if err != nil {
		return nil, err
	}
	files, err := table.Files(root, c.predictions)
	if err != nil {
		return nil, err
	}
	f, err := c.read(ctx, table.Paths(root, files), c.findAll)
	if err != nil {
		return nil, err
	}
	r, err := f.result(ctx)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.predictions, err)
	}
	r.Inputs, r.Files = inputs, files
	return r, nil
}

// result looks at all that the inputs ask for.
func (f *Frame) result(ctx context.Context) (*Result, error) {
	if err := f.settle(); err != nil {
		return nil, err
	}
	if f.ids != nil {
		if _, err := f.ids.index(); err != nil {
			return nil, err
		}
	}
	ms, err := f.metrics()
	if err != nil {
		return nil, err
	}
	r := &Result{Version: Version, Task: f.rows.Task.String(), Rows: f.rows.Len(), Groups: distinctGroups(f.groups)}
	parts, small, err := f.parts()
	if err != nil {
		return nil, err
	}
	r.Small = small
	if r.Metrics, err = f.measure(ms, parts); err != nil {
		return nil, err
	}
	fairness, e := f.fairness()
	err = errors.Join(f.find(ctx, r), e)
	r.Fairness, r.Plots, r.Notes = fairness, f.curves(), append(r.Notes, f.notes...)
	return r, err
}

func distinctGroups(groups []uint64) int {
	sorted := slices.Clone(groups) // an eighth of the memory of a set
	slices.Sort(sorted)
	return len(slices.Compact(sorted))
}

// recorded are the metrics that gates may read.
func (r *Result) recorded() (out []action.Metric) {
	for _, m := range r.Metrics {
		if !math.IsNaN(float64(m.Value)) {
			out = append(out, action.Metric{Name: m.Name, Value: float64(m.Value), Slice: m.Slice, Better: m.Better, Unit: m.Unit})
		}
	}
	for name, m := range r.measures() {
		out = append(out, action.Metric{Name: name, Value: float64(m.Value), Better: fairer(m.Name)})
	}
	return out
}

// log prints what people read in the log.
func (r *Result) log(w io.Writer) error {
	p := &printer{w: w}
	of := fmt.Sprintf("%d rows", r.Rows)
	if r.Groups > 0 {
		of += fmt.Sprintf(" in %d groups", r.Groups)
	}
	p.printf("%s, %s\n", r.Task, of)
	for _, m := range r.Metrics {
		if m.Slice == nil {
			p.printf("  %-20s %s\n", m.Name, m.text())
		}
	}
	if n := r.slices(); n > 0 {
		p.printf("%d slices, %d more not judged\n", n, len(r.Small))
	}
	for _, f := range r.Found {
		p.printf("found: %s\n", f.Sentence)
	}
	for _, n := range r.Notes {
		p.printf("note: %s\n", n)
	}
	return p.err
}

// slices counts the slices that were measured.
func (r *Result) slices() int {
	seen := map[string]bool{}
	for _, m := range r.Metrics {
		if m.Slice != nil {
			seen[label(m.Slice)] = true
		}
	}
	return len(seen)
}

// text is a value with its interval, or why there is none.
func (m *Measured) text() string {
	if m.Reason != "" && math.IsNaN(float64(m.Value)) {
		return "none: " + m.Reason
	}
	if m.Own == nil {
		return strings.TrimSpace(short(m.Value) + " " + m.Unit)
	}
	p := within(m.Own.Low, m.Own.High)
	return strings.TrimSpace(fmt.Sprintf("%s (%s … %s) %s", p.of(m.Value), p.of(m.Own.Low), p.of(m.Own.High), m.Unit))
}

// label is a slice for people: region=EU plan=pro.
func label(values map[string]string) string {
	var parts []string
	for k, v := range values {
		parts = append(parts, k+"="+v)
	}
	slices.Sort(parts)
	return strings.Join(parts, " ")
}

// A printer prints until that fails.
type printer struct {
	w   io.Writer
	err error
}

func (p *printer) printf(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format, args...)
	}
}
