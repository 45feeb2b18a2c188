package runner

import (
	"context"
	"fmt"
	"time"

	"github.com/mlops-runner/mlops/runner/agent"
	"github.com/mlops-runner/mlops/runner/plan"
)

// A Forecast says what a run would make of one job, and why.
type Forecast struct {
	Job         string   `json:"job"` // instance
	Fate        Fate     `json:"fate"`
	Why         []string `json:"why,omitempty"`
	Error       string   `json:"error,omitempty"` // of CannotBe
	Fix         string   `json:"fix,omitempty"`
	Stuck       bool     `json:"-"`                     // the error is the place's, not the job's
	Selected    string   `json:"selected,omitempty"`    // of Chooses: the leg, if it is known
	Fingerprint string   `json:"fingerprint,omitempty"` // if it is known
	CachedFrom  string   `json:"cachedFrom,omitempty"`  // run id
	Pin         string   `json:"pin,omitempty"`         // the image's name and what it is pinned to: NAME → sha256:…
	Each        bool     `json:"each,omitempty"`        // the job runs each time: it is never cached
	// Wall and GPUSeconds are what the job's last kept result took; 0 if none is
	// known, and of a job that will not run.
	Wall       time.Duration `json:"wall,omitempty"` // nanoseconds
	GPUSeconds float64       `json:"gpuSeconds,omitempty"`
}

// Forecast decides about every selected job as Run would, and changes nothing.
// Jobs that must run are taken to succeed.
func (r *Runner) Forecast(ctx context.Context) ([]Forecast, error) {
	x := r.open(ctx)
	var out []Forecast
	for i, n := range r.Plan.Nodes {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if !r.selected(i) {
			continue
		}
		f, o := x.foretell(ctx, n)
		x.outcomes[i] = o
		out = append(out, f)
	}
	return out, nil
}

func (x *execution) foretell(ctx context.Context, n *plan.Node) (Forecast, *outcome) {
	if n.Kind == plan.Select {
		return x.foretellChoice(n)
	}
	d := x.decide(ctx, n, true, false)
	f := Forecast{Job: n.ID, Fate: d.fate, Why: d.why, Error: d.err, Fix: d.fix, Stuck: d.place, Pin: x.pinNote(n)}
	if !d.print.IsZero() {
		f.Fingerprint = d.print.String()
	}
	switch d.fate {
	case IsCached:
		f.CachedFrom = d.hit.Run
		return f, &outcome{status: agent.Success, cached: true, product: d.hit.product()}
	case IsSkip:
		return f, &outcome{status: agent.Skipped}
	case CannotBe:
		return f, &outcome{status: agent.Failure, err: d.err}
	}
	f.Each = n.NoCache
	f.Wall, f.GPUSeconds = x.lastCost(n)
	return f, &outcome{status: agent.Success, assumed: true}
}

// lastCost is what the latest kept result of a node took.
func (x *execution) lastCost(n *plan.Node) (time.Duration, float64) {
	last, err := x.Store.Last(x.lastKey(n))
	if err != nil {
		return 0, 0
	}
	data, err := x.Store.Action(last)
	if err != nil {
		return 0, 0
	}
	r, err := ParseResult(data)
	if err != nil {
		return 0, 0
	}
	return r.Wall, r.GPU
}

func (x *execution) foretellChoice(n *plan.Node) (Forecast, *outcome) {
	f := Forecast{Job: n.ID, Fate: Chooses}
	if why := x.unsuccessful(n); why != "" {
		f.Fate, f.Why = IsSkip, []string{why}
		return f, &outcome{status: agent.Skipped}
	}
	for _, need := range n.Needs {
		if x.outcomes[need.Node].assumed {
			f.Why = []string{n.Select.String() + " of " + n.Choice()}
			return f, &outcome{status: agent.Success, assumed: true}
		}
	}
	o := x.choose(n)
	f.Selected, f.Error, f.Fix = o.leg, o.err, o.fix
	if o.err != "" {
		f.Fate = CannotBe
	} else {
		f.Why = []string{fmt.Sprintf("%s: %s%s", n.Select, o.leg, n.MoreSeeds())}
	}
	return f, o
}
