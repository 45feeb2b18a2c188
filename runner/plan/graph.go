package plan

import (
	"fmt"
	"io"
	"strings"
)

// WriteText draws the graph as lines: each node with what it waits for.
//
//	prepare
//	train@depth=3   ← prepare (data/clean.csv)
func (p *Plan) WriteText(w io.Writer) error {
	width := 0
	for _, n := range p.Nodes {
		width = max(width, len([]rune(n.ID)))
	}
	for _, n := range p.Nodes {
		line := n.ID
		if len(n.Needs) > 0 {
			line += strings.Repeat(" ", width-len([]rune(n.ID))) + "  ← " + strings.Join(p.needTexts(n), ", ")
		}
		if _, err := fmt.Fprintln(w, line); err != nil {
			return err
		}
	}
	return nil
}

func (p *Plan) needTexts(n *Node) []string {
	var out []string
	for _, need := range n.Needs {
		text := p.Nodes[need.Node].ID
		if len(need.Paths) > 0 {
			text += " (" + strings.Join(need.Paths, ", ") + ")"
		}
		out = append(out, text)
	}
	return out
}

// WriteMermaid draws the graph as a Mermaid flowchart, which GitHub shows in
// comments and files.
func (p *Plan) WriteMermaid(w io.Writer) error {
	var b strings.Builder
	b.WriteString("flowchart LR\n")
	for i, n := range p.Nodes {
		open, shut := "[", "]"
		if n.Kind == Select {
			open, shut = "{{", "}}"
		}
		fmt.Fprintf(&b, "  n%d%s\"%s\"%s\n", i, open, mermaidText(n.label()), shut)
	}
	for i, n := range p.Nodes {
		for _, need := range n.Needs {
			if len(need.Paths) > 0 {
				fmt.Fprintf(&b, "  n%d -->|\"%s\"| n%d\n", need.Node, mermaidText(strings.Join(need.Paths, ", ")), i)
			} else {
				fmt.Fprintf(&b, "  n%d --> n%d\n", need.Node, i)
			}
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (n *Node) label() string {
	if n.Kind == Select {
		return n.ID + ": " + n.Select.String()
	}
	return n.ID
}

// String is the rule as people read it: highest auc.
func (s Selection) String() string {
	if s.Highest {
		return "highest " + s.Metric
	}
	return "lowest " + s.Metric
}

// mermaidText keeps a label from ending its own quotes or being read as markup.
func mermaidText(s string) string {
	return strings.NewReplacer(`"`, "#quot;", "<", "#lt;", ">", "#gt;", "\n", " ", "`", "#96;").Replace(s)
}

// WriteDOT draws the graph in Graphviz' language.
func (p *Plan) WriteDOT(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "digraph %s {\n  rankdir=LR;\n  node [shape=box];\n", dotText(p.Pipeline))
	for _, n := range p.Nodes {
		shape := ""
		if n.Kind == Select {
			shape = ", shape=hexagon"
		}
		fmt.Fprintf(&b, "  %s [label=%s%s];\n", dotText(n.ID), dotText(n.label()), shape)
	}
	for _, n := range p.Nodes {
		for _, need := range n.Needs {
			fmt.Fprintf(&b, "  %s -> %s", dotText(p.Nodes[need.Node].ID), dotText(n.ID))
			if len(need.Paths) > 0 {
				fmt.Fprintf(&b, " [label=%s]", dotText(strings.Join(need.Paths, ", ")))
			}
			b.WriteString(";\n")
		}
	}
	b.WriteString("}\n")
	_, err := io.WriteString(w, b.String())
	return err
}

func dotText(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(s) + `"`
}
