package main

import (
	"encoding/json"
	"fmt"
	"math"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"slices"
	"time"

	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/report"
	"github.com/mlops-runner/mlops/runner/report/history"
	"github.com/mlops-runner/mlops/runner/store"
)

// A noiseMetric is how a metric moved when nothing changed.
type noiseMetric struct {
	Name   string            `json:"name"`
	Slice  map[string]string `json:"slice,omitempty"`
	Mean   report.Number     `json:"mean"`
	SD     report.Number     `json:"sd"` // with n-1
	N      int               `json:"n"`
	Spread report.Number     `json:"spread"` // largest less smallest value, as a part of the larger one
}

// A noiseBand is what is kept of an audit, one file a job.
type noiseBand struct {
	Job      string        `json:"job"`
	Measured time.Time     `json:"measured"`
	Metrics  []noiseMetric `json:"metrics"`
}

// noiseDir is where the noise of a pipeline's metrics is kept, in the store.
func noiseDir(pipeline string) string { return path.Join("noise", url.PathEscape(pipeline)) }

// keepNoise notes how the metrics of a job moved in an audit, in place of what
// an earlier audit found.
func keepNoise(s *store.Dir, pipeline, job string, a *reproAnswer) error {
	if len(a.Metrics) == 0 {
		return nil
	}
	text, err := json.MarshalIndent(noiseBand{job, time.Now().UTC(), a.Metrics}, "", "  ")
	if err != nil {
		return err
	}
	return s.WriteFile(path.Join(noiseDir(pipeline), url.PathEscape(job)+".json"), append(text, '\n'))
}

// noise is what audits found, by the metrics' keys. What cannot be read is left out.
func noise(root, pipeline string) map[string]report.Noise {
	files, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(noiseDir(pipeline)), "*.json"))
	if err != nil {
		return nil
	}
	out := map[string]report.Noise{}
	for _, name := range files {
		var b noiseBand
		text, err := os.ReadFile(name)
		if err != nil || json.Unmarshal(text, &b) != nil {
			continue
		}
		for _, m := range b.Metrics {
			r := record.Metric{Name: m.Name, Slice: m.Slice}
			out[r.Key()] = report.Noise{SD: float64(m.SD), N: m.N}
		}
	}
	return out
}

// noiseDigest is the digest of what noise reads; "" if there is nothing.
func noiseDigest(root, pipeline string) string {
	dir := filepath.Join(root, filepath.FromSlash(noiseDir(pipeline)))
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) == 0 {
		return ""
	}
	var all []byte
	for _, e := range entries {
		text, err := os.ReadFile(filepath.Join(dir, e.Name()))
		all = fmt.Appendf(all, "%q %v %q\n", e.Name(), err, text)
	}
	return store.Sum(all).Hex()
}

// noiseOf is how metrics moved between runs of one job.
func noiseOf(jobs []*record.Job) (out []noiseMetric) {
	for _, m := range jobs[0].Metrics {
		values := []float64{}
		for _, j := range jobs {
			if i := slices.IndexFunc(j.Metrics, func(o record.Metric) bool { return o.Key() == m.Key() }); i >= 0 {
				values = append(values, j.Metrics[i].Value)
			}
		}
		mean, v := history.Moments(values)
		spread := slices.Max(values) - slices.Min(values)
		if size := max(math.Abs(slices.Max(values)), math.Abs(slices.Min(values))); spread > 0 {
			spread /= size
		}
		out = append(out, noiseMetric{Name: m.Name, Slice: m.Slice, Mean: report.Number(mean), SD: report.Number(math.Sqrt(v)), N: len(values), Spread: report.Number(spread)})
	}
	return out
}
