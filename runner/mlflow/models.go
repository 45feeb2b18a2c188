package mlflow

import (
	"context"
	"errors"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/registry"
)

// modelWords is what MLflow says of a model beside the registry. A model that was
// created and has no version yet is only this.
type modelWords struct {
	Name        string            `json:"name"`
	Description string            `json:"description,omitempty"`
	Tags        map[string]string `json:"tags,omitempty"`
	Created     int64             `json:"created"` // ms since 1970
	Changed     int64             `json:"changed"`
}

type versionKey struct {
	model   string
	version int
}

// versionWords is what MLflow says of a version beside the registry.
type versionWords struct {
	Name        string            `json:"name"`
	Version     int               `json:"version"`
	Source      string            `json:"source,omitempty"` // as the client named it
	Run         string            `json:"run,omitempty"`    // MLflow's id
	Description string            `json:"description,omitempty"`
	Tags        map[string]string `json:"tags,omitempty"`
	Changed     int64             `json:"changed"`
}

type wireModel struct {
	Name        string        `json:"name"`
	Created     int64         `json:"creation_timestamp"`
	Changed     int64         `json:"last_updated_timestamp"`
	Description string        `json:"description"`
	Latest      []wireVersion `json:"latest_versions,omitempty"`
	Tags        []pair        `json:"tags,omitempty"`
	Aliases     []wireAlias   `json:"aliases,omitempty"`
}

type wireAlias struct {
	Alias   string `json:"alias"`
	Version string `json:"version"`
}

type wireVersion struct {
	Name        string   `json:"name"`
	Version     string   `json:"version"`
	Created     int64    `json:"creation_timestamp"`
	Changed     int64    `json:"last_updated_timestamp"`
	User        string   `json:"user_id"`
	Stage       string   `json:"current_stage"`
	Description string   `json:"description"`
	Source      string   `json:"source"`
	Run         string   `json:"run_id"`
	Status      string   `json:"status"`
	Message     string   `json:"status_message"`
	Tags        []pair   `json:"tags,omitempty"`
	Aliases     []string `json:"aliases,omitempty"`
}

type modelAnswer struct {
	Model wireModel `json:"registered_model"`
}

type versionAnswer struct {
	Version wireVersion `json:"model_version"`
}

// A modelQuery is what requests about models ask.
type modelQuery struct {
	Name        string  `json:"name"`
	NewName     string  `json:"new_name"`
	Description *string `json:"description"`
	Tags        []pair  `json:"tags"`
	Alias       string  `json:"alias"`
	Version     string  `json:"version"`
	Source      string  `json:"source"`
	Run         string  `json:"run_id"`
	Key         string  `json:"key"`
	Value       string  `json:"value"`
	Stage       string  `json:"stage"`
}

// model returns a model of the registry, nil if it has no version yet, and the words
// about it. The caller holds s.mu.
func (s *Server) model(name string) (*registry.Model, *modelWords, error) {
	if err := registry.CheckModel(name); err != nil {
		return nil, nil, err
	}
	words := s.about[name]
	m, err := s.models.Model(name)
	switch {
	case err == nil:
		if words == nil {
			first := m.Journal[0].Time.UnixMilli()
			words = &modelWords{Name: name, Created: first, Changed: m.Journal[len(m.Journal)-1].Time.UnixMilli()}
		}
		return m, words, nil
	case errors.Is(err, registry.ErrNotFound) && words != nil:
		return nil, words, nil
	case errors.Is(err, registry.ErrNotFound):
		return nil, nil, missing("Registered Model with name=%s not found", name)
	}
	return nil, nil, err
}

func (s *Server) wireModel(m *registry.Model, w *modelWords) (wireModel, error) {
	out := wireModel{Name: w.Name, Created: w.Created, Changed: w.Changed, Description: w.Description, Tags: sorted(w.Tags)}
	if m == nil {
		return out, nil
	}
	for _, alias := range slices.Sorted(maps.Keys(m.Aliases)) {
		out.Aliases = append(out.Aliases, wireAlias{alias, strconv.Itoa(m.Aliases[alias])})
	}
	if m.Versions() == 0 {
		return out, nil
	}
	v, err := s.wireVersion(m, m.Versions())
	out.Latest = []wireVersion{v}
	return out, err
}

