package mlflow

import (
	"net/url"
	"slices"
	"strings"

	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/registry"
)

// candidate is what a source means: files of a run's artifacts, or of a version.
func (s *Server) candidate(q *modelQuery) (*registry.Version, error) {
	pl, err := s.sourceOf(q)
	if err != nil {
		return nil, err
	}
	if pl.model != "" {
		return s.again(q.Name, pl)
	}
	t, err := s.find(pl.run)
	if err != nil {
		return nil, err
	}
	defer t.mu.Unlock()
	rec := Record(&t.run, t.record, record.Environment{})
	rec.Digest = t.sealed
	var v *registry.Version
	if pl.path == "" {
		v, err = whole(&rec)
	} else {
		v, err = registry.From(&rec, &rec.Jobs[0], pl.path)
	}
	if err != nil {
		return nil, invalid("source %q: run %s has logged no artifact %q.", q.Source, t.run.ID, pl.path)
	}
	v.Model, v.Actor = q.Name, rec.Trigger.Actor
	return v, nil
}

// whole is a version of all artifacts.
func whole(rec *record.Run) (*registry.Version, error) {
	job := rec.Jobs[0]
	job.Outputs = slices.Clone(job.Outputs)
	for i := range job.Outputs {
		job.Outputs[i].Path = "artifacts/" + job.Outputs[i].Path
	}
	rec.Jobs[0] = job
	return registry.From(rec, &job, "artifacts")
}

// again is a version's content for another model.
func (s *Server) again(name string, pl place) (*registry.Version, error) {
	m, err := s.models.Model(pl.model)
	if err != nil {
		return nil, err
	}
	v, err := s.models.Version(m, pl.version)
	if err != nil {
		return nil, err
	}
	next := *v
	next.Model = name
	return &next, nil
}

// sourceOf is the place that a source means.
func (s *Server) sourceOf(q *modelQuery) (place, error) {
	id, isLogged := strings.CutPrefix(q.Source, "models:/")
	if !isLogged || !strings.HasPrefix(id, "m-") || strings.Contains(id, "/") {
		return readSource(q)
	}
	t, m, err := s.logged(id)
	if err != nil {
		return place{}, err
	}
	defer t.mu.Unlock()
	return place{run: t.run.ID, path: m.folder()}, nil
}

// readSource reads mlflow-artifacts:/…, runs:/<run>/<path>, models:/<name>/<version>
// and the address of this server's artifacts.
func readSource(q *modelQuery) (place, error) {
	if q.Source == "" {
		return place{}, invalid("Missing value for required parameter 'source'.")
	}
	u, err := url.Parse(q.Source)
	if err != nil {
		return place{}, invalid("Invalid source %q.", q.Source)
	}
	p := strings.TrimPrefix(u.Path, "/")
	switch u.Scheme {
	case "mlflow-artifacts":
		return placeOf(p)
	case "runs":
		run, rest, _ := strings.Cut(p, "/")
		return placeOf(strings.TrimSuffix("-/"+run+"/artifacts/"+rest, "/"))
	case "models":
		return placeOf(modelsTop + "/" + p)
	case "http", "https":
		if _, rest, ok := strings.Cut(p, "mlflow-artifacts/artifacts/"); ok {
			return placeOf(rest)
		}
	}
	return place{}, invalid("source %q: only artifacts that were logged here can be registered; log the model to a run first, and register runs:/<run>/<path>.", q.Source)
}
