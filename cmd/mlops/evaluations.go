package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/mlops-runner/mlops/actions/evaluate"
	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/report"
	"github.com/mlops-runner/mlops/runner/store"
)

// evaluations adds to what a comparison rests on what the predictions tell that
// jobs of both runs evaluated: intervals of values and of differences, row by row,
// and what became better or worse where. It returns the runs with the values of the
// rows that were compared, where those are others. What cannot be compared is told
// in the report; an error is the context's. root is where the files of head's
// repository are, "" for nowhere.
func evaluations(ctx context.Context, s *store.Dir, root string, head, base *record.Run, o *report.CompareOptions) (*record.Run, *record.Run, error) {
	if s == nil {
		return head, base, nil
	}
	seeds := map[string]int{}
	for i := range head.Jobs {
		e := evaluation{store: s, root: root, run: head, job: &head.Jobs[i]}
		group := report.Config(head.Jobs[i])
		if seeds[group]++; seeds[group] > 1 || !e.load() {
			continue
		}
		_, _ = e.files(ctx) // takes files that no job made into the store, for the runs to come
		o.Notes = append(append(o.Notes, e.result.Notes...), e.result.Undefined()...)
		into := o
		one := *o
		if group != e.job.ID { // one of several seeds: its rows are a part of the noise
			one.Intervals = nil
			into = &one
			o.ValueRows = e.values(o.ValueRows)
		} else {
			o.Values = e.values(o.Values)
		}
		b, err := e.beside(ctx, base, into)
		if err != nil {
			return nil, nil, err
		}
		if group != e.job.ID {
			o.Sections, o.Notes, o.Rows = one.Sections, one.Notes, merged(o.Rows, one.Intervals)
		} else if b != nil {
			head, base = b.head(head, e.job.ID), b.base(base)
		}
	}
	return head, base, nil
}

// An evaluation is what a job of a run made of predictions.
type evaluation struct {
	store  *store.Dir
	root   string // of the repository, "" for none
	run    *record.Run
	job    *record.Job
	text   []byte // of the result, as it was kept
	result *evaluate.Result
}

// load reads what the job kept. It is false for a job that evaluated nothing.
func (e *evaluation) load() bool {
	if len(e.job.Steps) > 0 && !slices.ContainsFunc(e.job.Steps, func(s record.Step) bool { return s.Uses == evaluate.Name }) {
		return false
	}
	text, err := keptFile(e.run, e.store, e.job.ID, evaluate.ResultFile)
	if err != nil || text == nil {
		return false
	}
	e.text = text
	e.result, err = evaluate.ParseResult(text)
	return err == nil
}

// merged is one map with the entries of another one, which may be nil both.
func merged(into, more map[string]report.Interval) map[string]report.Interval {
	if into == nil {
		return more
	}
	maps.Copy(into, more)
	return into
}

// values adds where the run's own values lie.
func (e *evaluation) values(known map[string]report.Interval) map[string]report.Interval {
	if known == nil {
		known = map[string]report.Interval{}
	}
	for _, m := range e.result.Metrics {
		if key := keyOf(m.Name, m.Slice); m.Own != nil && e.counts(key) {
			known[key] = *m.Own
		}
	}
	maps.Copy(known, e.result.FairnessValues())
	return known
}

// counts reports whether the job's value of a metric is the one that counts in its
// run: the last one that was reported does, with those of the job's other seeds.
func (e *evaluation) counts(key string) bool {
	behind := false
	for i := range e.run.Jobs {
		j := &e.run.Jobs[i]
		sibling := j.Job == e.job.Job && report.Config(*j) == report.Config(*e.job)
		if behind && !sibling && slices.ContainsFunc(j.Metrics, func(m record.Metric) bool { return m.Key() == key }) {
			return false
		}
		behind = behind || j.ID == e.job.ID
	}
	return true
}

func keyOf(name string, slice map[string]string) string {
	m := record.Metric{Name: name, Slice: slice}
	return m.Key()
}

