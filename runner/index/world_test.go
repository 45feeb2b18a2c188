package index

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/registry"
	"github.com/mlops-runner/mlops/runner/store"
)

// A world is a store with random runs.
type world struct {
	t    testing.TB
	root string
	r    *rand.Rand
	now  time.Time
	runs map[string]*record.Run
	n    int
}

func newWorld(t testing.TB, seed uint64) *world {
	w := &world{t: t, root: filepath.Join(t.TempDir(), "store"), r: rand.New(rand.NewPCG(seed, 1)), runs: map[string]*record.Run{},
		now: time.Date(2026, 10, 30, 12, 0, 0, 0, time.UTC)}
	if _, err := store.Open(w.root); err != nil {
		t.Fatal(err)
	}
	return w
}

func pick[T any](r *rand.Rand, from ...T) T { return from[r.IntN(len(from))] }

// id is the next run's, some hours after the one before.
func (w *world) id() string {
	w.n++
	w.now = w.now.Add(time.Duration(1+w.r.IntN(300)) * time.Minute)
	var u uuid.UUID
	ms := w.now.UnixMilli()
	for i := range 6 {
		u[i] = byte(ms >> (40 - 8*i))
	}
	for i := 6; i < 16; i++ {
		u[i] = byte(w.r.IntN(256))
	}
	u[6], u[8] = 0x70|u[6]&15, 0x80|u[8]&0x3f
	return u.String()
}

// run is a random run.
func (w *world) run() record.Run {
	r := w.r
	run := record.Run{ID: w.id(), Pipeline: pick(r, "churn", "Fraud"), Started: w.now, Ended: w.now.Add(time.Duration(r.IntN(9000)) * time.Millisecond),
		Status:      pick(r, record.Success, record.Failure, record.Cancelled),
		Trigger:     record.Trigger{Event: pick(r, "manual", "push", "pull_request"), Actor: pick(r, "", "Ada", "bob", "Änne"), Number: pick(r, 0, 0, 7, 12)},
		Source:      record.Source{Commit: pick(r, "", "c0ffee00", "deadbeef"), Branch: pick(r, "", "main", "Feature/x", "feature/y_%"), Dirty: r.IntN(2) == 0, Author: "it's \"me\""},
		Environment: record.Environment{Executor: pick(r, "host", "docker")}, Params: record.Values{}}
	for _, k := range []string{"depth", "lr", "model", "deep.name"} {
		switch r.IntN(7) {
		case 0:
			run.Params[k] = float64(r.IntN(10))
		case 1:
			run.Params[k] = pick(r, "xgb", "XGB", "", "8", "ä'; DROP TABLE runs; --", "100%")
		case 2:
			run.Params[k] = r.IntN(2) == 0
		case 3:
			run.Params[k] = nil
		case 4:
			run.Params[k] = pick(r, 0.1, 8.0, -1.5)
		}
	}
	run.Jobs = []record.Job{w.job("train", run), w.job("evaluate", run)}
	if r.IntN(2) == 0 {
		run.Jobs = run.Jobs[:1]
	}
	return run
}

func (w *world) job(id string, run record.Run) record.Job {
	r := w.r
	j := record.Job{ID: id, Job: id, Status: pick(r, record.Success, record.Failure), Wall: time.Duration(r.IntN(5000)) * time.Millisecond, Started: run.Started}
	j.Inputs = []record.Artifact{{Name: "customers", Path: "data/customers.csv", Digest: store.Sum([]byte(pick(r, "a", "b"))), Size: 1}}
	for _, m := range []string{"auc", "loss", "val.f1"} {
		if r.IntN(3) > 0 {
			v := float64(r.IntN(11)) / 10
			if r.IntN(8) == 0 {
				v = pick(r, math.NaN(), math.Inf(1), math.Inf(-1), 0)
			}
			j.Metrics = append(j.Metrics, record.Metric{Name: m, Value: v, Job: id})
		}
	}
	j.Metrics = append(j.Metrics, record.Metric{Name: "auc", Value: float64(r.IntN(11)) / 10, Job: id, Slice: map[string]string{"plan": "pro"}})
	return j
}

// write writes a run; without a seal it looks like one that goes on.
func (w *world) write(run record.Run, seal bool) *record.Writer {
	w.t.Helper()
	status := run.Status
	jobs := run.Jobs
	run.Jobs = nil
	wr, err := record.Create(w.root, run)
	if err != nil {
		w.t.Fatal(err)
	}
	for i := range jobs {
		if err := wr.JobEnded(jobs[i]); err != nil {
			w.t.Fatal(err)
		}
	}
	run.Jobs = jobs
	run.Status = status
	w.runs[run.ID] = &run
	if seal {
		w.seal(wr, run)
	}
	return wr
}

func (w *world) seal(wr *record.Writer, run record.Run) {
	w.t.Helper()
	if _, err := wr.Seal(run); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) remove(id string) {
	e, err := record.Find(w.root, id)
	if err != nil {
		w.t.Fatal(err)
	}
	if err := os.RemoveAll(e.Dir); err != nil {
		w.t.Fatal(err)
	}
	delete(w.runs, id)
}

// promote registers a model of a run and moves an alias.
func (w *world) promote(run string) {
	w.t.Helper()
	d, err := store.Open(w.root)
	if err != nil {
		w.t.Fatal(err)
	}
	ctx := context.Background()
	text := fmt.Sprint("model ", w.r.IntN(1000))
	dig, err := d.PutBytes(ctx, []byte(text))
	if err != nil {
		w.t.Fatal(err)
	}
	reg := registry.Open(d, nil)
	name := pick(w.r, "churn", "fraud.v2")
	v, _, err := reg.Register(ctx, registry.Version{Model: name, Path: "m", Origin: registry.Origin{Run: run, Pipeline: "churn"},
		Files: []registry.File{{Path: "m", Digest: dig, Size: int64(len(text))}}}, registry.By{Actor: "ada", Run: run})
	if err != nil {
		w.t.Fatal(err)
	}
	if _, err := reg.Move(ctx, name, pick(w.r, "production", "staging"), registry.Any, v.Version, registry.By{Actor: "ada", Run: run}); err != nil {
		w.t.Fatal(err)
	}
}

// later is a clock ahead of all files' times, so that every folder counts as settled.
func later() time.Time { return time.Now().Add(time.Hour) }

var newWorldStart = time.Date(2026, 10, 30, 12, 0, 0, 0, time.UTC)

func sleep(milliseconds int) { time.Sleep(time.Duration(milliseconds) * time.Millisecond) }

func hours(n int) time.Duration { return time.Duration(n) * time.Hour }
