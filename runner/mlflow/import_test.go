package mlflow

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/registry"
	"github.com/mlops-runner/mlops/runner/store"
)

// tree is an mlruns folder as MLflow's file store writes one.
var tree = map[string]string{
	"0/meta.yaml": "artifact_location: file:///gone/mlruns/0\nexperiment_id: '0'\nlifecycle_stage: active\nname: Default\n",
	"412345678901234567/meta.yaml": "artifact_location: file:///gone/mlruns/412345678901234567\ncreation_time: 1700000000000\nexperiment_id: '412345678901234567'\n" +
		"last_update_time: 1700000000000\nlifecycle_stage: active\nname: churn\n",
	"412345678901234567/tags/owner":                                           "kim",
	"412345678901234567/a1b2c3d4e5f60718293a4b5c6d7e8f90/meta.yaml":           runMeta("a1b2c3d4e5f60718293a4b5c6d7e8f90", 3),
	"412345678901234567/a1b2c3d4e5f60718293a4b5c6d7e8f90/params/depth":        "8",
	"412345678901234567/a1b2c3d4e5f60718293a4b5c6d7e8f90/params/text":         "two\nlines",
	"412345678901234567/a1b2c3d4e5f60718293a4b5c6d7e8f90/metrics/val/auc":     "1700000001000 0.5 0\n1700000002000 0.75 1\n",
	"412345678901234567/a1b2c3d4e5f60718293a4b5c6d7e8f90/metrics/loss":        "1700000001000 nan 0 data sha1 m-1\n1700000002000 inf 2\n",
	"412345678901234567/a1b2c3d4e5f60718293a4b5c6d7e8f90/tags/mlflow.runName": "calm-fox-1",
	"412345678901234567/a1b2c3d4e5f60718293a4b5c6d7e8f90/artifacts/m/MLmodel": "flavors: {}\n",
	"412345678901234567/ffffffffffffffffffffffffffffffff/meta.yaml":           runMeta("ffffffffffffffffffffffffffffffff", 1),
	"412345678901234567/eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee/meta.yaml":           runMeta("eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee", 3),
	"412345678901234567/eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee/metrics/broken":      "yesterday 0.5\n",
	"models/churn/meta.yaml":           "creation_timestamp: 1700000000000\nname: churn\n",
	"models/churn/version-1/meta.yaml": versionMeta(1),
	"models/churn/version-3/meta.yaml": versionMeta(3),
	"models/churn/aliases/prod":        "1",
}

func runMeta(id string, status int) string {
	return fmt.Sprintf("artifact_uri: file:///gone/mlruns/412345678901234567/%s/artifacts\nend_time: 1700000060000\nentry_point_name: ''\nexperiment_id: '412345678901234567'\n"+
		"lifecycle_stage: active\nrun_id: %s\nrun_name: calm-fox-1\nrun_uuid: %s\nsource_name: ''\nsource_type: 4\nsource_version: ''\nstart_time: 1700000000000\nstatus: %d\ntags: []\nuser_id: kim\n", id, id, id, status)
}

func versionMeta(n int) string {
	return fmt.Sprintf("creation_timestamp: 1700000000000\ncurrent_stage: None\nname: churn\nrun_id: a1b2c3d4e5f60718293a4b5c6d7e8f90\n"+
		"source: file:///gone/mlruns/412345678901234567/a1b2c3d4e5f60718293a4b5c6d7e8f90/artifacts/m\nstatus: READY\nuser_id: kim\nversion: %d\n", n)
}

