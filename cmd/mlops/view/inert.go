package view

import (
	"bytes"
	"io"
	"strings"
	"unicode"
)

// GitHub's runner takes a line for a command if it begins with "::" after any
// white space, or if it holds "##[" anywhere (ActionCommand.cs, TryParseV2 and
// TryParse). The page that shows the log gives "##[" a meaning even where the
// runner was told to stop.

// inert returns line so that it is no command: text of ours that may quote
// what others wrote.
func inert(line string) string {
	line = strings.ReplaceAll(line, "##[", "## [")
	if strings.HasPrefix(strings.TrimLeftFunc(bare(line), unicode.IsSpace), "::") {
		return "│ " + line
	}
	return line
}

// unmark appends line without what the page that shows the log would take for
// a mark-up of its own.
func unmark(dst, line []byte) []byte {
	for {
		i := bytes.Index(line, []byte("##["))
		if i < 0 {
			return append(dst, line...)
		}
		dst = append(append(dst, line[:i]...), "## ["...)
		line = line[i+3:]
	}
}

// An inertWriter makes each line that is written inert. A Write must hold
// whole lines.
type inertWriter struct{ w io.Writer }

func (i inertWriter) Write(b []byte) (int, error) {
	var out strings.Builder
	for line := range strings.Lines(string(b)) {
		out.WriteString(inert(line))
	}
	if _, err := io.WriteString(i.w, out.String()); err != nil {
		return 0, err
	}
	return len(b), nil
}
