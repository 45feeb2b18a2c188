package mlflow

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/registry"
)

// TestImportedFound: an imported run is found and read as others are, by a server that
// runs already and by the next one, and cannot be changed.
func TestImportedFound(t *testing.T) {
	const run = "a1b2c3d4e5f60718293a4b5c6d7e8f90"
	root, dir := t.TempDir(), t.TempDir()
	write(t, dir, tree)
	late := time.Now()
	c := serve(t, root, Options{Now: func() time.Time { late = late.Add(time.Minute); return late }})
	live := c.begin("0")
	c.ask(404, "GET", "experiments/get-by-name", `{"experiment_name": "churn"}`)
	imported(t, c.d, dir)

	for range 2 {
		exp := text(t, c.ask(200, "GET", "experiments/get-by-name", `{"experiment_name": "churn"}`), "experiment", "experiment_id")
		if exp != "412345678901234567" {
			t.Errorf("experiment %s", exp)
		}
		out := c.ask(200, "POST", "runs/search", fmt.Sprintf(`{"experiment_ids": ["0", %q], "filter": "metrics.%s > 0.5 AND params.depth = '8'"}`, exp, "`val/auc`"))
		if text(t, out, "runs", 0, "info", "run_id") != run || text(t, out, "runs", 0, "info", "status") != "FINISHED" || text(t, out, "runs", 0, "info", "experiment_id") != exp {
			t.Errorf("%v", out)
		}
		out = c.ask(200, "GET", "metrics/get-history", fmt.Sprintf(`{"run_id": %q, "metric_key": "loss"}`, run))
		if text(t, out, "metrics", 0, "value") != "NaN" || text(t, out, "metrics", 1, "value") != "Infinity" {
			t.Errorf("%v", out)
		}
		status, got := c.send("GET", "/api/2.0/mlflow-artifacts/artifacts/"+exp+"/"+run+"/artifacts/m/MLmodel", nil)
		if status != 200 || string(got) != "flavors: {}\n" {
			t.Errorf("%d %s", status, got)
		}
		for path, fields := range map[string]string{
			"runs/log-metric": `"key": "m", "value": 1`, "runs/set-tag": `"key": "t", "value": "1"`, "runs/update": `"status": "RUNNING"`, "runs/delete": `"x": 1`,
		} {
			if out := c.ask(400, "POST", path, fmt.Sprintf(`{"run_id": %q, %s}`, run, fields)); out["error_code"] != codeState {
				t.Errorf("%s: %v", path, out)
			}
		}
		status, got = c.send("PUT", "/api/2.0/mlflow-artifacts/artifacts/"+exp+"/"+run+"/artifacts/m/more", strings.NewReader("x"))
		if status != 400 || !strings.Contains(string(got), codeState) {
			t.Errorf("%d %s", status, got)
		}
		c.stop()
		c = serve(t, root, Options{})
	}
	c.ask(200, "POST", "registered-models/create", `{"name": "again"}`)
	v := c.ask(200, "POST", "model-versions/create", fmt.Sprintf(`{"name": "again", "source": "runs:/%s/m"}`, run))
	if text(t, v, "model_version", "version") != "1" {
		t.Errorf("%v", v)
	}
	m, err := registry.Open(c.d, nil).Model("again")
	if err != nil || m.Journal[0].Digest.IsZero() {
		t.Errorf("%v %v", m, err)
	}
	if next := text(t, c.ask(200, "POST", "experiments/create", `{"name": "next"}`), "experiment_id"); next != "1" {
		t.Errorf("the next experiment is %s", next)
	}
	c.end(live, "FINISHED")
	c.stop()
	if n := count(t, root); n != 2 {
		t.Errorf("%d records, want 2", n)
	}
}

// TestImportedNames: an experiment of elsewhere takes no number that is another's here,
// and its runs join the one of its name.
func TestImportedNames(t *testing.T) {
	root := t.TempDir()
	c := serve(t, root, Options{})
	if id := text(t, c.ask(200, "POST", "experiments/create", `{"name": "here"}`), "experiment_id"); id != "1" {
		t.Fatal(id)
	}
	c.stop()
	f := &Found{}
	for i, e := range []Experiment{{ID: "1", Name: "there"}, {ID: "7", Name: "here"}, {ID: "99999999999999999999", Name: "far"}, {ID: "../1", Name: "out"}} {
		f.Runs = append(f.Runs, FoundRun{Run: Run{ID: fmt.Sprintf("run%d", i), Experiment: e, Status: finished, Started: 1700000000000, Ended: 1700000001000, Stage: active}})
	}
	if _, err := Import(t.Context(), c.d, f, record.Environment{}); err != nil {
		t.Fatal(err)
	}
	c = serve(t, root, Options{})
	defer c.stop()
	seen := map[string]bool{}
	for i, name := range []string{"there", "here", "far", "out"} {
		info := at(t, c.ask(200, "GET", "runs/get", fmt.Sprintf(`{"run_id": "run%d"}`, i)), "run", "info")
		id := text(t, info, "experiment_id")
		if seen[id] {
			t.Errorf("%s shares number %s", name, id)
		}
		seen[id] = true
		if got := text(t, c.ask(200, "GET", "experiments/get", fmt.Sprintf(`{"experiment_id": %q}`, id)), "experiment", "name"); got != name {
			t.Errorf("run %d is in %s (%s), want %s", i, got, id, name)
		}
	}
	if !seen["1"] {
		t.Error("the experiment here has another number")
	}
}

// TestRecordGone: a file whose bytes are gone is missing, and no fault of the server's.
func TestRecordGone(t *testing.T) {
	c := serve(t, t.TempDir(), Options{})
	defer c.stop()
	run := c.begin("0")
	c.put(200, run, "f", "content")
	t1, err := c.s.find(run)
	if err != nil {
		t.Fatal(err)
	}
	dig := t1.run.Artifacts["f"].Digest
	t1.mu.Unlock()
	if err := os.Remove(c.d.Path(dig)); err != nil {
		t.Fatal(err)
	}
	if status, answer := c.send("GET", "/api/2.0/mlflow-artifacts/artifacts/0/"+run+"/artifacts/f", nil); status != 404 || !strings.Contains(string(answer), codeMissing) {
		t.Errorf("%d %s", status, answer)
	}
}
