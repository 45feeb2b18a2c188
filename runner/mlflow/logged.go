package mlflow

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"slices"
	"sort"
	"strings"

	"github.com/google/uuid"
)

// A LoggedModel is a model that a run logged through MLflow 3, which gives it an id
// of its own. Its files are artifacts of the run, below models/<id>.
type LoggedModel struct {
	ID      string            `json:"model_id"`                  // m- and 32 hex digits
	Name    string            `json:"name"`                      // the id, if the client gave none
	Type    string            `json:"model_type,omitempty"`      // as the client calls it, such as "Agent"
	Status  string            `json:"status"`                    // LOGGED_MODEL_PENDING, _READY or _UPLOAD_FAILED
	Created int64             `json:"creation_timestamp_ms"`     // ms since 1970
	Changed int64             `json:"last_updated_timestamp_ms"` // ms since 1970; files are no change
	Params  map[string]string `json:"params,omitempty"`          // of the model, beside those of its run
	Tags    map[string]string `json:"tags,omitempty"`            // by key
}

const (
	loggedTop = "logged-models"
)

// Statuses of a logged model, as MLflow has them.
const (
	pending = "LOGGED_MODEL_PENDING"
	ready   = "LOGGED_MODEL_READY"
	broken  = "LOGGED_MODEL_UPLOAD_FAILED"
)

// loggedEndpoints are those of logged models; * stands for an id.
func loggedEndpoints() map[string]endpoint {
	return map[string]endpoint{
		"POST logged-models":          on((*Server).createLogged),
		"GET logged-models/*":         on((*Server).getLogged),
		"PATCH logged-models/*":       on((*Server).finalizeLogged),
		"DELETE logged-models/*":      never("Logged models are not deleted: the record of the run names their files."),
		"PATCH logged-models/*/tags":  on((*Server).tagLogged),
		"DELETE logged-models/*/tags": on((*Server).untagLogged),
		"POST logged-models/*/params": on((*Server).paramsLogged),
		"POST logged-models/search":   on((*Server).searchLogged),
		"POST runs/outputs":           on((*Server).logOutputs),
	}
}

// loggedPath takes the id, and a tag's key, out of the path of a request about a
// logged model; fields are what the body gets.
func loggedPath(path string) (pattern string, fields map[string]string) {
	parts := strings.Split(path, "/")
	if parts[0] != loggedTop || len(parts) < 2 || parts[1] == "search" {
		return path, nil
	}
	fields = map[string]string{"model_id": parts[1]}
	if len(parts) > 3 && parts[2] == "tags" {
		fields["tag_key"], parts = strings.Join(parts[3:], "/"), parts[:3]
	}
	parts[1] = "*"
	return strings.Join(parts, "/"), fields
}

// with adds fields to a JSON object.
func with(body []byte, fields map[string]string) ([]byte, error) {
	if len(fields) == 0 {
		return body, nil
	}
	var all map[string]any
	if err := json.Unmarshal(body, &all); err != nil || all == nil {
		return nil, failure(codeBad, "the request is no JSON object.")
	}
	for k, v := range fields {
		all[k] = v
	}
	return json.Marshal(all)
}

type loggedQuery struct {
	ID     string `json:"model_id"`
	Exp    string `json:"experiment_id"`
	Name   string `json:"name"`
	Type   string `json:"model_type"`
	Run    string `json:"source_run_id"`
	Status any    `json:"status"`
	Params []pair `json:"params"`
	Tags   []pair `json:"tags"`
	TagKey string `json:"tag_key"`
}

type wireLogged struct {
	Info wireLoggedInfo `json:"info"`
	Data wireData       `json:"data"`
}

type wireLoggedInfo struct {
	ID         string `json:"model_id"`
	Experiment string `json:"experiment_id"`
	Name       string `json:"name"`
	Created    int64  `json:"creation_timestamp_ms"`
	Changed    int64  `json:"last_updated_timestamp_ms"`
	Artifacts  string `json:"artifact_uri"`
	Status     string `json:"status"`
	Type       string `json:"model_type,omitempty"`
	Run        string `json:"source_run_id"`
	Tags       []pair `json:"tags,omitempty"`
}

