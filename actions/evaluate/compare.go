package evaluate

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"

	"github.com/mlops-runner/mlops/actions/metric"
	"github.com/mlops-runner/mlops/actions/paired"
	"github.com/mlops-runner/mlops/actions/slice"
	"github.com/mlops-runner/mlops/runner/report"
	"github.com/mlops-runner/mlops/runner/report/distribution"
)

// A Side is the predictions of one run.
type Side struct {
	Inputs map[string]any // of the action there
	Paths  []string       // of the files with the predictions
}

// A Comparison is what the predictions of two runs tell of their difference.
type Comparison struct {
	Version   int        `json:"version"`
	As        string     `json:"as,omitempty"`        // what the metrics' names begin with
	Rows      int        `json:"rows"`                // that were compared
	Groups    int        `json:"groups,omitempty"`    // of rows that belong together; 0 if rows are independent
	Mismatch  *Mismatch  `json:"mismatch,omitempty"`  // how the ids differ; nil if they are the same
	Relabeled int        `json:"relabeled,omitempty"` // rows whose label differs; the candidate's counts
	Metrics   []Compared `json:"metrics,omitempty"`   // of all rows first, then by slice
	Found     []Found    `json:"found,omitempty"`     // slices in which the candidate is worse than the baseline, that nobody named
	Looked    string     `json:"looked,omitempty"`    // among what Found was searched
	Notes     []string   `json:"notes,omitempty"`
	// Why says why nothing was compared; "" if it was.
	Why string `json:"why,omitempty"`
}

// A Compared is the difference of a metric, candidate - baseline.
type Compared struct {
	Name      string            `json:"name"`
	Slice     map[string]string `json:"slice,omitempty"`
	Better    string            `json:"better,omitempty"`
	Rows      int               `json:"rows"`
	Candidate report.Number     `json:"candidate"` // its value on the rows that both have
	Baseline  report.Number     `json:"baseline"`
	Change    *report.Interval  `json:"change,omitempty"` // nil if it is not known
	Verdict   string            `json:"verdict"`          // better, same, worse, can't tell; of a metric without direction same or can't tell
	Reason    string            `json:"reason,omitempty"` // why something is not known
}

// Compare compares the predictions of two runs row by row. Where they cannot be
// compared, the comparison says why; an error means that they could not be read.
func Compare(ctx context.Context, candidate, baseline Side) (*Comparison, error) {
	c, err := parseConfig(candidate.Inputs)
	if err != nil {
		return nil, err
	}
	out := &Comparison{Version: Version, As: c.as}
	if c.columns.id == "" {
		out.Why = "the predictions have no id; name the column by which rows of two runs are joined: id"
		return out, nil
	}
	other, err := c.of(baseline.Inputs)
	if err != nil {
		return nil, fmt.Errorf("the baseline's inputs: %w", err)
	}
	if other.columns.id == "" {
		out.Why = "the baseline's predictions have no id"
		return out, nil
	}
	a, err := c.read(ctx, candidate.Paths, c.findAll)
	if err != nil {
		return nil, err
	}
	b, err := other.read(ctx, baseline.Paths, false)
	if err != nil {
		out.Why = "the baseline's predictions: " + err.Error()
		return out, nil
	}
	return out, out.compare(ctx, a, b)
}

// of is the config by which the baseline's predictions are read: where its columns
// are is the baseline's own business, which metrics are compared is not.
func (c *config) of(inputs map[string]any) (*config, error) {
	own := maps.Clone(inputs)
	for _, name := range []string{"slices", "find", "fairness", "metrics", "group", "weight"} { // the candidate's count
		delete(own, name)
	}
	other, err := parseConfig(own)
	if err != nil {
		return nil, err
	}
	other.metrics, other.findAll, other.as, other.hash, other.lenient = c.metrics, false, c.as, c.hash, true
	return other, nil
}

func (out *Comparison) compare(ctx context.Context, a, b *Frame) error {
	if a.rows.Task != b.rows.Task {
		out.Why = fmt.Sprintf("this is a %s task, the baseline's a %s one", a.rows.Task, b.rows.Task)
		return nil
	}
	if err := errors.Join(a.settle(), b.settle()); err != nil {
		return err
	}
	rowsA, rowsB, mismatch, err := join(a.ids, b.ids)
	if duplicate := new(DuplicateError); errors.As(err, &duplicate) {
		out.Why = err.Error()
		return nil
	} else if err != nil {
		return err
	}
	out.Mismatch = mismatch
	switch {
	case mismatch != nil && mismatch.Common == 0:
		out.Why = "the two have no id in common"
	case mismatch != nil && !a.config.common:
		out.Why = mismatch.Error() + "; evaluate both on the same rows, or write on-mismatch: common"
	}
	if out.Why != "" {
		return nil
	}
	t := &twins{a: a, b: b, rowsA: rowsA, candidate: a.rows, baseline: b.rows, groups: a.groups}
	if mismatch != nil || !inOrder(rowsA) {
		t.candidate = a.rows.Pick(rowsA)
		t.groups = part{rows: rowsA}.groups(a.groups)
	}
	if mismatch != nil || !inOrder(rowsB) {
		t.baseline = b.rows.Pick(rowsB)
	}
	if err := t.alike(out); err != nil || out.Why != "" {
		return err
	}
	out.Rows, out.Groups = t.candidate.Len(), distinctGroups(t.groups)
	if out.Relabeled > 0 {
		out.Notes = append(out.Notes, fmt.Sprintf("%s of %d have another label in the baseline's predictions; both models are held against the candidate's", rowsOf(out.Relabeled), out.Rows))
	}
	if mismatch != nil {
		out.Notes = append(out.Notes, fmt.Sprintf("the metrics of both runs are those of the %s that both have", rowsOf(out.Rows)))
	}
	return errors.Join(t.metrics(out), t.find(ctx, out))
}

