package plan

import (
	"container/heap"
	"fmt"
	"strings"
)

// order sorts the nodes so that each comes after all it needs, and in file
// order where that leaves a choice. A circle is reported with every job on it.
func (b *builder) order() {
	nodes := b.plan.Nodes
	waiting := make([]int, len(nodes))
	readers := make([][]int, len(nodes))
	for i, n := range nodes {
		waiting[i] = len(n.Needs)
		for _, need := range n.Needs {
			readers[need.Node] = append(readers[need.Node], i)
		}
	}
	ready := &intHeap{}
	for i := range nodes {
		if waiting[i] == 0 {
			heap.Push(ready, i)
		}
	}
	sorted := make([]int, 0, len(nodes))
	for ready.Len() > 0 {
		i := heap.Pop(ready).(int)
		sorted = append(sorted, i)
		for _, r := range readers[i] {
			if waiting[r]--; waiting[r] == 0 {
				heap.Push(ready, r)
			}
		}
	}
	if len(sorted) < len(nodes) {
		b.cycle(waiting)
		return
	}
	b.renumber(sorted)
}

// renumber puts the nodes into the sorted order and corrects their edges.
func (b *builder) renumber(sorted []int) {
	to := make([]int, len(sorted))
	nodes := make([]*Node, len(sorted))
	for at, i := range sorted {
		to[i], nodes[at] = at, b.plan.Nodes[i]
	}
	for _, n := range nodes {
		for k := range n.Needs {
			n.Needs[k].Node = to[n.Needs[k].Node]
		}
	}
	b.plan.Nodes = nodes
}

// cycle finds one circle among the nodes that still wait and names it in full,
// with the reason of each edge.
func (b *builder) cycle(waiting []int) {
	start := 0
	for waiting[start] == 0 {
		start++
	}
	var walk []int
	at := map[int]int{}
	for i := start; ; i = b.stuck(i, waiting) {
		if from, seen := at[i]; seen {
			walk = walk[from:]
			break
		}
		at[i] = len(walk)
		walk = append(walk, i)
	}
	b.reportCycle(walk)
}

// stuck is a need of node i that waits too.
func (b *builder) stuck(i int, waiting []int) int {
	for _, n := range b.plan.Nodes[i].Needs {
		if waiting[n.Node] > 0 {
			return n.Node
		}
	}
	panic("plan: a waiting node has a waiting need") // or it would have been sorted
}

func (b *builder) reportCycle(walk []int) {
	nodes := b.plan.Nodes
	first := 0 // begin with the node that stands first in the file
	for k, i := range walk {
		if i < walk[first] {
			first = k
		}
	}
	var parts []string
	for k := range walk {
		i, next := walk[(first+k)%len(walk)], walk[(first+k+1)%len(walk)]
		parts = append(parts, nodes[i].ID+" "+b.because(i, next))
	}
	b.report(nodes[walk[first]].Pos, "cycle",
		fmt.Sprintf("jobs wait for each other: %s", strings.Join(parts, ", ")),
		"remove one of these edges")
}

// because says why node i waits for next.
func (b *builder) because(i, next int) string {
	for _, n := range b.plan.Nodes[i].Needs {
		if n.Node == next && len(n.Paths) > 0 {
			return "reads " + strings.Join(n.Paths, " and ") + " of " + b.plan.Nodes[next].ID
		}
	}
	return "needs " + b.plan.Nodes[next].ID
}

type intHeap []int

func (h intHeap) Len() int           { return len(h) }
func (h intHeap) Less(i, j int) bool { return h[i] < h[j] }
func (h intHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *intHeap) Push(x any)        { *h = append(*h, x.(int)) }
func (h *intHeap) Pop() any {
	old := *h
	x := old[len(old)-1]
	*h = old[:len(old)-1]
	return x
}
