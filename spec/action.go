package spec

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/mlops-runner/mlops/spec/expression"
)

// checkUses checks a step's action and the inputs it is given.
func (w *walker) checkUses(s *Step) {
	name := s.Uses.Value
	if name == "" || w.opts.Actions == nil {
		return
	}
	if strings.HasPrefix(name, "./") {
		if problem := pathProblem(name); problem != "" {
			w.str(s.Uses, CodeBadPath, pathFix(problem), "the path %s %s", clip(name), problem)
		}
		return
	}
	action, ok := w.opts.Actions[name]
	if !ok {
		w.str(s.Uses, CodeUnknownAction, w.actionFix(name), "unknown action %s", clip(name))
		return
	}
	w.checkInputs(s, action)
}

func (w *walker) actionFix(name string) string {
	known := slices.Sorted(maps.Keys(w.opts.Actions))
	if strings.Contains(name, "/") || strings.Contains(name, "@") {
		return "write its commands as run: steps; " + oneOf(known) + ", or a folder such as ./actions/mine"
	}
	return suggest(name, known)
}

// checkInputs checks with: against the action's inputs.
func (w *walker) checkInputs(s *Step, a Action) {
	given := map[string]bool{}
	if n := w.withs[s]; n != nil {
		for i := 0; i+1 < len(n.Content); i += 2 {
			k, v := n.Content[i], n.Content[i+1]
			given[k.Value] = true
			w.checkInput(a, k, v)
		}
	}
	for _, in := range a.Inputs {
		if in.Required && !given[in.Name] {
			w.str(s.Uses, CodeMissingInput, "write with: {"+in.Name+": ...}", "the action %q needs the input %q", a.Name, in.Name)
		}
	}
}

func (w *walker) checkInput(a Action, k, v *yaml.Node) {
	var names []string
	for i := range a.Inputs {
		if a.Inputs[i].Name == k.Value {
			w.checkTyped(v, &a.Inputs[i], fmt.Sprintf("input %q of action %q", k.Value, a.Name))
			return
		}
		names = append(names, a.Inputs[i].Name)
	}
	w.at(k, CodeUnknownInput, suggest(k.Value, names), "the action %q has no input %q", a.Name, k.Value)
}

// An inputShape says how inputs of a type are written.
type inputShape struct {
	name string // as in ActionInput.Type
	kind kind
	want want // of an expression in its place
}

var inputShapes = []inputShape{
	{"string", kindText, wantAny}, {"bool", kindBool, wantBool}, {"number", kindNumber, wantNumber}, {"int", kindInt, wantNumber},
	{"range", kindText, wantAny}, {"size", kindText, wantAny}, {"duration", kindText, wantAny}, {"path", kindText, wantAny},
	{"expression", kindText, wantAny}, {"dataset", kindText, wantAny}, {"metric", kindText, wantAny},
	{"paths", kindTexts, wantAny}, {"list", kindTexts, wantAny}, {"expressions", kindTexts, wantAny},
	{"map", kindMap, wantAny}, {"columns", kindMap, wantAny},
}

// checkTyped checks a value against the type of an input.
func (w *walker) checkTyped(v *yaml.Node, in *ActionInput, what string) {
	i := slices.IndexFunc(inputShapes, func(s inputShape) bool { return s.name == in.Type })
	if i < 0 {
		return
	}
	shape := inputShapes[i]
	if v.Kind == yaml.ScalarNode && strings.Contains(v.Value, "${{") {
		w.setWant(v, shape.want)
		return
	}
	if !w.fitsInput(v, shape.kind, what) {
		return
	}
	if in.Type == "columns" {
		w.checkColumns(v, in)
		return
	}
	for _, c := range scalarsOf(v) {
		if c.Kind == yaml.ScalarNode && !strings.Contains(c.Value, "${{") {
			w.checkText(c, in.Type)
		}
	}
}

func (w *walker) setWant(n *yaml.Node, t want) {
	if w.wants == nil {
		w.wants = map[*yaml.Node]want{}
	}
	w.wants[n] = t
}

// fitsInput reports whether a value is written as an input of this kind is.
func (w *walker) fitsInput(v *yaml.Node, k kind, what string) bool {
	f := form{kind: k, elem: &anyText}
	_, isNumber := number(v)
	ok := false
	switch k {
	case kindMap:
		ok = v.Kind == yaml.MappingNode
	case kindTexts:
		ok = v.Kind == yaml.SequenceNode || v.Kind == yaml.ScalarNode && !isNull(v)
	case kindBool:
		ok = v.Tag == "!!bool"
	case kindNumber, kindInt:
		n, _ := number(v)
		ok = isNumber && (k == kindNumber || n == float64(int64(n)))
	default:
		ok = v.Kind == yaml.ScalarNode && !isNull(v)
	}
	if !ok {
		fix := ""
		if k == kindBool && v.Kind == yaml.ScalarNode {
			fix = boolFix(v.Value)
		}
		w.at(v, CodeWrongType, fix, "the %s must be %s, not %s", what, f.expected(), describeNode(v))
	}
	return ok
}

// checkText checks a text of a type with a form of its own.
func (w *walker) checkText(n *yaml.Node, typ string) {
	switch typ {
	case "range":
		if _, err := ParseRange(n.Value); err != nil {
			w.at(n, CodeBadRange, "write a..b, a.. or ..b, such as 0..120, 5_000.. or ..10%", "%v", err)
		}
	case "size":
		w.size(n)
	case "duration":
		w.duration(n)
	case "path", "paths":
		w.inputPath(n)
	case "expression", "expressions":
		w.rowExpression(n)
	case "dataset":
		w.checkDatasetInput(n)
	case "metric":
		w.checkMetricInput(n)
	}
}

// rowExpression checks the syntax of an expression on the columns of a table;
// the columns are known only when the data is read.
func (w *walker) rowExpression(n *yaml.Node) {
	if _, err := expression.Parse(n.Value); err != nil {
		w.expressionError(n, 0, err.(*expression.Error), nil)
	}
}

// checkDatasetInput accepts a dataset's name, data.NAME, or a path.
func (w *walker) checkDatasetInput(n *yaml.Node) {
	name := strings.TrimPrefix(n.Value, "data.")
	if w.dataSet[name] || strings.ContainsAny(name, "./*") {
		return
	}
	w.unknownData(str(n), name)
}

func (w *walker) checkMetricInput(n *yaml.Node) {
	if w.metricSet[n.Value] || w.full() {
		return
	}
	names := w.metricNames()
	fix := suggest(n.Value, names)
	if len(names) == 0 {
		fix = fmt.Sprintf("declare it: metrics: {%s: {better: higher}}", n.Value)
	}
	w.at(n, CodeUnknownMetric, fix, "metrics: does not declare %s", clip(n.Value))
}

// checkColumns checks the lines of a columns input; a list of values may also
// be a YAML list.
func (w *walker) checkColumns(n *yaml.Node, in *ActionInput) {
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		switch {
		case v.Kind == yaml.SequenceNode && len(v.Content) > 0:
		case v.Kind != yaml.ScalarNode || isNull(v):
			w.at(v, CodeBadColumn, "write a line such as int 0..120, or a list of values", "the column %q must be a line or a list of values, not %s", k.Value, describeNode(v))
		default:
			if _, err := ParseColumn(v.Value, in.Words); err != nil {
				w.at(v, CodeBadColumn, "write lines such as int 0..120, float 0.. , null ..10% or [free, pro]", "the column %q: %v", k.Value, err)
			}
		}
	}
}