// besides is what became of a comparison with the baseline.
type besides struct {
	*evaluate.Comparison
	now, then *evaluation
}

// beside compares with what the same job of the baseline evaluated. It returns nil
// if that evaluated nothing.
func (e *evaluation) beside(ctx context.Context, base *record.Run, o *report.CompareOptions) (*besides, error) {
	other := e.counterpart(base)
	if other == nil {
		return nil, nil
	}
	c, err := e.comparison(ctx, other)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		c = &evaluate.Comparison{Why: err.Error()}
	}
	b := &besides{c, e, other}
	if o.Intervals == nil {
		o.Intervals = map[string]report.Interval{}
	}
	for key, i := range c.Changes(e.result, other.result) {
		if e.counts(key) && other.counts(key) {
			o.Intervals[key] = i
		}
	}
	o.Sections = append(o.Sections, c.Sections()...)
	if curves, ok := evaluate.Curves(e.result, other.result); ok {
		o.Sections = append(o.Sections, curves)
	}
	o.Notes = append(o.Notes, c.Notes...)
	return b, nil
}

// counterpart is the evaluation of the baseline that belongs to this one: that of
// the job of the same id or, if the job has got another name, the only one.
func (e *evaluation) counterpart(base *record.Run) *evaluation {
	if base == nil {
		return nil
	}
	var all []*evaluation
	for i := range base.Jobs {
		other := &evaluation{store: e.store, root: e.root, run: base, job: &base.Jobs[i]}
		if !other.load() {
			continue
		}
		if other.job.ID == e.job.ID {
			return other
		}
		all = append(all, other)
	}
	if len(all) != 1 || e.run.Job(all[0].job.ID) != nil {
		return nil
	}
	return all[0]
}

// head is the run with the values of the rows that were compared.
func (b *besides) head(run *record.Run, job string) *record.Run {
	return withValues(run, job, b.Metrics, func(c evaluate.Compared) report.Number { return c.Candidate })
}

// base is the same of the baseline: its predictions are held against the labels of
// the candidate's rows.
func (b *besides) base(run *record.Run) *record.Run {
	return withValues(run, b.then.job.ID, b.Metrics, func(c evaluate.Compared) report.Number { return c.Baseline })
}

// withValues returns the run with other values of a job's metrics, or the run
// itself if they are the same.
func withValues(run *record.Run, job string, ms []evaluate.Compared, value func(evaluate.Compared) report.Number) *record.Run {
	values := map[string]float64{}
	for _, m := range ms {
		if v := float64(value(m)); !math.IsNaN(v) {
			values[keyOf(m.Name, m.Slice)] = v
		}
	}
	out := *run
	out.Jobs = slices.Clone(run.Jobs)
	for i := range out.Jobs {
		if out.Jobs[i].ID != job {
			continue
		}
		metrics := slices.Clone(out.Jobs[i].Metrics)
		for k := range metrics {
			if v, ok := values[metrics[k].Key()]; ok && math.Abs(v-metrics[k].Value) > 1e-9*math.Abs(v) {
				metrics[k].Value = v
			}
		}
		out.Jobs[i].Metrics = metrics
	}
	return &out
}

// comparison is made once and kept, since equal predictions compare equally.
func (e *evaluation) comparison(ctx context.Context, base *evaluation) (*evaluate.Comparison, error) {
	here, err := e.files(ctx)
	if err != nil {
		return nil, err
	}
	there, err := base.files(ctx)
	if err != nil {
		return nil, fmt.Errorf("the baseline's predictions: %w", err)
	}
	key := store.Sum(fmt.Appendf(nil, "comparison %d %d\n%s\n%v\n%s\n%v\n", evaluate.Version, evaluate.ActionVersion, e.text, here, base.text, there))
	place := path.Join("comparisons", key.String()+".json")
	if text, err := os.ReadFile(filepath.Join(e.store.Root(), filepath.FromSlash(place))); err == nil {
		var c evaluate.Comparison
		if json.Unmarshal(text, &c) == nil {
			return &c, nil
		}
	}
	c, err := compareFiles(ctx, e.side(here), base.side(there))
	if err != nil {
		return nil, err
	}
	if text, err := record.Canonical(c); err == nil {
		_ = e.store.WriteFile(place, text) // it costs time to make it again, nothing else
	}
	return c, nil
}

