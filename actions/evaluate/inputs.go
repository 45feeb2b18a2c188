package evaluate

import (
	"github.com/mlops-runner/mlops/actions/action"
	"github.com/mlops-runner/mlops/spec"
)

// Name is the name of the action in mlops.yaml.
const Name = "evaluate"

// ActionVersion is part of the fingerprint of a job: it grows when the same
// predictions come to other figures.
const ActionVersion = 2

// Builtin is the action, for the table of built-ins.
func Builtin() action.Action { return action.Action{Action: Action(), Run: Run} }

// Action is what the parser must know of the action.
func Action() spec.Action {
	return spec.Action{
		Name: Name, Version: ActionVersion, Inputs: append(columnInputs(), lookInputs()...), Measures: true,
		Doc: "Metrics of predictions, overall and by slice, compared with the baseline's row by row.",
	}
}

// columnInputs say what is where in the table.
func columnInputs() []spec.ActionInput {
	return []spec.ActionInput{
		{Name: "predictions", Type: "path", Required: true, Example: "out/predictions.csv",
			Doc: "The table: a file, glob or folder of CSV, Parquet or JSON Lines, with one row for each example."},
		{Name: "label", Type: "string", Example: "churned", Doc: "The column with the truth. Needed by all metrics that are not an expression of yours."},
		{Name: "score", Type: "string", Example: "p_churn",
			Doc: "The column with the predicted probability or score of the positive class, with the predicted value, or with the score by which a ranking is sorted."},
		{Name: "scores", Type: "map", Example: "{cat: p_cat, dog: p_dog}", Doc: "Of several classes: class → column with its probability."},
		{Name: "prediction", Type: "string", Example: "predicted", Doc: "The column with the predicted class, or with the predicted value."},
		{Name: "task", Type: "word", Words: taskWords(),
			Doc: "What is predicted. Without it, score means binary, scores multiclass, group with a metric of rankings ranking, and a prediction regression if the label is a number."},
		{Name: "positive", Type: "string", Example: `"Yes"`, Doc: "The value of the label that counts as positive. Without it 1, true, yes or the like."},
		{Name: "id", Type: "string", Example: "customer_id", Doc: "The column by which rows of two runs are joined. Without it, nothing is compared row by row."},
		{Name: "group", Type: "string", Example: "user_id", Doc: "The column of rows that belong together: a user, a session, a query. Intervals then count groups, not rows, and rankings are judged in each."},
		{Name: "weight", Type: "string", Example: "weight", Doc: "The column with the weight of a row, a number from 0. Without it every row weighs 1."},
		{Name: "on-mismatch", Type: "word", Words: []string{"fail", "common"}, Example: "common",
			Doc: "What becomes of ids that only one of two runs has: fail compares nothing and says how many there are, common compares the rest and says so. Default fail."},
	}
}

// lookInputs say what is looked at.
func lookInputs() []spec.ActionInput {
	return []spec.ActionInput{
		{Name: "metrics", Type: "entries", Example: "[auc, f1, {name: profit, mean: \"label * 20 - 1\", better: higher}]",
			Doc:  "Metrics by name, or averages of your own: of a column or of an expression over a row. Without it, those that are usual for the task.",
			Keys: metricKeys()},
		{Name: "threshold", Type: "string", Example: "0.5", Doc: "The score from which on a row counts as positive, a number or best: where F1 is largest. Default 0.5."},
		{Name: "season", Type: "int", Example: "7", Doc: "Of forecasts: after how many rows a season repeats, for MASE. Default 1."},
		{Name: "slices", Type: "list", Example: `[region, "region*plan", "tenure binned 4", "age by 18|30|45|65"]`,
			Doc: "Columns, products of columns and binned numbers whose slices are looked at apart."},
		{Name: "min-rows", Type: "int", Example: "30", Doc: "Slices with fewer rows are listed and not judged. Default 30."},
		{Name: "find", Type: "list", Example: "[plan, age, device]",
			Doc: "Columns among which slices are searched in which the model is worse than elsewhere, alone and in pairs; true for all columns that are nothing else. Default true; false searches none."},
		{Name: "fairness", Type: "list", Example: "[gender]", Doc: "Columns between whose groups the rates of decisions are compared."},
		{Name: "as", Type: "string", Example: "test", Doc: "What the names of the metrics begin with, as in test.auc. Without it nothing."},
	}
}

func metricKeys() []spec.ActionInput {
	return []spec.ActionInput{
		{Name: "name", Type: "string", Required: true, Doc: "The metric's name: one of those built in, or a new one with mean."},
		{Name: "mean", Type: "string", Example: "label * 20 - 1", Doc: "A column, or an expression of columns, whose mean over the rows is the metric."},
		{Name: "better", Type: "word", Words: []string{"higher", "lower"}, Doc: "Which way is better."},
		{Name: "unit", Type: "string", Doc: "The unit of the metric."},
	}
}

func taskWords() []string {
	return []string{"binary", "multiclass", "regression", "ranking", "forecast"}
}