func inOrder(rows []int32) bool {
	for i, row := range rows {
		if int(row) != i {
			return false
		}
	}
	return true
}

// metrics compares all metrics, of all rows and by slice.
func (t *twins) metrics(out *Comparison) error {
	ms, err := t.a.metrics()
	if err != nil {
		return err
	}
	parts, _, err := t.a.parts()
	if err != nil {
		return err
	}
	place := t.places()
	for _, p := range parts {
		if len(out.Metrics)+len(ms) > maxMeasured {
			break
		}
		if p.rows != nil && place != nil {
			p = p.among(place, t.a.config.minRows)
			if p.count == 0 {
				continue
			}
		}
		more, err := t.comparePart(ms, p)
		if err != nil {
			return err
		}
		out.Metrics = append(out.Metrics, more...)
	}
	out.correct()
	return nil
}

// correct takes back the verdicts on slices that may be chance among so many, by
// Benjamini and Hochberg: of those that are left at most one in twenty is false.
func (out *Comparison) correct() {
	var ps []float64
	var at []int
	for i, m := range out.Metrics {
		if m.Slice != nil && m.Change != nil && m.Change.P != nil && m.Verdict != string(paired.Same) {
			ps, at = append(ps, float64(*m.Change.P)), append(at, i)
		}
	}
	for i, p := range distribution.BenjaminiHochberg(ps) {
		if m := &out.Metrics[at[i]]; p > 1-m.Change.Level {
			m.Verdict = string(paired.CantTell)
		}
	}
}

func (t *twins) comparePart(ms []wanted, p part) (out []Compared, err error) {
	pair, err := newPair(p.pick(t.candidate), p.pick(t.baseline), p.groups(t.groups), mix(t.a.seed()^t.b.seed()))
	if err != nil {
		return nil, err
	}
	return pair.compare(ms, p), nil
}

func (p *pair) compare(ms []wanted, of part) (out []Compared) {
	for _, m := range ms {
		e, err := p.estimate(m.Metric)
		if err != nil {
			e = unknown(of.count, err.Error())
		}
		out = append(out, m.compared(of, e))
	}
	return out
}

// CompareRows compares metrics of two models on the same rows, which are the same in
// all but what was predicted.
func CompareRows(ms []metric.Metric, candidate, baseline *metric.Rows) ([]Compared, error) {
	p, err := newPair(candidate, baseline, candidate.Group, 1)
	if err != nil {
		return nil, err
	}
	list := make([]wanted, len(ms))
	for i, m := range ms {
		list[i] = wanted{Metric: m, name: m.Name}
	}
	return p.compare(list, part{count: candidate.Len()}), nil
}

func (m wanted) compared(p part, e paired.Estimate) Compared {
	c := Compared{
		Name: m.name, Slice: p.slice, Better: string(m.Better), Rows: p.count,
		Candidate: report.Number(e.A.Value), Baseline: report.Number(e.B.Value), Reason: e.Reason, Verdict: string(paired.CantTell),
	}
	i := interval(e.Diff, e)
	if i == nil {
		return c
	}
	i.Paired = true
	if !math.IsNaN(e.P) {
		p := report.Number(e.P)
		i.P = &p
	}
	directed := e
	if m.Better == metric.Lower {
		directed = e.Back()
	}
	c.Verdict = string(directed.Verdict(0))
	if c.Verdict == string(paired.CantTell) {
		i.Needs = e.Needs(0, 0.5)
	} else if m.Better == "" && c.Verdict != string(paired.Same) {
		c.Verdict = "changed"
	}
	c.Change = i
	return c
}

// find searches slices in which the candidate loses more than the baseline.
func (t *twins) find(ctx context.Context, out *Comparison) error {
	features, _, err := t.a.features()
	if err != nil || len(features) == 0 {
		return err
	}
	a, what := losses(t.candidate)
	b, same := losses(t.baseline)
	if a == nil || b == nil || what != same {
		return nil
	}
	scale := 0.0
	for i := range a {
		a[i], scale = a[i]-b[i], scale+b[i]
	}
	if !inOrder(t.rowsA) || len(a) < t.a.rows.Len() {
		for i := range features {
			features[i].Codes = pickCodes(features[i].Codes, t.rowsA)
		}
	}
	out.Looked = "the difference of " + what + ", " + lookedAt(features)
	o := slice.Options{Difference: true, Scale: scale / float64(len(a)), What: what}
	found, notes, err := search(features, a, t.candidate.Weight, t.groups, o, t.names(ctx))
	out.Found, out.Notes = found, append(out.Notes, notes...)
	return err
}

// names names compared rows by their ids.
func (t *twins) names(ctx context.Context) func(rows []int) ([]string, error) {
	return func(rows []int) ([]string, error) {
		own := make([]int, len(rows))
		for i, row := range rows {
			own[i] = int(t.rowsA[row])
		}
		return t.a.idsOf(ctx, own)
	}
}

func pickCodes(codes []uint16, rows []int32) []uint16 {
	out := make([]uint16, len(rows))
	for i, row := range rows {
		out[i] = codes[row]
	}
	return out
}
