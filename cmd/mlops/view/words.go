package view

import (
	"fmt"
	"strings"

	"github.com/mlops-runner/mlops/runner"
)

// A mark is how a status looks: a sign, a verb for the line about a job's end,
// and a colour for both.
type mark struct{ sign, word, color string }

// statusWord is the status in a table: the word that records and JSON have too.
func statusWord(status string, cached bool) string {
	if cached {
		return "cached"
	}
	return Clean(status, false)
}

// markOf returns the mark of a job's status.
func markOf(status string, cached bool) mark {
	switch {
	case cached:
		return mark{"●", "cached", blue}
	case status == "success":
		return mark{"✓", "ran", green}
	case status == "failure":
		return mark{"✗", "failed", red}
	case status == "skipped":
		return mark{"⊘", "skipped", dim}
	case status == "cancelled":
		return mark{"○", "cancelled", yellow}
	default:
		return mark{"·", Clean(status, false), dim}
	}
}

// cause says in words why a job or step did not succeed; "" for success.
func cause(reason string, exit int) string {
	switch reason {
	case "":
		return exited(exit)
	case "exit":
		return fmt.Sprintf("exit %d", exit)
	case "signal":
		return "killed by " + signal(exit)
	case "oom":
		return with("out of memory", exited(exit))
	case "timeout":
		return with("timed out", exited(exit))
	case "canceled":
		return "cancelled"
	case "image-pull":
		return "image not available"
	case "daemon-lost":
		return "lost the container engine"
	case "disk-full":
		return with("disk full", exited(exit))
	case "config":
		return "wrong configuration"
	case "gate":
		return "gate failed"
	default:
		return with(Clean(reason, false), exited(exit))
	}
}

func with(what, detail string) string {
	if detail == "" {
		return what
	}
	return what + " (" + detail + ")"
}

func exited(exit int) string {
	if exit == 0 {
		return ""
	}
	return fmt.Sprintf("exit %d", exit)
}

// signal names the signal behind the exit status 128+n, in Linux's numbers,
// because that is where jobs run, whatever this process runs on.
func signal(exit int) string {
	names := map[int]string{1: "SIGHUP", 2: "SIGINT", 3: "SIGQUIT", 4: "SIGILL", 6: "SIGABRT", 7: "SIGBUS",
		8: "SIGFPE", 9: "SIGKILL", 11: "SIGSEGV", 13: "SIGPIPE", 14: "SIGALRM", 15: "SIGTERM", 24: "SIGXCPU", 25: "SIGXFSZ"}
	if name := names[exit-128]; name != "" {
		return fmt.Sprintf("%s (exit %d)", name, exit)
	}
	return with("a signal", exited(exit))
}

// value writes a metric's value with its unit.
func value(m runner.MetricValue) string {
	if m.Unit == "" {
		return Number(m.Value)
	}
	return Number(m.Value) + " " + oneLine(m.Unit, false)
}

// maxMetrics is how many metrics one line shows.
const maxMetrics = 4

// metrics writes metrics as "auc 0.93, loss 0.21, +3 more".
func metrics(ms []runner.MetricValue) string {
	var parts []string
	for i, m := range ms {
		if i == maxMetrics {
			parts = append(parts, fmt.Sprintf("+%d more", len(ms)-i))
			break
		}
		parts = append(parts, oneLine(m.Name, false)+" "+value(m))
	}
	return strings.Join(parts, ", ")
}

// plural writes a count with its noun: 1 job, 1,200 jobs.
func plural[T ~int | ~int64](n T, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return Count(n) + " " + noun + "s"
}

// logHint names the command that shows what was left out here.
func logHint(run, job string) string {
	if run == "" {
		return ""
	}
	if job == "" {
		return "mlops logs " + run
	}
	return "mlops logs " + run + " " + job
}
