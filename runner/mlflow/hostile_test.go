package mlflow

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mlops-runner/mlops/runner/record"
)

// TestWrongRequests: what cannot be is refused with a code, and changes nothing.
func TestWrongRequests(t *testing.T) {
	root := t.TempDir()
	c := serve(t, root, Options{})
	defer c.stop()
	run := c.begin("0")
	m := text(t, c.ask(200, "POST", "logged-models", fmt.Sprintf(`{"experiment_id": "0", "source_run_id": %q}`, run)), "model", "info", "model_id")
	before, err := os.ReadFile(filepath.Join(root, "tracking", "runs", run+".jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("ü", 8001)
	of := func(format string, args ...any) string {
		return fmt.Sprintf(`{"run_id": %q, %s}`, run, fmt.Sprintf(format, args...))
	}
	cases := []struct {
		name, method, path, body, code string
		status                         int
	}{
		{"null where an object is", "PATCH", "logged-models/" + m, "null", codeBad, 400},
		{"a list where an object is", "PATCH", "logged-models/" + m, "[]", codeBad, 400},
		{"a status of models that is none", "PATCH", "logged-models/" + m, `{"status": "LOGGED_MODEL_STOLEN"}`, codeInvalid, 400},
		{"a name that is longer than a tag", "POST", "runs/update", of(`"run_name": %q`, long), codeInvalid, 400},
		{"a start before the calendar", "POST", "runs/create", `{"experiment_id": "0", "start_time": -99999999999999999}`, codeInvalid, 400},
		{"a start behind the calendar", "POST", "runs/create", `{"experiment_id": "0", "start_time": "999999999999999"}`, codeInvalid, 400},
		{"a user of many letters", "POST", "runs/create", fmt.Sprintf(`{"experiment_id": "0", "user_id": %q}`, long), codeInvalid, 400},
		{"an end behind the calendar", "POST", "runs/update", of(`"status": "FINISHED", "end_time": 9223372036854775807`), codeInvalid, 400},
		{"a path that means another", "POST", "runs/log-parameter", of(`"key": "a//b", "value": "1"`), codeInvalid, 400},
		{"a path that leads out", "POST", "runs/log-parameter", of(`"key": "a/../../b", "value": "1"`), codeInvalid, 400},
		{"a folder", "POST", "runs/set-tag", of(`"key": "a/", "value": "1"`), codeInvalid, 400},
		{"an output without a model", "POST", "runs/outputs", of(`"models": [{"model_id": "m-none", "step": 1}]`), codeMissing, 404},
		{"a filter of many letters", "POST", "runs/search", fmt.Sprintf(`{"experiment_ids": ["0"], "filter": "tags.a = '%s'"}`, strings.Repeat("x", maxFilter)), codeInvalid, 400},
		{"a page behind all numbers", "POST", "runs/search", `{"experiment_ids": ["0"], "page_token": "99999999999999999999"}`, codeInvalid, 400},
		{"more results than there may be", "POST", "runs/search", `{"experiment_ids": ["0"], "max_results": 50001}`, codeInvalid, 400},
		{"fewer than none", "POST", "runs/search", `{"experiment_ids": ["0"], "max_results": -1}`, codeInvalid, 400},
		{"a number out of range", "POST", "runs/log-metric", of(`"key": "m", "value": 1e999`), codeBad, 400},
		{"a step that is none", "POST", "runs/log-metric", of(`"key": "m", "value": 1, "step": 0.5`), codeBad, 400},
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
	after, err := os.ReadFile(filepath.Join(root, "tracking", "runs", run+".jsonl"))
	if err != nil || string(before) != string(after) {
		t.Errorf("%v: the log has changed:\n%s", err, after)
	}
}

// TestUnusualRequests: what is rare and right is taken.
func TestUnusualRequests(t *testing.T) {
	root := t.TempDir()
	c := serve(t, root, Options{})
	defer c.stop()
	run := c.begin("0")
	of := func(fields string) string { return fmt.Sprintf(`{"run_id": %q, %s}`, run, fields) }
	for name, req := range map[string][2]string{
		"nulls where nothing is said":       {"runs/log-metric", of(`"key": "m", "value": 1, "timestamp": null, "step": null`)},
		"names in other scripts":            {"runs/log-batch", of(`"params": [{"key": "精度/größe", "value": "🤖"}], "metrics": [{"key": "città", "value": "-Infinity"}], "tags": [{"key": "тег a:b", "value": "x"}]`)},
		"a change of nothing":               {"runs/update", of(`"end_time": null`)},
		"a status in small letters":         {"runs/update", of(`"status": "running"`)},
		"a batch of nothing":                {"runs/log-batch", of(`"metrics": [], "params": null`)},
		"a value that is a number":          {"runs/log-parameter", of(`"key": "n", "value": 3`)},
		"the name by its tag":               {"runs/set-tag", of(`"key": "mlflow.runName", "value": "two"`)},
		"inputs in a form of their own":     {"runs/log-inputs", of(`"datasets": [{"dataset": {"name": "churn", "digest": "abc"}, "tags": [{"key": "mlflow.data.context", "value": "train"}]}]`)},
		"the newest step of the same value": {"runs/log-metric", of(`"key": "m", "value": 2, "timestamp": 1e3, "step": "5"`)},
	} {
		if status, answer := c.send("POST", "/api/2.0/mlflow/"+req[0], strings.NewReader(req[1])); status != 200 {
			t.Errorf("%s: %d %s", name, status, answer)
		}
	}
	for filter, want := range map[string]bool{
		`metrics.città < 0`: true,
		"params.`精度/größe` = '🤖' and tags.\"тег a:b\" like '_'": true,
		`end_time IS NULL`:              true,
		`end_time < 5`:                  false,
		`attributes."Run Name" = 'two'`: true,
		`datasets.name = 'churn' AND dataset.digest LIKE 'a%' AND datasets.context IN ('test', 'train')`: true,
		`datasets.name = 'other'`:      false,
		`datasets.context != 'train'`:  false,
		`metrics.m = 2`:                true,
		`metrics.m=2 AND params.n='3'`: true,
		"\tmetrics.m\n>\t1.5e0 ":       true,
		`tags.none != 'x'`:             false,
	} {
		out := c.ask(200, "POST", "runs/search", fmt.Sprintf(`{"experiment_ids": ["0"], "filter": %q}`, filter))
		if found, _ := out["runs"].([]any); (len(found) == 1) != want {
			t.Errorf("%s: found %d, want %v", filter, len(found), want)
		}
	}
	c.end(run, "FINISHED")
	rec, err := record.Load(root, record.LATEST)
	if err != nil || rec.Params["精度/größe"] != "🤖" || rec.Job(JobID).Metric("città") == nil {
		t.Errorf("%v %+v", err, rec)
	}
}

// TestNoRecord: a run that cannot be recorded is told of, and the others go on, also with
// the next server.
func TestNoRecord(t *testing.T) {
	root := t.TempDir()
	c := serve(t, root, Options{})
	run, other := c.begin("0"), c.begin("0")
	c.stop()
	file := filepath.Join(root, "tracking", "runs", run+".jsonl")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	late := strings.Replace(string(text), "1700000000000", "999999999999999999", 1) + `{"status":"FINISHED","ended":999999999999999999}` + "\n"
	if err := os.WriteFile(file, []byte(late), 0o644); err != nil {
		t.Fatal(err)
	}
	var told []string
	c = serve(t, root, Options{Quiet: 1, Sealed: func(r Run, _ string, err error) {
		if err != nil {
			told = append(told, r.ID)
		}
	}})
	c.end(other, "FINISHED")
	c.ask(200, "GET", "runs/get", fmt.Sprintf(`{"run_id": %q}`, run))
	c.stop()
	if len(told) != 1 || told[0] != run || count(t, root) != 1 {
		t.Errorf("told of %v, %d records", told, count(t, root))
	}
}

// TestArtifactNames: names that the store's users could not have as files are refused.
func TestArtifactNames(t *testing.T) {
	c := serve(t, t.TempDir(), Options{})
	defer c.stop()
	run := c.begin("0")
	c.put(200, run, "ü%20%23%3F%25.txt", "x")
	c.put(400, run, strings.Repeat("n", 256), "x")
	c.put(400, run, strings.Repeat("folder/", 300)+"n", "x")
	c.put(400, run, "a%5Cb", "x")
	c.put(400, run, "a%00b", "x")
	c.put(400, run, "a%0Ab", "x")
	c.put(400, run, "a%FFb", "x")
	if status, got := c.send("GET", "/api/2.0/mlflow-artifacts/artifacts/0/"+run+"/artifacts/%C3%BC%20%23%3F%25.txt", nil); status != 200 || string(got) != "x" {
		t.Errorf("%d %s", status, got)
	}
	list := c.ask(200, "GET", "artifacts/list", fmt.Sprintf(`{"run_id": %q}`, run))
	if text(t, list, "files", 0, "path") != "ü #?%.txt" {
		t.Errorf("%v", list)
	}
}

// TestTagOfLoggedModel: a tag's key may have slashes, in the path of the request.
func TestTagOfLoggedModel(t *testing.T) {
	c := serve(t, t.TempDir(), Options{})
	defer c.stop()
	run := c.begin("0")
	id := text(t, c.ask(200, "POST", "logged-models", fmt.Sprintf(`{"experiment_id": "0", "source_run_id": %q, "tags": [{"key": "a/b", "value": "1"}]}`, run)), "model", "info", "model_id")
	c.ask(200, http.MethodDelete, "logged-models/"+id+"/tags/a/b", "")
	info := at(t, c.ask(200, "GET", "logged-models/"+id, "{}"), "model", "info").(map[string]any)
	if info["tags"] != nil {
		t.Errorf("%v", info)
	}
}

// TestLoggedModelsInOrder: logged models come in the order that is asked for; by metrics,
// which they do not have here, they do not pretend to.
func TestLoggedModelsInOrder(t *testing.T) {
	c := serve(t, t.TempDir(), Options{})
	defer c.stop()
	run := c.begin("0")
	for _, name := range []string{"b", "c", "a"} {
		c.ask(200, "POST", "logged-models", fmt.Sprintf(`{"experiment_id": "0", "source_run_id": %q, "name": %q}`, run, name))
	}
	for order, want := range map[string]string{`{"field_name": "name"}`: "abc", `{"field_name": "attributes.name", "ascending": false}`: "cba"} {
		out := c.ask(200, "POST", "logged-models/search", fmt.Sprintf(`{"experiment_ids": ["0"], "order_by": [%s]}`, order))
		got := ""
		for i := range 3 {
			got += text(t, out, "models", i, "info", "name")
		}
		if got != want {
			t.Errorf("%s: %s, want %s", order, got, want)
		}
	}
	c.ask(400, "POST", "logged-models/search", `{"experiment_ids": ["0"], "order_by": [{"field_name": "metrics.auc", "ascending": false}]}`)
}

// TestExportStaysInside: a run's id is no path that leads out of the folder.
func TestExportStaysInside(t *testing.T) {
	d := openStore(t)
	for _, id := range []string{"../../out", "/out", "..", ".", "a/b", "..\\out"} {
		r := Run{ID: id, Experiment: Experiment{ID: "0", Name: "Default"}, Status: finished, Started: 1700000000000, Ended: 1700000001000, Stage: active}
		f := &Found{Runs: []FoundRun{{Run: r}}}
		if _, err := Import(t.Context(), d, f, record.Environment{}); err != nil {
			t.Fatal(err)
		}
	}
	top := t.TempDir()
	dir := filepath.Join(top, "a", "mlruns")
	got, err := Export(t.Context(), d, dir)
	if err != nil {
		t.Fatal(err)
	}
	if got.Runs != 0 || len(got.Notes) != 6 {
		t.Errorf("%+v", got)
	}
	for _, out := range []string{filepath.Join(top, "out"), filepath.Join(top, "a", "out"), filepath.Join(dir, "out"), filepath.Join(dir, "0", "a")} {
		if exists(out) {
			t.Errorf("%s was written", out)
		}
	}
}

// TestContinuesIsOurs: a client's tag cannot make another run's record count as continued.
func TestContinuesIsOurs(t *testing.T) {
	root := t.TempDir()
	c := serve(t, root, Options{})
	run := c.begin("0")
	c.end(run, "FINISHED")
	rec, err := record.Load(root, record.LATEST)
	if err != nil {
		t.Fatal(err)
	}
	other := c.begin("0")
	c.ask(200, "POST", "runs/set-tag", fmt.Sprintf(`{"run_id": %q, "key": %q, "value": %q}`, other, Continues, rec.ID))
	c.end(other, "FINISHED")
	c.stop()
	got, err := Export(t.Context(), c.d, filepath.Join(t.TempDir(), "mlruns"))
	if err != nil || got.Runs != 2 {
		t.Errorf("%+v, %v: want both runs", got, err)
	}
}

// TestExportNames: metrics whose names would be a file and a folder, or longer than files
// have, are left out and said so; the others are written.
func TestExportNames(t *testing.T) {
	root := t.TempDir()
	c := serve(t, root, Options{})
	run := c.begin("0")
	for _, key := range []string{"loss", "loss/val", "loss/val/deep", strings.Repeat("ü", 200), "z"} {
		c.ask(200, "POST", "runs/log-metric", fmt.Sprintf(`{"run_id": %q, "key": %q, "value": 1}`, run, key))
	}
	c.end(run, "FINISHED")
	c.stop()
	dir := filepath.Join(t.TempDir(), "mlruns")
	got, err := Export(t.Context(), c.d, dir)
	if err != nil || got.Runs != 1 || len(got.Notes) != 3 {
		t.Fatalf("%+v, %v", got, err)
	}
	for _, key := range []string{"loss", "z"} {
		if !exists(filepath.Join(dir, "0", run, "metrics", key)) {
			t.Errorf("no %s", key)
		}
	}
}

// TestImportGaps: a version with a number of many digits takes no longer than another.
func TestImportGaps(t *testing.T) {
	dir, d := t.TempDir(), openStore(t)
	write(t, dir, tree)
	write(t, dir, map[string]string{"models/churn/version-9000000000/meta.yaml": versionMeta(9000000000), "models/churn/version-x/meta.yaml": "", "models/churn/version-03/meta.yaml": versionMeta(3)})
	got := imported(t, d, dir)
	notes := strings.Join(got.Notes, "\n")
	for _, want := range []string{"model churn: version 2 was deleted; later ones move up", "model churn: versions 4 to 8999999999 were deleted; later ones move up"} {
		if !strings.Contains(notes, want) {
			t.Errorf("no %q in\n%s", want, notes)
		}
	}
	if len(got.Versions) != 1 {
		t.Errorf("%v", got.Versions)
	}
}

// TestImportOutside: files that are taken from elsewhere on the machine are told of.
func TestImportOutside(t *testing.T) {
	dir, elsewhere, d := t.TempDir(), t.TempDir(), openStore(t)
	write(t, elsewhere, map[string]string{"m/MLmodel": "flavors: {}\n"})
	write(t, dir, map[string]string{
		"0/meta.yaml":    "experiment_id: '0'\nlifecycle_stage: active\nname: Default\n",
		"0/r1/meta.yaml": "artifact_uri: file://" + elsewhere + "\nend_time: 1700000060000\nlifecycle_stage: active\nrun_id: r1\nrun_name: one\nstart_time: 1700000000000\nstatus: 3\n",
	})
	got := imported(t, d, dir)
	if want := "run r1 (one): its files were taken from " + elsewhere + ", outside of " + dir; len(got.Runs) != 1 || strings.Join(got.Notes, "\n") != want {
		t.Errorf("%+v, want %s", got, want)
	}
}
