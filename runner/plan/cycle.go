package plan

import (
	"fmt"
	"strings"

	"github.com/mlops-runner/mlops/spec"
)

// cycles reports circles among the nodes that still wait, each in full, until
// none is left that shares no edge between jobs with one that was reported.
func (b *builder) cycles(waiting []int) {
	c := &cycleFinder{nodes: b.plan.Nodes, waiting: waiting, cut: map[[2]string]bool{}, state: make([]visit, len(waiting))}
	for i := range waiting {
		if waiting[i] > 0 {
			c.from(i, b.reportCycle)
		}
	}
}

// cycleFinder goes depth-first through the needs of nodes that wait.
type cycleFinder struct {
	nodes   []*Node
	waiting []int
	cut     map[[2]string]bool // edges between jobs that belong to a reported circle
	state   []visit
	path    []int // from the start to the current node
}

type visit uint8

const (
	unseen visit = iota
	onPath
	done
)

// from calls found with each circle that can be reached from node i. It keeps
// its own stack: a circle may be as long as the file.
func (c *cycleFinder) from(i int, found func([]int)) {
	if c.state[i] != unseen {
		return
	}
	next := []int{0} // for each node of the path, the need to look at
	c.state[i], c.path = onPath, append(c.path[:0], i)
	for len(c.path) > 0 {
		top := len(c.path) - 1
		n := c.nodes[c.path[top]]
		if next[top] == len(n.Needs) {
			c.state[c.path[top]], c.path, next = done, c.path[:top], next[:top]
			continue
		}
		to := n.Needs[next[top]].Node
		next[top]++
		switch {
		case c.waiting[to] == 0 || c.state[to] == done || c.cut[[2]string{n.Job, c.nodes[to].Job}]:
		case c.state[to] == onPath:
			found(c.circle(to))
		default:
			c.state[to], c.path, next = onPath, append(c.path, to), append(next, 0)
		}
	}
}

// circle returns the end of the path from a node on, and cuts its edges.
func (c *cycleFinder) circle(from int) []int {
	at := len(c.path) - 1
	for c.path[at] != from {
		at--
	}
	walk := c.path[at:]
	for k, i := range walk {
		c.cut[[2]string{c.nodes[i].Job, c.nodes[walk[(k+1)%len(walk)]].Job}] = true
	}
	return walk
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
	b.report(nodes[walk[first]].Pos, spec.CodeCycle,
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
