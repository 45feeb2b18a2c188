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
)

// placePatches turns the changes of columns that data checks of a run propose into
// patches of mlops.yaml, which the jobs did not see, so that "git apply" takes them.
// Where that is not the file that ran any more, the report stays as it is.
func (p *project) placePatches(r *report.Report, run *record.Run, s *store.Dir, pl *plan.Plan) {
	if run.FileDigest != store.Sum(p.source) {
		return
	}
	for _, n := range pl.Nodes {
		i := slices.IndexFunc(n.Steps, func(s plan.Step) bool { return s.Uses == datacheck.Name })
		if i < 0 {
			continue
		}
		text, err := keptFile(run, s, n.ID, datacheck.ChecksFile)
		var checked datacheck.Checked
		if err != nil || text == nil || json.Unmarshal(text, &checked) != nil {
			continue
		}
		if patch, err := checked.Patch(filepath.Base(p.path), p.source, n.Steps[i].Pos); err == nil && patch != "" {
			replacePatch(r, checked.Proposal(), strings.Split(strings.TrimSuffix(patch, "\n"), "\n"))
		}
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
