package action

import (
	"fmt"
	"strings"

	"github.com/mlops-runner/mlops/spec"
)

// Manifest is action.yml of an action: a GitHub action that runs it by the given
// command line, with the types of its inputs under mlops. from names the package
// that it is made of. The program is installed by the script beside it, and so by
// the same commit: an action of a tag would undo that the caller pins this one.
func Manifest(a spec.Action, from, command string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Written by \"make generate\" from %s.\nname: mlops %s\ndescription: %q\ninputs:\n", from, a.Name, a.Doc)
	for _, in := range a.Inputs {
		fmt.Fprintf(&b, "  %s:\n    description: %q\n", in.Name, in.Doc+exampleOf(in))
		if in.Required {
			b.WriteString("    required: true\n")
		} else {
			b.WriteString("    default: \"\"\n")
		}
	}
	fmt.Fprintf(&b, `  version:
    description: See the setup action.
    default: ""
  checksum:
    description: See the setup action.
    default: ""
  mirror:
    description: See the setup action.
    default: https://github.com/mlops-runner/mlops/releases/download
  binary:
    description: See the setup action.
    default: ""
runs:
  using: composite
  steps:
    - shell: bash
      env:
        SETUP_VERSION: ${{ inputs.version }}
        SETUP_CHECKSUM: ${{ inputs.checksum }}
        SETUP_MIRROR: ${{ inputs.mirror }}
        SETUP_BINARY: ${{ inputs.binary }}
        GH_TOKEN: ${{ github.token }}
        ACTION: ${{ github.action_path }}
      run: '"$ACTION/../setup/setup.sh"'
    - shell: bash
      env:
        INPUTS: ${{ toJSON(inputs) }}
      run: %s --inputs "$INPUTS"
mlops:
  version: %d
  inputs:
`, command, a.Version)
	for _, in := range a.Inputs {
		fmt.Fprintf(&b, "    %s: %s\n", in.Name, in.Type)
	}
	return b.String()
}

func exampleOf(in spec.ActionInput) string {
	if in.Example == "" || strings.Contains(in.Example, "${{") {
		return ""
	}
	return " Example: " + in.Example
}
