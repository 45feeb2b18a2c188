package spec

import (
	"math"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// defaultLegs is how many combinations a matrix may span unless Options say otherwise.
const defaultLegs = 1024

// matrix reads `strategy.matrix`.
func (w *walker) matrix(s *Strategy, n *yaml.Node) {
	m := &s.Matrix
	m.Pos = nodePos(n)
	var exclude []*yaml.Node
	w.entries(n, place{kind: "matrix", job: w.jobID()}, func(k, v *yaml.Node) {
		switch k.Value {
		case "include":
			m.Include = w.legs(v, "include")
		case "exclude":
			m.Exclude, exclude = w.legs(v, "exclude"), v.Content
		default:
			w.axis(m, k, v)
		}
	})
	w.checkExcludes(m, exclude)
	w.checkLegs(m, n)
}

// checkExcludes reports keys of `exclude` that the matrix does not have: such an
// exclude takes nothing away.
func (w *walker) checkExcludes(m *Matrix, legs []*yaml.Node) {
	names := make([]string, len(m.Axes))
	for i, a := range m.Axes {
		names[i] = a.Name.Value
	}
	for _, leg := range legs {
		if leg.Kind != yaml.MappingNode {
			continue
		}
		for i := 0; i+1 < len(leg.Content); i += 2 {
			if k := leg.Content[i]; !slices.Contains(names, k.Value) {
				w.at(k, CodeMatrix, suggest(k.Value, names), "an exclude names %q, which is no key of the matrix", k.Value)
			}
		}
	}
}

// axis reads one list of values.
func (w *walker) axis(m *Matrix, k, v *yaml.Node) {
	a := Axis{Name: w.name(k, "a matrix key")}
	switch {
	case v.Kind == yaml.SequenceNode && len(v.Content) == 0:
		w.at(k, CodeMatrix, "write at least one value, or remove the key", "the matrix key %q has no values", k.Value)
	case v.Kind == yaml.SequenceNode:
		for _, c := range v.Content {
			w.lossy(c)
			a.Values = append(a.Values, w.value(c, scopeMatrix))
		}
	case v.Kind == yaml.ScalarNode && strings.Contains(v.Value, "${{"):
		a.Expr = str(v)
		w.template(v, &form{scope: scopeMatrix, want: wantArray})
	default:
		w.at(v, CodeWrongType, "write a list: "+k.Value+": ["+flat(v)+"]", "the matrix key %q must be a list of values, not %s", k.Value, describeNode(v))
		return
	}
	m.Axes = append(m.Axes, a)
}

// flat is a scalar's text, or dots.
func flat(n *yaml.Node) string {
	if n.Kind == yaml.ScalarNode && !isNull(n) {
		return n.Value
	}
	return "..."
}

// lossy warns of a number that does not keep its text, such as version 3.10.
func (w *walker) lossy(n *yaml.Node) {
	v, ok := number(n)
	if !ok || n.Style&yaml.TaggedStyle != 0 {
		return
	}
	_, fraction, point := strings.Cut(n.Value, ".")
	digits := strings.Trim(fraction, "0123456789") == ""
	if point && digits && strings.HasSuffix(fraction, "0") || math.Abs(v) >= 1<<53 && !strings.ContainsAny(n.Value, ".eE") && formatNumber(v) != n.Value {
		w.warn(n, CodeLossyNumber, `write "`+n.Value+`" in quotes if it is a name or version`, "%s is read as the number %s", n.Value, formatNumber(v))
	}
}

// legs reads `include` and `exclude`.
func (w *walker) legs(n *yaml.Node, key string) []Leg {
	if n.Kind != yaml.SequenceNode {
		w.at(n, CodeWrongType, "write a list of mappings: "+key+": [{depth: 4}]", "%q of a matrix must be a list, not %s", key, describeNode(n))
		return nil
	}
	var legs []Leg
	for _, c := range n.Content {
		if !w.isMapping(c, key) {
			continue
		}
		var leg Leg
		w.entries(c, place{kind: key, job: w.jobID()}, func(k, v *yaml.Node) {
			w.lossy(v)
			leg = append(leg, LegValue{w.name(k, "a matrix key").Value, w.value(v, scopeMatrix)})
		})
		legs = append(legs, leg)
	}
	return legs
}

// checkLegs bounds the number of combinations.
func (w *walker) checkLegs(m *Matrix, n *yaml.Node) {
	limit := w.opts.MaxLegs
	if limit == 0 {
		limit = defaultLegs
	}
	product := 1
	for _, a := range m.Axes {
		if a.Expr.Value == "" {
			product = min(product*max(len(a.Values), 1), math.MaxInt32)
		}
	}
	if len(m.Axes) == 0 {
		product = 0
	}
	switch legs := product + len(m.Include); {
	case legs > limit:
		w.at(n, CodeMatrix, "try fewer values, or list the combinations under include:", "the matrix of job %q spans %d combinations; at most %d are allowed", w.jobID(), legs, limit)
	case legs == 0:
		w.at(n, CodeMatrix, "write a key with values: matrix: {depth: [4, 8]}", "the matrix of job %q has no combinations", w.jobID())
	}
}
