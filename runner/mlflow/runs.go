package mlflow

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"os"
	"slices"
	"strings"
)

// wireRun is a run as the protocol has it.
type wireRun struct {
	Info    wireInfo    `json:"info"`
	Data    wireData    `json:"data"`
	Inputs  wireInputs  `json:"inputs"`
	Outputs wireOutputs `json:"outputs"`
}

type wireInfo struct {
	ID         string `json:"run_id"`
	UUID       string `json:"run_uuid"`
	Name       string `json:"run_name"`
	Experiment string `json:"experiment_id"`
	User       string `json:"user_id"`
	Status     string `json:"status"`
	Started    int64  `json:"start_time"`
	Ended      int64  `json:"end_time,omitempty"`
	Artifacts  string `json:"artifact_uri"`
	Stage      string `json:"lifecycle_stage"`
}

type wireData struct {
	Metrics []metric `json:"metrics,omitempty"`
	Params  []pair   `json:"params,omitempty"`
	Tags    []pair   `json:"tags,omitempty"`
}

type wireInputs struct {
	Datasets []any        `json:"dataset_inputs,omitempty"`
	Models   []modelInput `json:"model_inputs,omitempty"`
}

type wireOutputs struct {
	Models []modelOutput `json:"model_outputs,omitempty"`
}

type runAnswer struct {
	Run wireRun `json:"run"`
}

func (r *Run) wire() wireRun {
	w := wireRun{r.info(), wireData{Params: sorted(r.Params), Tags: sorted(r.Tags)}, wireInputs{r.Inputs, r.Used}, wireOutputs{r.Outputs}}
	for _, k := range slices.Sorted(maps.Keys(r.Metrics)) {
		w.Data.Metrics = append(w.Data.Metrics, latest(r.Metrics[k]).wire(k))
	}
	return w
}

func (r *Run) info() wireInfo {
	return wireInfo{r.ID, r.ID, r.Name, r.Experiment.ID, r.User, r.Status, r.Started, r.Ended, r.root(), r.Stage}
}

func (v Value) wire(key string) metric {
	d := double(v.Value)
	return metric{key, &d, integer(v.Timestamp), integer(v.Step)}
}

// A runQuery is what most requests about a run ask.
type runQuery struct {
	ID      string       `json:"run_id"`
	UUID    string       `json:"run_uuid"` // its old name
	Exp     string       `json:"experiment_id"`
	User    string       `json:"user_id"`
	Name    string       `json:"run_name"`
	Status  string       `json:"status"`
	Started integer      `json:"start_time"`
	Ended   integer      `json:"end_time"`
	Tags    []pair       `json:"tags"`
	Params  []pair       `json:"params"`
	Metrics []metric     `json:"metrics"`
	Inputs  []any        `json:"datasets"`
	Models  []modelInput `json:"models"`
	Key     string       `json:"key"`
	Model   string       `json:"model_json"`
}

func (q *runQuery) id() string { return cmp.Or(q.ID, q.UUID) }

func (s *Server) createRun(ctx context.Context, q *runQuery) (any, error) {
	err := errors.Join(checkBatch(nil, nil, q.Tags), checkValue("run", "name", q.Name, maxTagValue), checkValue("run", "user_id", q.User, maxKey), checkTime("start_time", int64(q.Started)))
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	e := s.byID[cmp.Or(q.Exp, defaultExp)]
	s.mu.Unlock()
	switch {
	case e == nil:
		return nil, missing("No Experiment with id=%s exists", q.Exp)
	case e.Stage != active:
		return nil, invalid("The experiment %s must be in the 'active' state. Current state is %s.", e.ID, e.Stage)
	}
	rec, id, err := newID()
	if err != nil {
		return nil, err
	}
	r := Run{
		ID: id, Experiment: *e, User: q.User, Status: running, Started: int64(q.Started), Stage: active, Tags: map[string]string{},
	}
	if r.Started == 0 {
		r.Started = s.now()
	}
	for _, t := range q.Tags {
		r.Tags[t.Key] = t.Value
	}
	r.Name = cmp.Or(q.Name, r.Tags[tagName], "run-"+id[len(id)-6:])
	r.Tags[tagName] = r.Name
	if s.o.Source != nil {
		r.Source = s.o.Source(ctx)
	}
	t := &tracked{log: &log{path: s.path("runs", id+logSuffix), disk: s.d.Disk()}}
	if err := s.change(t, &change{Begin: &r, Record: rec}); err != nil {
		return nil, errors.Join(err, t.log.close(), os.Remove(t.log.path))
	}
	answer := runAnswer{t.run.wire()}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.runs[id] = t
	return answer, nil
}

func (s *Server) getRun(_ context.Context, q *runQuery) (any, error) {
	t, err := s.find(q.id())
	if err != nil {
		return nil, err
	}
	defer t.mu.Unlock()
	return runAnswer{t.run.wire()}, nil
}

