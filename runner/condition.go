package runner

import (
	"fmt"

	"github.com/mlops-runner/mlops/runner/agent"
	"github.com/mlops-runner/mlops/runner/plan"
	"github.com/mlops-runner/mlops/spec"
	"github.com/mlops-runner/mlops/spec/expression"
)

// A condition is what `if:` says of a node.
type condition struct {
	run bool
	why string // it does not run
	err error  // the expression has no value
	// regardless: the expression asks for always(), failure() or cancelled(),
	// so that a failure elsewhere does not keep the job from running.
	regardless bool
}

// condition decides whether a node may run, when all it needs has ended.
func (x *execution) condition(n *plan.Node, s *expression.Scope, cancelled bool) condition {
	bad := x.unsuccessful(n)
	c := condition{run: bad == ""}
	if bad != "" {
		c.why = bad
	}
	if n.If == "" {
		return c
	}
	e, err := expression.Parse(n.If)
	if err != nil {
		return condition{err: err}
	}
	c.regardless = callsStatus(e)
	if !c.run && !c.regardless {
		return c
	}
	s.Funcs = x.statusFunctions(n, cancelled)
	v, err := e.Eval(s)
	if err != nil {
		return condition{err: fmt.Errorf("if: %s: %w", n.If, err)}
	}
	if c.run = expression.Truthy(v); !c.run {
		c.why = "its condition is false: " + n.If
	}
	return c
}

// unsuccessful names the first needed job that did not succeed, or "".
func (x *execution) unsuccessful(n *plan.Node) string {
	for _, need := range n.Needs {
		o := x.outcomes[need.Node]
		if o.status == agent.Success || o.soft && len(need.Paths) == 0 {
			continue
		}
		return fmt.Sprintf("%s %s", x.Plan.Nodes[need.Node].ID, verb(o.status))
	}
	return ""
}

func verb(s agent.Status) string {
	switch s {
	case agent.Failure:
		return "failed"
	case agent.Canceled:
		return "was cancelled"
	}
	return "was skipped"
}

// statusFunctions are success(), failure(), always() and cancelled() for a node.
func (x *execution) statusFunctions(n *plan.Node, cancelled bool) map[string]expression.Func {
	failed := x.ancestorFailed(n, map[int]bool{})
	values := map[string]bool{
		"always": true, "cancelled": cancelled, "failure": failed,
		"success": !cancelled && x.unsuccessful(n) == "",
	}
	funcs := spec.StatusFunctions()
	for name, f := range funcs {
		v := values[name]
		f.Call = func([]any) (any, error) { return v, nil }
		funcs[name] = f
	}
	return funcs
}

// ancestorFailed reports whether any job that leads to n has failed.
func (x *execution) ancestorFailed(n *plan.Node, seen map[int]bool) bool {
	for _, need := range n.Needs {
		if seen[need.Node] {
			continue
		}
		seen[need.Node] = true
		o := x.outcomes[need.Node]
		if o.status == agent.Failure && !o.soft || x.ancestorFailed(x.Plan.Nodes[need.Node], seen) {
			return true
		}
	}
	return false
}

// callsStatus reports whether an expression calls a status function, which
// takes the place of the success() that is otherwise understood.
func callsStatus(e *expression.Expr) bool {
	for _, name := range e.Calls() {
		if _, ok := spec.StatusFunctions()[name]; ok {
			return true
		}
	}
	return false
}