// wireVersion is a version as the protocol has it. The caller holds s.mu.
func (s *Server) wireVersion(m *registry.Model, n int) (wireVersion, error) {
	v, err := s.models.Version(m, n)
	if err != nil {
		return wireVersion{}, err
	}
	w := s.versions[versionKey{m.Name, n}]
	if w == nil {
		w = &versionWords{Source: versionURI(m.Name, n), Run: plain(v.Run), Changed: v.Time.UnixMilli()}
	}
	out := wireVersion{
		Name: m.Name, Version: strconv.Itoa(n), Created: v.Time.UnixMilli(), Changed: w.Changed, User: v.Actor, Stage: "None", Description: w.Description,
		Source: w.Source, Run: w.Run, Status: "READY", Message: v.Digest.String(), Tags: sorted(w.Tags), Aliases: m.Named(n),
	}
	if m.IsRetired(n) {
		out.Stage = "Archived"
	}
	return out, nil
}

// versionURI is where a version's files are brought from.
func versionURI(model string, n int) string {
	return artifactScheme + modelsTop + "/" + model + "/" + strconv.Itoa(n)
}

func (s *Server) createModel(_ context.Context, q *modelQuery) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := registry.CheckModel(q.Name); err != nil {
		return nil, err
	}
	if err := checkTags(q.Tags); err != nil {
		return nil, err
	}
	if _, _, err := s.model(q.Name); err == nil {
		return nil, failure(codeExists, "Registered Model (name=%s) already exists.", q.Name)
	}
	w := &modelWords{Name: q.Name, Tags: map[string]string{}, Created: s.now(), Changed: s.now()}
	if q.Description != nil {
		w.Description = *q.Description
	}
	for _, t := range q.Tags {
		w.Tags[t.Key] = t.Value
	}
	if err := s.note(&word{Model: w}); err != nil {
		return nil, err
	}
	out, err := s.wireModel(nil, w)
	return modelAnswer{out}, err
}

func (s *Server) getModel(_ context.Context, q *modelQuery) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m, w, err := s.model(q.Name)
	if err != nil {
		return nil, err
	}
	out, err := s.wireModel(m, w)
	return modelAnswer{out}, err
}

// editModel changes the words about a model.
func (s *Server) editModel(name string, edit func(*modelWords)) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m, w, err := s.model(name)
	if err != nil {
		return nil, err
	}
	next := *w
	next.Tags, next.Changed = orEmpty(maps.Clone(w.Tags)), s.now()
	edit(&next)
	if err := s.note(&word{Model: &next}); err != nil {
		return nil, err
	}
	out, err := s.wireModel(m, &next)
	return modelAnswer{out}, err
}

func (s *Server) updateModel(_ context.Context, q *modelQuery) (any, error) {
	return s.editModel(q.Name, func(w *modelWords) {
		if q.Description != nil {
			w.Description = *q.Description
		}
	})
}

func (s *Server) tagModel(_ context.Context, q *modelQuery) (any, error) {
	if err := checkTags([]pair{{q.Key, q.Value}}); err != nil {
		return nil, err
	}
	_, err := s.editModel(q.Name, func(w *modelWords) { w.Tags[q.Key] = q.Value })
	return nothing{}, err
}

func (s *Server) untagModel(_ context.Context, q *modelQuery) (any, error) {
	_, err := s.editModel(q.Name, func(w *modelWords) { delete(w.Tags, q.Key) })
	return nothing{}, err
}

func (s *Server) deleteModel(context.Context, *modelQuery) (any, error) {
	return nil, failure(codeState, "Models are not deleted: the registry's journal tells what was in use. Retire versions by \"mlops model retire\".")
}

func (s *Server) deleteVersion(context.Context, *modelQuery) (any, error) {
	return nil, failure(codeState, "Versions are not deleted: the registry's journal tells what was in use. Retire them by \"mlops model retire\".")
}

func (s *Server) renameModel(context.Context, *modelQuery) (any, error) {
	return nil, failure(codeState, "Models keep their name: the registry's journal and signatures have it. Register the version under the other name.")
}

func (s *Server) moveStage(context.Context, *modelQuery) (any, error) {
	return nil, failure(codeState, "There are no stages; use aliases: client.set_registered_model_alias(name, alias, version).")
}

