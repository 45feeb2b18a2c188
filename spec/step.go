package spec

import (
	"fmt"
	"strings"

	"gopkg.in/yaml.v3"
)

// steps reads the steps of a job.
func (w *walker) steps(j *Job, n *yaml.Node) {
	j.Single = false
	j.Steps = make([]*Step, 0, len(n.Content))
	room := make([]Step, len(n.Content))
	for i, c := range n.Content {
		if c.Kind != yaml.MappingNode {
			w.at(c, CodeWrongType, stepFix(c), "step %d of job %q must be a mapping, not %s", i+1, j.ID.Value, describeNode(c))
			continue
		}
		w.step = len(j.Steps)
		s := &room[w.step]
		s.Pos = nodePos(c)
		j.Steps = append(j.Steps, s)
		w.stepShape(walk(w, c, &stepTable, s, place{kind: "step", name: stepLabel(c), index: i + 1, job: j.ID.Value, node: c}), c, i+1)
		w.checkControl(j, s)
		w.duplicateStep(j, s)
	}
	w.step = noStep
}

// stepLabel is what messages call a step: its id, else its name.
func stepLabel(n *yaml.Node) string {
	label := ""
	for i := 0; i+1 < len(n.Content); i += 2 {
		switch n.Content[i].Value {
		case "id":
			return n.Content[i+1].Value
		case "name":
			label = n.Content[i+1].Value
		}
	}
	return label
}

func stepFix(n *yaml.Node) string {
	if n.Kind == yaml.ScalarNode && !isNull(n) {
		return "write - run: " + n.Value
	}
	return `write - run: and the commands`
}

func (w *walker) stepShape(seen [maxKeys]*yaml.Node, n *yaml.Node, index int) {
	in := place{kind: "step", name: stepLabel(n), index: index, job: w.jobID()}
	body := present(&stepTable, seen, "run", "uses", "wait", "wait-all", "cancel")
	with := present(&stepTable, seen, "with")
	switch {
	case len(body) == 0 && meant(n, &stepTable, "run", "uses", "wait"):
	case len(body) == 0:
		w.at(n, CodeMissingKey, "write run: or uses:", "%s does nothing", in)
	case len(body) > 1:
		w.at(body[1], CodeConflict, "keep one of them, or make two steps", `%q and %q of %s exclude each other`, body[0].Value, body[1].Value, in)
	case body[0].Value != "run" && body[0].Value != "uses":
		w.controlShape(seen, body[0], in)
	case with != nil && body[0].Value == "run":
		w.at(with[0], CodeConflict, `give values to run: through "env:"`, `"with" of %s has no "uses"`, in)
	}
}

// duplicateStep reports an id that an earlier step has.
func (w *walker) duplicateStep(j *Job, s *Step) {
	if s.ID.Value == "" {
		return
	}
	id := strings.ToLower(s.ID.Value)
	ids := w.types.steps[j]
	if ids == nil {
		ids = map[string]int{}
		if w.types.steps == nil {
			w.types.steps = map[*Job]map[string]int{}
		}
		w.types.steps[j] = ids
	}
	at, twice := ids[id]
	switch {
	case !twice:
		ids[id] = w.step
	case !w.full():
		other := j.Steps[at]
		w.add(Diagnostic{
			Pos: s.ID.Pos, End: s.ID.Pos, Code: CodeDuplicateStep, Fix: "choose another id",
			Message: fmt.Sprintf("duplicate step id %q in job %q", s.ID.Value, j.ID.Value),
			Related: []Related{{w.src.name, other.ID.Pos, "the first one stands here"}},
		})
	}
}

func (s *Step) setRun(w *walker, n *yaml.Node) {
	s.Run, s.RunMap = str(n), w.mapOf(n)
	if strings.TrimSpace(n.Value) == "" {
		w.at(n, CodeBadValue, "write a command", `"run" has no commands`)
	}
}

// with reads the inputs of an action; they are checked when `uses` is known.
func (w *walker) with(s *Step, n *yaml.Node) {
	s.With = make([]With, 0, len(n.Content)/2)
	if w.withs == nil {
		w.withs = map[*Step]*yaml.Node{}
	}
	w.withs[s] = n
	w.entries(n, place{kind: "with", job: w.jobID()}, func(k, v *yaml.Node) {
		s.With = append(s.With, With{str(k), w.value(v, scopeStepValue)})
	})
}

// value reads any YAML value. Strings may hold expressions of the scope.
func (w *walker) value(n *yaml.Node, s scope) any {
	if n.Kind == yaml.ScalarNode {
		return w.scalar(n, s)
	}
	if !w.enter(n) {
		return nil
	}
	defer w.leave()
	switch n.Kind {
	case yaml.SequenceNode:
		list := make([]any, len(n.Content))
		for i, c := range n.Content {
			list[i] = w.value(c, s)
		}
		return list
	case yaml.MappingNode:
		m := make(map[string]any, len(n.Content)/2)
		w.entries(n, place{kind: "a mapping"}, func(k, v *yaml.Node) { m[k.Value] = w.value(v, s) })
		return m
	}
	return nil
}

// scalar reads a null, boolean, number or string.
func (w *walker) scalar(n *yaml.Node, s scope) any {
	if n.Tag == "!!str" && strings.Contains(n.Value, "${{") {
		w.template(n, &form{kind: kindAny, scope: s})
	}
	return scalarValue(n)
}

// scalarValue reads a scalar in which ${{ }} means nothing.
func scalarValue(n *yaml.Node) any {
	switch n.Tag {
	case "!!null":
		return nil
	case "!!bool":
		return truth(n)
	case "!!int", "!!float":
		if v, ok := number(n); ok {
			return v
		}
	}
	return n.Value
}
