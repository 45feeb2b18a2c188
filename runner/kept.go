package runner

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/mlops-runner/mlops/runner/agent"
	"github.com/mlops-runner/mlops/runner/plan"
	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/store"
)

// keepFiles puts into the record what the steps of an attempt handed over for
// it: files, and what they have to say in the report.
func (x *execution) keepFiles(n *plan.Node, job *record.Job, r agent.Result) error {
	for _, f := range r.Kept {
		if err := x.writer.PutFile(job.ID, f.Name, f.Data); err != nil {
			return err
		}
		job.Kept = append(job.Kept, record.Artifact{Path: f.Name, Digest: store.Sum(f.Data), Size: int64(len(f.Data))})
	}
	lines, until, wrong := reportLines(r.ReportText)
	job.Report, job.Until = lines, until
	for _, w := range wrong {
		x.watch.send(Event{Kind: Notice, Level: "warning", Job: n.ID, Text: "MLOPS_REPORT: " + w})
	}
	return nil
}

// maxReportLines is how many sections a job may have in the report.
const maxReportLines = 64

// reportLines splits what a job wrote for the report: the lines that are
// sections, the earliest time until which one says that the result holds, and
// what is wrong with the others.
func reportLines(text string) (lines []string, until time.Time, wrong []string) {
	n := 0
	for line := range strings.Lines(text) {
		n++
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		var o map[string]json.RawMessage
		if err := json.Unmarshal([]byte(line), &o); err != nil {
			wrong = append(wrong, fmt.Sprintf("line %d is no JSON object: %v", n, err))
			continue
		}
		if given, ok := o[agent.UntilKey]; ok {
			var t time.Time
			if err := json.Unmarshal(given, &t); err != nil {
				wrong = append(wrong, fmt.Sprintf("line %d: %s is no time such as 2026-01-31T12:00:00Z", n, agent.UntilKey))
			} else if until.IsZero() || t.Before(until) {
				until = t.UTC()
			}
			continue
		}
		if len(lines) == maxReportLines {
			return lines, until, append(wrong, fmt.Sprintf("only the first %d sections are kept", maxReportLines))
		}
		lines = append(lines, line)
	}
	return lines, until, wrong
}
