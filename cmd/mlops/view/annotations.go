package view

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/sethvargo/go-githubactions"

	"github.com/mlops-runner/mlops/runner"
)

const (
	// maxAnnotations is how many annotations of each level GitHub shows for a
	// step, and maxAnnotation the length of a message in characters
	// (actions/runner, ExecutionContext.cs).
	maxAnnotations = 10
	maxAnnotation  = 4096
)

// An annotation is a message that GitHub shows beside a line of a file.
type annotation struct {
	title, text, file string
	line              int
}

// annotations collects what is worth pointing at. They are written at the end,
// because GitHub shows the first ten of each level and the failures, which
// matter most, are known last.
type annotations struct {
	level map[string][]annotation
	more  map[string]int // beyond what is kept
}

// levels are GitHub's, worst first.
var levels = [...]string{"error", "warning", "notice"}

// add keeps an annotation; an unknown level is a notice.
func (as *annotations) add(level string, a annotation) {
	if level != "error" && level != "warning" {
		level = "notice"
	}
	if as.level == nil {
		as.level, as.more = map[string][]annotation{}, map[string]int{}
	}
	if len(as.level[level]) >= maxAnnotations {
		as.more[level]++
		return
	}
	as.level[level] = append(as.level[level], a)
}

// fail puts the failures of jobs before all other errors.
func (as *annotations) fail(failures []annotation) {
	others, more := as.level["error"], as.more["error"]
	delete(as.level, "error")
	delete(as.more, "error")
	for _, a := range append(failures, others...) {
		as.add("error", a)
	}
	if more > 0 {
		as.more["error"] += more
	}
}

// commands returns the workflow commands, one a line, and forgets them.
func (as *annotations) commands() []string {
	var lines []string
	for _, level := range levels {
		kept, more := as.level[level], as.more[level]
		if more > 0 {
			more++
			kept = append(kept[:len(kept)-1:len(kept)-1], annotation{text: "and " + plural(more, "more "+level) + "; see the log"})
		}
		for _, a := range kept {
			lines = append(lines, a.command(level))
		}
	}
	*as = annotations{}
	return lines
}

// command returns the annotation as a workflow command.
func (a annotation) command(level string) string {
	properties := githubactions.CommandProperties{}
	if a.title != "" {
		properties["title"] = a.title
	}
	if a.file != "" {
		properties["file"] = a.file
		if a.line > 0 {
			properties["line"] = strconv.Itoa(a.line)
		}
	}
	return command(level, properties, shorten(a.text, maxAnnotation))
}

// command formats a workflow command with its escapes.
func command(name string, properties githubactions.CommandProperties, message string) string {
	c := githubactions.Command{Name: name, Properties: properties, Message: message}
	return c.String()
}

// shorten cuts s to n characters and says so with "…".
func shorten(s string, n int) string {
	if len(s) <= n || utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:n-1]) + "…"
}

// noticeOf turns a Notice event into an annotation.
func noticeOf(e runner.Event) annotation {
	return annotation{title: oneLine(e.Job, false), text: cleanLines(e.Text), file: oneLine(e.File, false), line: e.Line}
}

// failureOf turns a failed job into an annotation.
func (r reporter) failureOf(j runner.JobSummary) annotation {
	known := r.job(j.Job)
	text := r.verdict(j)
	for _, more := range []struct{ label, text string }{{"", j.Error}, {"fix: ", known.fix}} {
		if more.text != "" {
			text += "\n" + more.label + cleanLines(more.text)
		}
	}
	title := oneLine(j.Job, false) + " failed"
	return annotation{title: title, text: text, file: oneLine(known.file, false), line: known.line}
}

// cleanLines cleans each line of s.
func cleanLines(s string) string {
	lines := strings.Split(strings.TrimRight(s, "\n"), "\n")
	for i, line := range lines {
		lines[i] = Clean(line, false)
	}
	return strings.Join(lines, "\n")
}
