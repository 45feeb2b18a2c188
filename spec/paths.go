package spec

import (
	"path"
	"strings"

	"gopkg.in/yaml.v3"
)

// remoteAddress reports whether a dataset's path is an address and no path.
func remoteAddress(s string) bool { return strings.Contains(s, "://") }

// pathProblem says why a path cannot be used inside the repository, or "".
// Expressions in it stand for a name of which nothing is known.
func pathProblem(p string) string {
	switch {
	case strings.TrimSpace(p) == "":
		return "is empty"
	case strings.HasPrefix(p, "/"), strings.HasPrefix(p, "~"), len(p) > 1 && p[1] == ':':
		return "is absolute"
	case strings.Contains(p, `\`):
		return `holds a backslash`
	case remoteAddress(p):
		return "is an address"
	}
	clean := path.Clean(p)
	first, _, _ := strings.Cut(clean, "/")
	switch first {
	case "..":
		return "leaves the repository"
	case ".git", ".mlops":
		return "lies in " + first + ", which jobs do not see"
	}
	return ""
}

// pathFix says what to write instead.
func pathFix(problem string) string {
	switch {
	case strings.HasPrefix(problem, "lies in "):
		return "name another folder"
	}
	switch problem {
	case "holds a backslash":
		return "separate folders by /"
	case "is an address":
		return "declare it under data: and name it here as data.NAME"
	}
	return "write it relative to the repository's root, such as data/train.csv"
}

// inputPath reads a path that must lie in the repository.
func (w *walker) inputPath(n *yaml.Node) Str {
	if problem := pathProblem(n.Value); problem != "" {
		w.at(n, CodeBadPath, pathFix(problem), "the path %s %s", clip(n.Value), problem)
	}
	return str(n)
}

// outputPath reads a path that a job may write.
func (w *walker) outputPath(n *yaml.Node) Str {
	problem := pathProblem(n.Value)
	if problem == "" {
		clean := path.Clean(n.Value)
		if clean == "." {
			w.at(n, CodeBadPath, "name the files and folders that the job writes", "the output %s is the whole repository", clip(n.Value))
		}
		return str(n)
	}
	w.at(n, CodeBadPath, pathFix(problem), "the output %s %s", clip(n.Value), problem)
	return str(n)
}

// validName reports whether s is a letter or _ followed by letters, digits, _
// and, unless strict, -.
func validName(s string, strict bool) bool {
	for i := range len(s) {
		c := s[i]
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c == '_':
		case i > 0 && (c >= '0' && c <= '9' || c == '-' && !strict):
		default:
			return false
		}
	}
	return s != "" && len(s) <= 100
}

// The patterns of names, for the schema.
const (
	namePattern    = `^[A-Za-z_][A-Za-z0-9_-]{0,99}$`
	envNamePattern = `^[A-Za-z_][A-Za-z0-9_]{0,99}$`
)

// name checks the name of a job, step, dataset, metric and so on.
func (w *walker) name(n *yaml.Node, what string) Str {
	if !validName(n.Value, false) {
		w.at(n, CodeBadName, "start with a letter or _, then use letters, digits, - and _", "%s cannot be called %s", what, clip(n.Value))
	}
	return str(n)
}

// vars reads a mapping of environment variables.
func (w *walker) vars(n *yaml.Node, in place) []Var {
	vars := make([]Var, 0, len(n.Content)/2)
	w.entries(n, in, func(k, v *yaml.Node) {
		switch {
		case !validName(k.Value, true):
			w.at(k, CodeBadName, "use letters, digits and _", "an environment variable cannot be called %s", clip(k.Value))
		case strings.HasPrefix(k.Value, "MLOPS_"):
			w.at(k, CodeBadName, "choose another prefix", "%s: names that start with MLOPS_ belong to mlops", k.Value)
		}
		vars = append(vars, Var{str(k), str(v)})
	})
	return vars
}
