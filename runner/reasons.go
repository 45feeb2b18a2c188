package runner

import (
	"errors"
	"fmt"
	"slices"

	"github.com/mlops-runner/mlops/runner/plan"
	"github.com/mlops-runner/mlops/runner/store"
)

// reasons says why a node runs: what differs from the fingerprint of its latest
// result. partial compares only what is known while planning.
func (x *execution) reasons(n *plan.Node, lines []string, partial bool) []string {
	last, err := x.Store.Last(x.lastKey(n))
	if errors.Is(err, store.ErrNotFound) {
		return []string{"it never ran before"}
	}
	if err != nil {
		return []string{err.Error()}
	}
	data, err := x.Store.Action(last)
	if err != nil {
		return []string{"its last result is no longer kept"}
	}
	r, err := ParseResult(data)
	if err != nil {
		return []string{"its last result cannot be read: " + err.Error()}
	}
	old := r.Lines
	if partial {
		old = slices.DeleteFunc(slices.Clone(old), notDefinition)
	}
	var why []string
	for _, c := range plan.Diff(old, lines) {
		why = append(why, c.String()+x.where(c))
	}
	if why == nil {
		why = []string{"its last result is no longer kept"}
	}
	return why
}

func notDefinition(line string) bool {
	l, ok := plan.ParseLine(line)
	return !ok || l.Kind == "input" || l.Kind == "value"
}

// where is the place of a changed parameter, such as " (params.yaml:3)".
func (x *execution) where(c plan.Change) string {
	if c.Kind != "params" || c.Removed {
		return ""
	}
	p, ok := x.Plan.Param(c.Name)
	switch {
	case !ok:
		return ""
	case p.Override:
		return " (--param)"
	case x.Plan.ParamFile != "":
		return fmt.Sprintf(" (%s:%d)", x.Plan.ParamFile, p.Pos.Line)
	}
	return fmt.Sprintf(" (%s:%d)", x.Plan.File, p.Pos.Line)
}
