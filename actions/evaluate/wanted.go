package evaluate

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/mlops-runner/mlops/actions/action"
	"github.com/mlops-runner/mlops/actions/metric"
)

// A wanted is a metric to be computed.
type wanted struct {
	metric.Metric
	name   string // in records and gates
	unit   string
	byTask bool // it was not asked for, so that it is left out where it cannot be had
}

// usual are the metrics of a task, where none are asked for.
func usual(r *metric.Rows) []string {
	switch r.Task {
	case metric.Binary:
		if r.Score == nil {
			return []string{"accuracy", "precision", "recall", "f1", "mcc"}
		}
		return []string{"auc", "pr_auc", "logloss", "brier", "ece", "accuracy", "precision", "recall", "f1"}
	case metric.Multiclass:
		if r.Scores == nil {
			return []string{"accuracy", "f1_macro", "f1_weighted"}
		}
		return []string{"accuracy", "f1_macro", "f1_weighted", "logloss"}
	case metric.Ranking:
		return []string{"ndcg@10", "mrr", "map@10"}
	case metric.Forecast:
		return []string{"mase", "smape", "mae"}
	}
	return []string{"mae", "rmse", "r2", "bias"}
}

// metrics are those to compute of the rows.
func (f *Frame) metrics() (out []wanted, err error) {
	list := f.config.metrics
	if len(list) == 0 {
		for _, name := range usual(f.rows) {
			list = append(list, asked{name: name})
		}
	}
	for _, a := range list {
		w, e := f.wanted(a, len(f.config.metrics) == 0)
		if e != nil {
			err = errors.Join(err, e)
			continue
		}
		if slices.ContainsFunc(out, func(o wanted) bool { return o.name == w.name }) {
			err = errors.Join(err, &action.InputError{Input: a.input, What: w.name + " is named twice"})
			continue
		}
		out = append(out, w)
	}
	return out, err
}

func (f *Frame) wanted(a asked, byTask bool) (wanted, error) {
	m, err := a.find()
	if err != nil {
		return wanted{}, &action.InputError{Input: a.input, What: err.Error()}
	}
	if a.mean == "" && !m.For(f.rows.Task) {
		return wanted{}, &action.InputError{Input: a.input, What: fmt.Sprintf("%s is no metric of a %s task; write task: %s, or leave it out", a.name, f.rows.Task, m.Tasks[0])}
	}
	w := wanted{Metric: m, name: m.Name, unit: m.Unit, byTask: byTask}
	if a.mean != "" {
		w.name = a.name
	}
	if f.config.as != "" {
		w.name = f.config.as + "." + w.name
	}
	if strings.HasPrefix(w.unit, "label") {
		w.unit = "" // nobody has told the label's unit
	}
	if a.unit != "" {
		w.unit = a.unit
	}
	if a.better != "" {
		w.Better = metric.Better(a.better)
	}
	return w, nil
}

// settle finds the threshold where the best one is wanted.
func (f *Frame) settle() error {
	if f.config.threshold != "best" || f.rows.Task != metric.Binary || f.rows.Score == nil {
		return nil
	}
	m, err := metric.Find("f1 at best")
	if err != nil {
		return err
	}
	at, value, err := metric.Best(m, f.rows)
	if undefined := new(metric.Undefined); errors.As(err, &undefined) {
		return nil
	} else if err != nil {
		return err
	}
	f.rows.Threshold = at
	f.notes = append(f.notes, fmt.Sprintf("the threshold is %v, where F1 is largest (%.4g)", at, value))
	return nil
}
