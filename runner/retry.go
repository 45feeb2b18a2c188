package runner

import (
	"context"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/mlops-runner/mlops/runner/agent"
	"github.com/mlops-runner/mlops/runner/plan"
	"github.com/mlops-runner/mlops/spec"
)

// tries counts attempts by rule.
type tries struct {
	node   *plan.Node
	number int
	used   []int // by rule
}

func newTries(n *plan.Node) *tries {
	return &tries{node: n, number: 1, used: make([]int, len(n.Retry))}
}

// again returns the rule by which a failed attempt is repeated, and how often it
// has applied with that; nil if there is none.
func (t *tries) again(a *attempt) (rule *spec.Retry, times int) {
	if a.status() != agent.Failure {
		return nil, 0
	}
	for i := range t.node.Retry {
		r := &t.node.Retry[i]
		if t.used[i] < r.Limit && applies(r, a) {
			t.used[i]++
			t.number++
			return r, t.used[i]
		}
	}
	return nil, 0
}

// applies reports whether a rule is about this sort of failure. A rule that
// names neither reasons nor exit statuses is about all.
func applies(r *spec.Retry, a *attempt) bool {
	if len(r.On) == 0 && len(r.Exit) == 0 {
		return true
	}
	if slices.Contains(r.Exit, a.exit()) && a.reason() == agent.ReasonExit {
		return true
	}
	return slices.ContainsFunc(r.On, func(s spec.Str) bool { return s.Value == string(a.reason()) || s.Value == "any" })
}

// maxDelay bounds how long a delay grows.
const maxDelay = 15 * time.Minute

// backoff is how long to pause before an attempt: the delay of its rule, doubled
// each time that the rule applies again, and up to a fifth more or less, so that
// jobs that failed together do not come back together. jitter is in [0, 1).
func backoff(delay time.Duration, times int, jitter float64) time.Duration {
	d := delay
	for range times - 1 {
		d = min(2*d, max(delay, maxDelay))
	}
	return time.Duration(float64(d) * (0.8 + 0.4*jitter))
}

func (r *Runner) jitter() float64 {
	if r.Jitter != nil {
		return r.Jitter()
	}
	return rand.Float64()
}

// pause tells of a wait, for people.
func pause(d time.Duration) string {
	if d < time.Second {
		return ""
	}
	return " in " + d.Round(time.Second).String()
}

func sleep(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// raised is the node with the resources that a rule gives it; those that the
// rule does not name stay.
func raised(n *plan.Node, r *spec.Resources) *plan.Node {
	if r == nil {
		return n
	}
	out := *n
	have := &out.Resources
	for _, f := range []struct{ to, from *int64 }{{&have.Memory, &r.Memory}, {&have.Shm, &r.Shm}, {&have.Disk, &r.Disk}, {&have.Pids, &r.Pids}} {
		if *f.from != 0 {
			*f.to = *f.from
		}
	}
	if r.CPUs != 0 {
		have.CPUs = r.CPUs
	}
	if r.GPUs != 0 {
		have.GPUs = r.GPUs
	}
	return &out
}
