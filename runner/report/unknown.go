package report

import (
	"errors"
	"strings"

	"github.com/mlops-runner/mlops/spec/expression"
)

// truth is a value of three-valued logic.
type truth int8

const (
	no truth = iota - 1
	unknown
	yes
)

// A decision is the truth of a part, and the smaller part that it rests on.
type decision struct {
	is  truth
	by  *expression.Node
	err error
}

// decide evaluates a part of a gate as far as that goes without a baseline.
func (b *bench) decide(n *expression.Node) decision {
	switch op := operator(n); op {
	case "!":
		d := b.decide(n.Children[0])
		d.is = -d.is
		return b.whole(n, d)
	case "&&", "||":
		return b.either(n, map[string]truth{"&&": no, "||": yes}[op])
	}
	return b.atom(n)
}

// either decides a chain of && (one no is enough) or || (one yes is enough).
func (b *bench) either(n *expression.Node, enough truth) decision {
	all := decision{is: -enough}
	for _, c := range n.Children {
		d := b.decide(c)
		if d.err != nil || d.is == enough {
			return d
		}
		if d.is == unknown {
			all.is = unknown
		}
		all.by = d.by
	}
	return b.whole(n, all)
}

// whole lets a decision rest on all of n, if all of it can be evaluated: that
// says most. Else it rests on what it did.
func (b *bench) whole(n *expression.Node, d decision) decision {
	if d.err == nil && d.is != unknown {
		if w := b.atom(n); w.err == nil && w.is == d.is {
			return w
		}
	}
	return d
}

// atom evaluates a part for itself.
func (b *bench) atom(n *expression.Node) decision {
	x, err := expression.Parse(n.Text)
	if err != nil {
		return decision{err: err}
	}
	if comparesWithBaseline(x) {
		return decision{is: unknown}
	}
	node, err := x.Trace(b.scope)
	switch {
	case errors.Is(err, errNoBaseline):
		return decision{is: unknown}
	case err != nil:
		return decision{err: err}
	case expression.Truthy(node.Value):
		return decision{is: yes, by: node}
	}
	return decision{is: no, by: node}
}

// operator returns the logical operator that n applies, or "". The nodes of a
// trace keep it to themselves, but what stands between their children, brackets
// aside, tells.
func operator(n *expression.Node) string {
	kids := n.Children
	trim := func(s string) string { return strings.Trim(s, " \t\r\n()") }
	switch {
	case len(kids) == 1 && trim(n.Text[:kids[0].Start-n.Start]) == "!":
		return "!"
	case len(kids) < 2:
		return ""
	}
	switch op := trim(n.Text[kids[0].End-n.Start : kids[1].Start-n.Start]); op {
	case "&&", "||":
		return op
	}
	return ""
}

func comparesWithBaseline(x *expression.Expr) bool {
	for _, r := range x.References() {
		if len(r.Path) > 0 && strings.EqualFold(r.Path[0], "baseline") {
			return true
		}
	}
	return false
}
