package mlflow

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/mlops-runner/mlops/runner/access"
	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/store"
)

// A client sends requests as MLflow's Python client does: a JSON body (requests'
// json=) or a query, with its user agent.
type client struct {
	t    testing.TB
	http *httptest.Server
	s    *Server
	d    *store.Dir
}

func serve(t testing.TB, root string, o Options) *client {
	t.Helper()
	d, err := store.Open(root)
	if err != nil {
		t.Fatal(err)
	}
	s, err := Open(context.Background(), d, o)
	if err != nil {
		t.Fatal(err)
	}
	c := &client{t, httptest.NewServer(Guard(access.Tokens{}, s.Handler())), s, d}
	return c
}

func (c *client) stop() {
	c.t.Helper()
	c.http.Close()
	if err := c.s.Close(); err != nil {
		c.t.Error(err)
	}
}

// send returns status and answer.
func (c *client) send(method, path string, body io.Reader) (int, []byte) {
	c.t.Helper()
	req, err := http.NewRequest(method, c.http.URL+path, body)
	if err != nil {
		c.t.Fatal(err)
	}
	req.Header.Set("User-Agent", "mlflow-python-client/2.22.0")
	if method != http.MethodGet && method != http.MethodPut {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		c.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return resp.StatusCode, text
}

// ask sends a request as the client's call_endpoint does, and wants a status.
func (c *client) ask(want int, method, path, body string) map[string]any {
	c.t.Helper()
	var in io.Reader
	if full := "/api/2.0/mlflow/" + path; method == http.MethodGet {
		path = full + "?" + query(c.t, body)
	} else {
		path, in = full, bytes.NewBufferString(body)
	}
	status, text := c.send(method, path, in)
	var out map[string]any
	if err := json.Unmarshal(text, &out); err != nil || status != want {
		c.t.Fatalf("%s %s %s: %d, want %d: %s", method, path, body, status, want, text)
	}
	return out
}

// query is a JSON object as requests' params= writes it.
func query(t testing.TB, body string) string {
	t.Helper()
	var fields map[string]any
	if err := json.Unmarshal([]byte(body), &fields); err != nil {
		t.Fatal(err)
	}
	q := url.Values{}
	for k, v := range fields {
		list, ok := v.([]any)
		if !ok {
			list = []any{v}
		}
		for _, one := range list {
			q.Add(k, fmt.Sprint(one))
		}
	}
	return q.Encode()
}

// at walks down an answer: keys of objects, indexes of lists.
func at(t testing.TB, v any, path ...any) any {
	t.Helper()
	for _, p := range path {
		switch key := p.(type) {
		case string:
			m, ok := v.(map[string]any)
			if !ok || m[key] == nil {
				t.Fatalf("no %v in %v", path, v)
			}
			v = m[key]
		case int:
			l, ok := v.([]any)
			if !ok || len(l) <= key {
				t.Fatalf("no %v in %v", path, v)
			}
			v = l[key]
		}
	}
	return v
}

func text(t testing.TB, v any, path ...any) string {
	t.Helper()
	s, ok := at(t, v, path...).(string)
	if !ok {
		t.Fatalf("%v is no text in %v", path, v)
	}
	return s
}

func (c *client) begin(experiment string) string {
	c.t.Helper()
	out := c.ask(200, "POST", "runs/create", fmt.Sprintf(`{"experiment_id": %q, "user_id": "kim", "start_time": 1700000000000, "tags": [{"key": "mlflow.user", "value": "kim"}], "run_name": "one"}`, experiment))
	return text(c.t, out, "run", "info", "run_id")
}

func (c *client) end(run, status string) {
	c.t.Helper()
	c.ask(200, "POST", "runs/update", fmt.Sprintf(`{"run_uuid": %q, "run_id": %q, "status": %q, "end_time": 1700000060000}`, run, run, status))
}

func (c *client) put(want int, run, path, content string) {
	c.t.Helper()
	status, text := c.send("PUT", "/api/2.0/mlflow-artifacts/artifacts/0/"+run+"/artifacts/"+path, bytes.NewBufferString(content))
	if status != want {
		c.t.Fatalf("PUT %s: %d, want %d: %s", path, status, want, text)
	}
}

// TestRun goes through a run as the client's fluent API sends it, and reads its record.
func TestRun(t *testing.T) {
	root := t.TempDir()
	o := Options{Source: func(context.Context) record.Source { return record.Source{Commit: "abc", Branch: "main"} }}
	c := serve(t, root, o)
	c.ask(404, "GET", "experiments/get-by-name", `{"experiment_name": "churn"}`)
	exp := text(t, c.ask(200, "POST", "experiments/create", `{"name": "churn", "tags": []}`), "experiment_id")
	if e := c.ask(400, "POST", "experiments/create", `{"name": "churn"}`); e["error_code"] != "RESOURCE_ALREADY_EXISTS" {
		t.Error(e)
	}
	c.ask(200, "POST", "experiments/set-experiment-tag", fmt.Sprintf(`{"experiment_id": %q, "key": "owner", "value": "kim"}`, exp))
	c.ask(200, "POST", "experiments/delete-experiment-tag", fmt.Sprintf(`{"experiment_id": %q, "key": "owner"}`, exp))
	c.ask(404, "POST", "experiments/delete-experiment-tag", fmt.Sprintf(`{"experiment_id": %q, "key": "owner"}`, exp))
	run := c.begin(exp)
	c.ask(200, "POST", "runs/log-parameter", fmt.Sprintf(`{"run_uuid": %q, "run_id": %q, "key": "depth", "value": "8"}`, run, run))
	c.ask(200, "POST", "runs/log-metric", fmt.Sprintf(`{"run_uuid": %q, "run_id": %q, "key": "auc", "value": 0.5, "timestamp": 1700000001000, "step": 0}`, run, run))
	c.ask(200, "POST", "runs/log-batch", fmt.Sprintf(`{"run_id": %q, "metrics": [
		{"key": "auc", "value": 0.7, "timestamp": "1700000002000", "step": "1"}, {"key": "auc", "value": 0.6, "timestamp": 1700000003000, "step": 1},
		{"key": "loss", "value": "NaN", "timestamp": 1700000003000, "step": 0}, {"key": "up", "value": "Infinity", "timestamp": 1, "step": -3}],
		"params": [{"key": "opt", "value": "adam"}, {"key": "lr", "value": "1e-05"}], "tags": [{"key": "team", "value": "red"}]}`, run))
	c.put(200, run, "model/model.bin", "weights")
	c.put(200, run, "notes.txt", "hello")

	info := c.ask(200, "GET", "runs/get", fmt.Sprintf(`{"run_id": %q, "run_uuid": %q}`, run, run))
	if s := text(t, info, "run", "info", "status"); s != "RUNNING" {
		t.Error(s)
	}
	if v := at(t, info, "run", "data", "metrics", 0, "value"); v != 0.6 {
		t.Errorf("auc is %v: the last of the last step counts", v)
	}
	if v := text(t, info, "run", "data", "metrics", 1, "value"); v != "NaN" {
		t.Error(v)
	}
	c.end(run, "FINISHED")

	rec, err := record.Load(root, record.LATEST)
	if err != nil {
		t.Fatal(err)
	}
	if plain(rec.ID) != run || rec.Pipeline != "churn" || rec.Status != record.Success || rec.Source.Commit != "abc" || !rec.Sealed {
		t.Errorf("%+v", rec)
	}
	if rec.Params["depth"] != 8.0 || rec.Params["opt"] != "adam" || rec.Params["lr"] != 1e-05 {
		t.Errorf("%v", rec.Params)
	}
	m := rec.Job(JobID).Metric("auc")
	if m.Value != 0.6 || len(m.History) != 3 || m.History[0] != (record.Point{Step: 0, Value: 0.5}) {
		t.Errorf("%+v", m)
	}
	if out := rec.Job(JobID).Outputs; len(out) != 2 || out[0].Path != "model/model.bin" || out[0].Digest != store.Sum([]byte("weights")) {
		t.Errorf("%+v", out)
	}
	if rec.Labels["team"] != "red" || rec.Labels[RunID] != run {
		t.Errorf("%v", rec.Labels)
	}
	c.stop()
}

// TestArtifacts lists and brings what was logged, and GC leaves it.
func TestArtifacts(t *testing.T) {
	c := serve(t, t.TempDir(), Options{})
	defer c.stop()
	run := c.begin("0")
	c.put(200, run, "model/MLmodel", "flavors: {}\n")
	c.put(200, run, "model/data/w.bin", "weights")
	c.put(200, run, "a b.txt", "x")
	c.put(400, run, "model", "a file where a folder is")
	c.put(404, run, "../out", "x") // the path ends above the artifacts
	c.put(404, "feedfeedfeedfeedfeedfeedfeedfeed", "x", "x")
	if _, err := c.d.GC(t.Context(), store.GCOptions{MaxSize: -1}); err != nil {
		t.Fatal(err)
	}
	list := c.ask(200, "GET", "artifacts/list", fmt.Sprintf(`{"run_id": %q, "run_uuid": %q, "path": "model"}`, run, run))
	if text(t, list, "files", 1, "path") != "model/data" || at(t, list, "files", 1, "is_dir") != true || at(t, list, "files", 0, "file_size") != 12.0 {
		t.Errorf("%v", list)
	}
	status, names := c.send("GET", "/api/2.0/mlflow-artifacts/artifacts?path="+url.QueryEscape("0/"+run+"/artifacts/model"), nil)
	if want := `{"files":[{"path":"MLmodel","is_dir":false,"file_size":12},{"path":"data","is_dir":true}]}`; status != 200 || string(names) != want {
		t.Errorf("%d %s", status, names)
	}
	status, got := c.send("GET", "/api/2.0/mlflow-artifacts/artifacts/0/"+run+"/artifacts/model/data/w.bin", nil)
	if status != 200 || string(got) != "weights" {
		t.Errorf("%d %s", status, got)
	}
	if status, _ := c.send("GET", "/api/2.0/mlflow-artifacts/artifacts/0/"+run+"/artifacts/none", nil); status != 404 {
		t.Error(status)
	}
}

// TestContinued: what comes for an ended run goes into another record, once.
func TestContinued(t *testing.T) {
	root := t.TempDir()
	c := serve(t, root, Options{Quiet: time.Hour})
	run := c.begin("0")
	c.ask(200, "POST", "runs/log-batch", fmt.Sprintf(`{"run_id": %q, "metrics": [{"key": "fit", "value": 1, "timestamp": 1, "step": 0}]}`, run))
	c.end(run, "FINISHED")
	c.end(run, "FINISHED") // it has been said
	c.ask(200, "POST", "runs/set-tag", fmt.Sprintf(`{"run_id": %q, "key": "note", "value": "good"}`, run))
	if n := count(t, root); n != 1 {
		t.Fatalf("%d records, want 1: tags are words", n)
	}
	c.ask(200, "POST", "runs/log-metric", fmt.Sprintf(`{"run_id": %q, "key": "test", "value": 2, "timestamp": 2, "step": 0}`, run))
	if n := count(t, root); n != 1 {
		t.Fatalf("%d records, want 1 until it is quiet", n)
	}
	c.stop()
	rec, err := record.Load(root, record.LATEST)
	if err != nil {
		t.Fatal(err)
	}
	if rec.Labels[Continues] == "" || plain(rec.Labels[Continues]) != run || rec.Labels[RunID] != run || len(rec.Metrics()) != 2 || rec.Labels["note"] != "good" {
		t.Errorf("%v %v", rec.Labels, rec.Metrics())
	}

	c = serve(t, root, Options{}) // resumed, as start_run(run_id=…) does
	c.ask(200, "POST", "runs/update", fmt.Sprintf(`{"run_uuid": %q, "run_id": %q, "status": "RUNNING"}`, run, run))
	c.end(run, "FAILED")
	c.stop()
	if n := count(t, root); n != 3 {
		t.Errorf("%d records, want 3", n)
	}
	if rec, err = record.Load(root, record.LATEST); err != nil || rec.Status != record.Failure {
		t.Errorf("%v %v", rec, err)
	}
}

func count(t testing.TB, root string) (n int) {
	t.Helper()
	for _, err := range record.List(root) {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	return n
}

// TestRefused: what is wrong gets MLflow's codes.
func TestRefused(t *testing.T) {
	c := serve(t, t.TempDir(), Options{})
	defer c.stop()
	run := c.begin("0")
	c.ask(200, "POST", "runs/log-parameter", fmt.Sprintf(`{"run_id": %q, "key": "a", "value": "1"}`, run))
	c.ask(200, "POST", "runs/log-parameter", fmt.Sprintf(`{"run_id": %q, "key": "a", "value": "1"}`, run))
	long := func(n int) string { return string(bytes.Repeat([]byte("x"), n)) }
	many := func(n int, one string) string {
		var b bytes.Buffer
		for i := range n {
			if i > 0 {
				b.WriteByte(',')
			}
			fmt.Fprintf(&b, one, i)
		}
		return b.String()
	}
	cases := []struct {
		name, method, path, body, code string
		status                         int
	}{
		{"a parameter changes", "POST", "runs/log-parameter", fmt.Sprintf(`{"run_id": %q, "key": "a", "value": "2"}`, run), codeInvalid, 400},
		{"a batch contradicts itself", "POST", "runs/log-batch", fmt.Sprintf(`{"run_id": %q, "params": [{"key": "b", "value": "1"}, {"key": "b", "value": "2"}]}`, run), codeInvalid, 400},
		{"no such run", "GET", "runs/get", `{"run_id": "feedfeedfeedfeedfeedfeedfeedfeed"}`, codeMissing, 404},
		{"no such experiment", "POST", "runs/create", `{"experiment_id": "77"}`, codeMissing, 404},
		{"too many metrics", "POST", "runs/log-batch", fmt.Sprintf(`{"run_id": %q, "metrics": [%s]}`, run, many(1001, `{"key": "m%d", "value": 1, "timestamp": 1, "step": 0}`)), codeInvalid, 400},
		{"too many params", "POST", "runs/log-batch", fmt.Sprintf(`{"run_id": %q, "params": [%s]}`, run, many(101, `{"key": "p%d", "value": "1"}`)), codeInvalid, 400},
		{"a long value", "POST", "runs/log-parameter", fmt.Sprintf(`{"run_id": %q, "key": "long", "value": %q}`, run, long(6001)), codeInvalid, 400},
		{"a long name", "POST", "runs/set-tag", fmt.Sprintf(`{"run_id": %q, "key": %q, "value": "1"}`, run, long(251)), codeInvalid, 400},
		{"a bad name", "POST", "runs/set-tag", fmt.Sprintf(`{"run_id": %q, "key": "a\nb", "value": "1"}`, run), codeInvalid, 400},
		{"no JSON", "POST", "runs/set-tag", `{"run_id": `, codeBad, 400},
		{"a value that is no number", "POST", "runs/log-metric", fmt.Sprintf(`{"run_id": %q, "key": "m", "value": "much", "timestamp": 1, "step": 0}`, run), codeBad, 400},
		{"no such tag", "POST", "runs/delete-tag", fmt.Sprintf(`{"run_id": %q, "key": "none"}`, run), codeMissing, 404},
		{"a filter with OR", "POST", "runs/search", `{"experiment_ids": ["0"], "filter": "metrics.a > 1 OR metrics.b > 1"}`, codeInvalid, 400},
		{"a model is deleted", "DELETE", "registered-models/delete", `{"name": "churn"}`, codeState, 400},
		{"no such model", "GET", "registered-models/get", `{"name": "churn"}`, codeMissing, 404},
		{"a source elsewhere", "POST", "model-versions/create", `{"name": "churn", "source": "s3://bucket/x"}`, codeInvalid, 400},
		{"no such endpoint", "POST", "runs/fly", `{}`, codeEndpoint, 404},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			c := *c
			c.t = t
			if out := c.ask(tc.status, tc.method, tc.path, tc.body); out["error_code"] != tc.code || out["message"] == "" {
				t.Errorf("%v, want %s", out, tc.code)
			}
		})
	}
}