type loggedAnswer struct {
	Model wireLogged `json:"model"`
}

// folder is where a logged model's files are among its run's artifacts.
func (m *LoggedModel) folder() string { return modelsTop + "/" + m.ID }

func (m *LoggedModel) wire(r *Run) wireLogged {
	return wireLogged{
		wireLoggedInfo{m.ID, r.Experiment.ID, m.Name, m.Created, m.Changed, r.root() + "/" + m.folder(), m.Status, m.Type, r.ID, sorted(m.Tags)},
		wireData{Params: sorted(m.Params)},
	}
}

func (s *Server) createLogged(_ context.Context, q *loggedQuery) (any, error) {
	if err := checkBatch(nil, q.Params, q.Tags); err != nil {
		return nil, err
	}
	if q.Run == "" {
		return nil, invalid("Models are kept with the run that logged them; log it inside of mlflow.start_run().")
	}
	u, err := uuid.NewV7()
	if err != nil {
		return nil, err
	}
	m := LoggedModel{ID: "m-" + plain(u.String()), Name: q.Name, Type: q.Type, Status: pending, Created: s.now(), Changed: s.now(), Params: map[string]string{}, Tags: map[string]string{}}
	if m.Name == "" {
		m.Name = m.ID
	}
	for _, p := range q.Params {
		m.Params[p.Key] = p.Value
	}
	for _, t := range q.Tags {
		m.Tags[t.Key] = t.Value
	}
	var answer loggedAnswer
	err = s.edit(q.Run, func(r *Run) (*change, error) {
		answer.Model = m.wire(r)
		return &change{Model: &m}, nil
	})
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.loggedBy[m.ID] = q.Run
	return answer, nil
}

// logged finds a logged model; its run is locked.
func (s *Server) logged(id string) (*tracked, *LoggedModel, error) {
	s.mu.Lock()
	t := s.runs[s.loggedBy[id]]
	s.mu.Unlock()
	if t == nil {
		return nil, nil, missing("Logged model with ID '%s' not found.", id)
	}
	t.mu.Lock()
	m := t.run.Models[id]
	return t, &m, nil
}

func (s *Server) getLogged(_ context.Context, q *loggedQuery) (any, error) {
	t, m, err := s.logged(q.ID)
	if err != nil {
		return nil, err
	}
	defer t.mu.Unlock()
	return loggedAnswer{m.wire(&t.run)}, nil
}

// editLogged changes a logged model. These are words about it; its files are not.
func (s *Server) editLogged(id string, edit func(*LoggedModel) error) (any, error) {
	t, m, err := s.logged(id)
	if err != nil {
		return nil, err
	}
	defer t.mu.Unlock()
	m.Params, m.Tags, m.Changed = orEmpty(maps.Clone(m.Params)), orEmpty(maps.Clone(m.Tags)), s.now()
	if err := edit(m); err != nil {
		return nil, err
	}
	if err := s.change(t, &change{Model: m}); err != nil {
		return nil, err
	}
	return loggedAnswer{m.wire(&t.run)}, nil
}

func (s *Server) finalizeLogged(_ context.Context, q *loggedQuery) (any, error) {
	status, ok := q.Status.(string)
	if n, isNumber := q.Status.(float64); isNumber {
		status, ok = map[float64]string{1: pending, 2: ready, 3: broken}[n], true
	}
	if !ok || !slices.Contains([]string{pending, ready, broken}, status) {
		return nil, invalid("Invalid model status %v.", q.Status)
	}
	return s.editLogged(q.ID, func(m *LoggedModel) error { m.Status = status; return nil })
}

func (s *Server) tagLogged(_ context.Context, q *loggedQuery) (any, error) {
	if err := checkTags(q.Tags); err != nil {
		return nil, err
	}
	return s.editLogged(q.ID, func(m *LoggedModel) error {
		for _, t := range q.Tags {
			m.Tags[t.Key] = t.Value
		}
		return nil
	})
}

