package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"time"

	"github.com/mlops-runner/mlops/cmd/mlops/view"
	"github.com/mlops-runner/mlops/runner/index"
)

// runsOptions are the flags of mlops runs.
type runsOptions struct {
	json  bool
	limit int
	where string
	sort  []string
}

// indexOptions say where the index is.
func (a *app) indexOptions() index.Options {
	return index.Options{Address: os.Getenv("MLOPS_DB"), Notice: func(text string) { fmt.Fprintf(a.stderr, "mlops: %s\n", text) }}
}

// runsWhere lists the runs that a condition finds, with the values that it names.
func (a *app) runsWhere(ctx context.Context, p *project, o runsOptions) error {
	x, err := index.Open(ctx, p.store(), a.indexOptions())
	if err != nil {
		return cured(err)
	}
	defer x.Close()
	answer, err := x.Select(ctx, index.Query{Where: o.where, Sort: o.sort, Limit: o.limit})
	var wrong *index.QueryError
	if errors.As(err, &wrong) {
		flag := "--where"
		if wrong.Source != o.where {
			flag = "--sort"
		}
		return usageError{fixError{fmt.Errorf("%s: %w", flag, err), wrong.Fix}}
	}
	if err != nil {
		return cured(err)
	}
	if o.json {
		return a.printJSON(foundRuns(answer))
	}
	if len(answer.Rows) == 0 {
		fmt.Fprintln(a.stderr, "mlops: no run is like that")
		return nil
	}
	return a.showFound(answer)
}

func (a *app) showFound(answer *index.Answer) error {
	header := []string{"run", "pipeline", "status", "started", "took", "commit"}
	var more []int // names that are no column yet
	for i, name := range answer.Names {
		if !slices.Contains(header, name) {
			more = append(more, i)
		}
	}
	for _, i := range more {
		header = append(header, answer.Names[i])
	}
	rows := make([][]string, len(answer.Rows))
	for i, r := range answer.Rows {
		took := ""
		if !r.Ended.IsZero() {
			took = view.Duration(r.Ended.Sub(r.Started))
		}
		rows[i] = []string{r.ID, r.Pipeline, r.Status, r.Started.Local().Format(time.DateTime), took, short(r.Commit, r.Dirty)}
		for _, n := range more {
			rows[i] = append(rows[i], valueText(r.Values[n]))
		}
	}
	return view.Table(a.stdout, header, rows, a.color())
}

func valueText(v any) string {
	switch v := v.(type) {
	case nil:
		return "-"
	case float64:
		return view.Number(v)
	case time.Time:
		return v.Local().Format(time.DateTime)
	}
	return fmt.Sprint(v)
}

// foundRun is an element of mlops runs --where --json.
type foundRun struct {
	ID       string         `json:"id"`
	Pipeline string         `json:"pipeline"`
	Status   string         `json:"status"`
	Started  time.Time      `json:"started"`
	Ended    time.Time      `json:"ended,omitzero"` // absent while it runs, and if it was interrupted
	Commit   string         `json:"commit,omitempty"`
	Branch   string         `json:"branch,omitempty"`
	Actor    string         `json:"actor,omitempty"`
	Dirty    bool           `json:"dirty"`
	Values   map[string]any `json:"values,omitempty"` // of the names in --where and --sort; null if the run has none
}

func foundRuns(answer *index.Answer) []foundRun {
	out := make([]foundRun, len(answer.Rows))
	for i, r := range answer.Rows {
		out[i] = foundRun{r.ID, r.Pipeline, r.Status, r.Started, r.Ended, r.Commit, r.Branch, r.Actor, r.Dirty, map[string]any{}}
		for n, name := range answer.Names {
			out[i].Values[name] = foundValue(r.Values[n])
		}
	}
	return out
}

// foundValue writes numbers that JSON lacks as the records do.
func foundValue(v any) any {
	f, ok := v.(float64)
	switch {
	case !ok:
	case math.IsNaN(f):
		return "NaN"
	case math.IsInf(f, 1):
		return "Infinity"
	case math.IsInf(f, -1):
		return "-Infinity"
	}
	return v
}
