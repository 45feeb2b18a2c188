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
	is   truth
	by   *expression.Node
	open *openError // why it is unknown
	err  error
}

// An openError ends the evaluation of a part that cannot be known.
type openError struct {
	outcome Outcome // NoBaseline, Undecided or Errored
	text    string
}

func (e *openError) Error() string { return e.text }

// graver reports whether a reason counts before another one.
func (e *openError) graver(other *openError) bool {
	grave := map[Outcome]int{NoBaseline: 0, Undecided: 1, Errored: 2}
	return grave[e.outcome] > grave[other.outcome]
}

func nothingToCompare() *openError { return &openError{NoBaseline, "there is nothing to compare with"} }

// openOf returns the openError in err, or nil.
func openOf(err error) *openError {
	var open *openError
	errors.As(err, &open)
	return open
}

// decide evaluates a part of a gate as far as that goes with what is known.
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
// Of two reasons why it is unknown, the graver counts.
func (b *bench) either(n *expression.Node, enough truth) decision {
	all := decision{is: -enough}
	for _, c := range n.Children {
		d := b.decide(c)
		if d.err != nil || d.is == enough {
			return d
		}
		if d.is == unknown {
			all.is = unknown
			if all.open == nil || d.open.graver(all.open) {
				all.open = d.open
			}
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
	if open := b.lacks(x); open != nil {
		return decision{is: unknown, open: open}
	}
	node, err := x.Trace(b.scope)
	if open := openOf(err); open != nil {
		return decision{is: unknown, open: open}
	}
	switch {
	case err != nil:
		return decision{err: err}
	case expression.Truthy(node.Value):
		return decision{is: yes, by: node}
	}
	return decision{is: no, by: node}
}

// operator returns the logical operator or the comparison that n applies, or
// "". The nodes of a trace keep it to themselves, but what stands between their
// children, brackets aside, tells.
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
	case "&&", "||", "<", "<=", ">", ">=", "==", "!=":
		return op
	}
	return ""
}
