package report

import (
	"encoding/json"

	"github.com/mlops-runner/mlops/runner/record"
)

// sectionsOf are what the jobs of a run have to say, in their order. A line
// that is no section is left out; texts and lists are bounded with the whole
// report, and neutralised when it is rendered.
func sectionsOf(jobs []record.Job) []Section {
	var out []Section
	for _, j := range jobs {
		for _, line := range j.Report {
			var s Section
			if err := json.Unmarshal([]byte(line), &s); err == nil && (s.ID != "" || s.Title != "") {
				out = append(out, s)
			}
		}
	}
	return out
}
