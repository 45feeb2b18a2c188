package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/mlops-runner/mlops/runner/disk"
	"github.com/mlops-runner/mlops/runner/record"
)

// Runs in the store that is searched, and metrics of each.
const (
	indexedRuns    = 100_000
	indexedMetrics = 20
)

// indexRows ask for runs among many. The questions are asked by whole programs, so
// that the start of one counts, and the look for new runs.
func indexRows() []row {
	ask := func(name, work string, args ...string) row {
		return row{"index/" + name, work + ", of 100,000 runs × 20 metrics", seconds, func(b *bench) (contest, error) {
			dir, err := b.manyRuns()
			argv := append([]string{b.mlops, "runs"}, args...)
			return contest{contestants: []contestant{command("mlops runs", ours, dir, argv...)}, targets: []target{{limit: 0.050}}}, err
		}}
	}
	return []row{
		ask("best", "the 20 best by a metric with a parameter", "--where", "metrics.auc > 0.9 && params.depth == 8", "--sort", "-metrics.auc"),
		ask("three", "the newest 100 by three metrics", "--where", "metrics.auc > 0.5 && metrics.m03 < 0.8 && metrics.m04 < 0.7", "--limit", "100"),
		ask("rare", "the 20 newest of the best thousandth", "--where", "metrics.auc > 0.999"),
		{"index/rebuild", "index 100,000 runs × 20 metrics; CPU", seconds, setupIndexRebuild},
	}
}

// setupIndexRebuild holds reading and indexing together to 20,000 metrics a CPU second.
func setupIndexRebuild(b *bench) (contest, error) {
	dir, err := b.manyRuns()
	k := byCPU(command("mlops index rebuild", ours, dir, b.mlops, "index", "rebuild"))
	return contest{contestants: []contestant{k}, targets: []target{{limit: indexedRuns * indexedMetrics / 20_000}}}, err
}

// manyRuns makes a project with recorded runs, once.
func (b *bench) manyRuns() (string, error) {
	dir, err := b.dir("index")
	if err != nil || exists(filepath.Join(dir, "mlops.yaml")) {
		return dir, err
	}
	r := rand.New(rand.NewPCG(1, 2))
	at := time.Now().Add(-indexedRuns * time.Minute)
	for range indexedRuns {
		at = at.Add(time.Minute)
		if err := recordRun(filepath.Join(dir, ".mlops"), r, at); err != nil {
			return "", err
		}
	}
	time.Sleep(2100 * time.Millisecond) // a folder that changed a moment ago is listed again
	if err := os.WriteFile(filepath.Join(dir, "mlops.yaml"), []byte("jobs: {train: {run: 'true'}}\n"), 0o644); err != nil {
		return "", err
	}
	_, err = execute(b.ctx, dir, b.mlops, "index", "status")
	return dir, err
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// recordRun writes the record of a run with random metrics.
func recordRun(root string, r *rand.Rand, at time.Time) error {
	var id uuid.UUID
	for i := range id {
		id[i] = byte(r.Uint32())
	}
	for i := range 6 {
		id[i] = byte(at.UnixMilli() >> (40 - 8*i))
	}
	id[6], id[8] = 0x70|id[6]&15, 0x80|id[8]&0x3f
	job := record.Job{ID: "train", Job: "train", Status: record.Success, Started: at, Wall: time.Second}
	for m := range indexedMetrics {
		name := fmt.Sprintf("m%02d", m)
		if m == 0 {
			name = "auc"
		}
		job.Metrics = append(job.Metrics, record.Metric{Name: name, Value: r.Float64(), Job: job.ID})
	}
	run := record.Run{ID: id.String(), Pipeline: "many", Started: at, Ended: at.Add(time.Second), Status: record.Success,
		Source: record.Source{Commit: strconv.FormatUint(r.Uint64(), 16), Branch: "main"}, Params: record.Values{"depth": float64(r.IntN(16)), "lr": 0.1}}
	w, err := record.CreateOn(unsynced{}, root, run)
	if err != nil {
		return err
	}
	if err := w.JobEnded(job); err != nil {
		return err
	}
	run.Jobs = []record.Job{job}
	_, err = w.Seal(run)
	return err
}

// unsynced is a disk that writes nothing through: the records of a bench need not
// survive a power cut.
type unsynced struct{ disk.Real }

func (unsynced) Sync(string) error                       { return nil }
func (unsynced) SyncAll(string, []string) (int64, error) { return 0, nil }
func (unsynced) Create(path string, perm os.FileMode) (disk.File, error) {
	f, err := disk.Real{}.Create(path, perm)
	return lazy{f}, err
}

// lazy is a file that writes nothing through.
type lazy struct{ disk.File }

func (lazy) Sync() error { return nil }
