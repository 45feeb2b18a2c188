package agent

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"
)

// BenchmarkStep measures what a step costs beside the process that it starts:
// a job of 50 steps on the host, and 50 bare fork-and-execs of the same shell
// that the kernel waits for. Both run in each round and so see the same load.
func BenchmarkStep(b *testing.B) {
	const steps = 50
	job := newBench(b, slices.Repeat([]Step{sh(":")}, steps)...)
	shell := lookPath("sh", os.Getenv("PATH"), "/")
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		b.Fatal(err)
	}
	defer null.Close()
	var bare, ours time.Duration
	for b.Loop() {
		bare += timed(b, func() error { return forks(steps, shell, null) })
		ours += timed(b, func() error {
			r, err := Run(context.Background(), job.Spec, nil)
			if err == nil && r.Status != Success {
				err = fmt.Errorf("%+v", r)
			}
			return err
		})
	}
	per := func(d time.Duration) float64 { return float64(d.Microseconds()) / float64(b.N*steps) }
	b.ReportMetric(per(bare), "µs/forkexec")
	b.ReportMetric(per(ours), "µs/step")
	b.ReportMetric(0, "ns/op")
}

func timed(b *testing.B, f func() error) time.Duration {
	b.Helper()
	start := time.Now()
	if err := f(); err != nil {
		b.Fatal(err)
	}
	return time.Since(start)
}

func forks(n int, shell string, null *os.File) error {
	fd := null.Fd()
	for range n {
		pid, err := syscall.ForkExec(shell, []string{"sh", "-e", "-c", ":"}, &syscall.ProcAttr{Files: []uintptr{fd, fd, fd}, Env: os.Environ()})
		if err != nil {
			return err
		}
		if _, err := syscall.Wait4(pid, nil, 0, nil); err != nil {
			return err
		}
	}
	return nil
}

// BenchmarkLog measures how fast a step's output reaches the log.
func BenchmarkLog(b *testing.B) {
	const size = 256 << 20
	job := newBench(b, sh(fmt.Sprintf("yes 'epoch 12 loss 0.12345 accuracy 0.98765 lr 0.001' | head -c %d", size)))
	b.SetBytes(size)
	for b.Loop() {
		r, err := Run(context.Background(), job.Spec, func(Event) {})
		if err != nil || r.LogSize != size {
			b.Fatal(r, err)
		}
	}
	_ = os.Remove(filepath.Join(job.Control, LogFile))
}
