package spec

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/mlops-runner/mlops/spec/expression"
)

// KeptName is the name under which a step keeps a file, of which name is that of the
// first step of a job that uses its action, for the turn-th one: profile.json,
// profile-2.json and so on.
func KeptName(name string, turn int) string {
	if turn < 2 {
		return name
	}
	ext := path.Ext(name)
	return strings.TrimSuffix(name, ext) + "-" + strconv.Itoa(turn) + ext
}

// checkUses checks a step's action and the inputs it is given.
func (w *walker) checkUses(s *Step) {
	name := s.Uses.Value
	if name == "" || w.opts.Actions == nil {
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
	if bare, _, ok := strings.Cut(name, "@"); ok && slices.Contains(known, bare) {
		return "write " + bare + ": actions are those of this mlops, and have no versions of their own"
	}
	if strings.Contains(name, "/") || strings.Contains(name, "@") {
		return "write its commands as run: steps, or " + oneOf(known)
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
	if in := a.Input(k.Value); in != nil {
		w.checkTyped(v, in, fmt.Sprintf("input %q of action %q", k.Value, a.Name))
		return
	}
	w.at(k, CodeUnknownInput, suggest(k.Value, inputNames(a.Inputs)), "the action %q has no input %q", a.Name, k.Value)
}

func inputNames(list []ActionInput) []string {
	var names []string
	for _, in := range list {
		names = append(names, in.Name)
	}
	return names
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
	{"map", kindMap, wantAny}, {"columns", kindMap, wantAny}, {"references", kindMap, wantAny},
	{"word", kindText, wantAny}, {"share", kindText, wantAny}, {"freshness", kindText, wantAny}, {"entries", kindAny, wantAny},
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
	switch {
	case in.Type == "columns":
		w.checkColumns(v, in)
	case in.Type == "entries":
		w.checkEntries(v, in, what)
	case in.Type == "map" && in.Keys != nil:
		w.checkKeys(v, in, what)
	case in.Type == "map":
	case in.Type == "references":
		w.checkReferences(v)
	default:
		for _, c := range scalarsOf(v) {
			if c.Kind == yaml.ScalarNode && !strings.Contains(c.Value, "${{") {
				w.checkText(c, in)
			}
		}
	}
}

// checkEntries checks one or several mappings, or texts that stand for their first key.
func (w *walker) checkEntries(v *yaml.Node, in *ActionInput, what string) {
	list := []*yaml.Node{v}
	if v.Kind == yaml.SequenceNode {
		list = v.Content
	}
	for _, e := range list {
		if e.Kind == yaml.MappingNode {
			w.checkKeys(e, in, what)
		} else {
			w.checkTyped(e, &in.Keys[0], what)
		}
	}
}

// checkKeys checks a mapping whose keys are known.
func (w *walker) checkKeys(v *yaml.Node, in *ActionInput, what string) {
	given := map[string]bool{}
	for i := 0; i+1 < len(v.Content); i += 2 {
		k, value := v.Content[i], v.Content[i+1]
		given[k.Value] = true
		if key := in.Key(k.Value); key != nil {
			w.checkTyped(value, key, fmt.Sprintf("key %q of the %s", k.Value, what))
		} else {
			w.at(k, CodeUnknownInput, suggest(k.Value, inputNames(in.Keys)), "the %s has no key %q", what, k.Value)
		}
	}
	for _, key := range in.Keys {
		if key.Required && !given[key.Name] {
			w.at(v, CodeMissingInput, "write {"+key.Name+": ...}", "the %s needs the key %q", what, key.Name)
		}
	}
}

// checkReferences checks values of the form DATASET.COLUMN.
func (w *walker) checkReferences(v *yaml.Node) {
	for i := 0; i+1 < len(v.Content); i += 2 {
		n := v.Content[i+1]
		if n.Kind == yaml.ScalarNode && strings.Contains(n.Value, "${{") {
			continue
		}
		data, column := SplitReference(n.Value, func(name string) bool { return w.dataSet[name] })
		if n.Kind != yaml.ScalarNode || isNull(n) || data == "" || column == "" {
			w.at(n, CodeWrongType, "write DATASET.COLUMN, such as users.id", "the column %q must refer to a column of a dataset, not to %s", v.Content[i].Value, describeNode(n))
			continue
		}
		w.datasetNamed(n, data)
	}
}

// SplitReference splits DATASET.COLUMN or PATH.COLUMN. The name of a dataset,
// with or without data. before it, ends at its dot, a path at the last one. Both
// are "" if the text has no such form.
func SplitReference(s string, isDataset func(string) bool) (data, column string) {
	rest := strings.TrimPrefix(s, "data.")
	if name, column, ok := strings.Cut(rest, "."); ok && isDataset(name) {
		return name, column
	}
	if i := strings.LastIndexByte(s, '.'); i > 0 {
		return s[:i], s[i+1:]
	}
	return "", ""
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
	case kindAny:
		ok = !isNull(v)
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
func (w *walker) checkText(n *yaml.Node, in *ActionInput) {
	if in.Check != nil {
		if err := in.Check(n.Value); err != nil {
			w.at(n, CodeBadName, "write one such as "+in.Example, "%v", err)
		}
	}
	switch in.Type {
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
		if !slices.Contains(in.Words, n.Value) {
			w.datasetNamed(n, n.Value)
		}
	case "word":
		if !slices.Contains(in.Words, n.Value) {
			w.at(n, CodeBadValue, suggest(n.Value, in.Words), "%s is none of %s", clip(n.Value), strings.Join(in.Words, ", "))
		}
	case "share":
		if v, err := ParseShare(n.Value); err != nil || v < 0 || v > 1 {
			w.at(n, CodeBadValue, "write 10% or 0.1", "%s is no share", clip(n.Value))
		}
	case "freshness":
		if _, _, err := ParseFreshness(n.Value); err != nil {
			w.at(n, CodeBadValue, "write COLUMN within DURATION, such as created_at within 36h or created_at within 7d", "%v", err)
		}
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

// datasetNamed accepts a dataset's name, data.NAME, or a path.
func (w *walker) datasetNamed(n *yaml.Node, text string) {
	name := strings.TrimPrefix(text, "data.")
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
