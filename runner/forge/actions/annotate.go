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

// Annotate writes annotations to the log of a step, failures first, and of each
// level no more than GitHub shows: the last of too many says how many are
// missing. It must not be called while commands are stopped. All of a step's
// annotations count, whoever writes them.
func Annotate(w io.Writer, list []forge.Annotation) error {
	for _, level := range []string{"error", "warning", "notice"} {
		var of []forge.Annotation
		for _, a := range list {
			if levelOf(a) == level {
				of = append(of, a)
			}
		}
		if more := len(of) - MaxAnnotations + 1; more > 1 {
			of = append(of[:MaxAnnotations-1:MaxAnnotations-1], forge.Annotation{Message: fmt.Sprintf("and %d more of these", more)})
		}
		for _, a := range of {
			if _, err := io.WriteString(w, command(level, a)+"\n"); err != nil {
				return err
			}
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

// command is an annotation as a workflow command, with the library's escapes.
func command(level string, a forge.Annotation) string {
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

func clip(s string) string {
	if utf8.RuneCountInString(s) <= MaxMessage {
		return s
	}
	return string([]rune(s)[:MaxMessage-1]) + "…"
}
