package runner

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mlops-runner/mlops/runner/plan"
	"github.com/mlops-runner/mlops/spec"
)

func TestBackoff(t *testing.T) {
	for _, c := range []struct {
		name   string
		delay  time.Duration
		times  int
		jitter float64
		want   time.Duration
	}{
		{"no delay stays none", 0, 5, 0.9, 0},
		{"the first pause is the delay", 10 * time.Second, 1, 0.5, 10 * time.Second},
		{"it doubles", 10 * time.Second, 3, 0.5, 40 * time.Second},
		{"a fifth less at least", 10 * time.Second, 1, 0, 8 * time.Second},
		{"up to a bound", 10 * time.Second, 60, 0.5, maxDelay},
		{"a longer delay is kept, and does not grow", time.Hour, 4, 0.5, time.Hour},
	} {
		if got := backoff(c.delay, c.times, c.jitter); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestRaised(t *testing.T) {
	n := &plan.Node{Resources: spec.Resources{CPUs: 2, Memory: 4, GPUs: 1}}
	want := spec.Resources{CPUs: 2, Memory: 8, GPUs: 1}
	if d := cmp.Diff(want, raised(n, &spec.Resources{Memory: 8}).Resources); d != "" {
		t.Error(d)
	}
	if n.Resources.Memory != 4 || raised(n, nil) != n {
		t.Error("the node itself changed")
	}
}