// A storedFile is a file of predictions in the store.
type storedFile struct {
	path   string // relative to the repository, as the job saw it
	digest store.Digest
	place  string
}

func (f storedFile) String() string { return f.path + " " + f.digest.String() }

// files finds the predictions that the job read.
func (e *evaluation) files(ctx context.Context) (out []storedFile, err error) {
	for _, name := range e.result.Files {
		digest, err := e.digestOf(ctx, name)
		if err == nil {
			err = e.have(ctx, name, digest)
		}
		if err != nil {
			return nil, fmt.Errorf("%s is not in the store: %w", name, err)
		}
		out = append(out, storedFile{name, digest, e.store.Path(digest)})
	}
	if len(out) == 0 {
		err = errors.New("the record names no file of predictions")
	}
	return out, err
}

// have makes sure that the store has a file. One that no job made is taken from
// the repository if it is still the same there.
func (e *evaluation) have(ctx context.Context, name string, digest store.Digest) error {
	err := e.store.Check(digest)
	if err == nil || e.root == "" {
		return err
	}
	f, opened := os.Open(filepath.Join(e.root, filepath.FromSlash(name)))
	if opened != nil {
		return err
	}
	defer f.Close()
	if got, _, failed := e.store.Put(ctx, f); failed != nil || got != digest {
		return err
	}
	return nil
}

// digestOf is the digest of a file among the inputs of the job, alone or in a folder.
func (e *evaluation) digestOf(ctx context.Context, name string) (store.Digest, error) {
	for _, in := range slices.Concat(e.job.Inputs, e.job.Outputs) { // a job may evaluate what it made
		if in.Path == name && in.Link == "" {
			return in.Digest, nil
		}
		rest, inside := strings.CutPrefix(name, strings.TrimSuffix(in.Path, "/")+"/")
		if !inside || in.Files == 0 {
			continue
		}
		entries, err := e.store.ReadTree(ctx, in.Digest)
		if err != nil {
			return store.Digest{}, err
		}
		for _, entry := range entries {
			if entry.Path == rest && entry.Link == "" {
				return entry.Digest, nil
			}
		}
	}
	return store.Digest{}, fmt.Errorf("the record of job %s has no file of this name", e.job.ID)
}

func (e *evaluation) side(files []storedFile) side { return side{e.result.Inputs, files} }

// A side is what evaluate compares, before its files have names.
type side struct {
	inputs map[string]any
	files  []storedFile
}

// compareFiles gives the files in the store the names by which their format is
// told, and compares them.
func compareFiles(ctx context.Context, head, base side) (*evaluate.Comparison, error) {
	temp, err := os.MkdirTemp("", "mlops-compare-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(temp)
	a, err := head.named(filepath.Join(temp, "head"))
	if err != nil {
		return nil, err
	}
	b, err := base.named(filepath.Join(temp, "base"))
	if err != nil {
		return nil, err
	}
	return evaluate.Compare(ctx, a, b)
}

func (s side) named(folder string) (out evaluate.Side, err error) {
	if err := os.Mkdir(folder, 0o755); err != nil {
		return out, err
	}
	out.Inputs = s.inputs
	for i, f := range s.files {
		name := filepath.Join(folder, fmt.Sprintf("%06d-%s", i, path.Base(f.path)))
		if err := os.Symlink(f.place, name); err != nil {
			return out, err
		}
		out.Paths = append(out.Paths, name)
	}
	return out, nil
}
