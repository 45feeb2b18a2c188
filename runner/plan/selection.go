package plan

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/mlops-runner/mlops/spec"
)

// A SelectionError says that a name on the command line is no job.
type SelectionError struct {
	Name    string
	Similar string   // the nearest name, if one is near
	Known   []string // the first jobs of the plan, at most 20
}

func (e *SelectionError) Error() string {
	if e.Similar != "" {
		return fmt.Sprintf("no job %q; did you mean %q?", e.Name, e.Similar)
	}
	return fmt.Sprintf("no job %q; there are %s", e.Name, strings.Join(e.Known, ", "))
}

// Select returns which nodes a run of the named jobs concerns: the jobs
// themselves (all legs for a matrix job's plain name), everything they need,
// and with downstream also everything that needs them. No names means all. Spare
// legs of seeds are concerned only if they are named themselves.
// It fails with a *SelectionError for an unknown name.
func (p *Plan) Select(names []string, downstream bool) ([]bool, error) {
	on := make([]bool, len(p.Nodes))
	if len(names) == 0 {
		for i := range on {
			on[i] = !p.Nodes[i].Spare
		}
		return on, nil
	}
	for _, name := range names {
		if err := p.mark(on, name); err != nil {
			return nil, err
		}
	}
	if downstream {
		p.spreadDown(on)
	}
	p.spreadUp(on)
	return on, nil
}

func (p *Plan) mark(on []bool, name string) error {
	found := false
	for i, n := range p.Nodes {
		if n.ID == name || n.Job == name && !n.Spare || n.Config == name && name != "" && !n.Spare {
			on[i], found = true, true
		}
	}
	if found {
		return nil
	}
	e := &SelectionError{Name: name}
	var ids []string
	for _, n := range p.Nodes {
		if ids = append(ids, n.ID); !slices.Contains(e.Known, n.Job) {
			e.Known = append(e.Known, n.Job)
		}
	}
	e.Similar = cmp.Or(spec.Nearest(name, e.Known), spec.Nearest(name, ids))
	e.Known = e.Known[:min(len(e.Known), 20)]
	return e
}

// WithSpares returns legs of seeds together with the spare legs that they need, in
// the order of the plan.
func (p *Plan) WithSpares(ids []string) (out []string) {
	on := make([]bool, len(p.Nodes))
	for _, id := range ids {
		if i := p.Index(id); i >= 0 {
			on[i] = true
		}
	}
	p.spreadUp(on)
	for i, n := range p.Nodes {
		if on[i] && (n.Spare || slices.Contains(ids, n.ID)) {
			out = append(out, n.ID)
		}
	}
	return out
}

// spreadUp marks what marked nodes need. Needs come before, so one backward
// pass is enough; the forward pass of spreadDown is its mirror.
func (p *Plan) spreadUp(on []bool) {
	for i := len(p.Nodes) - 1; i >= 0; i-- {
		if on[i] {
			for _, need := range p.Nodes[i].Needs {
				on[need.Node] = true
			}
		}
	}
}

func (p *Plan) spreadDown(on []bool) {
	for i, n := range p.Nodes {
		for _, need := range n.Needs {
			on[i] = on[i] || on[need.Node] && !n.Spare
		}
	}
}
