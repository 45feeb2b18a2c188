package spec

import (
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// checkAlone checks that beside a step whose action asks for something in the job's
// name no other one runs commands, which could ask in its place.
func (w *walker) checkAlone(j *Job) {
	asks := slices.IndexFunc(j.Steps, func(s *Step) bool { return w.opts.Actions[s.Uses.Value].Alone })
	if asks < 0 {
		return
	}
	for _, s := range j.Steps {
		if at := s.Run; at.Value != "" {
			at.Pos = s.Pos
			w.str(at, CodeActionAlone, "give it a job of its own", "this step of job %q stands beside uses: %s, and could ask in its name", j.ID.Value, j.Steps[asks].Uses.Value)
		}
	}
}

// checkOnce checks that no two steps ask the same of an action that does it once a run.
// Steps of which both have conditions that differ may exclude each other: then a run
// decides, and those are warned of that do not seem to.
func (w *walker) checkOnce() {
	var asked []asking
	for _, j := range w.file.Jobs {
		for _, s := range j.Steps {
			a, known := w.asking(j, s)
			if !known {
				continue
			}
			for _, b := range asked {
				switch {
				case !a.same(b):
				case a.mayExclude(b):
					if !exclusive(a.terms(), b.terms()) {
						w.warn(a.at, CodeActionMaybeTwice, "write conditions of which one holds at a time, such as github.ref == 'refs/heads/main' and github.ref == 'refs/heads/next'",
							"jobs %q and %q ask uses: %s for %s, and their conditions may both hold; a run does neither then, unless the files are the same", b.job.ID.Value, j.ID.Value, s.Uses.Value, strings.Join(a.values, " as "))
					}
				default:
					w.at(a.at, CodeActionTwice, "remove one of them, or give each a condition: if: ...",
						"jobs %q and %q both ask uses: %s for %s", b.job.ID.Value, j.ID.Value, s.Uses.Value, strings.Join(a.values, " as "))
				}
			}
			asked = append(asked, a)
		}
	}
}

// An asking is what a step asks of an action that does it once a run.
type asking struct {
	job    *Job
	step   *Step
	values []string   // of the inputs that tell one asking from another
	at     *yaml.Node // the last of them
}

func (a asking) same(b asking) bool {
	return a.step.Uses.Value == b.step.Uses.Value && slices.Equal(a.values, b.values)
}

func (a asking) mayExclude(b asking) bool {
	conditional := func(x asking) bool { return x.job.If.Value != "" || x.step.If.Value != "" }
	return conditional(a) && conditional(b) && (a.job.If.Value != b.job.If.Value || a.step.If.Value != b.step.If.Value)
}

func (a asking) terms() []string { return terms(a.job.If.Value, a.step.If.Value) }

// asking reads what a step asks; false if it is nothing that is done once, or is known
// only when the run is planned.
func (w *walker) asking(j *Job, s *Step) (asking, bool) {
	a := asking{job: j, step: s}
	once := w.opts.Actions[s.Uses.Value].Once
	with := w.withs[s]
	if len(once) == 0 || with == nil {
		return a, false
	}
	given := func(name string) *yaml.Node {
		for i := 0; i+1 < len(with.Content); i += 2 {
			if with.Content[i].Value == name {
				return with.Content[i+1]
			}
		}
		return nil
	}
	for _, name := range once {
		v := given(name)
		if v == nil || v.Kind != yaml.ScalarNode || v.Value == "" || strings.Contains(v.Value, "${{") {
			return a, false
		}
		a.values, a.at = append(a.values, v.Value), v
	}
	dry := given("dry-run")
	return a, dry == nil || dry.Value != "true"
}
