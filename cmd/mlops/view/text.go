package view

import (
	"fmt"
	"strings"
	"time"

	"github.com/mlops-runner/mlops/runner"
)

// A teller writes events as lines of text, for the views that are read.
type teller struct {
	*state
	paint   paint
	verbose bool
}

func newTeller(o Options) teller {
	t := teller{newState(), paint(o.Color), o.Verbose}
	t.reported = o.Reported
	return t
}

// line returns the line that tells e, without its newline; "" if there is
// nothing to tell. Output is not told here. It must be called after state.apply.
func (t teller) line(e runner.Event) string {
	switch e.Kind {
	case runner.RunStarted:
		return t.runStarted()
	case runner.ImageNews:
		return t.about(e.Job, "image: "+oneLine(e.Text, bool(t.paint)))
	case runner.JobQueued:
		return t.onlyVerbose(t.about(e.Job, "queued"))
	case runner.JobStarted:
		return t.about(e.Job, "started"+t.why(e.Why))
	case runner.StepStarted:
		return t.stepStarted(e)
	case runner.StepEnded:
		return t.stepEnded(e)
	case runner.Notice:
		return t.notice(e)
	case runner.Waiting:
		return t.silence(e)
	case runner.JobEnded:
		return t.about(e.Job, t.ended(e))
	}
	return ""
}

func (t teller) onlyVerbose(line string) string {
	if !t.verbose {
		return ""
	}
	return line
}

// about puts the name of the job before what is said of it.
func (t teller) about(id, what string) string {
	if id == "" {
		return what
	}
	j := t.job(id)
	return t.paint.in(j.color, j.id) + ": " + what
}

func (t teller) runStarted() string {
	line := t.pipeline + ": run " + t.run
	if t.total > 0 {
		line += ", " + plural(t.total, "job")
	}
	return t.paint.in(bold, line)
}

// why gives the first reason for which a job runs, or all of them.
func (t teller) why(reasons []string) string {
	if len(reasons) == 0 {
		return ""
	}
	shown := reasons[:1]
	if t.verbose {
		shown = reasons
	}
	text := ": " + oneLine(strings.Join(shown, "; "), false)
	if more := len(reasons) - len(shown); more > 0 {
		text += ", and " + plural(more, "more reason")
	}
	return t.paint.in(dim, text)
}

// stepStarted is silent about the only step of a job, which bears its name.
func (t teller) stepStarted(e runner.Event) string {
	j := t.job(e.Job)
	if j.step == j.id || j.step == "" {
		return ""
	}
	return t.about(e.Job, "step "+quoted(j.step))
}

// quoted puts s, which is clean, between quotes and leaves it readable.
func quoted(s string) string { return `"` + s + `"` }

func (t teller) stepEnded(e runner.Event) string {
	name := "step " + quoted(t.job(e.Job).step) + " "
	switch e.Status {
	case "failure":
		return t.about(e.Job, name+t.paint.in(red, "failed: "+cause(e.Reason, e.Exit))+" after "+Duration(e.Wall))
	case "success":
		return t.onlyVerbose(t.about(e.Job, name+"took "+Duration(e.Wall)))
	default:
		return t.onlyVerbose(t.about(e.Job, name+Clean(e.Status, false)))
	}
}

func (t teller) notice(e runner.Event) string {
	if e.Reason == gateReason && t.reported() {
		return ""
	}
	level, color := Clean(e.Level, false), dim
	switch level {
	case "error":
		color = red
	case "warning":
		color = yellow
	}
	text := t.paint.in(color, level) + ": " + oneLine(e.Text, bool(t.paint))
	if e.File != "" {
		text += t.paint.in(dim, " ("+place(e.File, e.Line)+")")
	}
	return t.about(e.Job, text)
}

func place(file string, line int) string {
	if line <= 0 {
		return oneLine(file, false)
	}
	return fmt.Sprintf("%s:%d", oneLine(file, false), line)
}

// silence says how long nothing was heard and what is awaited. The first word
// comes at once; while nothing changes it is repeated ever more seldom.
func (t teller) silence(e runner.Event) string {
	if e.Job == "" {
		return "waiting: " + t.waiting
	}
	j := t.job(e.Job)
	for_ := j.silentFor(e.Time)
	if j.told > 0 && for_ < min(2*j.told, j.told+10*time.Minute) {
		return ""
	}
	j.told = for_
	if strings.HasPrefix(e.Text, "waiting for ") { // a sentence of its own, and for how long
		return t.about(e.Job, j.waiting)
	}
	return t.about(e.Job, "no output for "+elapsed(for_)+", "+j.awaits(e.Time))
}

// silentFor returns how long ago the last sign of life was; at least the ten
// seconds after which a Waiting event is sent.
func (j *job) silentFor(now time.Time) time.Duration {
	if j.heard.IsZero() {
		return 10 * time.Second
	}
	return max(10*time.Second, now.Sub(j.heard))
}

// awaits says what a silent job is at: in the event's words, or the step.
func (j *job) awaits(now time.Time) string {
	switch {
	case j.waiting != "":
		return j.waiting
	case j.step != "":
		return "running step " + quoted(j.step) + " (" + elapsed(now.Sub(j.stepAt)) + ")"
	default:
		return "starting"
	}
}

// ended says how a job ended: "ran in 12.3 s, auc 0.93".
func (t teller) ended(e runner.Event) string {
	m := markOf(e.Status, e.Cached)
	text := t.paint.in(m.color, m.word)
	switch {
	case e.Cached:
	case e.Status == "success":
		text += " in " + Duration(e.Wall)
	case e.Status == "failure":
		text += ": " + cause(e.Reason, e.Exit) + " after " + Duration(e.Wall)
	default:
		if e.Wall > 0 {
			text += " after " + Duration(e.Wall)
		}
		return text + because(e.Error)
	}
	if ms := metrics(e.Metrics); ms != "" {
		text += ", " + ms
	}
	return text
}

// because gives the first line of an error as a reason.
func because(text string) string {
	if text == "" {
		return ""
	}
	return ": " + firstLine(text)
}
