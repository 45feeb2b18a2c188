package view

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/mlops-runner/mlops/runner"
)

// maxOutput bounds one output of a workflow step; GitHub takes 1 MB a job.
const maxOutput = 900_000 // bytes

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

// appendOutputs adds outputs to the file that GITHUB_OUTPUT names; "" does
// nothing. Every value has a delimiter of its own that nobody can know before,
// so that no value can set another output.
func appendOutputs(path string, outputs []output, token func() string) error {
	if path == "" {
		return nil
	}
	var b strings.Builder
	for _, o := range outputs {
		delimiter := "ghadelimiter_" + token()
		for strings.Contains(o.value, delimiter) {
			delimiter += token()
		}
		fmt.Fprintf(&b, "%s<<%s\n%s\n%s\n", o.name, delimiter, o.value, delimiter)
	}
	return appendFile("GITHUB_OUTPUT", path, b.String())
}

// appendFile adds text to one of the files that GitHub reads after a step.
func appendFile(variable, path, text string) error {
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("%s: %w", variable, err)
	}
	if _, err := file.WriteString(text); err != nil {
		file.Close()
		return fmt.Errorf("%s: %w", variable, err)
	}
	if err := file.Close(); err != nil {
		return fmt.Errorf("%s: %w", variable, err)
	}
	return nil
}
