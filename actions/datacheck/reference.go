package datacheck

import (
	"fmt"
	"strings"
)

// Reference documents all inputs and the clauses of column lines, as Markdown.
func Reference() string {
	var b strings.Builder
	b.WriteString("| `with:` | checks | example |\n|---|---|---|\n")
	for _, c := range Checks() {
		doc := c.Doc
		for _, k := range c.Keys {
			if c.Name != "level" {
				doc += fmt.Sprintf(" `%s`: %s", k.Name, k.Doc)
			}
		}
		if c.More != "" {
			doc += " " + c.More
		}
		fmt.Fprintf(&b, "| `%s` | %s | `%s` |\n", c.Name, inCell(doc), inCell(c.Example))
	}
	b.WriteString("\n| in a column line | means |\n|---|---|\n")
	for _, c := range Clauses() {
		fmt.Fprintf(&b, "| `%s` | %s |\n", inCell(c.Example), inCell(c.Doc))
	}
	return b.String()
}

// inCell keeps a text inside its cell.
func inCell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }
