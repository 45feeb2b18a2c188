package report

import (
	"math"
	"strings"

	"github.com/mlops-runner/mlops/spec/expression"
)

// parts lists the evaluated sub-expressions of n, itself not among them.
func parts(n *expression.Node) []Part {
	var out []Part
	seen := map[string]bool{}
	walk(n, func(c *expression.Node) {
		text := flat(c.Text)
		if c != n && c.Evaluated && !seen[text] && !literal(c) {
			seen[text] = true
			out = append(out, Part{text, shown(c.Value), computed(c)})
		}
	})
	if len(out) == 0 && !literal(n) { // a gate that is one name or call
		out = append(out, Part{n.Text, shown(n.Value), computed(n)})
	}
	return out
}

// walk visits n and all below it, the larger before the smaller.
func walk(n *expression.Node, visit func(*expression.Node)) {
	visit(n)
	for _, c := range n.Children {
		walk(c, visit)
	}
}

// flat is text on one line.
func flat(text string) string { return strings.Join(strings.Fields(text), " ") }

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
		return flat(n.Text)
	}
	for _, c := range n.Children {
		if text := nullPart(c); text != "" {
			return text
		}
	}
	return ""
}

// valued returns n on one line with the values of what it read and called.
func valued(n *expression.Node) string { return flat(n.String()) }

// failure returns the gate with the values of what it read, what it computed
// from them, and by how much it was missed:
//
//	auc 0.912 >= baseline.auc 0.915 - 0.002 ✗ short by 0.001
//	auc 0.79 > 0.7 && loss 0.4 < 0.1 (auc > 0.7 is true, loss < 0.1 is false by 0.3)
//
// A shortfall says as much as a single computed part, which is then left out.
func failure(n *expression.Node) string {
	short := shortfall(n)
	var more []string
	seen := map[string]bool{}
	walk(n, func(c *expression.Node) {
		text := flat(c.Text)
		if c == n || !c.Evaluated || seen[text] || !computed(c) {
			return
		}
		seen[text] = true
		said := text + " is " + shown(c.Value)
		if by := shortfall(c); by != "" {
			said += " by " + by
		}
		more = append(more, said)
	})
	text := valued(n)
	if len(more) > 1 || len(more) == 1 && short == "" {
		text += " (" + strings.Join(more, ", ") + ")"
	}
	if short != "" {
		text += " ✗ short by " + short
	}
	return text
}

// shortfall is how far apart the sides of a false inequality are, or "".
func shortfall(n *expression.Node) string {
	switch operator(n) {
	case "<", "<=", ">", ">=":
	default:
		return ""
	}
	a, okA := n.Children[0].Value.(float64)
	b, okB := n.Children[1].Value.(float64)
	by := math.Abs(a - b)
	if n.Value != false || !okA || !okB || !(by > 0) || math.IsInf(by, 0) {
		return ""
	}
	return short(by)
}
