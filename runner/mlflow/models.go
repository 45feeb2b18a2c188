package mlflow

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"

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

type modelAnswer struct {
	Model wireModel `json:"registered_model"`
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

// A named model is one that a request is about.
type named struct {
	model *registry.Model // nil if it has no version yet
	words *modelWords
}

// onModel makes an endpoint of a method about a model that there is. It is called with
// s.mu held.
func onModel(answer func(*Server, context.Context, *modelQuery, named) (any, error)) endpoint {
	return on(func(s *Server, ctx context.Context, q *modelQuery) (any, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		m, w, err := s.model(q.Name)
		if err != nil {
			return nil, err
		}
		return answer(s, ctx, q, named{m, w})
	})
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

func (s *Server) getModel(_ context.Context, _ *modelQuery, of named) (any, error) {
	out, err := s.wireModel(of.model, of.words)
	return modelAnswer{out}, err
}

// latestVersions is the newest one: there is one stage.
func (s *Server) latestVersions(_ context.Context, _ *modelQuery, of named) (any, error) {
	out, err := s.wireModel(of.model, of.words)
	return struct {
		Versions []wireVersion `json:"model_versions"`
	}{out.Latest}, err
}

// edited are the words about a model that may be changed and then noted.
func (s *Server) edited(w *modelWords) *modelWords {
	next := *w
	next.Tags, next.Changed = orEmpty(maps.Clone(w.Tags)), s.now()
	return &next
}

func (s *Server) updateModel(_ context.Context, q *modelQuery, of named) (any, error) {
	next := s.edited(of.words)
	if q.Description != nil {
		next.Description = *q.Description
	}
	if err := s.note(&word{Model: next}); err != nil {
		return nil, err
	}
	out, err := s.wireModel(of.model, next)
	return modelAnswer{out}, err
}

func (s *Server) tagModel(_ context.Context, q *modelQuery, of named) (any, error) {
	if err := checkTags([]pair{{q.Key, q.Value}}); err != nil {
		return nil, err
	}
	next := s.edited(of.words)
	next.Tags[q.Key] = q.Value
	return nothing{}, s.note(&word{Model: next})
}

func (s *Server) untagModel(_ context.Context, q *modelQuery, of named) (any, error) {
	next := s.edited(of.words)
	delete(next.Tags, q.Key)
	return nothing{}, s.note(&word{Model: next})
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

// tagPrompt is the tag of what MLflow keeps as models and is none. Its clients ask for
// models by "!= 'true'", and mean those without the tag.
const tagPrompt = "mlflow.prompt.is_prompt"

// registeredTag is a tag of a model or version for searches.
func registeredTag(tags []pair, name string) any {
	v := tagsOf(tags, name)
	if v == nil && name == tagPrompt {
		return "false"
	}
	return v
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
		return registeredTag(m.Tags, f.name)
	}
	return unknown
}
