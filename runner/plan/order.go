package plan

import "container/heap"

// order sorts the nodes so that each comes after all it needs, and in file
// order where that leaves a choice. Circles are reported.
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
		b.cycles(waiting)
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
