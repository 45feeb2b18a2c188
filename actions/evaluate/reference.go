package evaluate

import (
	"fmt"
	"strings"
)

// Reference is the list of the inputs as Markdown.
func Reference() string {
	var b strings.Builder
	b.WriteString("| input | what | example |\n|---|---|---|\n")
	for _, in := range Action().Inputs {
		example := ""
		if in.Example != "" {
			example = "`" + strings.ReplaceAll(in.Example, "|", "\\|") + "`"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", in.Name, in.Doc, example)
	}
	return b.String()
}
