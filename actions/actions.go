// Package actions lists the built-in actions that `uses:` can name, with the
// inputs that `with:` may give them and what they do.
//
// Not yet: promote. A pipeline that names one is checked in full,
// and a job that comes to run one is refused with an error that says so.
package actions

import (
	"github.com/mlops-runner/mlops/actions/action"
	"github.com/mlops-runner/mlops/actions/datacheck"
	"github.com/mlops-runner/mlops/actions/evaluate"
	"github.com/mlops-runner/mlops/spec"
)

// All returns the built-in actions; those without Run are yet to come.
func All() []action.Action {
	return []action.Action{datacheck.Builtin(), evaluate.Builtin(), {Action: promote()}}
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

func promote() spec.Action {
	return spec.Action{Name: "promote", Doc: "Registers a model and moves an alias to it if every gate passes.", Inputs: []spec.ActionInput{
		{Name: "model", Type: "string", Required: true, Example: "churn", Doc: "Name of the model."},
		{Name: "from", Type: "path", Required: true, Example: "model/", Doc: "File or folder of the model."},
		{Name: "alias", Type: "string", Example: "production", Doc: "The alias to move, such as production."},
	}}
}
