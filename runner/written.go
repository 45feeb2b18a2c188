package runner

import (
	"strings"

	"github.com/mlops-runner/mlops/runner/plan"
	"github.com/mlops-runner/mlops/runner/worktree"
)

// written are the paths that jobs write. They are never inputs from the
// repository: what a job reads of another comes from the store, so that an old
// file in the folder cannot stand in for it.
type written struct {
	files   map[string]bool // plain paths
	folders map[string]bool // without their trailing slash
	globs   []string
}

func newWritten(p *plan.Plan) *written {
	w := &written{files: map[string]bool{}, folders: map[string]bool{}}
	for _, n := range p.Nodes {
		for _, list := range [][]string{n.Outputs, n.Metrics} {
			for _, o := range list {
				w.add(o)
			}
		}
	}
	return w
}

func (w *written) add(o string) {
	switch {
	case plan.Glob(o):
		w.globs = append(w.globs, o)
	case strings.HasSuffix(o, "/"):
		w.folders[strings.TrimSuffix(o, "/")] = true
	default:
		w.files[o] = true
		w.folders[o] = true // an output without a slash may turn out to be a folder
	}
}

// has reports whether a job writes the file.
func (w *written) has(path string) bool {
	if w.files[path] || len(w.globs) > 0 && worktree.Match(w.globs, path) {
		return true
	}
	if len(w.folders) == 0 {
		return false
	}
	for dir := path; ; {
		if w.folders[dir] {
			return true
		}
		i := strings.LastIndexByte(dir, '/')
		if i < 0 {
			return false
		}
		dir = dir[:i]
	}
}

// covers reports whether jobs write all that a pattern can name.
func (w *written) covers(pattern string) bool {
	return !plan.Glob(pattern) && w.has(strings.TrimSuffix(pattern, "/"))
}

// below reports whether a job writes something inside a folder.
func (w *written) below(folder string) bool {
	prefix := strings.TrimSuffix(folder, "/") + "/"
	for f := range w.folders {
		if strings.HasPrefix(f, prefix) {
			return true
		}
	}
	for _, g := range w.globs {
		if plan.Reads(folder, g) {
			return true
		}
	}
	return false
}
