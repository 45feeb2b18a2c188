package plan

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// WriteText draws the graph as lines: each node with what it waits for.
//
//	prepare
//	train@depth=3   ← prepare (data/clean.csv)
func (p *Plan) WriteText(w io.Writer) error {
	width := 0
	for _, n := range p.drawn() {
		width = max(width, utf8.RuneCountInString(oneLine(n.ID)))
	}
	for _, n := range p.drawn() {
		line := oneLine(n.ID)
		if len(n.Needs) > 0 {
			line += strings.Repeat(" ", width-utf8.RuneCountInString(line)) + "  ← " + strings.Join(p.needTexts(n), ", ") + moreSeeds(n)
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
		text := oneLine(p.Nodes[need.Node].ID)
		if len(need.Paths) > 0 {
			text += " (" + oneLine(strings.Join(need.Paths, ", ")) + ")"
		}
		out = append(out, text)
	}
	return out
}

// oneLine shows characters that would move the cursor, or the text around them, as escapes.
func oneLine(s string) string {
	if strings.IndexFunc(s, hidden) < 0 && utf8.ValidString(s) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if hidden(r) || r == utf8.RuneError {
			q := strconv.QuoteRuneToASCII(r)
			b.WriteString(q[1 : len(q)-1])
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

func hidden(r rune) bool { return !unicode.IsPrint(r) }

// WriteMermaid draws the graph as a Mermaid flowchart, which GitHub shows in
// comments and files.
func (p *Plan) WriteMermaid(w io.Writer) error {
	var b strings.Builder
	b.WriteString("flowchart LR\n")
	for i, n := range p.Nodes {
		if n.Spare {
			continue
		}
		open, shut := "[", "]"
		if n.Kind == Select {
			open, shut = "{{", "}}"
		}
		fmt.Fprintf(&b, "  n%d%s\"%s\"%s\n", i, open, mermaidText(n.label()), shut)
	}
	for i, n := range p.Nodes {
		if n.Spare {
			continue
		}
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
		return n.ID + ": " + n.Select.String() + n.MoreSeeds()
	}
	return n.ID
}

// drawn are the nodes that a drawing shows: spare legs are a remark at who chooses.
func (p *Plan) drawn() []*Node {
	return slices.DeleteFunc(slices.Clone(p.Nodes), func(n *Node) bool { return n.Spare })
}

func moreSeeds(n *Node) string {
	if n.Kind != Select {
		return ""
	}
	return n.MoreSeeds()
}

// String is the rule as people read it: highest auc, or first.
func (s Selection) String() string {
	if s.Follow != "" && s.Metric == "" {
		return "as " + s.Follow
	}
	if s.Metric == "" {
		return "first"
	}
	if s.Highest {
		return "highest " + s.Metric
	}
	return "lowest " + s.Metric
}

// mermaidText keeps a label from ending its own quotes or being read as markup.
// Mermaid reads #name; as an entity, and the label as HTML or Markdown.
func mermaidText(s string) string { return mermaidEscapes.Replace(oneLine(s)) }

var mermaidEscapes = strings.NewReplacer("#", "#35;", `"`, "#quot;", "&", "#amp;", "<", "#lt;", ">", "#gt;", "`", "#96;", `\`, "#92;")

// WriteDOT draws the graph in Graphviz' language.
func (p *Plan) WriteDOT(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "digraph %s {\n  rankdir=LR;\n  node [shape=box];\n", dotText(p.Pipeline))
	for _, n := range p.drawn() {
		shape := ""
		if n.Kind == Select {
			shape = ", shape=hexagon"
		}
		fmt.Fprintf(&b, "  %s [label=%s%s];\n", dotText(n.ID), dotText(n.label()), shape)
	}
	for _, n := range p.drawn() {
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

// dotText quotes a text so that neither DOT nor its labels, in which \N is the
// node's name, read anything in it.
func dotText(s string) string {
	return `"` + dotEscapes.Replace(oneLine(s)) + `"`
}

var dotEscapes = strings.NewReplacer(`\`, `\\`, `"`, `\"`)
