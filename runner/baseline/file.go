package baseline

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path"
	"path/filepath"

	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/report"
)

// file takes what a file says: metrics, a record or a report.
func (r *Resolver) file(f *Found, name string) {
	run, err := ReadFile(r.Folder, name, r.Read)
	if err != nil {
		f.none("file:%s: %s", name, problem(err))
		return
	}
	f.take(run, 0, "the file "+name)
	f.Wanted, f.Name, f.text = f.Found, name, f.Why
	if run.ID != "" {
		f.text += ", run " + shortRun(run.ID)
	}
}

// ReadFile reads a run from a file: run.json of a record's folder, a report in
// JSON, or metrics in any format of [record.ReadMetrics]. A run of metrics alone
// has no ID and one job. folder is what name starts from, read reads a file.
func ReadFile(folder, name string, read func(name string) ([]byte, error)) (*record.Run, error) {
	if path.Base(filepath.ToSlash(name)) == "run.json" {
		dir := name
		if !filepath.IsAbs(dir) {
			dir = filepath.Join(folder, filepath.FromSlash(name))
		}
		return sealed(filepath.Dir(dir))
	}
	data, err := read(name)
	if err != nil {
		return nil, err
	}
	var probe struct {
		Version  int
		Decision string
	}
	if json.Unmarshal(data, &probe) == nil && probe.Version > 0 && probe.Decision != "" {
		return ofReport(data)
	}
	ms, err := record.ReadMetrics(name, bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	if len(ms) == 0 {
		return nil, errors.New("it holds no metric")
	}
	return metricsRun(ms), nil
}

// sealed reads a record that may lie anywhere.
func sealed(dir string) (*record.Run, error) {
	if _, err := os.Stat(filepath.Join(dir, "run.json")); err != nil {
		return nil, err
	}
	run, err := record.Entry{Dir: dir}.Load()
	if err == nil && !run.Sealed {
		err = record.ErrNotSealed
	}
	return run, err
}

// metricsRun is a run of which nothing but its metrics is known.
func metricsRun(ms []record.Metric) *record.Run {
	return &record.Run{Status: record.Success, Jobs: []record.Job{{ID: fileJob, Status: record.Success, Metrics: ms}}}
}

// fileJob is what metrics of no job belong to.
const fileJob = "file"

// ofReport is the head of a report, as far as a report tells.
func ofReport(data []byte) (*record.Run, error) {
	r, err := report.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	var ms []record.Metric
	for _, m := range r.Metrics {
		if m.Head != nil {
			ms = append(ms, record.Metric{Name: m.Name, Slice: m.Slice, Value: float64(*m.Head), Better: m.Better, Unit: m.Unit})
		}
	}
	run := metricsRun(ms)
	h := r.Head
	run.Pipeline, run.Status, run.Started = r.Pipeline, h.Status, h.Started
	run.Source = record.Source{Commit: h.Commit, Branch: h.Branch, Subject: h.Subject, Dirty: h.Dirty}
	return run, nil
}
