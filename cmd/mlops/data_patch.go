package main

import (
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"

	"github.com/mlops-runner/mlops/actions/datacheck"
	"github.com/mlops-runner/mlops/runner/plan"
	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/report"
	"github.com/mlops-runner/mlops/runner/store"
	"github.com/mlops-runner/mlops/spec"
)

// placePatches turns the changes of columns that data checks of a run propose into
// patches of mlops.yaml, which the jobs did not see, so that "git apply" takes them.
// Where that is not the file that ran any more, the report stays as it is.
func (p *project) placePatches(r *report.Report, run *record.Run, s *store.Dir, pl *plan.Plan) {
	if run.FileDigest != store.Sum(p.source) {
		return
	}
	for _, n := range pl.Nodes {
		turn := 0
		for _, step := range n.Steps {
			if step.Uses != datacheck.Name {
				continue
			}
			turn++
			text, err := keptFile(run, s, n.ID, spec.KeptName(datacheck.ChecksFile, turn))
			if err == nil && text != nil {
				p.placePatch(r, text, step.Pos)
			}
		}
	}
}

// placePatch does so for what the step that stands at a place found.
func (p *project) placePatch(r *report.Report, found []byte, step spec.Pos) {
	var checked datacheck.Checked
	if json.Unmarshal(found, &checked) != nil {
		return
	}
	if patch, err := checked.Patch(filepath.Base(p.path), p.source, step); err == nil && patch != "" {
		replacePatch(r, checked.Proposal(), strings.Split(strings.TrimSuffix(patch, "\n"), "\n"))
	}
}

// replacePatch gives the section that proposes some lines others.
func replacePatch(r *report.Report, proposed, lines []string) {
	for i := range r.Sections {
		if s := &r.Sections[i]; len(s.Patch) > 0 && slices.Equal(s.Patch, proposed) {
			s.Patch = lines
			return
		}
	}
}
