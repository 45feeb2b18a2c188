// Package actions lists the built-in actions that `uses:` can name, with the
// inputs that `with:` may give them.
//
// Not yet: the actions themselves. A pipeline that names one is checked in full,
// and a job that comes to run one fails with an error that says so.
package actions

import "github.com/mlops-runner/mlops/spec"

// Table returns the built-in actions by name. The map is the caller's.
func Table() map[string]spec.Action {
	table := map[string]spec.Action{}
	for _, a := range []spec.Action{dataCheck(), evaluate(), promote()} {
		table[a.Name] = a
	}
	return table
}

func dataCheck() spec.Action {
	return spec.Action{Name: "data-check", Doc: "Checks a table: schema, constraints, duplicates, drift.", Inputs: []spec.ActionInput{
		{Name: "data", Type: "dataset", Required: true, Doc: "The table: a dataset, file, glob or folder."},
		{Name: "key", Type: "list", Doc: "Columns that together are unique and not null."},
		{Name: "rows", Type: "range", Doc: "How many rows there may be."},
		{Name: "columns", Type: "columns", Doc: "One line for each column: type, range, further rules."},
		{Name: "rules", Type: "expressions", Doc: "Conditions that each row must meet."},
		{Name: "disjoint", Type: "path", Doc: "Another table that must share no row, key or group with this one."},
		{Name: "drift", Type: "map", Doc: "What to compare with, and how far columns may move."},
	}}
}

func evaluate() spec.Action {
	return spec.Action{Name: "evaluate", Doc: "Metrics of predictions, overall and by slice, compared with the baseline's.", Inputs: []spec.ActionInput{
		{Name: "predictions", Type: "path", Required: true, Doc: "A table with one row for each example."},
		{Name: "label", Type: "string", Required: true, Doc: "The column with the truth."},
		{Name: "score", Type: "string", Doc: "The column with the predicted score."},
		{Name: "prediction", Type: "string", Doc: "The column with the predicted label or value."},
		{Name: "id", Type: "string", Doc: "The column by which two models' predictions are joined."},
		{Name: "group", Type: "string", Doc: "The column of rows that belong together."},
		{Name: "slices", Type: "list", Doc: "Columns, pairs of columns and binned numbers to look at apart."},
		{Name: "threshold", Type: "number", Doc: "The score from which on a row counts as positive."},
	}}
}

func promote() spec.Action {
	return spec.Action{Name: "promote", Doc: "Registers a model and moves an alias to it if every gate passes.", Inputs: []spec.ActionInput{
		{Name: "model", Type: "string", Required: true, Doc: "Name of the model."},
		{Name: "from", Type: "path", Required: true, Doc: "File or folder of the model."},
		{Name: "alias", Type: "string", Doc: "The alias to move, such as production."},
	}}
}
