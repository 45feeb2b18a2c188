package view

import (
	"encoding/json"
	"fmt"

	"github.com/mlops-runner/mlops/runner"
)

// An output is a value that later steps of a workflow can read.
type output struct{ name, value string }

// outputsOf returns what a run tells the steps after it: status, run, and
// metrics as a JSON object of jobs, each an object of numbers, NaN and the
// infinities as strings.
func outputsOf(sum *runner.Summary) ([]output, error) {
	all := map[string]map[string]float{}
	for _, j := range sum.Jobs {
		if len(j.Metrics) == 0 {
			continue
		}
		values := map[string]float{}
		for _, m := range j.Metrics {
			values[m.Name] = float(m.Value)
		}
		all[j.Job] = values
	}
	text, err := json.Marshal(all)
	if err != nil {
		return nil, fmt.Errorf("metrics as an output: %w", err)
	}
	return []output{{"status", sum.Status}, {"run", sum.Run}, {"metrics", string(text)}}, nil
}
