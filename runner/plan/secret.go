package plan

import (
	"slices"
	"sort"
	"strings"

	"github.com/mlops-runner/mlops/spec"
)

// A Secret is one that a job or its services read, and where they do so first.
type Secret struct {
	Name string // as [spec.SecretName] gives it
	Pos  spec.Pos
	// Beside is whether only services read it: the job itself is not to know it.
	Beside bool
}

// secrets lists the secrets that a job's expressions name, by name. Their
// values are in no plan and in no fingerprint: the definition has the text that
// names them, and a secret that is replaced makes no job run again.
func (b *builder) secrets(j *spec.Job) []Secret {
	var out []Secret
	beside := false
	note := func(text string, at spec.Pos) {
		for _, name := range b.secretsIn(text) {
			if !slices.ContainsFunc(out, func(s Secret) bool { return s.Name == name }) {
				out = append(out, Secret{name, at, beside})
			}
		}
	}
	for _, v := range j.Env {
		note(v.Value.Value, v.Value.Pos)
	}
	for _, s := range j.Steps {
		for _, v := range s.Env {
			note(v.Value.Value, v.Value.Pos)
		}
		for _, w := range s.With {
			eachText(w.Value, func(text string) { note(text, w.Name.Pos) })
		}
		note(s.Run.Value, s.Run.Pos)
	}
	beside = true
	for _, s := range j.Services {
		for _, v := range s.Env {
			note(v.Value.Value, v.Value.Pos)
		}
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Name < out[j].Name })
	return out
}

// secretsIn returns the names of the secrets in a template.
func (b *builder) secretsIn(text string) (names []string) {
	if !strings.Contains(text, "${{") {
		return nil
	}
	t, err := b.template(text)
	if err != nil {
		return nil // reported by the parser of the file
	}
	for _, p := range t.Parts {
		if p.Expr == nil {
			continue
		}
		for _, r := range b.references(p.Expr) {
			if r.context == "secrets" && len(r.path) > 1 {
				name, _ := spec.SecretName(r.path[1])
				names = append(names, name)
			}
		}
	}
	return names
}

// eachText calls f for every string in a value, however deep it stands.
func eachText(v any, f func(string)) {
	switch v := v.(type) {
	case string:
		f(v)
	case []any:
		for _, e := range v {
			eachText(e, f)
		}
	case map[string]any:
		for _, e := range v {
			eachText(e, f)
		}
	}
}
