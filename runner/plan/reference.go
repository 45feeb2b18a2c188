package plan

import (
	"strings"

	"github.com/mlops-runner/mlops/spec/expression"
)

// A reference is a value that an expression reads.
type reference struct {
	context string   // in lower case: params, github, needs, ...
	path    []string // with the context as its first element
	text    string   // an expression that reads it
}

// references lists what an expression reads, once for each expression.
func (b *builder) references(x *expression.Expr) []reference {
	known, ok := b.reads[x.String()]
	if ok {
		return known
	}
	var out []reference
	for _, r := range x.References() {
		if len(r.Path) > 0 {
			out = append(out, reference{strings.ToLower(r.Path[0]), r.Path, pathText(r.Path)})
		}
	}
	b.reads[x.String()] = out
	return out
}

// pathText writes a path as an expression: needs.prepare.outputs['two words'].
func pathText(path []string) string {
	var s strings.Builder
	s.WriteString(path[0])
	for _, p := range path[1:] {
		switch {
		case identifier(p):
			s.WriteString("." + p)
		case strings.Trim(p, "0123456789") == "" && p != "":
			s.WriteString("[" + p + "]")
		default:
			s.WriteString("['" + strings.ReplaceAll(p, "'", "''") + "']")
		}
	}
	return s.String()
}

func identifier(s string) bool {
	for i, r := range s {
		letter := r == '_' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
		if !letter && (i == 0 || r != '-' && (r < '0' || r > '9')) {
			return false
		}
	}
	return s != ""
}
