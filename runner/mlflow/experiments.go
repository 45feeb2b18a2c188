package mlflow

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// A word is a line of server.jsonl: a thing as it is from then on.
type word struct {
	Experiment *Experiment   `json:"experiment,omitempty"`
	Model      *modelWords   `json:"model,omitempty"`
	Version    *versionWords `json:"version,omitempty"`
}

func (s *Server) recall(line []byte) error {
	var w word
	err := json.Unmarshal(line, &w)
	s.adopt(&w)
	return err
}

func (s *Server) adopt(w *word) {
	if w.Experiment != nil {
		s.byID[w.Experiment.ID] = w.Experiment
	}
	if w.Model != nil {
		s.about[w.Model.Name] = w.Model
	}
	if w.Version != nil {
		s.versions[versionKey{w.Version.Name, w.Version.Version}] = w.Version
	}
}

// note writes a word down. The caller holds s.mu, or is alone.
func (s *Server) note(w *word) error {
	if err := s.names.add(w, true); err != nil {
		return err
	}
	s.adopt(w)
	return nil
}

// wireExperiment is an experiment as the protocol has it.
type wireExperiment struct {
	ID       string `json:"experiment_id"`
	Name     string `json:"name"`
	Location string `json:"artifact_location"`
	Stage    string `json:"lifecycle_stage"`
	Changed  int64  `json:"last_update_time"`
	Created  int64  `json:"creation_time"`
	Tags     []pair `json:"tags,omitempty"`
}

type experimentAnswer struct {
	Experiment wireExperiment `json:"experiment"`
}

func (e *Experiment) wire() wireExperiment {
	return wireExperiment{e.ID, e.Name, artifactScheme + e.ID, e.Stage, e.Changed, e.Created, sorted(e.Tags)}
}

type experimentQuery struct {
	ID       string `json:"experiment_id"`
	Name     string `json:"experiment_name"`
	NewName  string `json:"new_name"`
	Key      string `json:"key"`
	Value    string `json:"value"`
	Create   string `json:"name"`
	Tags     []pair `json:"tags"`
	Location string `json:"artifact_location"`
}

// named returns the experiment of a name, or nil. The caller holds s.mu.
func (s *Server) named(name string) *Experiment {
	for _, e := range s.byID {
		if e.Name == name {
			return e
		}
	}
	return nil
}

func (s *Server) createExperiment(_ context.Context, q *experimentQuery) (any, error) {
	if err := checkExperiment(q.Create); err != nil {
		return nil, err
	}
	if err := checkTags(q.Tags); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if e := s.named(q.Create); e != nil {
		return nil, failure(codeExists, "Experiment '%s' already exists (%s).", q.Create, e.Stage)
	}
	e := &Experiment{ID: s.nextID(), Name: q.Create, Stage: active, Created: s.now(), Changed: s.now(), Tags: map[string]string{}}
	for _, t := range q.Tags {
		e.Tags[t.Key] = t.Value
	}
	if err := s.note(&word{Experiment: e}); err != nil {
		return nil, err
	}
	return struct {
		ID string `json:"experiment_id"`
	}{e.ID}, nil
}

// checkExperiment fails for what can be no pipeline's name.
func checkExperiment(name string) error {
	switch {
	case strings.TrimSpace(name) == "":
		return invalid("Missing value for required parameter 'name'.")
	case len(name) > 500:
		return invalid("The name of an experiment has at most 500 bytes.")
	case strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return invalid("Invalid experiment name %q: it has control characters.", name)
	}
	return nil
}

func (s *Server) nextID() string {
	top := 0
	for id := range s.byID {
		if n, err := strconv.Atoi(id); err == nil && n <= maxOwnID {
			top = max(top, n)
		}
	}
	return strconv.Itoa(top + 1)
}

func (s *Server) getExperiment(_ context.Context, q *experimentQuery) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.byID[q.ID]
	if e == nil {
		return nil, missing("No Experiment with id=%s exists", q.ID)
	}
	return experimentAnswer{e.wire()}, nil
}

func (s *Server) getExperimentByName(ctx context.Context, q *experimentQuery) (any, error) {
	if err := s.lookUp(ctx); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.named(q.Name)
	if e == nil {
		return nil, missing("Could not find experiment with name '%s'", q.Name)
	}
	return experimentAnswer{e.wire()}, nil
}

