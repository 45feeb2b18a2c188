package report

import (
	"strings"

	"github.com/mlops-runner/mlops/spec/expression"
)

// parts lists the evaluated sub-expressions of n, itself not among them.
func parts(n *expression.Node) []Part {
	var out []Part
	seen := map[string]bool{}
	var walk func(*expression.Node)
	walk = func(n *expression.Node) {
		for _, c := range n.Children {
			text := strings.Join(strings.Fields(c.Text), " ")
			if c.Evaluated && !seen[text] && !literal(c) {
				seen[text] = true
				out = append(out, Part{text, shown(c.Value), computed(c)})
			}
			walk(c)
		}
	}
	walk(n)
	if len(out) == 0 && !literal(n) { // a gate that is one name or call
		out = append(out, Part{n.Text, shown(n.Value), computed(n)})
	}
	return out
}

// literal reports whether n stands for itself.
func literal(n *expression.Node) bool {
	x, err := expression.Parse(n.Text)
	return err != nil || len(n.Children) == 0 && len(x.References()) == 0 && !strings.Contains(n.Text, "(")
}

// computed reports whether n is an operator's result.
func computed(n *expression.Node) bool {
	return len(n.Children) > 0 && n.Evaluated && !strings.HasSuffix(n.String(), " "+shown(n.Value))
}

func shown(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case string:
		return "'" + v + "'"
	}
	return expression.Format(v)
}

// nullPart returns the text of a part that was read and is null, or "": null
// counts as 0 in comparisons, which would let a gate pass on nothing.
func nullPart(n *expression.Node) string {
	if n == nil {
		return ""
	}
	if n.Evaluated && n.Value == nil && !literal(n) {
		return strings.Join(strings.Fields(n.Text), " ")
	}
	for _, c := range n.Children {
		if text := nullPart(c); text != "" {
			return text
		}
	}
	return ""
}

// valued returns n on one line with the values of what it read and called.
func valued(n *expression.Node) string { return strings.Join(strings.Fields(n.String()), " ") }

// failure returns the gate with the values of what it read, and behind it those
// of what it computed from them.
func failure(n *expression.Node, ps []Part) string {
	text := valued(n)
	var more []string
	for _, p := range ps {
		if p.Computed {
			more = append(more, p.Text+" is "+p.Value)
		}
	}
	if len(more) > 0 {
		text += " (" + strings.Join(more, ", ") + ")"
	}
	return text
}
