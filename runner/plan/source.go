package plan

import (
	"fmt"
	"path"
	"strings"
	"unicode"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/mlops-runner/mlops/spec"
)

// source is where a node comes from: its job, and the places of its paths.
type source struct {
	job     *spec.Job
	inputs  []spec.Pos // of the first ones; further inputs come from expressions
	outputs []spec.Pos
	metrics []spec.Pos
}

// input is the place of an input.
func (s source) input(i int) spec.Pos {
	if i < len(s.inputs) {
		return s.inputs[i]
	}
	return s.job.Pos
}

// paths evaluates and cleans the paths that a job writes. Those that cannot be
// used are reported and left out.
func (b *builder) paths(list []spec.Str, leg spec.Leg) (out []string, at []spec.Pos) {
	for _, s := range list {
		p, ok := b.text(s, leg)
		if !ok || !b.usable(s.Pos, p, true) {
			continue
		}
		out, at = append(out, clean(p)), append(at, s.Pos)
	}
	return out, at
}

// usable reports a path that cannot be used. The parser has done so for what
// stands in the file; only now it is known what expressions gave.
func (b *builder) usable(at spec.Pos, p string, output bool) bool {
	problem, fix := pathProblem(p), "write it relative to the repository's root, such as data/train.csv"
	if problem == "" && output {
		problem, fix = outputProblem(clean(p)), "name a file or folder that the job writes"
	}
	if problem != "" {
		b.report(at, spec.CodeBadPath, fmt.Sprintf("the path %q %s", p, problem), fix)
	}
	return problem == ""
}

// pathProblem says why a path cannot be used inside the repository, or "".
func pathProblem(p string) string {
	p = strings.TrimPrefix(p, "!")
	c := path.Clean(p)
	switch {
	case strings.TrimSpace(p) == "":
		return "is empty"
	case strings.HasPrefix(p, "/"), strings.HasPrefix(p, "~"), len(p) > 1 && p[1] == ':':
		return "is absolute"
	case strings.Contains(p, `\`):
		return "holds a backslash"
	case remote(p):
		return "is an address"
	case c == "..", strings.HasPrefix(c, "../"):
		return "leaves the repository"
	case strings.ContainsFunc(p, unicode.IsControl):
		return "holds a control character"
	case !doublestar.ValidatePattern(c):
		return "is no valid pattern: a bracket is not closed"
	}
	return ""
}

func outputProblem(p string) string {
	first, _, _ := strings.Cut(strings.TrimSuffix(p, "/"), "/")
	switch {
	case p == ".":
		return "is the whole repository"
	case first == ".git", first == ".mlops":
		return "lies in " + first + ", which jobs cannot write"
	}
	return ""
}
