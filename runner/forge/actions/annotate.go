package actions

import (
	"fmt"
	"io"
	"strconv"
	"unicode/utf8"

	"github.com/sethvargo/go-githubactions"

	"github.com/mlops-runner/mlops/runner/forge"
)

const (
	// MaxAnnotations is how many annotations of each level GitHub shows for a step,
	// and MaxMessage how many characters of each (actions/runner, ExecutionContext.cs).
	MaxAnnotations = 10
	MaxMessage     = 4096
)

// levels are GitHub's, worst first.
var levels = [...]string{"error", "warning", "notice"}

// Annotations are those of one step, whoever has something to point at: GitHub
// counts them together. The zero value is empty. It is not safe for concurrent use.
type Annotations struct {
	of map[string]*pile
}

// A pile is the annotations of one level.
type pile struct {
	kept    []forge.Annotation
	more    int // beyond what is kept
	written int
}

func (as *Annotations) pile(level string) *pile {
	if as.of == nil {
		as.of = map[string]*pile{}
	}
	p := as.of[level]
	if p == nil {
		p = &pile{}
		as.of[level] = p
	}
	return p
}

// Add keeps an annotation, unless there are as many of its level as GitHub shows:
// then it is only counted. An unknown level is a notice.
func (as *Annotations) Add(a forge.Annotation) {
	p := as.pile(levelOf(a))
	if len(p.kept) >= MaxAnnotations {
		p.more++
		return
	}
	p.kept = append(p.kept, a)
}

// AddFirst puts annotations before the others of their level, since they matter more.
func (as *Annotations) AddFirst(list []forge.Annotation) {
	before := as.of
	as.of = nil
	for _, a := range list {
		as.Add(a)
	}
	for level, old := range before {
		for _, a := range old.kept {
			as.Add(a)
		}
		p := as.pile(level)
		p.more += old.more
		p.written = old.written
	}
}

// Write writes what was added since the last Write to the log of the step, and of
// each level no more than GitHub still shows: the last of too many says how many
// are missing. It must not be called while commands are stopped.
func (as *Annotations) Write(w io.Writer) error {
	for _, level := range levels {
		if p := as.of[level]; p != nil {
			if err := p.write(w, level); err != nil {
				return err
			}
		}
	}
	return nil
}

func (p *pile) write(w io.Writer, level string) error {
	list, all := p.kept, len(p.kept)+p.more
	p.kept, p.more = nil, 0
	room := MaxAnnotations - p.written
	if all > room {
		list = list[:max(0, room-1)]
		if room > 0 {
			list = append(list[:len(list):len(list)], forge.Annotation{Message: fmt.Sprintf("and %d more %ss; see the log", all-len(list), level)})
		}
	}
	p.written += len(list)
	for _, a := range list {
		if _, err := io.WriteString(w, annotation(level, a)+"\n"); err != nil {
			return err
		}
	}
	return nil
}

func levelOf(a forge.Annotation) string {
	switch a.Level {
	case "failure", "error":
		return "error"
	case "warning":
		return "warning"
	}
	return "notice"
}

// annotation is one as a workflow command.
func annotation(level string, a forge.Annotation) string {
	properties := githubactions.CommandProperties{}
	if a.Title != "" {
		properties["title"] = a.Title
	}
	if a.Path != "" {
		properties["file"] = a.Path
		if a.Line > 0 {
			properties["line"] = strconv.Itoa(a.Line)
		}
	}
	c := githubactions.Command{Name: level, Properties: properties, Message: clip(a.Message)}
	return c.String()
}

// Command is a workflow command without properties, with the library's escapes.
func Command(name, message string) string {
	c := githubactions.Command{Name: name, Message: message}
	return c.String()
}

func clip(s string) string {
	if len(s) <= MaxMessage || utf8.RuneCountInString(s) <= MaxMessage {
		return s
	}
	return string([]rune(s)[:MaxMessage-1]) + "…"
}
