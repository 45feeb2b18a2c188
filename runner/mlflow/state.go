package mlflow

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/store"
)

// Statuses of a run, as MLflow has them.
const (
	running   = "RUNNING"
	scheduled = "SCHEDULED"
	finished  = "FINISHED"
	failed    = "FAILED"
	killed    = "KILLED"
)

// Stages of a run's or an experiment's life.
const (
	active  = "active"
	deleted = "deleted"
)

// A Run is what MLflow knows of a run. It is the file mlflow.json of its record.
type Run struct {
	ID         string                 `json:"run_id"`                  // 32 hex digits; other tools' may be any name
	Experiment Experiment             `json:"experiment"`              // as it was when the run began
	Name       string                 `json:"run_name"`                // for people; not unique
	User       string                 `json:"user_id,omitempty"`       // as the client says
	Status     string                 `json:"status"`                  // RUNNING, SCHEDULED, FINISHED, FAILED or KILLED
	Started    int64                  `json:"start_time"`              // ms since 1970
	Ended      int64                  `json:"end_time,omitempty"`      // ms since 1970; 0 while it goes on
	Stage      string                 `json:"lifecycle_stage"`         // active or deleted
	Params     map[string]string      `json:"params,omitempty"`        // each has one value for ever
	Tags       map[string]string      `json:"tags,omitempty"`          // by key
	Metrics    map[string][]Value     `json:"metrics,omitempty"`       // in the order they were logged
	Inputs     []any                  `json:"inputs,omitempty"`        // datasets, as they were sent
	Artifacts  map[string]Artifact    `json:"artifacts,omitempty"`     // by path
	Models     map[string]LoggedModel `json:"models,omitempty"`        // by id
	Used       []modelInput           `json:"model_inputs,omitempty"`  // models that it read
	Outputs    []modelOutput          `json:"model_outputs,omitempty"` // models that it made, each at a step
	Source     record.Source          `json:"source,omitzero"`         // of the repository, as the run began
}

// An Experiment is MLflow's name for runs that belong together: a pipeline.
type Experiment struct {
	ID      string            `json:"experiment_id"`              // unique in a server, whose own are digits
	Name    string            `json:"name"`                       // unique in a server; the pipeline of its records
	Stage   string            `json:"lifecycle_stage,omitempty"`  // active or deleted
	Created int64             `json:"creation_time,omitempty"`    // ms since 1970
	Changed int64             `json:"last_update_time,omitempty"` // ms since 1970
	Tags    map[string]string `json:"tags,omitempty"`             // by key
}

// A Value is one value of a metric.
type Value struct {
	Value     number `json:"value"`     // may be NaN or infinite
	Timestamp int64  `json:"timestamp"` // ms since 1970
	Step      int64  `json:"step"`      // as the client counts; may be negative
}

// An Artifact is a file that was logged.
type Artifact struct {
	Digest store.Digest `json:"digest"` // of the bytes, in the store
	Size   int64        `json:"size"`   // bytes
}

// A change is a line of a run's log: what one request did. Fields that say nothing
// are absent.
type change struct {
	Begin    *Run          `json:"begin,omitempty"` // the first line
	Metrics  []metric      `json:"metrics,omitempty"`
	Params   []pair        `json:"params,omitempty"`
	Tags     []pair        `json:"tags,omitempty"`
	Untag    string        `json:"untag,omitempty"`
	Inputs   []any         `json:"inputs,omitempty"`
	Used     []modelInput  `json:"used,omitempty"`
	Path     string        `json:"path,omitempty"` // of an artifact
	Artifact *Artifact     `json:"artifact,omitempty"`
	Name     string        `json:"name,omitempty"`
	Status   string        `json:"status,omitempty"`
	Ended    int64         `json:"ended,omitempty"`
	Model    *LoggedModel  `json:"model,omitempty"`
	Outputs  []modelOutput `json:"outputs,omitempty"`
	Stage    string        `json:"stage,omitempty"`
	Record   string        `json:"record,omitempty"` // id of the record that what follows goes into
	Sealed   store.Digest  `json:"sealed,omitzero"`  // that record is finished, and has this digest
}

// result reports whether a change is more than words about the run.
func (c *change) result() bool {
	return len(c.Metrics)+len(c.Params)+len(c.Inputs)+len(c.Used) > 0 || c.Artifact != nil || c.Status != ""
}

// fits fails for a line that this log cannot have.
func (c *change) fits(r *Run) error {
	if (c.Begin == nil) == (r.ID == "") {
		return errors.New("the first line, and no other, begins a run")
	}
	for _, m := range c.Metrics {
		if m.Value == nil {
			return fmt.Errorf("metric %q has no value", m.Key)
		}
	}
	return nil
}

// apply makes the change.
func (r *Run) apply(c *change) {
	if c.Begin != nil {
		*r = *c.Begin
		r.Params, r.Tags = orEmpty(r.Params), orEmpty(r.Tags)
		r.Metrics, r.Artifacts, r.Models = map[string][]Value{}, map[string]Artifact{}, map[string]LoggedModel{}
	}
	for _, m := range c.Metrics {
		r.Metrics[m.Key] = append(r.Metrics[m.Key], Value{number(*m.Value), int64(m.Timestamp), int64(m.Step)})
	}
	for _, p := range c.Params {
		r.Params[p.Key] = p.Value
	}
	for _, t := range c.Tags {
		r.Tags[t.Key] = t.Value
	}
	delete(r.Tags, c.Untag)
	if c.Artifact != nil {
		r.Artifacts[c.Path] = *c.Artifact
	}
	r.Name, r.Stage = cmp.Or(c.Name, r.Name), cmp.Or(c.Stage, r.Stage)
	if c.Status != "" {
		r.Status, r.Ended = c.Status, c.Ended
	}
	r.Inputs, r.Used, r.Outputs = append(r.Inputs, c.Inputs...), append(r.Used, c.Used...), append(r.Outputs, c.Outputs...)
	if c.Model != nil {
		r.Models[c.Model.ID] = *c.Model
	}
}

func orEmpty(m map[string]string) map[string]string {
	if m == nil {
		return map[string]string{}
	}
	return m
}

// over reports whether the run has ended.
func (r *Run) over() bool { return ending(r.Status) }

// ending reports whether a run of that status is over.
func ending(status string) bool { return status == finished || status == failed || status == killed }

// latest is a metric's value as MLflow shows it: that of the last step, and of those
// the newest, and of those the largest.
func latest(vs []Value) Value {
	return slices.MaxFunc(vs, func(a, b Value) int {
		return cmp.Or(cmp.Compare(a.Step, b.Step), cmp.Compare(a.Timestamp, b.Timestamp), cmp.Compare(a.Value, b.Value))
	})
}

// sorted are pairs in the order of their names.
func sorted(m map[string]string) []pair {
	out := make([]pair, 0, len(m))
	for _, k := range slices.Sorted(maps.Keys(m)) {
		out = append(out, pair{k, m[k]})
	}
	return out
}