// edit changes a run that is not deleted.
func (s *Server) edit(id string, make func(*Run) (*change, error)) error {
	t, err := s.find(id)
	if err != nil {
		return err
	}
	defer t.mu.Unlock()
	if t.log == nil {
		return readOnly(id)
	}
	if t.run.Stage != active {
		return invalid("The run %s must be in the 'active' state. Current state is %s.", id, t.run.Stage)
	}
	c, err := make(&t.run)
	if err != nil {
		return err
	}
	t.last = s.o.Now() // whatever it says, its client lives
	if c == nil {
		return nil
	}
	if c.result() && t.run.Lost() != "" {
		c.revive()
	}
	return s.change(t, c)
}

func (s *Server) updateRun(_ context.Context, q *runQuery) (any, error) {
	status := strings.ToUpper(q.Status)
	if !slices.Contains([]string{"", running, scheduled, finished, failed, killed}, status) {
		return nil, invalid("Invalid run status %q: RUNNING, SCHEDULED, FINISHED, FAILED or KILLED.", q.Status)
	}
	if err := errors.Join(checkValue("run", "name", q.Name, maxTagValue), checkTime("end_time", int64(q.Ended))); err != nil {
		return nil, err
	}
	t, err := s.find(q.id())
	if err != nil {
		return nil, err
	}
	defer t.mu.Unlock()
	if t.run.Stage != active {
		return nil, invalid("The run %s must be in the 'active' state. Current state is %s.", t.run.ID, t.run.Stage)
	}
	c := t.update(q, status, s.now())
	t.last = s.o.Now()
	if c.Name != "" || c.Status != "" {
		if err := s.change(t, c); err != nil {
			return nil, err
		}
	}
	if t.run.over() && t.sealed.IsZero() && ending(status) {
		if err := s.seal(t); err != nil {
			return nil, err
		}
	}
	return struct {
		Info wireInfo `json:"run_info"`
	}{t.run.info()}, nil
}

// update is what a client's word of a name and a status, "" for none, changes. A status
// that has been said and is in the record is not said again.
func (t *tracked) update(q *runQuery, status string, now int64) *change {
	c := &change{Name: q.Name, Status: status, Ended: int64(q.Ended)}
	if q.Name != "" {
		c.Tags = []pair{{tagName, q.Name}}
	}
	ends := ending(status)
	if ends && c.Ended == 0 {
		c.Ended = cmp.Or(t.run.Ended, now)
	}
	said := status == t.run.Status
	switch {
	case ends && said && t.run.over() && !t.sealed.IsZero():
		c.Status, c.Ended = "", 0
	case !ends && said:
		c.Status = ""
	}
	if c.Status != "" {
		c.Untag = tagLost
	}
	return c
}

func (s *Server) logBatch(_ context.Context, q *runQuery) (any, error) {
	if err := checkBatch(q.Metrics, q.Params, q.Tags); err != nil {
		return nil, err
	}
	return nothing{}, s.edit(q.id(), func(r *Run) (*change, error) { return r.logged(q.Metrics, q.Params, q.Tags) })
}

// logged is what a batch changes; nil if nothing. A parameter keeps its value.
func (r *Run) logged(metrics []metric, params, tags []pair) (*change, error) {
	c := &change{Metrics: metrics, Tags: tags}
	fresh := map[string]string{}
	for _, p := range params {
		old, known := r.Params[p.Key]
		if !known {
			old, known = fresh[p.Key]
		}
		if known && old != p.Value {
			return nil, invalid("Changing param values is not allowed. Param with key='%s' was already logged with value='%s' for run ID='%s'. Attempted logging new value '%s'.",
				p.Key, old, r.ID, p.Value)
		}
		if !known {
			fresh[p.Key] = p.Value
			c.Params = append(c.Params, p)
		}
	}
	for _, t := range tags {
		if t.Key == tagName {
			c.Name = t.Value
		}
	}
	if len(c.Metrics)+len(c.Params)+len(c.Tags) == 0 {
		return nil, nil
	}
	return c, nil
}

type metricQuery struct {
	ID   string `json:"run_id"`
	UUID string `json:"run_uuid"`
	metric
}

func (s *Server) logMetric(ctx context.Context, q *metricQuery) (any, error) {
	return s.logBatch(ctx, &runQuery{ID: cmp.Or(q.ID, q.UUID), Metrics: []metric{q.metric}})
}

type pairQuery struct {
	ID   string
	pair pair
}

// UnmarshalJSON reads a pair beside a run's id; the pair reads itself.
func (q *pairQuery) UnmarshalJSON(data []byte) error {
	var of runQuery
	err := of.ids(data)
	if err == nil {
		err = q.pair.UnmarshalJSON(data)
	}
	q.ID = of.id()
	return err
}

func (s *Server) logParam(ctx context.Context, q *pairQuery) (any, error) {
	return s.logBatch(ctx, &runQuery{ID: q.ID, Params: []pair{q.pair}})
}

func (s *Server) setTag(ctx context.Context, q *pairQuery) (any, error) {
	return s.logBatch(ctx, &runQuery{ID: q.ID, Tags: []pair{q.pair}})
}

