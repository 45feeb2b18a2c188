package main

import (
	"bufio"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/parquet-go/parquet-go"

	"github.com/mlops-runner/mlops/actions/evaluate"
	"github.com/mlops-runner/mlops/actions/metric"
	"github.com/mlops-runner/mlops/actions/paired"
	"github.com/mlops-runner/mlops/actions/slice"
)

// evaluateRows measure what it costs to compare two models on a million rows.
func evaluateRows() []row {
	return []row{
		{"evaluate/auc", "CPU time of AUC of two models on 1M rows, with the interval of the difference", seconds, setupEvaluateAUC},
		{"evaluate/binary", "CPU time of thirteen metrics of two models on 1M rows, with intervals", seconds, inMemory("compare-binary", 0.6)},
		{"evaluate/slices", "CPU time of the search in all one- and two-way slices of 12 features, 1M rows", seconds, inMemory("discover", 0.5)},
		{"evaluate/files", "CPU time of the comparison of two Parquet files of 1M predictions, read and joined", seconds, setupEvaluateFiles},
	}
}

const evaluatedRows = 1_000_000

// inMemory sets up a workload on rows that are in memory, whose CPU time it says itself.
func inMemory(workload string, limit float64) func(*bench) (contest, error) {
	return func(*bench) (contest, error) {
		return contest{contestants: []contestant{inside(workload, ours, workload)}, targets: []target{{limit: limit}}}, nil
	}
}

// setupEvaluateAUC compares with scikit-learn's AUC of one model, without an interval.
func setupEvaluateAUC(b *bench) (contest, error) {
	dir, err := b.dir("auc")
	if err != nil {
		return contest{}, err
	}
	path := filepath.Join(dir, "scores.csv")
	if err := writeScores(path); err != nil {
		return contest{}, err
	}
	ks := []contestant{inside("paired.AUC, two models", ours, "paired-auc"), sklearn(path)}
	return contest{contestants: ks, targets: []target{{limit: 0.2}}}, nil
}

// sklearn says the CPU time of roc_auc_score alone, without start and reading.
func sklearn(path string) contestant {
	const name, python = "scikit-learn, roc_auc_score of one model", "/usr/bin/python3"
	const program = `import sys, time
import numpy as np
from sklearn.metrics import roc_auc_score
rows = np.loadtxt(sys.argv[1], delimiter=",")
began = time.process_time()
roc_auc_score(rows[:, 0], rows[:, 1])
print(time.process_time() - began)`
	if _, err := execute(context.Background(), "", python, "-c", "import sklearn"); err != nil {
		return skipped(name, peer, fmt.Errorf("not installed: Debian's python3-sklearn"))
	}
	return contestant{name: name, role: peer, sample: func(ctx context.Context) (measurement, error) {
		u, err := execute(ctx, "", python, "-c", program, path)
		if err != nil {
			return measurement{}, err
		}
		seconds, err := strconv.ParseFloat(string(u.stdout[:len(u.stdout)-1]), 64)
		return u.measured(seconds), err
	}}
}

func writeScores(path string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	w := bufio.NewWriter(f)
	m := madeUpModel(1)
	for i := range m.Label {
		fmt.Fprintf(w, "%v,%v\n", m.Label[i], m.Score[i])
	}
	return w.Flush()
}

// madeUpModel is a million scores of a model; of each number the rows are the same
// and the scores are not. A seventh of the scores are ties.
func madeUpModel(number uint64) *metric.Rows {
	truth, own := rand.New(rand.NewPCG(1, 1)), rand.New(rand.NewPCG(number, 2))
	r := &metric.Rows{Task: metric.Binary, Label: make([]float64, evaluatedRows), Score: make([]float64, evaluatedRows)}
	for i := range r.Label {
		risk := truth.NormFloat64()
		if truth.Float64() < 1/(1+math.Exp(-risk)) {
			r.Label[i] = 1
		}
		r.Score[i] = 1 / (1 + math.Exp(-risk-own.NormFloat64()))
		if i%7 == 0 {
			r.Score[i] = math.Round(r.Score[i]*100) / 100
		}
	}
	return r
}

// byProcess returns the CPU time that f takes, on all cores.
func byProcess(f func() error) (time.Duration, error) {
	before, err := processTime()
	if err == nil {
		err = f()
	}
	if err != nil {
		return 0, err
	}
	after, err := processTime()
	return after - before, err
}

