package agent

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
)

const (
	maxNotices    = 100     // of one step
	maxMasks      = 1000    // values that one step may have hidden
	maxNoticeText = 8 << 10 // bytes
)

// A workflow reads the commands in one step's output lines, as GitHub's runner
// does: https://docs.github.com/actions/reference/workflow-commands-for-github-actions.
type workflow struct {
	step    int
	emit    func(Event)
	mask    func(value string)
	stopped string // token that ends a stop-commands section; "" outside one
	notices int
	masks   int
}

// A directive is one command: ::name key=value,key=value::data
type directive struct {
	name  string
	props map[string]string
	data  string
}

// line obeys a line that starts with "::", if it is a command.
func (w *workflow) line(b []byte) {
	if w.stopped != "" {
		if string(bytes.TrimRight(b, " \t")) == "::"+w.stopped+"::" {
			w.stopped = ""
		}
		return
	}
	d, ok := parseDirective(string(b))
	if !ok {
		return
	}
	switch d.name {
	case "notice", "warning", "error", "debug":
		w.notice(d)
	case "add-mask":
		w.hide(d.data)
	case "stop-commands":
		w.stop(d.data)
	case "set-output", "set-env", "add-path", "save-state":
		w.notice(directive{name: "warning", data: fmt.Sprintf("::%s:: is ignored: write to the file that %s names", d.name, commandFileFor(d.name))})
	}
}

func commandFileFor(command string) string {
	switch command {
	case "set-env":
		return "MLOPS_ENV"
	case "add-path":
		return "MLOPS_PATH"
	}
	return "MLOPS_OUTPUT"
}

func (w *workflow) notice(d directive) {
	w.notices++
	if w.notices > maxNotices {
		return
	}
	text := d.data
	if w.notices == maxNotices {
		d = directive{name: "warning"}
		text = fmt.Sprintf("further notices of this step are in its log only; %d are shown", maxNotices-1)
	}
	line, _ := strconv.Atoi(d.props["line"])
	if title := d.props["title"]; title != "" {
		text = title + ": " + text
	}
	w.emit(Event{Kind: Notice, Step: w.step, Level: d.name, Text: clip(text, maxNoticeText), File: d.props["file"], Line: max(line, 0)})
}

// hide has a value hidden. Each is looked for in all that follows, so their
// number is limited.
func (w *workflow) hide(value string) {
	if strings.TrimSpace(value) == "" {
		return
	}
	switch w.masks++; {
	case w.masks <= maxMasks:
		w.mask(value)
	case w.masks == maxMasks+1:
		w.emit(Event{Kind: Notice, Step: w.step, Level: "error", Text: fmt.Sprintf("::add-mask:: was used more than %d times: further values are not hidden", maxMasks)})
	}
}

// stop begins a section whose lines are text, up to the line ::token::. A token
// that is a command's name could not be told from the command.
func (w *workflow) stop(token string) {
	switch token {
	case "", "notice", "warning", "error", "debug", "group", "endgroup", "add-mask", "stop-commands", "echo", "pause-logging":
		w.notice(directive{name: "warning", data: fmt.Sprintf("::stop-commands:: is ignored: %q is no token", token)})
	default:
		w.stopped = strings.TrimRight(token, " \t")
	}
}

// parseDirective reads "::name key=value,…::data". ok is false for other text.
func parseDirective(line string) (d directive, ok bool) {
	rest, ok := strings.CutPrefix(line, "::")
	if !ok {
		return d, false
	}
	head, data, ok := strings.Cut(rest, "::")
	if !ok {
		return d, false
	}
	name, props, _ := strings.Cut(head, " ")
	if name == "" {
		return d, false
	}
	d = directive{name: strings.ToLower(name), data: unescapeData(data)}
	for prop := range strings.SplitSeq(props, ",") {
		k, v, ok := strings.Cut(strings.TrimSpace(prop), "=")
		if !ok || k == "" || v == "" {
			continue
		}
		if d.props == nil {
			d.props = map[string]string{}
		}
		d.props[k] = unescapeProperty(v)
	}
	return d, true
}

// unescapeData undoes the escapes of a command's data. All are replaced in one
// pass: %250A is the text %0A, whatever the order of the table.
func unescapeData(s string) string {
	if !strings.Contains(s, "%") {
		return s
	}
	return strings.NewReplacer("%25", "%", "%0D", "\r", "%0d", "\r", "%0A", "\n", "%0a", "\n").Replace(s)
}

func unescapeProperty(s string) string {
	if !strings.Contains(s, "%") {
		return s
	}
	return strings.NewReplacer("%25", "%", "%0D", "\r", "%0d", "\r", "%0A", "\n", "%0a", "\n",
		"%3A", ":", "%3a", ":", "%2C", ",", "%2c", ",").Replace(s)
}

// clip shortens s to max bytes without cutting a character.
func clip(s string, max int) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if len(s) <= max {
		return s
	}
	return strings.ToValidUTF8(s[:max-len("…")], "") + "…"
}
