package mlflow

import (
	"context"
	"maps"
	"strconv"

	"github.com/mlops-runner/mlops/runner/registry"
)

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

type versionAnswer struct {
	Version wireVersion `json:"model_version"`
}

// A numbered version is one that a request is about.
type numbered struct {
	model  *registry.Model
	number int
}

// onVersion makes an endpoint of a method about a version that there is. It is called
// with s.mu held.
func onVersion(answer func(*Server, context.Context, *modelQuery, numbered) (any, error)) endpoint {
	return onModel(func(s *Server, ctx context.Context, q *modelQuery, of named) (any, error) {
		n, err := strconv.Atoi(q.Version)
		if of.model == nil || err != nil || n < 1 || n > of.model.Versions() {
			return nil, missing("Model Version (name=%s, version=%s) not found", q.Name, q.Version)
		}
		return answer(s, ctx, q, numbered{of.model, n})
	})
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

func (s *Server) getVersion(_ context.Context, _ *modelQuery, of numbered) (any, error) {
	out, err := s.wireVersion(of.model, of.number)
	return versionAnswer{out}, err
}

// downloadURI is an address whose files do not change.
func (s *Server) downloadURI(_ context.Context, _ *modelQuery, of numbered) (any, error) {
	return struct {
		URI string `json:"artifact_uri"`
	}{versionURI(of.model.Name, of.number)}, nil
}

// editVersion changes the words about a version.
func (s *Server) editVersion(of numbered, edit func(*versionWords)) (any, error) {
	now, err := s.wireVersion(of.model, of.number)
	if err != nil {
		return nil, err
	}
	next := versionWords{
		Name: of.model.Name, Version: of.number, Source: now.Source, Run: now.Run, Description: now.Description, Tags: map[string]string{}, Changed: s.now(),
	}
	for _, t := range now.Tags {
		next.Tags[t.Key] = t.Value
	}
	edit(&next)
	if err := s.note(&word{Version: &next}); err != nil {
		return nil, err
	}
	out, err := s.wireVersion(of.model, of.number)
	return versionAnswer{out}, err
}

func (s *Server) updateVersion(_ context.Context, q *modelQuery, of numbered) (any, error) {
	return s.editVersion(of, func(w *versionWords) {
		if q.Description != nil {
			w.Description = *q.Description
		}
	})
}

func (s *Server) tagVersion(_ context.Context, q *modelQuery, of numbered) (any, error) {
	if err := checkTags([]pair{{q.Key, q.Value}}); err != nil {
		return nil, err
	}
	_, err := s.editVersion(of, func(w *versionWords) { w.Tags[q.Key] = q.Value })
	return nothing{}, err
}

func (s *Server) untagVersion(_ context.Context, q *modelQuery, of numbered) (any, error) {
	_, err := s.editVersion(of, func(w *versionWords) { delete(w.Tags, q.Key) })
	return nothing{}, err
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
		return registeredTag(v.Tags, f.name)
	}
	return unknown
}