func (s *Server) searchModels(_ context.Context, q *searchQuery) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	names, err := s.allModels()
	if err != nil {
		return nil, err
	}
	var all []wireModel
	for _, name := range names {
		m, w, err := s.model(name)
		if err != nil {
			continue // a damaged one does not hide the others; getting it tells
		}
		out, err := s.wireModel(m, w)
		if err != nil {
			continue
		}
		all = append(all, out)
	}
	found, next, err := search(*q, 100, all, wireModel.field)
	if err != nil {
		return nil, err
	}
	return struct {
		Models []wireModel `json:"registered_models"`
		Next   string      `json:"next_page_token,omitempty"`
	}{found, next}, nil
}

func (s *Server) allModels() ([]string, error) {
	names, err := s.models.Names()
	for name := range s.about {
		names = append(names, name)
	}
	slices.Sort(names)
	return slices.Compact(names), err
}

func tagsOf(tags []pair, name string) any {
	for _, t := range tags {
		if t.Key == name {
			return t.Value
		}
	}
	return nil
}

func (m wireModel) field(f field) any {
	switch f {
	case field{attribute, "name"}:
		return m.Name
	case field{attribute, "last_updated_timestamp"}, field{attribute, "timestamp"}:
		return float64(m.Changed)
	case field{attribute, "creation_timestamp"}:
		return float64(m.Created)
	}
	if f.kind == tag {
		return tagsOf(m.Tags, f.name)
	}
	return unknown
}

// versionOf finds a version. The caller holds s.mu.
func (s *Server) versionOf(name, version string) (*registry.Model, int, error) {
	m, _, err := s.model(name)
	if err != nil {
		return nil, 0, err
	}
	n, err := strconv.Atoi(version)
	if m == nil || err != nil || n < 1 || n > m.Versions() {
		return nil, 0, missing("Model Version (name=%s, version=%s) not found", name, version)
	}
	return m, n, nil
}

func (s *Server) getVersion(_ context.Context, q *modelQuery) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m, n, err := s.versionOf(q.Name, q.Version)
	if err != nil {
		return nil, err
	}
	out, err := s.wireVersion(m, n)
	return versionAnswer{out}, err
}

// createVersion registers files of a run, as they are now.
func (s *Server) createVersion(ctx context.Context, q *modelQuery) (any, error) {
	if err := checkTags(q.Tags); err != nil {
		return nil, err
	}
	v, err := s.candidate(q)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, _, err := s.model(q.Name); err != nil {
		return nil, err
	}
	by := registry.By{Actor: v.Actor, Run: v.Run, RunDigest: v.RunDigest, Reason: "registered through MLflow"}
	out, added, err := s.models.Register(ctx, *v, by)
	if err != nil {
		return nil, err
	}
	w := &versionWords{Name: q.Name, Version: out.Version, Source: q.Source, Run: q.Run, Tags: map[string]string{}, Changed: s.now()}
	if old := s.versions[versionKey{q.Name, out.Version}]; !added && old != nil {
		w.Source, w.Run, w.Description, w.Tags = old.Source, old.Run, old.Description, orEmpty(maps.Clone(old.Tags))
	}
	if q.Description != nil {
		w.Description = *q.Description
	}
	for _, t := range q.Tags {
		w.Tags[t.Key] = t.Value
	}
	if err := s.note(&word{Version: w}); err != nil {
		return nil, err
	}
	m, err := s.models.Model(q.Name)
	if err != nil {
		return nil, err
	}
	answer, err := s.wireVersion(m, out.Version)
	return versionAnswer{answer}, err
}

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

func (s *Server) searchVersions(_ context.Context, q *searchQuery) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	names, err := s.models.Names()
	if err != nil {
		return nil, err
	}
	var all []wireVersion
	for _, name := range names {
		m, err := s.models.Model(name)
		if err != nil {
			continue
		}
		for n := m.Versions(); n > 0; n-- {
			if v, err := s.wireVersion(m, n); err == nil {
				all = append(all, v)
			}
		}
	}
	found, next, err := search(*q, maxResults, all, wireVersion.field)
	if err != nil {
		return nil, err
	}
	return struct {
		Versions []wireVersion `json:"model_versions"`
		Next     string        `json:"next_page_token,omitempty"`
	}{found, next}, nil
}

