package report

import (
	"encoding/json"
	"slices"

	"github.com/mlops-runner/mlops/runner/record"
)

// together are sections of jobs and others, which take the place of those of the
// same id: they know more, such as what a baseline has.
func together(ofJobs, others []Section) []Section {
	out := slices.Clone(ofJobs)
	for _, s := range others {
		i := slices.IndexFunc(out, func(o Section) bool { return o.ID != "" && o.ID == s.ID })
		if i < 0 {
			out = append(out, s)
			continue
		}
		out[i] = s
	}
	return out
}

// sectionsOf are what the jobs of a run have to say, in their order. A line
// that is no section is left out; texts and lists are bounded with the whole
// report, and neutralised when it is rendered.
func sectionsOf(jobs []record.Job) []Section {
	var out []Section
	seen := map[string]bool{}
	for _, j := range jobs {
		c := Config(j)
		if c != j.ID && seen[c] {
			continue // another seed says much the same
		}
		seen[c] = true
		for _, line := range j.Report {
			var s Section
			if err := json.Unmarshal([]byte(line), &s); err == nil && (s.ID != "" || s.Title != "") {
				out = append(out, s)
			}
		}
	}
	return out
}