// TestSearch asks for runs as search_runs does.
func TestSearch(t *testing.T) {
	c := serve(t, t.TempDir(), Options{})
	defer c.stop()
	var ids []string
	for i, auc := range []string{"0.5", "0.9", `"NaN"`, "0.7"} {
		run := c.begin("0")
		ids = append(ids, run)
		c.ask(200, "POST", "runs/log-batch", fmt.Sprintf(`{"run_id": %q, "metrics": [{"key": "val auc", "value": %s, "timestamp": 1, "step": 0}],
			"params": [{"key": "depth", "value": "%d"}], "tags": [{"key": "team", "value": "red %d"}]}`, run, auc, i%2, i))
	}
	c.ask(200, "POST", "runs/delete", fmt.Sprintf(`{"run_id": %q}`, ids[3]))
	find := func(filter, order string, want ...int) {
		t.Helper()
		out := c.ask(200, "POST", "runs/search", fmt.Sprintf(`{"experiment_ids": ["0"], "filter": %q, "run_view_type": "ACTIVE_ONLY", "max_results": 1000, "order_by": [%q]}`, filter, order))
		var got []string
		runs, _ := out["runs"].([]any)
		for i := range runs {
			got = append(got, text(t, out, "runs", i, "info", "run_id"))
		}
		if len(got) != len(want) {
			t.Errorf("%s: %d runs, want %d", filter, len(got), len(want))
			return
		}
		for i, w := range want {
			if got[i] != ids[w] {
				t.Errorf("%s order %s: run %d is not run %d", filter, order, i, w)
			}
		}
	}
	find("", "metrics.`val auc` DESC", 1, 0, 2)
	find("", `metrics."val auc" ASC`, 0, 1, 2)
	find("metrics.`val auc` > 0.6", "run_id", 1)
	find("params.depth = '0' and tags.team LIKE 'red%'", "params.depth", 0, 2)
	find("tags.team ILIKE 'RED _' AND attributes.status = 'RUNNING'", "attributes.run_id ASC", 0, 1, 2)
	find("attributes.run_id IN ('"+ids[1]+"', '"+ids[3]+"')", "run_id", 1)
	find("tags.none IS NULL and params.depth != '1'", "run_id", 0, 2)
	find("start_time >= 1700000000001", "run_id")

	out := c.ask(200, "POST", "runs/search", `{"experiment_ids": ["0"], "run_view_type": "ALL", "max_results": 3, "order_by": ["attributes.run_id ASC"]}`)
	next := text(t, out, "next_page_token")
	out = c.ask(200, "POST", "runs/search", fmt.Sprintf(`{"experiment_ids": ["0"], "run_view_type": "ALL", "max_results": 3, "order_by": ["attributes.run_id ASC"], "page_token": %q}`, next))
	if text(t, out, "runs", 0, "info", "run_id") != ids[3] || out["next_page_token"] != nil {
		t.Errorf("%v", out)
	}
}

