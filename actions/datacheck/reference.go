package datacheck

import (
	"fmt"
	"strings"

	"github.com/mlops-runner/mlops/spec"
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

// Manifest is action.yml: a GitHub action that runs the check by the command line,
// with the types of its inputs under mlops.
func Manifest() string {
	var b strings.Builder
	a := Action()
	fmt.Fprintf(&b, "# Written by \"make generate\" from actions/datacheck; see \"mlops data checks\".\nname: mlops %s\ndescription: %q\ninputs:\n", a.Name, a.Doc)
	for _, in := range a.Inputs {
		fmt.Fprintf(&b, "  %s:\n    description: %q\n", in.Name, in.Doc+example(in))
		if in.Required {
			b.WriteString("    required: true\n")
		} else {
			b.WriteString("    default: \"\"\n")
		}
	}
	b.WriteString(`  version:
    description: See the setup action.
    default: ""
  binary:
    description: See the setup action.
    default: ""
runs:
  using: composite
  steps:
    - uses: mlops-runner/mlops/actions/setup@v0
      with:
        version: ${{ inputs.version }}
        binary: ${{ inputs.binary }}
    - shell: bash
      env:
        INPUTS: ${{ toJSON(inputs) }}
      run: mlops data check --inputs "$INPUTS"
mlops:
`)
	fmt.Fprintf(&b, "  version: %d\n  inputs:\n", a.Version)
	for _, in := range a.Inputs {
		fmt.Fprintf(&b, "    %s: %s\n", in.Name, in.Type)
	}
	return b.String()
}

func example(in spec.ActionInput) string {
	if in.Example == "" || strings.Contains(in.Example, "${{") {
		return ""
	}
	return " Example: " + in.Example
}
