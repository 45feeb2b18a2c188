package evaluate

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"strconv"

	"github.com/mlops-runner/mlops/actions/action"
)

// A config is what the inputs of the action say.
type config struct {
	predictions string
	columns     columns
	positive    string
	task        string // as written; "" to be told by the columns
	common      bool   // compare the ids that both runs have
	metrics     []asked
	threshold   string // a number or best
	season      int
	slices      []string
	minRows     int
	find        []string // columns; nil for all if findAll
	findAll     bool
	fairness    []string
	as          string
	lenient     bool      // metrics of columns that are not there are left out
	hash        keyHasher // of ids; the same where tables are joined
}

// columns are the names of the columns; "" for those that there are not.
type columns struct {
	label, score, prediction, id, group, weight string
	classes                                     []string // of scores, sorted
	scores                                      []string // their columns
}

// asked is a metric that the inputs name.
type asked struct {
	name, mean, better, unit string
	input                    string // that names it, for errors
}

// parseConfig reads the inputs. All that is wrong is in the error.
func parseConfig(values map[string]any) (*config, error) {
	in := &action.Inputs{Values: values}
	c := &config{
		predictions: in.Text("predictions"), positive: in.Text("positive"), task: in.Word("task", taskWords()),
		common:    in.Word("on-mismatch", []string{"fail", "common"}) == "common",
		threshold: cmp.Or(in.Text("threshold"), "0.5"), season: in.Int("season", 1, 1), minRows: in.Int("min-rows", 2, defaultMinRows),
		slices: in.List("slices"), fairness: in.List("fairness"), as: in.Text("as"), hash: newKeyHasher(),
	}
	c.columns = columnsOf(in)
	c.findAll, c.find = find(in)
	c.metrics = metricsAsked(in)
	if c.predictions == "" {
		in.Wrong("predictions", "it is missing; name the file with the predictions")
	}
	if x, err := strconv.ParseFloat(c.threshold, 64); (err != nil || math.IsNaN(x) || math.IsInf(x, 0)) && c.threshold != "best" {
		in.Wrong("threshold", "%q is neither a number nor best", c.threshold)
	}
	return c, in.Err()
}

const defaultMinRows = 30

func columnsOf(in *action.Inputs) columns {
	c := columns{
		label: in.Text("label"), score: in.Text("score"), prediction: in.Text("prediction"),
		id: in.Text("id"), group: in.Text("group"), weight: in.Text("weight"),
	}
	given := in.Map("scores")
	for _, class := range slices.Sorted(maps.Keys(given)) {
		c.classes, c.scores = append(c.classes, class), append(c.scores, action.TextOf(given[class]))
	}
	if len(given) == 1 {
		in.Wrong("scores", "one class; name the columns of all of them, or the positive one's as score")
	}
	if len(given) > 0 && c.score != "" {
		in.Wrong("score", "scores are given too; leave one of the two out")
	}
	return c
}

// find tells among which columns slices are searched.
func find(in *action.Inputs) (all bool, columns []string) {
	switch v := in.Values["find"].(type) {
	case nil:
		return true, nil
	case bool:
		return v, nil
	}
	list := in.List("find")
	if len(list) == 1 && (list[0] == "true" || list[0] == "false") {
		return list[0] == "true", nil
	}
	return false, list
}

func metricsAsked(in *action.Inputs) (out []asked) {
	for i, m := range in.Entries("metrics", "name") {
		a := asked{
			name: action.TextOf(m["name"]), mean: action.TextOf(m["mean"]), better: action.TextOf(m["better"]), unit: action.TextOf(m["unit"]),
			input: "metrics[" + strconv.Itoa(i) + "]",
		}
		if a.name == "" {
			in.Wrong(a.input, "name is missing")
		}
		if a.better != "" && a.better != "higher" && a.better != "lower" {
			in.Wrong(a.input+".better", "%q is neither higher nor lower", a.better)
		}
		out = append(out, a)
	}
	return out
}
