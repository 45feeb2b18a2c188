package spec

import (
	"slices"
	"strings"
)

// SecretName returns the name by which a secret is known, whatever the case it
// is written in, as GitHub does: in capitals. ok is false for what is no name of
// an environment variable, from which it may come: letters, digits and _, no
// digit first.
func SecretName(written string) (name string, ok bool) {
	name = strings.ToUpper(written)
	return name, name == plainSecret(written)
}

// checkSecrets reports secrets that are not read by name: a job gets those that
// it names and no others, and before it starts it must be known which.
func (w *walker) checkSecrets(c *check, from int, got *checked) {
	if !slices.Contains(scopeContexts[c.form.scope], "secrets") {
		return
	}
	for _, ref := range got.references() {
		if len(ref.Path) == 0 || !strings.EqualFold(ref.Path[0], "secrets") {
			continue
		}
		if len(ref.Path) < 2 {
			w.inside(c.node, from+ref.Pos, ref.End-ref.Pos, CodeExpressionContext, "write secrets.NAME", "secrets must be read by their names")
		} else if _, ok := SecretName(ref.Path[1]); !ok {
			w.inside(c.node, from+ref.Pos, ref.End-ref.Pos, CodeExpressionContext, "rename it, such as "+plainSecret(ref.Path[1]),
				"%q is no name for a secret: letters, digits and _", ref.Path[1])
		}
	}
}

// plainSecret makes a name of what is none.
func plainSecret(written string) string {
	name := strings.Map(func(r rune) rune {
		if r == '_' || r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' {
			return r
		}
		return '_'
	}, strings.ToUpper(written))
	if name == "" || name[0] >= '0' && name[0] <= '9' {
		name = "_" + name
	}
	return name
}