// TestModels registers, names and brings a model.
func TestModels(t *testing.T) {
	root := t.TempDir()
	c := serve(t, root, Options{})
	run := c.begin("0")
	c.put(200, run, "model/MLmodel", "one")
	c.ask(200, "POST", "registered-models/create", `{"name": "churn", "tags": [{"key": "t", "value": "1"}], "description": "who leaves"}`)
	if e := c.ask(400, "POST", "registered-models/create", `{"name": "churn"}`); e["error_code"] != codeExists {
		t.Error(e)
	}
	source := "mlflow-artifacts:/0/" + run + "/artifacts/model"
	create := fmt.Sprintf(`{"name": "churn", "source": %q, "run_id": %q, "tags": [], "run_link": ""}`, source, run)
	v := c.ask(200, "POST", "model-versions/create", create)
	if text(t, v, "model_version", "version") != "1" || text(t, v, "model_version", "status") != "READY" || text(t, v, "model_version", "run_id") != run {
		t.Errorf("%v", v)
	}
	c.put(200, run, "model/MLmodel", "two") // what is registered stays
	if v = c.ask(200, "POST", "model-versions/create", create); text(t, v, "model_version", "version") != "2" {
		t.Errorf("%v", v)
	}
	c.ask(200, "POST", "registered-models/alias", `{"name": "churn", "alias": "prod", "version": "1"}`)
	c.ask(200, "POST", "model-versions/set-tag", `{"name": "churn", "version": "1", "key": "ok", "value": "yes"}`)
	c.end(run, "FINISHED")
	c.stop()

	c = serve(t, root, Options{})
	defer c.stop()
	if v = c.ask(200, "GET", "registered-models/alias", `{"name": "churn", "alias": "prod"}`); text(t, v, "model_version", "version") != "1" || text(t, v, "model_version", "tags", 0, "key") != "ok" {
		t.Errorf("%v", v)
	}
	uri := text(t, c.ask(200, "GET", "model-versions/get-download-uri", `{"name": "churn", "version": "1"}`), "artifact_uri")
	status, got := c.send("GET", "/api/2.0/mlflow-artifacts/artifacts/"+uri[len(artifactScheme):]+"/MLmodel", nil)
	if status != 200 || string(got) != "one" {
		t.Errorf("%s: %d %s", uri, status, got)
	}
	found := c.ask(200, "GET", "model-versions/search", `{"filter": "name='churn' and run_id = '`+run+`'", "max_results": 10}`)
	if text(t, found, "model_versions", 0, "version") != "2" {
		t.Errorf("%v", found)
	}
	m := c.ask(200, "GET", "registered-models/search", `{"filter": "name LIKE 'chu%'", "max_results": 100}`)
	if text(t, m, "registered_models", 0, "aliases", 0, "alias") != "prod" || text(t, m, "registered_models", 0, "description") != "who leaves" {
		t.Errorf("%v", m)
	}
	for kind, path := range map[string]string{"registered_models": "registered-models/search", "model_versions": "model-versions/search"} {
		all := c.ask(200, "GET", path, "{\"filter\": \"tag.`mlflow.prompt.is_prompt` != 'true'\"}") // as clients since 2.21 ask
		at(t, all, kind, 0, "name")
		if prompts := c.ask(200, "GET", path, "{\"filter\": \"name = 'churn' AND tag.`mlflow.prompt.is_prompt` = 'true'\"}"); prompts[kind] != nil {
			t.Errorf("%v are prompts", prompts)
		}
	}
	c.ask(200, "DELETE", "registered-models/alias", `{"name": "churn", "alias": "prod"}`)
	c.ask(400, "GET", "registered-models/alias", `{"name": "churn", "alias": "prod"}`)
}