func write(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		if err := writeAt(filepath.Join(dir, name), []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
}

func imported(t *testing.T, d *store.Dir, path string) *Imported {
	t.Helper()
	f, err := Read(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	out, err := Import(t.Context(), d, f, record.Environment{})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func openStore(t *testing.T) *store.Dir {
	t.Helper()
	d, err := store.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestImportTree takes a tree over, twice.
func TestImportTree(t *testing.T) {
	dir, d := t.TempDir(), openStore(t)
	write(t, dir, tree)
	got := imported(t, d, dir)
	if len(got.Runs) != 1 || len(got.Versions) != 1 || got.Present != 0 {
		t.Fatalf("%+v", got)
	}
	notes := strings.Join(got.Notes, "\n")
	for _, want := range []string{"yesterday", "ffffffffffffffffffffffffffffffff (calm-fox-1) has not ended", "version 2 was deleted", "version 3 is churn@1"} {
		if !strings.Contains(notes, want) {
			t.Errorf("no %q in\n%s", want, notes)
		}
	}
	rec, err := record.Load(d.Root(), record.LATEST)
	if err != nil {
		t.Fatal(err)
	}
	if rec.Pipeline != "churn" || rec.Params["depth"] != 8.0 || rec.Labels[RunID] != "a1b2c3d4e5f60718293a4b5c6d7e8f90" || rec.Started.UnixMilli() != 1700000000000 {
		t.Errorf("%+v", rec)
	}
	if m := rec.Job(JobID).Metric("val/auc"); m == nil || m.Value != 0.75 || len(m.History) != 2 {
		t.Errorf("%+v", m)
	}
	if out := rec.Job(JobID).Outputs; len(out) != 1 || out[0].Path != "m/MLmodel" {
		t.Errorf("%+v", out)
	}
	m, err := registry.Open(d, nil).Model("churn")
	if err != nil || m.Aliases["prod"] != 1 {
		t.Errorf("%v %v", m, err)
	}
	if p, err := registry.Open(d, nil).Verify(t.Context(), "churn"); err != nil || len(p) > 0 {
		t.Errorf("%v %v", p, err)
	}
	if again := imported(t, d, dir); len(again.Runs) != 0 || len(again.Versions) != 0 || again.Present != 1 {
		t.Errorf("%+v", again)
	}
}

// TestImportDatabase takes over a database with MLflow's tables.
func TestImportDatabase(t *testing.T) {
	dir, d := t.TempDir(), openStore(t)
	write(t, dir, map[string]string{"mlartifacts/1/abc/artifacts/m/MLmodel": "flavors: {}\n"})
	path := filepath.Join(dir, "mlflow.db")
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range []string{
		`CREATE TABLE experiments (experiment_id INTEGER PRIMARY KEY, name VARCHAR(256), artifact_location VARCHAR(256), lifecycle_stage VARCHAR(32), creation_time BIGINT, last_update_time BIGINT)`,
		`CREATE TABLE runs (run_uuid VARCHAR(32) PRIMARY KEY, name VARCHAR(250), source_type VARCHAR(20), source_name VARCHAR(500), entry_point_name VARCHAR(50), user_id VARCHAR(256),
			status VARCHAR(9), start_time BIGINT, end_time BIGINT, deleted_time BIGINT, source_version VARCHAR(50), lifecycle_stage VARCHAR(20), artifact_uri VARCHAR(200), experiment_id INTEGER)`,
		`CREATE TABLE params (key VARCHAR(250), value VARCHAR(8000), run_uuid VARCHAR(32))`,
		`CREATE TABLE tags (key VARCHAR(250), value VARCHAR(8000), run_uuid VARCHAR(32))`,
		`CREATE TABLE metrics (key VARCHAR(250), value FLOAT, timestamp BIGINT, run_uuid VARCHAR(32), step BIGINT DEFAULT 0, is_nan BOOLEAN DEFAULT 0)`,
		`CREATE TABLE model_versions (name VARCHAR(256), version INTEGER, source VARCHAR(500), run_id VARCHAR(32), storage_location VARCHAR(500))`,
		`CREATE TABLE registered_model_aliases (alias VARCHAR(256), version INTEGER, name VARCHAR(256))`,
		`INSERT INTO experiments VALUES (1, 'churn', 'mlflow-artifacts:/1', 'active', 1700000000000, 1700000000000)`,
		`INSERT INTO runs VALUES ('abc', 'night', 'LOCAL', '', '', 'kim', 'FINISHED', 1700000000000, 1700000060000, NULL, '', 'active', 'mlflow-artifacts:/1/abc/artifacts', 1)`,
		`INSERT INTO runs VALUES ('gone', 'old', 'LOCAL', '', '', 'kim', 'FINISHED', 1700000000000, 1700000060000, 1, '', 'deleted', '', 1)`,
		`INSERT INTO params VALUES ('lr', '0.1', 'abc')`, `INSERT INTO tags VALUES ('team', 'red', 'abc')`,
		`INSERT INTO metrics VALUES ('auc', 0.5, 1, 'abc', 0, 0), ('auc', 0.75, 2, 'abc', 1, 0), ('loss', 0, 1, 'abc', 0, 1), ('top', 1.7976931348623157e308, 1, 'abc', 0, 0)`,
		`INSERT INTO model_versions VALUES ('churn', 1, 'models:/m-1', 'abc', 'mlflow-artifacts:/1/abc/artifacts/m')`, `INSERT INTO registered_model_aliases VALUES ('prod', 1, 'churn')`,
	} {
		if _, err := db.Exec(q); err != nil {
			t.Fatal(q, err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	got := imported(t, d, path)
	if len(got.Runs) != 1 || len(got.Versions) != 1 {
		t.Fatalf("%+v", got)
	}
	rec, err := record.Load(d.Root(), got.Runs[0])
	if err != nil {
		t.Fatal(err)
	}
	job := rec.Job(JobID)
	if rec.Params["lr"] != 0.1 || rec.Labels["team"] != "red" || job.Metric("auc").Value != 0.75 || len(job.Outputs) != 1 {
		t.Errorf("%+v", rec)
	}
	if v := job.Metric("loss").Value; v == v {
		t.Errorf("loss is %v, want NaN", v)
	}
	if _, err := ReadDatabase(t.Context(), filepath.Join(dir, "mlartifacts/1/abc/artifacts/m/MLmodel")); err == nil {
		t.Error("a file that is no database was read")
	}
}

// TestRoundTrip: what is exported and imported again is what it was.
func TestRoundTrip(t *testing.T) {
	root := t.TempDir()
	c := serve(t, root, Options{})
	exp := text(t, c.ask(200, "POST", "experiments/create", `{"name": "churn"}`), "experiment_id")
	run := c.begin(exp)
	c.ask(200, "POST", "runs/log-batch", fmt.Sprintf(`{"run_id": %q, "metrics": [{"key": "val/auc", "value": 0.1, "timestamp": 3, "step": 0}, {"key": "val/auc", "value": "NaN", "timestamp": 4, "step": 1},
		{"key": "big", "value": "Infinity", "timestamp": 4, "step": 1}], "params": [{"key": "lr", "value": "1e-3"}], "tags": [{"key": "team", "value": "red"}]}`, run))
	c.put(200, run, "model/MLmodel", "one")
	c.ask(200, "POST", "registered-models/create", `{"name": "churn"}`)
	c.ask(200, "POST", "model-versions/create", fmt.Sprintf(`{"name": "churn", "source": "runs:/%s/model", "run_id": %q}`, run, run))
	c.ask(200, "POST", "registered-models/alias", `{"name": "churn", "alias": "prod", "version": "1"}`)
	c.end(run, "FINISHED")
	c.stop()
	dir := filepath.Join(t.TempDir(), "mlruns")
	out, err := Export(context.Background(), c.d, dir)
	if err != nil || out.Runs != 1 || out.Versions != 1 || len(out.Notes) > 0 {
		t.Fatalf("%+v %v", out, err)
	}
	if out, err = Export(context.Background(), c.d, dir); err != nil || out.Runs != 0 || out.Present != 1 {
		t.Errorf("%+v %v", out, err)
	}
	d := openStore(t)
	got := imported(t, d, dir)
	if len(got.Runs) != 1 || len(got.Versions) != 1 || len(got.Notes) > 0 {
		t.Fatalf("%+v", got)
	}
	load := func(root string) *Run {
		rec, err := record.Load(root, record.LATEST)
		if err != nil {
			t.Fatal(err)
		}
		r, err := Of(rec)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	if diff := cmp.Diff(load(root), load(d.Root()), cmp.Comparer(func(a, b number) bool { return a == b || a != a && b != b }), cmpopts.EquateEmpty(), cmpopts.IgnoreFields(Experiment{}, "ID", "Created", "Changed")); diff != "" {
		t.Error(diff)
	}
	was, err1 := registry.Open(c.d, nil).Model("churn")
	is, err2 := registry.Open(d, nil).Model("churn")
	if err1 != nil || err2 != nil || was.Journal[0].Digest != is.Journal[0].Digest || is.Aliases["prod"] != 1 {
		t.Errorf("%v %v", err1, err2)
	}
	if _, err := os.Stat(filepath.Join(dir, experimentID("churn"), run, "artifacts", "model", "MLmodel")); err != nil {
		t.Error(err)
	}
}

// TestRelease: artifacts stay as long as their record, through GC, and no longer.
func TestRelease(t *testing.T) {
	dir, d := t.TempDir(), openStore(t)
	write(t, dir, tree)
	if err := os.RemoveAll(filepath.Join(dir, "models")); err != nil {
		t.Fatal(err)
	}
	got := imported(t, d, dir)
	rec, err := record.Load(d.Root(), got.Runs[0])
	if err != nil {
		t.Fatal(err)
	}
	dig := rec.Job(JobID).Outputs[0].Digest
	collect := func() {
		t.Helper()
		if _, err := d.GC(t.Context(), store.GCOptions{MaxSize: -1}); err != nil {
			t.Fatal(err)
		}
	}
	if collect(); !d.Has(dig) {
		t.Error("GC took an artifact of a record")
	}
	if err := os.RemoveAll(rec.Dir); err != nil {
		t.Fatal(err)
	}
	if err := Release(t.Context(), d, got.Runs); err != nil {
		t.Fatal(err)
	}
	if collect(); d.Has(dig) {
		t.Error("GC left an artifact of a record that is gone")
	}
}

// TestForgotten: a run whose record was removed is forgotten with its artifacts.
func TestForgotten(t *testing.T) {
	root := t.TempDir()
	c := serve(t, root, Options{})
	run := c.begin("0")
	c.put(200, run, "f", "content")
	c.end(run, "FINISHED")
	c.stop()
	rec, err := record.Load(root, record.LATEST)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(rec.Dir); err != nil {
		t.Fatal(err)
	}
	c = serve(t, root, Options{})
	defer c.stop()
	c.ask(404, "GET", "runs/get", fmt.Sprintf(`{"run_id": %q}`, run))
	if refs, err := c.d.Refs(); err != nil || len(refs) > 0 {
		t.Errorf("%v %v", refs, err)
	}
}