// editExperiment changes an experiment.
func (s *Server) editExperiment(id string, edit func(*Experiment) error) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.byID[id]
	if e == nil {
		return nil, missing("No Experiment with id=%s exists", id)
	}
	next := *e
	next.Tags, next.Changed = orEmpty(maps.Clone(e.Tags)), s.now()
	if err := edit(&next); err != nil {
		return nil, err
	}
	return nothing{}, s.note(&word{Experiment: &next})
}

func (s *Server) updateExperiment(_ context.Context, q *experimentQuery) (any, error) {
	if err := checkExperiment(q.NewName); err != nil {
		return nil, err
	}
	return s.editExperiment(q.ID, func(e *Experiment) error {
		if other := s.named(q.NewName); other != nil && other.ID != e.ID {
			return failure(codeExists, "Experiment '%s' already exists (%s).", q.NewName, other.Stage)
		}
		e.Name = q.NewName
		return nil
	})
}

func (s *Server) deleteExperiment(_ context.Context, q *experimentQuery) (any, error) {
	return s.editExperiment(q.ID, func(e *Experiment) error { e.Stage = deleted; return nil })
}

func (s *Server) restoreExperiment(_ context.Context, q *experimentQuery) (any, error) {
	return s.editExperiment(q.ID, func(e *Experiment) error { e.Stage = active; return nil })
}

func (s *Server) tagExperiment(_ context.Context, q *experimentQuery) (any, error) {
	if err := checkTags([]pair{{q.Key, q.Value}}); err != nil {
		return nil, err
	}
	return s.editExperiment(q.ID, func(e *Experiment) error { e.Tags[q.Key] = q.Value; return nil })
}

func (s *Server) untagExperiment(_ context.Context, q *experimentQuery) (any, error) {
	return s.editExperiment(q.ID, func(e *Experiment) error {
		if _, ok := e.Tags[q.Key]; !ok {
			return missing("No tag with name: %s in experiment with id %s", q.Key, e.ID)
		}
		delete(e.Tags, q.Key)
		return nil
	})
}

// seen reports whether something in a stage is asked for by a view.
func seen(view, stage string) (bool, error) {
	switch strings.ToUpper(view) {
	case "", "ACTIVE_ONLY":
		return stage == active, nil
	case "DELETED_ONLY":
		return stage == deleted, nil
	case "ALL":
		return true, nil
	}
	return false, invalid("Invalid view type %q: ACTIVE_ONLY, DELETED_ONLY or ALL.", view)
}

type experimentsQuery struct {
	searchQuery
	View string `json:"view_type"`
}

func (s *Server) searchExperiments(ctx context.Context, q *experimentsQuery) (any, error) {
	if err := s.lookUp(ctx); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []*Experiment
	for _, e := range s.byID {
		ok, err := seen(q.View, e.Stage)
		if err != nil {
			return nil, err
		}
		if ok {
			all = append(all, e)
		}
	}
	slices.SortFunc(all, func(a, b *Experiment) int {
		return cmp.Or(cmp.Compare(b.Created, a.Created), cmp.Compare(len(b.ID), len(a.ID)), cmp.Compare(b.ID, a.ID))
	})
	found, next, err := search(q.searchQuery, 1000, all, (*Experiment).field)
	if err != nil {
		return nil, err
	}
	out := make([]wireExperiment, len(found))
	for i, e := range found {
		out[i] = e.wire()
	}
	return struct {
		Experiments []wireExperiment `json:"experiments"`
		Next        string           `json:"next_page_token,omitempty"`
	}{out, next}, nil
}

// field is what searches ask of an experiment.
func (e *Experiment) field(f field) any {
	switch f {
	case field{attribute, "name"}:
		return e.Name
	case field{attribute, "experiment_id"}:
		return e.ID
	case field{attribute, "creation_time"}:
		return float64(e.Created)
	case field{attribute, "last_update_time"}:
		return float64(e.Changed)
	}
	if f.kind == tag {
		return optional(e.Tags, f.name)
	}
	return unknown
}
