package mlflow

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/store"
)

// Labels of records that were made of MLflow's runs; its tags are labels too.
const (
	RunID        = "mlflow.runId"        // MLflow's id of the run
	ExperimentID = "mlflow.experimentId" // of its experiment
	Continues    = "mlflow.continues"    // record that ended before, of the same run
)

// Tags that MLflow's client sets.
const (
	tagName   = "mlflow.runName"
	tagUser   = "mlflow.user"
	tagCommit = "mlflow.source.git.commit"
	tagBranch = "mlflow.source.git.branch"
	tagRepo   = "mlflow.source.git.repoURL"
)

const (
	// JobID is the one job of such a record.
	JobID = "mlflow"
	// File is the file of the record that holds the [Run].
	File = "mlflow.json"
	// Event is what started it.
	Event = "mlflow"
	// departs says why the record stands for no commit.
	departs = "logged through MLflow: nobody held the code to its commit"
)

// newID makes the id of a record, and MLflow's form of it.
func newID() (id, run string, err error) {
	u, err := uuid.NewV7()
	if err != nil {
		return "", "", err
	}
	return u.String(), plain(u.String()), nil
}

// plain is a record's id as MLflow writes ids.
func plain(record string) string { return strings.ReplaceAll(record, "-", "") }

// seal makes a record of a run that has ended, which the caller has locked. One
// that a killed server had begun is begun anew, a finished one is taken.
func (s *Server) seal(t *tracked) error {
	rec, err := record.Load(s.d.Root(), t.record)
	digest := store.Digest{}
	switch {
	case err == nil && rec.Sealed:
		digest = rec.Digest
	case err == nil:
		if err := os.RemoveAll(rec.Dir); err != nil {
			return err
		}
	case !errors.Is(err, record.ErrNotFound):
		return err
	}
	if digest.IsZero() {
		run := Record(&t.run, t.record, s.o.Environment)
		if t.before != "" {
			run.Labels[Continues] = t.before
		}
		if digest, err = Write(s.d.Root(), run, &t.run); err != nil {
			return err
		}
	}
	if err := s.change(t, &change{Sealed: digest}); err != nil {
		return err
	}
	if s.o.Sealed != nil {
		s.o.Sealed(t.run, t.record, nil)
	}
	return t.log.close()
}

// Record is the record of an ended run, with its one job.
func Record(r *Run, id string, env record.Environment) record.Run {
	env.Executor = Event
	out := record.Run{
		ID: id, Pipeline: r.Experiment.Name, Trigger: record.Trigger{Event: Event, Actor: cmp.Or(r.User, r.Tags[tagUser])},
		Started: time.UnixMilli(r.Started).UTC(), Ended: time.UnixMilli(max(r.Ended, r.Started)).UTC(), Status: statusOf(r.Status),
		Labels: record.Labels{}, Departs: []string{departs}, Source: r.source(), Environment: env, Params: r.values(),
	}
	maps.Copy(out.Labels, r.Tags)
	delete(out.Labels, Continues) // a client may call a tag so
	out.Labels[RunID], out.Labels[ExperimentID], out.Labels[tagName] = r.ID, r.Experiment.ID, r.Name
	job := record.Job{ID: JobID, Status: out.Status, Started: out.Started, Wall: out.Ended.Sub(out.Started), Outputs: r.outputs(), Metrics: r.metrics()}
	if out.Status != record.Success {
		out.Exit, job.Exit = 1, 1
		out.Reason, job.Reason = "exit", "exit"
		out.Error = "the run ended as " + r.Status
	}
	out.Jobs = []record.Job{job}
	return out
}

func statusOf(s string) record.Status {
	switch s {
	case finished:
		return record.Success
	case killed:
		return record.Cancelled
	}
	return record.Failure
}

// source is the repository's state as the run began, unless the client was in another
// commit.
func (r *Run) source() record.Source {
	commit := r.Tags[tagCommit]
	if commit == "" || commit == r.Source.Commit {
		return r.Source
	}
	return record.Source{Commit: commit, Branch: r.Tags[tagBranch], Repository: r.Tags[tagRepo]}
}

// values are the parameters: what reads as a number or a boolean is one, so that
// runs can be asked about it. mlflow.json has the text.
func (r *Run) values() record.Values {
	out := record.Values{}
	for k, text := range r.Params {
		out[k] = value(text)
	}
	return out
}

func value(text string) any {
	switch text {
	case "True", "true":
		return true
	case "False", "false":
		return false
	case "None":
		return nil
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || strings.ContainsAny(text, "xX_nN") {
		return text
	}
	return f
}

// metrics are the last values with their histories.
func (r *Run) metrics() (out []record.Metric) {
	for _, name := range slices.Sorted(maps.Keys(r.Metrics)) {
		vs := r.Metrics[name]
		last := latest(vs)
		step := float64(last.Step)
		m := record.Metric{Name: name, Value: float64(last.Value), Step: &step}
		if len(vs) > 1 {
			m.History, m.Points = history(vs, last)
		} else if last.Step == 0 {
			m.Step = nil // what has one value has no steps
		}
		out = append(out, m)
	}
	return out
}

// history are the values in the order of their steps, the one that counts last;
// of too many every so manyth, and then points is how many there were.
func history(vs []Value, last Value) (ps []record.Point, points int) {
	vs = slices.Clone(vs)
	slices.SortStableFunc(vs, func(a, b Value) int { return cmp.Compare(a.Step, b.Step) })
	stride := (len(vs) + record.MaxPoints - 1) / record.MaxPoints
	for i := 0; i < len(vs); i += stride {
		ps = append(ps, record.Point{Step: float64(vs[i].Step), Value: float64(vs[i].Value)})
	}
	ps[len(ps)-1] = record.Point{Step: float64(last.Step), Value: float64(last.Value)}
	if stride > 1 {
		points = len(vs)
	}
	return ps, points
}

func (r *Run) outputs() (out []record.Artifact) {
	for _, path := range slices.Sorted(maps.Keys(r.Artifacts)) {
		a := r.Artifacts[path]
		out = append(out, record.Artifact{Path: path, Digest: a.Digest, Size: a.Size, Mode: 0o644})
	}
	return out
}

// Write writes a whole record with its mlflow.json, and returns its digest. It fails
// with record.ErrExists, and for times that a record could not be read with again.
func Write(root string, run record.Run, r *Run) (d store.Digest, err error) {
	text, err := record.Canonical(r)
	if err := errors.Join(err, checkTime("start_time", r.Started), checkTime("end_time", r.Ended)); err != nil {
		return d, fmt.Errorf("run %s: %w", r.ID, err)
	}
	jobs := run.Jobs
	run.Jobs = nil
	w, err := record.Create(root, run)
	if err != nil {
		return d, err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	if err := w.AddFile(File, text); err != nil {
		return d, err
	}
	run.Jobs = jobs
	return w.Seal(run)
}