// TestAccess: pages of a browser are refused, and tokens are asked for.
func TestAccess(t *testing.T) {
	ok := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {})
	tokens, none := access.New([]string{"reads"}, []string{"writes"}), access.Tokens{}
	cases := []struct {
		name           string
		tokens         access.Tokens
		method, target string
		header         http.Header
		want           int
	}{
		{"this machine", none, "POST", "http://127.0.0.1:5001/", nil, 200},
		{"this machine's name", none, "POST", "http://localhost:5001/", nil, 200},
		{"a name that resolves here", none, "GET", "http://evil.example:5001/", nil, 403},
		{"a page elsewhere", none, "POST", "http://127.0.0.1:5001/", http.Header{"Origin": {"http://evil.example"}}, 403},
		{"no token", tokens, "GET", "http://m.example/", nil, 401},
		{"a token that reads", tokens, "GET", "http://m.example/", http.Header{"Authorization": {"Bearer reads"}}, 200},
		{"it searches", tokens, "POST", "http://m.example/api/2.0/mlflow/runs/search", http.Header{"Authorization": {"Bearer reads"}}, 200},
		{"it reads versions by POST", tokens, "POST", "http://m.example/api/2.0/mlflow/registered-models/get-latest-versions", http.Header{"Authorization": {"Bearer reads"}}, 200},
		{"it may not log a file of that name", tokens, "POST", "http://m.example/api/2.0/mlflow-artifacts/artifacts/0/1/artifacts/search", http.Header{"Authorization": {"Bearer reads"}}, 403},
		{"a page elsewhere with its reader's login", tokens, "POST", "http://m.example/", http.Header{"Authorization": {"Bearer writes"}, "Origin": {"http://evil.example"}}, 403},
		{"it may not write", tokens, "POST", "http://m.example/", http.Header{"Authorization": {"Bearer reads"}}, 403},
		{"a token that writes", tokens, "POST", "http://m.example/", http.Header{"Authorization": {"Bearer writes"}}, 200},
		{"as a password", tokens, "POST", "http://m.example/", http.Header{"Authorization": {"Basic bWU6d3JpdGVz"}}, 200},
	}
	for _, tc := range cases {
		r := httptest.NewRequest(tc.method, tc.target, nil)
		for k, v := range tc.header {
			r.Header[k] = v
		}
		w := httptest.NewRecorder()
		Guard(tc.tokens, ok).ServeHTTP(w, r)
		if w.Code != tc.want {
			t.Errorf("%s: %d, want %d", tc.name, w.Code, tc.want)
		}
	}
}

