package mlflow

import (
	"fmt"
	"strings"
	"testing"
)

// BenchmarkLogMetric is one metric in one request, as a training loop sends it.
func BenchmarkLogMetric(b *testing.B) {
	c := serve(b, b.TempDir(), Options{})
	defer c.stop()
	run := c.begin("0")
	for i := 0; b.Loop(); i++ {
		c.ask(200, "POST", "runs/log-metric", fmt.Sprintf(`{"run_id": %q, "key": "loss", "value": 0.5, "timestamp": %d, "step": %d}`, run, i, i))
	}
}

// BenchmarkLogBatch is a batch of as many metrics as one may have.
func BenchmarkLogBatch(b *testing.B) {
	c := serve(b, b.TempDir(), Options{})
	defer c.stop()
	run := c.begin("0")
	var all []string
	for i := range maxMetrics {
		all = append(all, fmt.Sprintf(`{"key": "m%d", "value": 0.5, "timestamp": %d, "step": 1}`, i, i))
	}
	body := fmt.Sprintf(`{"run_id": %q, "metrics": [%s]}`, run, strings.Join(all, ","))
	for b.Loop() {
		c.ask(200, "POST", "runs/log-batch", body)
	}
	b.ReportMetric(float64(b.N*maxMetrics)/b.Elapsed().Seconds(), "metrics/s")
}

// BenchmarkArtifact is an artifact of 64 MiB, there and back.
func BenchmarkArtifact(b *testing.B) {
	c := serve(b, b.TempDir(), Options{})
	defer c.stop()
	run, content := c.begin("0"), strings.Repeat("0123456789abcdef", 4<<20)
	b.SetBytes(2 * int64(len(content)))
	for i := 0; b.Loop(); i++ {
		c.put(200, run, "f", fmt.Sprint(i)+content)
		if status, got := c.send("GET", "/api/2.0/mlflow-artifacts/artifacts/0/"+run+"/artifacts/f", nil); status != 200 || len(got) < len(content) {
			b.Fatal(status, len(got))
		}
	}
}

// BenchmarkSearch finds the best of a thousand runs.
func BenchmarkSearch(b *testing.B) {
	c := serve(b, b.TempDir(), Options{})
	defer c.stop()
	for i := range 1000 {
		run := c.begin("0")
		c.ask(200, "POST", "runs/log-batch", fmt.Sprintf(`{"run_id": %q, "metrics": [{"key": "auc", "value": %d, "timestamp": 1, "step": 0}]}`, run, i))
	}
	for b.Loop() {
		c.ask(200, "POST", "runs/search", `{"experiment_ids": ["0"], "filter": "metrics.auc > 500", "order_by": ["metrics.auc DESC"], "max_results": 10}`)
	}
}