func processTime() (time.Duration, error) {
	var u syscall.Rusage
	err := syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()), err
}

func pairedAUC([]string) (time.Duration, error) {
	a, b := madeUpModel(1), madeUpModel(2)
	label := make([]bool, len(a.Label))
	for i, x := range a.Label {
		label[i] = x == 1
	}
	return byProcess(func() error {
		rows, err := paired.Of(len(label), paired.Design{})
		if err != nil {
			return err
		}
		e, err := rows.AUC(label, paired.Scores{Values: a.Score}, paired.Scores{Values: b.Score})
		if err == nil && !(e.Diff.SE > 0) {
			err = fmt.Errorf("no standard error: %+v", e)
		}
		return err
	})
}

// binaryMetrics are what compareBinary computes.
func binaryMetrics() []string {
	return []string{"auc", "pr_auc", "logloss", "brier", "accuracy", "precision", "recall", "f1", "balanced_accuracy", "mcc", "ece", "lift at 10%", "ks"}
}

func compareBinary([]string) (time.Duration, error) {
	a, b := madeUpModel(1), madeUpModel(2)
	var ms []metric.Metric
	for _, name := range binaryMetrics() {
		m, err := metric.Find(name)
		if err != nil {
			return 0, err
		}
		ms = append(ms, m)
	}
	return byProcess(func() error {
		cs, err := evaluate.CompareRows(ms, a, b)
		if err == nil && len(cs) != len(ms) {
			err = fmt.Errorf("%d of %d metrics", len(cs), len(ms))
		}
		return err
	})
}

func discover([]string) (time.Duration, error) {
	r := rand.New(rand.NewPCG(3, 3))
	features := make([]slice.Feature, 12)
	for i := range features {
		f := slice.Feature{Name: "f" + strconv.Itoa(i), Codes: make([]uint16, evaluatedRows)}
		for v := range 16 {
			f.Values = append(f.Values, "v"+strconv.Itoa(v))
		}
		for row := range f.Codes {
			f.Codes[row] = uint16(r.IntN(16))
		}
		features[i] = f
	}
	loss := make([]float64, evaluatedRows)
	for i := range loss {
		if loss[i] = r.ExpFloat64(); features[0].Codes[i] == 3 && features[1].Codes[i] == 5 {
			loss[i] *= 1.5
		}
	}
	return byProcess(func() error {
		d, err := slice.Discover(features, slice.Rows{Values: loss}, slice.Options{Share: 0.001})
		if err == nil && len(d.Found) == 0 {
			err = fmt.Errorf("the planted slice was not found")
		}
		return err
	})
}

// prediction is a row of the files that are compared.
type prediction struct {
	ID    int64   `parquet:"id"`
	Label int32   `parquet:"label"`
	Score float64 `parquet:"score"`
	Plan  string  `parquet:"plan,dict"`
	Age   int32   `parquet:"age"`
}

func setupEvaluateFiles(b *bench) (contest, error) {
	dir, err := b.dir("predictions")
	if err != nil {
		return contest{}, err
	}
	var files [2]string
	for i := range files {
		files[i] = filepath.Join(dir, fmt.Sprintf("model%d.parquet", i))
		if err := writePredictions(files[i], madeUpModel(uint64(i+1))); err != nil {
			return contest{}, err
		}
	}
	ks := []contestant{insideCPU("evaluate.Compare", ours, 1, "compare-files", files[0], files[1])}
	return contest{contestants: ks}, nil
}

func writePredictions(path string, m *metric.Rows) error {
	r := rand.New(rand.NewPCG(4, 4))
	rows := make([]prediction, len(m.Label))
	for i := range rows {
		rows[i] = prediction{int64(i), int32(m.Label[i]), m.Score[i], []string{"free", "pro", "team"}[r.IntN(3)], int32(18 + r.IntN(60))}
	}
	return parquet.WriteFile(path, rows)
}

func compareFiles(args []string) (time.Duration, error) {
	in := map[string]any{"predictions": "p.parquet", "id": "id", "label": "label", "score": "score", "slices": []any{"plan"}}
	return timed(func() error {
		c, err := evaluate.Compare(context.Background(), evaluate.Side{Inputs: in, Paths: args[:1]}, evaluate.Side{Inputs: in, Paths: args[1:]})
		if err == nil && c.Rows != evaluatedRows {
			err = fmt.Errorf("%d rows were compared: %s", c.Rows, c.Why)
		}
		return err
	})
}