func (s *Server) deleteTag(_ context.Context, q *runQuery) (any, error) {
	return nothing{}, s.edit(q.id(), func(r *Run) (*change, error) {
		if _, ok := r.Tags[q.Key]; !ok {
			return nil, missing("No tag with name: %s in run with id %s", q.Key, r.ID)
		}
		return &change{Untag: q.Key}, nil
	})
}

func (s *Server) logInputs(_ context.Context, q *runQuery) (any, error) {
	return nothing{}, s.edit(q.id(), func(*Run) (*change, error) {
		if len(q.Inputs)+len(q.Models) == 0 {
			return nil, nil
		}
		return &change{Inputs: q.Inputs, Used: q.Models}, nil
	})
}

// logModel notes that a model was logged. Its files come as artifacts, and the
// client sets a tag about it itself.
func (s *Server) logModel(_ context.Context, q *runQuery) (any, error) {
	return nothing{}, s.edit(q.id(), func(*Run) (*change, error) { return nil, nil })
}

// stage moves a run into another stage of its life. Its record stays.
func (s *Server) stage(id, to string) (any, error) {
	t, err := s.find(id)
	if err != nil {
		return nil, err
	}
	defer t.mu.Unlock()
	if t.log != nil && t.run.Stage == to {
		return nothing{}, nil
	}
	return nothing{}, s.change(t, &change{Stage: to})
}

func (s *Server) deleteRun(_ context.Context, q *runQuery) (any, error) {
	return s.stage(q.id(), deleted)
}

func (s *Server) restoreRun(_ context.Context, q *runQuery) (any, error) {
	return s.stage(q.id(), active)
}

type historyQuery struct {
	ID   string  `json:"run_id"`
	UUID string  `json:"run_uuid"`
	Key  string  `json:"metric_key"`
	Max  integer `json:"max_results"`
	Page string  `json:"page_token"`
}

func (s *Server) metricHistory(_ context.Context, q *historyQuery) (any, error) {
	t, err := s.find(cmp.Or(q.ID, q.UUID))
	if err != nil {
		return nil, err
	}
	defer t.mu.Unlock()
	if q.Key == "" {
		return nil, invalid("Missing value for required parameter 'metric_key'.")
	}
	vs, next, err := page(t.run.Metrics[q.Key], int(q.Max), q.Page, len(t.run.Metrics[q.Key])+1)
	if err != nil {
		return nil, err
	}
	out := make([]metric, len(vs))
	for i, v := range vs {
		out[i] = v.wire(q.Key)
	}
	return struct {
		Metrics []metric `json:"metrics"`
		Next    string   `json:"next_page_token,omitempty"`
	}{out, next}, nil
}

type runsQuery struct {
	searchQuery
	Experiments texts  `json:"experiment_ids"`
	View        string `json:"run_view_type"`
}

func (s *Server) searchRuns(ctx context.Context, q *runsQuery) (any, error) {
	if err := s.lookUp(ctx); err != nil {
		return nil, err
	}
	var all []*Run
	for _, t := range s.all() {
		t.mu.Lock()
		ok, err := seen(q.View, t.run.Stage)
		if err != nil {
			t.mu.Unlock()
			return nil, err
		}
		if ok && slices.Contains(q.Experiments, t.run.Experiment.ID) {
			all = append(all, t.run.copied())
		}
		t.mu.Unlock()
	}
	slices.SortFunc(all, func(a, b *Run) int { return cmp.Or(cmp.Compare(b.Started, a.Started), cmp.Compare(a.ID, b.ID)) })
	found, next, err := search(q.searchQuery, 1000, all, (*Run).field)
	if err != nil {
		return nil, err
	}
	out := make([]wireRun, len(found))
	for i, r := range found {
		out[i] = r.wire()
	}
	return struct {
		Runs []wireRun `json:"runs"`
		Next string    `json:"next_page_token,omitempty"`
	}{out, next}, nil
}

// copied is a run that others may change meanwhile; histories only grow behind
// what it has of them.
func (r *Run) copied() *Run {
	c := *r
	c.Params, c.Tags, c.Metrics = maps.Clone(r.Params), maps.Clone(r.Tags), maps.Clone(r.Metrics)
	return &c
}

// field is what searches ask of a run.
func (r *Run) field(f field) any {
	switch f.kind {
	case measure:
		vs, ok := r.Metrics[f.name]
		if !ok {
			return nil
		}
		return float64(latest(vs).Value)
	case parameter:
		return optional(r.Params, f.name)
	case tag:
		return optional(r.Tags, f.name)
	case dataset:
		return r.datasets(f.name)
	case attribute:
		return r.attribute(strings.ToLower(f.name))
	}
	return unknown
}

func (r *Run) attribute(name string) any {
	switch name {
	case "run_id":
		return r.ID
	case "run_name", "run name":
		return r.Name
	case "status":
		return r.Status
	case "user_id":
		return r.User
	case "experiment_id":
		return r.Experiment.ID
	case "artifact_uri":
		return r.root()
	case "start_time", "created":
		return float64(r.Started)
	case "end_time":
		if r.Ended == 0 {
			return nil
		}
		return float64(r.Ended)
	}
	return unknown
}