func (v wireVersion) field(f field) any {
	switch f {
	case field{attribute, "name"}:
		return v.Name
	case field{attribute, "run_id"}:
		return v.Run
	case field{attribute, "source_path"}, field{attribute, "source"}:
		return v.Source
	case field{attribute, "version_number"}, field{attribute, "version"}:
		n, _ := strconv.Atoi(v.Version)
		return float64(n)
	case field{attribute, "creation_timestamp"}:
		return float64(v.Created)
	case field{attribute, "last_updated_timestamp"}:
		return float64(v.Changed)
	}
	if f.kind == tag {
		return tagsOf(v.Tags, f.name)
	}
	return unknown
}

// latestVersions is the newest one: there is one stage.
func (s *Server) latestVersions(_ context.Context, q *modelQuery) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m, w, err := s.model(q.Name)
	if err != nil {
		return nil, err
	}
	out, err := s.wireModel(m, w)
	return struct {
		Versions []wireVersion `json:"model_versions"`
	}{out.Latest}, err
}

// editVersion changes the words about a version.
func (s *Server) editVersion(q *modelQuery, edit func(*versionWords)) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m, n, err := s.versionOf(q.Name, q.Version)
	if err != nil {
		return nil, err
	}
	now, err := s.wireVersion(m, n)
	if err != nil {
		return nil, err
	}
	next := versionWords{Name: q.Name, Version: n, Source: now.Source, Run: now.Run, Description: now.Description, Tags: map[string]string{}, Changed: s.now()}
	for _, t := range now.Tags {
		next.Tags[t.Key] = t.Value
	}
	edit(&next)
	if err := s.note(&word{Version: &next}); err != nil {
		return nil, err
	}
	out, err := s.wireVersion(m, n)
	return versionAnswer{out}, err
}

func (s *Server) updateVersion(_ context.Context, q *modelQuery) (any, error) {
	return s.editVersion(q, func(w *versionWords) {
		if q.Description != nil {
			w.Description = *q.Description
		}
	})
}

func (s *Server) tagVersion(_ context.Context, q *modelQuery) (any, error) {
	if err := checkTags([]pair{{q.Key, q.Value}}); err != nil {
		return nil, err
	}
	_, err := s.editVersion(q, func(w *versionWords) { w.Tags[q.Key] = q.Value })
	return nothing{}, err
}

func (s *Server) untagVersion(_ context.Context, q *modelQuery) (any, error) {
	_, err := s.editVersion(q, func(w *versionWords) { delete(w.Tags, q.Key) })
	return nothing{}, err
}

// downloadURI is an address whose files do not change.
func (s *Server) downloadURI(_ context.Context, q *modelQuery) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m, n, err := s.versionOf(q.Name, q.Version)
	if err != nil {
		return nil, err
	}
	return struct {
		URI string `json:"artifact_uri"`
	}{versionURI(m.Name, n)}, nil
}

func (s *Server) setAlias(ctx context.Context, q *modelQuery) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, n, err := s.versionOf(q.Name, q.Version)
	if err != nil {
		return nil, err
	}
	_, err = s.models.Move(ctx, q.Name, q.Alias, registry.Any, n, registry.By{Actor: "mlflow", Reason: "set through MLflow"})
	return nothing{}, err
}

func (s *Server) getAlias(_ context.Context, q *modelQuery) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m, _, err := s.model(q.Name)
	if err != nil {
		return nil, err
	}
	if m == nil || m.Aliases[q.Alias] == 0 {
		return nil, invalid("Registered model alias %s not found.", q.Alias)
	}
	out, err := s.wireVersion(m, m.Aliases[q.Alias])
	return versionAnswer{out}, err
}

func (s *Server) deleteAlias(ctx context.Context, q *modelQuery) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m, _, err := s.model(q.Name)
	if err != nil {
		return nil, err
	}
	if m == nil || m.Aliases[q.Alias] == 0 {
		return nothing{}, nil
	}
	_, err = s.models.Remove(ctx, q.Name, q.Alias, registry.Any, registry.By{Actor: "mlflow", Reason: "deleted through MLflow"})
	return nothing{}, err
}
