// Package actions lists the built-in actions that `uses:` can name, with the
// inputs that `with:` may give them and what they do.
package actions

import (
	"github.com/mlops-runner/mlops/actions/action"
	"github.com/mlops-runner/mlops/actions/datacheck"
	"github.com/mlops-runner/mlops/actions/evaluate"
	"github.com/mlops-runner/mlops/actions/pack"
	"github.com/mlops-runner/mlops/actions/promote"
	"github.com/mlops-runner/mlops/spec"
)

// All returns the built-in actions; those without Run are yet to come: a pipeline
// that names one is checked in full, and a job that comes to run it is refused.
func All() []action.Action {
	return []action.Action{datacheck.Builtin(), evaluate.Builtin(), pack.Builtin(), promote.Builtin()}
}

// Specs returns what the parser must know of the built-in actions, in the order of [All].
func Specs() (specs []spec.Action) {
	for _, a := range All() {
		specs = append(specs, a.Action)
	}
	return specs
}

// Find returns the built-in action of a name that can be run.
func Find(name string) (action.Action, bool) {
	for _, a := range All() {
		if a.Name == name && a.Run != nil {
			return a, true
		}
	}
	return action.Action{}, false
}

// Table returns what the parser must know of the built-in actions, by name. The
// map is the caller's.
func Table() map[string]spec.Action {
	table := map[string]spec.Action{}
	for _, a := range All() {
		table[a.Name] = a.Action
	}
	return table
}
