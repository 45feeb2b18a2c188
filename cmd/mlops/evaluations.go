package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
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
// and what became better or worse where. What cannot be compared is told in the
// report; an error is the context's.
func evaluations(ctx context.Context, s *store.Dir, head, base *record.Run, o *report.CompareOptions) error {
	if s == nil {
		return nil
	}
	seeds := map[string]int{}
	for i := range head.Jobs {
		e := evaluation{store: s, run: head, job: &head.Jobs[i]}
		group := report.Config(head.Jobs[i])
		if seeds[group]++; seeds[group] > 1 || !e.load() {
			continue
		}
		if group != e.job.ID { // one of several seeds: its rows are a part of the noise
			one := *o
			one.Intervals = nil
			if err := e.beside(ctx, base, &one); err != nil {
				return err
			}
			o.Sections, o.Notes, o.Rows = one.Sections, one.Notes, one.Intervals
			continue
		}
		e.values(o)
		if err := e.beside(ctx, base, o); err != nil {
			return err
		}
	}
	return nil
}

// An evaluation is what a job of a run made of predictions.
type evaluation struct {
	store  *store.Dir
	run    *record.Run
	job    *record.Job
	text   []byte // of the result, as it was kept
	result *evaluate.Result
}

// load reads what the job kept. It is false for a job that evaluated nothing.
func (e *evaluation) load() bool {
	text, err := keptFile(e.run, e.store, e.job.ID, evaluate.ResultFile)
	if err != nil || text == nil {
		return false
	}
	e.text = text
	e.result, err = evaluate.ParseResult(text)
	return err == nil
}

// values notes where the run's own values lie.
func (e *evaluation) values(o *report.CompareOptions) {
	if o.Values == nil {
		o.Values = map[string]report.Interval{}
	}
	for _, m := range e.result.Metrics {
		if m.Own == nil {
			continue
		}
		o.Values[keyOf(m.Name, m.Slice)] = *m.Own
	}
	maps.Copy(o.Values, e.result.FairnessValues())
}

func keyOf(name string, slice map[string]string) string {
	m := record.Metric{Name: name, Slice: slice}
	return m.Key()
}

// beside compares with what the same job of the baseline evaluated.
func (e *evaluation) beside(ctx context.Context, base *record.Run, o *report.CompareOptions) error {
	if base == nil || base.Job(e.job.ID) == nil {
		return nil
	}
	other := evaluation{store: e.store, run: base, job: base.Job(e.job.ID)}
	if !other.load() {
		return nil
	}
	c, err := e.comparison(ctx, &other)
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		c = &evaluate.Comparison{Why: err.Error()}
	}
	noteChanges(c, e.result, o)
	maps.Copy(o.Intervals, evaluate.FairnessChanges(e.result, other.result))
	o.Sections = append(o.Sections, c.Sections()...)
	if curves, ok := evaluate.Curves(e.result, other.result); ok {
		o.Sections = append(o.Sections, curves)
	}
	o.Notes = append(o.Notes, c.Notes...)
	return nil
}

// noteChanges notes where the differences lie. Of rows that are no pairs, nothing
// is known of any: the values are of different rows.
func noteChanges(c *evaluate.Comparison, result *evaluate.Result, o *report.CompareOptions) {
	if o.Intervals == nil {
		o.Intervals = map[string]report.Interval{}
	}
	for _, m := range c.Metrics {
		if m.Change != nil {
			o.Intervals[keyOf(m.Name, m.Slice)] = *m.Change
		}
	}
	if c.Why == "" || c.Mismatch == nil {
		return
	}
	for _, m := range result.Metrics {
		o.Intervals[keyOf(m.Name, m.Slice)] = report.Unknown("the rows differ")
	}
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
	if text, err := json.Marshal(c); err == nil {
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
			err = e.store.Check(digest)
		}
		if err != nil {
			return nil, fmt.Errorf("%s is not in the store any more: %w", name, err)
		}
		out = append(out, storedFile{name, digest, e.store.Path(digest)})
	}
	if len(out) == 0 {
		err = errors.New("the record names no file of predictions")
	}
	return out, err
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