// TestLoggedModel sends what log_model of MLflow 3 sends.
func TestLoggedModel(t *testing.T) {
	root := t.TempDir()
	c := serve(t, root, Options{})
	run := c.begin("0")
	c.ask(400, "POST", "logged-models", `{"experiment_id": "0", "name": "model"}`)
	m := c.ask(200, "POST", "logged-models", fmt.Sprintf(`{"experiment_id": "0", "name": "model", "source_run_id": %q, "params": [{"key": "a", "value": "1"}], "tags": []}`, run))
	id, uri := text(t, m, "model", "info", "model_id"), text(t, m, "model", "info", "artifact_uri")
	status, answer := c.send("PUT", "/api/2.0/mlflow-artifacts/artifacts/"+uri[len(artifactScheme):]+"/MLmodel", bytes.NewBufferString("flavors: {}\n"))
	if status != 200 {
		t.Fatalf("%d %s", status, answer)
	}
	c.ask(200, "PATCH", "logged-models/"+id, fmt.Sprintf(`{"model_id": %q, "status": "LOGGED_MODEL_READY"}`, id))
	c.ask(200, "PATCH", "logged-models/"+id+"/tags", fmt.Sprintf(`{"model_id": %q, "tags": [{"key": "k", "value": "v"}]}`, id))
	c.ask(200, "POST", "runs/outputs", fmt.Sprintf(`{"run_id": %q, "models": [{"model_id": %q, "step": 3}]}`, run, id))
	c.ask(200, "POST", "runs/log-inputs", fmt.Sprintf(`{"run_id": %q, "models": [{"model_id": %q}]}`, run, id))
	c.ask(200, "POST", "registered-models/create", `{"name": "churn"}`)
	v := c.ask(200, "POST", "model-versions/create", fmt.Sprintf(`{"name": "churn", "source": "models:/%s", "run_id": %q, "model_id": %q}`, id, run, id))
	if text(t, v, "model_version", "version") != "1" {
		t.Errorf("%v", v)
	}
	c.end(run, "FINISHED")
	c.stop()
	c = serve(t, root, Options{})
	defer c.stop()
	m = c.ask(200, "GET", "logged-models/"+id, fmt.Sprintf(`{"model_id": %q}`, id))
	if text(t, m, "model", "info", "status") != "LOGGED_MODEL_READY" || text(t, m, "model", "info", "tags", 0, "value") != "v" || text(t, m, "model", "data", "params", 0, "key") != "a" {
		t.Errorf("%v", m)
	}
	found := c.ask(200, "POST", "logged-models/search", `{"experiment_ids": ["0"], "filter": "name = 'model'"}`)
	if text(t, found, "models", 0, "info", "source_run_id") != run {
		t.Errorf("%v", found)
	}
	if read := at(t, c.ask(200, "GET", "runs/get", fmt.Sprintf(`{"run_id": %q}`, run)), "run", "inputs", "model_inputs", 0, "model_id"); read != id {
		t.Errorf("the run read %v, want %s", read, id)
	}
	if step := at(t, c.ask(200, "GET", "runs/get", fmt.Sprintf(`{"run_id": %q}`, run)), "run", "outputs", "model_outputs", 0, "step"); step != 3.0 {
		t.Errorf("step %v", step)
	}
	rec, err := record.Load(root, record.LATEST)
	if err != nil || len(rec.Job(JobID).Outputs) != 1 || rec.Job(JobID).Outputs[0].Path != "models/"+id+"/MLmodel" {
		t.Errorf("%v %+v", err, rec)
	}
	c.ask(404, "GET", "logged-models/m-none", `{}`)
}
