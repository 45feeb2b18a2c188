package plan

import (
	"strings"

	"github.com/mlops-runner/mlops/spec"
)

// actionInputs makes inputs of the paths that a built-in action is given, so
// that it waits for the job that writes them: what `with:` names is read.
func (b *builder) actionInputs(n *Node, j *spec.Job) {
	for _, s := range j.Steps {
		action, ok := b.options.Actions[s.Uses.Value]
		if !ok {
			continue
		}
		for _, w := range s.With {
			if t := inputType(action, w.Name.Value); t == "path" || t == "paths" {
				b.readPaths(n, w.Value)
			}
		}
	}
}

func inputType(a spec.Action, name string) string {
	for _, in := range a.Inputs {
		if in.Name == name {
			return in.Type
		}
	}
	return ""
}

func (b *builder) readPaths(n *Node, v any) {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			b.readPaths(n, e)
		}
	case string:
		if v == "" || strings.Contains(v, "${{") {
			return
		}
		pattern := clean(v)
		for _, in := range n.Inputs {
			if in.Pattern == pattern {
				return
			}
		}
		n.Inputs = append(n.Inputs, Input{Pattern: pattern})
	}
}
