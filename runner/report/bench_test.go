package report

import (
	"fmt"
	"math/rand/v2"
	"syscall"
	"testing"

	"github.com/mlops-runner/mlops/runner/record"
)

// thousand is a run with n metrics, a tenth of which have curves.
func thousand(n int, seed uint64) *record.Run {
	r := rand.New(rand.NewPCG(seed, 0))
	run := &record.Run{Status: record.Success, Params: record.Values{}}
	for j := range 10 {
		job := record.Job{ID: fmt.Sprintf("job%d", j), Job: fmt.Sprintf("job%d", j), Status: record.Success}
		for i := range n / 10 {
			m := record.Metric{Name: fmt.Sprintf("group%d.metric%d", j, i), Value: r.NormFloat64(), Unit: "u"}
			if i%3 == 0 {
				m.Slice = map[string]string{"region": "EU"}
			}
			if i%10 == 0 {
				for k := range 500 {
					m.History = append(m.History, record.Point{Step: float64(k), Value: r.Float64()})
				}
			}
			job.Metrics = append(job.Metrics, m)
		}
		run.Jobs = append(run.Jobs, job)
		run.Params[fmt.Sprintf("p%d", j)] = r.Float64()
	}
	return run
}

// BenchmarkCompare compares runs of 1,000 metrics with 20 runs of history; the
// comparison and a rendering together may take 20 ms.
func BenchmarkCompare(b *testing.B) {
	head, base := thousand(1000, 1), thousand(1000, 2)
	o := CompareOptions{Gates: gatesOf("group1.metric1 >= baseline.group1.metric1 - 10", "better(group2.metric2) || true")}
	b.Run("alone", func(b *testing.B) { measure(b, func() { Compare(head, base, o) }) })
	for i := range 20 {
		o.History = append(o.History, thousand(1000, uint64(i+3)))
	}
	b.Run("history", func(b *testing.B) { measure(b, func() { Compare(head, base, o) }) })
}

// measure also tells the processor's time, which a busy machine does not change much.
func measure(b *testing.B, f func()) {
	b.ReportAllocs()
	var before, after syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &before); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		f()
	}
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &after); err != nil {
		b.Fatal(err)
	}
	cpu := after.Utime.Nano() + after.Stime.Nano() - before.Utime.Nano() - before.Stime.Nano()
	b.ReportMetric(float64(cpu)/1e6/float64(b.N), "cpu-ms/op")
}

func BenchmarkRules(b *testing.B) {
	measure(b, func() { rules() })
}
