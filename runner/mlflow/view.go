package mlflow

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/mlops-runner/mlops/runner/record"
)

// Of is a record as MLflow sees it: what was logged, if it came from there; else its
// parameters, metrics and outputs, the latter two below the names of their jobs where
// the run has several.
func Of(rec *record.Run) (*Run, error) {
	text, err := os.ReadFile(filepath.Join(rec.Dir, File))
	switch {
	case err == nil:
		var r Run
		if err := json.Unmarshal(text, &r); err != nil {
			return nil, fmt.Errorf("%s: %w", filepath.Join(rec.Dir, File), err)
		}
		return &r, nil
	case !errors.Is(err, fs.ErrNotExist):
		return nil, err
	}
	r := &Run{
		ID: plain(rec.ID), Experiment: Experiment{Name: rec.Pipeline, Stage: active}, Name: rec.ID, User: rec.Trigger.Actor,
		Status: failed, Started: rec.Started.UnixMilli(), Ended: rec.Ended.UnixMilli(), Stage: active,
		Params: map[string]string{}, Tags: orEmpty(maps.Clone(rec.Labels)), Metrics: map[string][]Value{}, Artifacts: map[string]Artifact{}, Source: rec.Source,
	}
	switch rec.Status {
	case record.Success:
		r.Status = finished
	case record.Cancelled:
		r.Status = killed
	}
	for k, v := range rec.Params {
		r.Params[k] = paramText(v)
	}
	for _, j := range rec.Jobs {
		r.addJob(rec, &j)
	}
	r.describe(rec)
	return r, nil
}

func paramText(v any) string {
	switch x := v.(type) {
	case string:
		return x
	case float64:
		return strconv.FormatFloat(x, 'g', -1, 64)
	}
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(text)
}

func (r *Run) addJob(rec *record.Run, j *record.Job) {
	prefix := ""
	if len(rec.Jobs) > 1 {
		prefix = record.JobFolder(j.ID) + "/"
	}
	at := j.Started.Add(j.Wall)
	if j.Started.IsZero() {
		at = rec.Ended
	}
	for _, m := range j.Metrics {
		if len(m.Slice) > 0 {
			continue // MLflow has no slices
		}
		points := m.History
		if len(points) == 0 {
			p := record.Point{Value: m.Value}
			if m.Step != nil {
				p.Step = *m.Step
			}
			points = []record.Point{p}
		}
		for _, p := range points {
			r.Metrics[prefix+m.Name] = append(r.Metrics[prefix+m.Name], Value{number(p.Value), at.UnixMilli(), int64(p.Step)})
		}
	}
	for _, o := range j.Outputs {
		if o.Link == "" && o.Files == 0 {
			r.Artifacts[prefix+o.Path] = Artifact{o.Digest, o.Size}
		}
	}
}

// describe adds the tags that MLflow's own clients set.
func (r *Run) describe(rec *record.Run) {
	for k, v := range map[string]string{
		tagName: r.Name, tagUser: r.User, tagCommit: rec.Source.Commit, tagBranch: rec.Source.Branch, tagRepo: rec.Source.Repository,
		"mlflow.source.name": rec.File, "mlflow.source.type": "PROJECT", "mlops.run": rec.ID, "mlops.digest": rec.Digest.String(),
	} {
		if v != "" {
			r.Tags[k] = v
		}
	}
}

// newest are the records of a store that none continues, oldest first. One that
// cannot be read is given to skip.
func newest(root string, skip func(id string, err error)) (out []*record.Run, err error) {
	continued := map[string]bool{}
	for e, err := range record.List(root) {
		if err != nil {
			return nil, err
		}
		rec, err := e.Load()
		if err != nil {
			skip(e.ID, err)
			continue
		}
		if before := rec.Labels[Continues]; before != "" {
			continued[before] = true
		}
		if rec.Sealed && !continued[rec.ID] {
			out = append(out, rec)
		}
	}
	slices.Reverse(out)
	return out, nil
}
