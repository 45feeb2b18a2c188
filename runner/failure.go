package runner

import (
	"fmt"
	"strings"

	"github.com/docker/go-units"

	"github.com/mlops-runner/mlops/runner/agent"
	"github.com/mlops-runner/mlops/runner/plan"
)

// describeFailure says how an attempt failed, for people.
func (a *attempt) describeFailure() string {
	switch r := a.result; {
	case a.err != nil:
		return a.err.Error()
	case len(r.Missing) > 0:
		return missingOutputs(r)
	case r.Reason == agent.ReasonOOM:
		return outOfMemory(r, a.memory)
	case r.Error != "":
		return r.Error
	case failedStep(r) != nil:
		return stepFailure(failedStep(r))
	}
	return string(a.result.Reason)
}

func missingOutputs(r agent.Result) string {
	if len(r.Missing) == 1 {
		return fmt.Sprintf("output %s was not produced", r.Missing[0])
	}
	return fmt.Sprintf("outputs %s were not produced", strings.Join(r.Missing, ", "))
}

// failedStep is the step by which a job failed, or nil.
func failedStep(r agent.Result) *agent.StepResult {
	if r.Failed < 0 || r.Failed >= len(r.Steps) {
		return nil
	}
	return &r.Steps[r.Failed]
}

// outOfMemory says which step took too much, how much that was, and what it may
// take: limit in bytes, 0 for no limit but the machine's.
func outOfMemory(r agent.Result, limit int64) string {
	text, peak := "the job", r.PeakMemory
	if s := failedStep(r); s != nil {
		text, peak = `step "`+s.Name+`"`, s.PeakMemory
	}
	text += " ran out of memory"
	switch {
	case peak > 0 && limit > 0:
		text += fmt.Sprintf(": it took %s, the limit is %s", size(peak), size(limit))
	case limit > 0:
		text += ": the limit is " + size(limit)
	case peak > 0:
		text += fmt.Sprintf(": it took %s, all that the machine had left", size(peak))
	}
	return text
}

func stepFailure(s *agent.StepResult) string {
	what := `step "` + s.Name + `"`
	switch s.Reason {
	case agent.ReasonTimeout:
		return what + " took longer than its timeout"
	case agent.ReasonSignal:
		return fmt.Sprintf("%s was ended by %s", what, s.Signal)
	}
	if s.Error != "" {
		return what + ": " + s.Error
	}
	return fmt.Sprintf("%s: exit %d", what, s.Exit)
}

// Exit statuses by which a shell says that it could not start a command.
const (
	exitCannotRun = 126
	exitNotFound  = 127
)

// cure is what to do about a failure that the agent reports, or "".
func cure(n *plan.Node, r agent.Result) string {
	switch {
	case r.Fix != "":
		return r.Fix
	case len(r.Missing) > 0:
		return "write it in a step, or correct `outputs`"
	case r.Reason == agent.ReasonOOM:
		return cureMemory(n)
	case r.Reason == agent.ReasonTimeout:
		return "raise timeout-minutes, or do less"
	case r.Reason == agent.ReasonDiskFull:
		return `free some space: "mlops cache gc --max-size 5GiB"`
	case r.Reason == agent.ReasonSignal && r.Exit == 128+9:
		return "something outside of the job killed it; look for a lack of memory on the machine (dmesg)"
	case r.Reason == agent.ReasonExit && r.Exit == exitNotFound:
		return "a command was not found: correct its name, or install it " + where(n)
	case r.Reason == agent.ReasonExit && r.Exit == exitCannotRun:
		return `a command could not be started: make it executable ("chmod +x", and commit that), call its interpreter, or build it for this platform`
	}
	return ""
}

// where names the place whose commands a job calls.
func where(n *plan.Node) string {
	switch {
	case n.Build != nil:
		return "in the image that " + n.Build.Context + " builds"
	case n.Image != "":
		return "in the image " + n.Image + " (or with --executor host, on this machine)"
	}
	return "on this machine"
}

// cureMemory suggests twice the limit that was too small.
func cureMemory(n *plan.Node) string {
	limit := n.Resources.Memory
	if limit == 0 {
		return "use less, run fewer jobs at once (-j 1), or set resources.memory so that the machine keeps some"
	}
	more := size(2 * limit)
	return fmt.Sprintf("raise resources.memory, say to %s, or use less; retry: [{on: [oom], resources: {memory: %s}}] tries that by itself", more, more)
}

// size writes bytes as the file does: 16MiB.
func size(n int64) string { return units.BytesSize(float64(n)) }