func (s *Server) untagLogged(_ context.Context, q *loggedQuery) (any, error) {
	_, err := s.editLogged(q.ID, func(m *LoggedModel) error { delete(m.Tags, q.TagKey); return nil })
	return nothing{}, err
}

func (s *Server) paramsLogged(_ context.Context, q *loggedQuery) (any, error) {
	if err := checkBatch(nil, q.Params, nil); err != nil {
		return nil, err
	}
	_, err := s.editLogged(q.ID, func(m *LoggedModel) error {
		for _, p := range q.Params {
			m.Params[p.Key] = p.Value
		}
		return nil
	})
	return nothing{}, err
}

type outputsQuery struct {
	ID     string        `json:"run_id"`
	Models []modelOutput `json:"models"`
}

// modelInput says that a run read a logged model.
type modelInput struct {
	ID string `json:"model_id"`
}

// modelOutput says at which step a run logged a model.
type modelOutput struct {
	ID   string  `json:"model_id"`
	Step integer `json:"step"`
}

func (s *Server) logOutputs(_ context.Context, q *outputsQuery) (any, error) {
	for _, m := range q.Models {
		t, _, err := s.logged(m.ID)
		if err != nil {
			return nil, err
		}
		t.mu.Unlock()
	}
	return nothing{}, s.edit(q.ID, func(*Run) (*change, error) { return &change{Outputs: q.Models}, nil })
}

type loggedSearch struct {
	Experiments texts         `json:"experiment_ids"`
	Filter      string        `json:"filter"`
	Order       []loggedOrder `json:"order_by"`
	Max         integer       `json:"max_results"`
	Page        string        `json:"page_token"`
}

// loggedOrder is what logged models are put in the order of, the lowest first if nothing
// is said.
type loggedOrder struct {
	Field string `json:"field_name"`
	Up    *bool  `json:"ascending"`
}

// keys are the orders as other searches have them.
func (q *loggedSearch) keys() (out texts) {
	for _, o := range q.Order {
		way := " ASC"
		if o.Up != nil && !*o.Up {
			way = " DESC"
		}
		out = append(out, o.Field+way)
	}
	return out
}

func (s *Server) searchLogged(_ context.Context, q *loggedSearch) (any, error) {
	var all []wireLogged
	for _, t := range s.all() {
		t.mu.Lock()
		if slices.Contains(q.Experiments, t.run.Experiment.ID) && t.run.Stage == active {
			for _, m := range t.run.Models {
				all = append(all, m.wire(&t.run))
			}
		}
		t.mu.Unlock()
	}
	sort.Slice(all, func(i, j int) bool {
		a, b := &all[i].Info, &all[j].Info
		return cmp.Or(cmp.Compare(b.Created, a.Created), cmp.Compare(a.ID, b.ID)) < 0
	})
	found, next, err := search(searchQuery{Filter: q.Filter, Order: q.keys(), Max: q.Max, Page: q.Page}, 100, all, wireLogged.field)
	if err != nil {
		return nil, err
	}
	return struct {
		Models []wireLogged `json:"models"`
		Next   string       `json:"next_page_token,omitempty"`
	}{found, next}, nil
}

func (m wireLogged) field(f field) any {
	switch f {
	case field{attribute, "name"}:
		return m.Info.Name
	case field{attribute, "model_id"}:
		return m.Info.ID
	case field{attribute, "model_type"}:
		return m.Info.Type
	case field{attribute, "status"}:
		return m.Info.Status
	case field{attribute, "source_run_id"}:
		return m.Info.Run
	case field{attribute, "creation_time"}, field{attribute, "creation_timestamp"}:
		return float64(m.Info.Created)
	}
	switch f.kind {
	case tag:
		return tagsOf(m.Info.Tags, f.name)
	case parameter:
		return tagsOf(m.Data.Params, f.name)
	}
	return unknown
}
