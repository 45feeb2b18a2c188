package spec

import (
	"strings"

	"gopkg.in/yaml.v3"
)

// controlShape checks a step that waits for others or stops them: it runs
// nothing, so that what is about commands has no meaning.
func (w *walker) controlShape(seen [maxKeys]*yaml.Node, body *yaml.Node, in place) {
	for _, n := range present(&stepTable, seen, "background", "env", "shell", "with", "working-directory") {
		w.at(n, CodeConflict, "remove it, or put it at the step that runs", "%q of %s has no meaning beside %q, which runs nothing", n.Value, in, body.Value)
	}
}

func (w *walker) waitAll(s *Step, n *yaml.Node) {
	if s.WaitAll = truth(n); !s.WaitAll {
		w.at(n, CodeBadValue, "remove the step", "`wait-all: false` does nothing")
	}
}

// checkControl checks that a step waits for, or stops, steps before it that run
// in the background.
func (w *walker) checkControl(j *Job, s *Step) {
	for _, id := range s.Wait {
		w.checkTarget(j, "wait", id)
	}
	for _, id := range s.Cancel {
		w.checkTarget(j, "cancel", id)
	}
}

func (w *walker) checkTarget(j *Job, key string, id Str) {
	var known []string
	for _, other := range j.Steps[:w.step] {
		if other.ID.Value == "" {
			continue
		}
		if strings.EqualFold(other.ID.Value, id.Value) && !other.Background {
			w.str(id, CodeUnknownStep, "add background: true to it, or remove it here", "%s: the step %q does not run in the background", key, id.Value)
			return
		}
		if strings.EqualFold(other.ID.Value, id.Value) {
			return
		}
		if other.Background {
			known = append(known, other.ID.Value)
		}
	}
	fix := "give an earlier step background: true and this id"
	if len(known) > 0 {
		fix = suggest(id.Value, known)
	}
	w.str(id, CodeUnknownStep, fix, "%s: no step before this one has the id %s", key, clip(id.Value))
}
