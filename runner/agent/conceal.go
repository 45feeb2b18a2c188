package agent

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// public is a step's result as others may see it: its error masked, and without
// outputs that hold a secret. Later steps of the job read them all the same.
func (j *job) public(r StepResult) StepResult {
	r.Error = j.masks.Text(r.Error)
	r.Outputs, _ = j.withoutSecrets(r.Outputs)
	return r
}

// withoutSecrets returns the values that hold no secret, in their names or in
// themselves, and the names of the others.
func (j *job) withoutSecrets(values map[string]string) (map[string]string, []string) {
	if j.masks.Empty() {
		return values, nil
	}
	kept := maps.Clone(values)
	var dropped []string
	for _, name := range sortedKeys(values) {
		if j.masks.Holds(values[name]) || j.masks.Holds(name) {
			delete(kept, name)
			dropped = append(dropped, name)
		}
	}
	return kept, dropped
}

// conceal takes out of the result all that became secret while the job ran. As
// on GitHub an output that holds a secret is dropped: masked it would be
// another value, and nobody would know.
func (j *job) conceal(r *Result) {
	steps := make([]StepResult, len(r.Steps))
	for i, s := range r.Steps {
		steps[i] = j.public(s)
	}
	r.Steps = steps
	r.Error, r.Fix = j.masks.Text(r.Error), j.masks.Text(r.Fix)
	r.Summary, r.ReportText = j.masks.Text(r.Summary), j.masks.Text(r.ReportText)
	var dropped []string
	r.Outputs, dropped = j.withoutSecrets(r.Outputs)
	for _, name := range dropped {
		j.warn(fmt.Sprintf("output %s is dropped: it holds a value that was masked", name))
	}
	r.Kept = slices.DeleteFunc(slices.Clone(r.Kept), func(f KeptFile) bool {
		if !j.masks.Holds(f.Name) && !j.masks.Holds(string(f.Data)) {
			return false
		}
		j.warn(fmt.Sprintf("the file %s of %s is dropped: it holds a value that was masked", f.Name, keptVariable))
		return true
	})
	if lines := j.metricLines(r.MetricText); lines > 0 {
		j.warn(fmt.Sprintf("%d of the lines of MLOPS_METRICS are dropped: they hold a value that was masked", lines))
	}
}

// toldBy is an error if the name of an output's file, or where a link leads,
// holds a secret: both would stand in the record. A word that the job's outputs
// are declared with is none.
func (j *job) toldBy(artifacts []Artifact) error {
	if j.masks.Empty() || slices.ContainsFunc(j.spec.Outputs, j.masks.Holds) {
		return nil
	}
	for _, a := range artifacts {
		if j.masks.Holds(a.Path) || j.masks.Holds(a.Link) {
			return fmt.Errorf("output %s: its name holds a value that was masked", shown(a.Path))
		}
	}
	return nil
}

func (j *job) warn(text string) {
	j.events.emit(Event{Kind: Notice, Level: "warning", Step: max(0, len(j.spec.Steps)-1), Text: text})
}

// metricLines drops the metric lines that hold a secret and says how many.
func (j *job) metricLines(text string) (dropped int) {
	if !j.masks.Holds(text) {
		return 0
	}
	var kept []string
	for line := range strings.SplitSeq(text, "\n") {
		if j.masks.Holds(line) {
			dropped++
			continue
		}
		kept = append(kept, line)
	}
	// A value of several lines lies in none of them as a whole.
	j.result.MetricText = j.masks.Text(strings.Join(kept, "\n"))
	return dropped
}
