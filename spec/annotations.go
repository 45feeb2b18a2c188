package spec

import (
	"fmt"
	"io"
	"strings"
)

// WriteGitHub writes the problems as workflow commands, one line each, which
// GitHub Actions shows at the file's lines in a pull request:
//
//	::error file=mlops.yaml,line=4,col=5,endLine=4,endColumn=9,title=unknown-key::unknown key "runs" …
//
// All values are escaped, so no text of the file can smuggle in a command.
func (ds Diagnostics) WriteGitHub(w io.Writer) error {
	var b strings.Builder
	for _, d := range ds {
		end := d.end()
		text := d.Message
		if d.Fix != "" {
			text += "\nfix: " + d.Fix
		}
		fmt.Fprintf(&b, "::%s file=%s,line=%d,col=%d,endLine=%d,endColumn=%d,title=%s::%s\n", d.Severity,
			escapeProperty(d.File), d.Pos.Line, d.Pos.Col, end.Line, end.Col, escapeProperty(string(d.Code)), escapeData(text))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// escapeData and escapeProperty follow actions/toolkit's command.ts.
func escapeData(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(s)
}

func escapeProperty(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C").Replace(s)
}
