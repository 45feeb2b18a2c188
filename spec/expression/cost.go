package expression

import (
	"math"
	"strings"
)

// What Check assumes of what it cannot know, and allows in the worst case.
const (
	assumedItems = 100   // of an array or object
	assumedText  = 100   // bytes of a text
	assumedJSON  = 10000 // bytes of an array or object as JSON
	maxCost      = 1e6   // operations and items
)

// cost is what a part may take: how many operations in all, how many items its
// value has, and how many bytes its text.
type cost struct{ work, items, text float64 }

// limitCost reports an expression whose cost is too high by those assumptions:
// `.*` four times in a row, or format() within format() that multiplies its
// text at each level. Evaluation has its own limits; this one speaks before
// anything runs.
func (c *typer) limitCost(root *node) {
	got := costOf(root)
	if got.work > maxCost {
		c.report(root.start, root.end, "the expression may cost too much: about "+formatNumber(got.work)+
			" operations on arrays of 100 items, 1000000 are allowed", "")
	} else if got.text > MaxText {
		c.report(root.start, root.end, "the expression may build too much text: about "+
			formatNumber(math.Round(got.text/(1<<20)))+" MiB, 10 are allowed", "")
	}
}

func costOf(n *node) cost {
	switch n.op {
	case opNull, opBool, opNumber, opName:
		return cost{work: 1, items: 1, text: assumedText}
	case opString:
		return cost{work: 1, items: 1, text: float64(len(n.text))}
	case opFilter:
		of := costOf(n.args[0])
		of.items *= assumedItems
		of.work += of.items
		return of
	case opCall:
		return costOfCall(n)
	}
	sum := cost{work: 1}
	for _, a := range n.args {
		of := costOf(a)
		sum = cost{sum.work + of.work, max(sum.items, of.items), max(sum.text, of.text)}
	}
	if n.op == opProperty || n.op == opIndex {
		sum.work += sum.items
	}
	return sum
}

func costOfCall(n *node) cost {
	sum := cost{work: 1, items: 1, text: assumedText}
	args := make([]cost, len(n.args))
	for i, a := range n.args {
		args[i] = costOf(a)
		sum.work += args[i].work + args[i].items
		sum.text = max(sum.text, args[i].text)
	}
	switch {
	case len(n.args) == 0:
	case sameName(n.text, "format"):
		sum.text = textOfFormat(n.args[0], args)
	case sameName(n.text, "join"):
		sum.text = args[0].items * assumedItems * assumedText
	case sameName(n.text, "toJSON"):
		sum.text = max(assumedJSON, 2*args[0].text) * args[0].items
	}
	return sum
}

// textOfFormat is the size of what format() returns: of a literal, as often as
// each argument is named; else of all arguments once.
func textOfFormat(src *node, args []cost) float64 {
	size := args[0].text
	src = src.ungroup()
	for i, a := range args[1:] {
		times := 1
		if src.op == opString {
			times = strings.Count(src.text, "{"+formatNumber(float64(i))+"}")
		}
		size += float64(times) * a.text
	}
	return size
}
