package runner

import (
	"context"
	"slices"
	"strings"

	"github.com/mlops-runner/mlops/runner/agent"
	"github.com/mlops-runner/mlops/runner/plan"
)

// enterGroup sends a ready node on its way into its concurrency group; it is
// ready again when its turn has come, and takes no slot until then. Jobs of one
// run follow each other, so that they do not replace one another as those of
// different runs do: it reports false for a node that another one keeps out.
func (s *schedule) enterGroup(i, node int, n *plan.Node) bool {
	if _, still := s.entered[s.kept[node]]; still { // known without evaluating anything again
		return false
	}
	cancelled := s.soft.Err() != nil
	m, err := s.jobMembership(n, s.member, cancelled)
	key := strings.ToLower(m.group)
	if _, taken := s.entered[key]; err == nil && m.group != "" && taken {
		s.kept[node] = key
		return false
	}
	delete(s.kept, node)
	s.take(i)
	switch {
	case err != nil:
		o := &outcome{status: agent.Failure, reason: agent.ReasonConfig, err: err.Error()}
		s.settle(node, s.end(n, o, s.newJob(n, decision{})))
	case m.group == "": // its condition is false
		s.launch(node, n)
	default:
		s.entered[key] = node
		s.active++
		ctx := s.context(n)
		go func() {
			o, t := s.awaitTurn(ctx, n, m, cancelled)
			s.ended <- ended{node: node, outcome: o, turn: t}
		}()
	}
	return true
}

// leaveGroup lets the next one into the group of a node that has ended.
func (s *schedule) leaveGroup(node int) {
	s.leave(s.turns[node])
	delete(s.turns, node)
	for key, in := range s.entered {
		if in == node {
			delete(s.entered, key)
		}
	}
}

// keepTurn notes that a node is at work in its group, though it may wait for a
// slot yet, and lets the schedule look again when that time is over.
func (s *schedule) keepTurn(node int, t *turn) {
	s.turns[node] = t
	context.AfterFunc(t.ctx, func() {
		select {
		case s.over <- struct{}{}:
		default: // it looks at all of them
		}
	})
}

// yield ends nodes that have their turn, wait for a slot and are not to get one
// any more, so that their groups need not wait for the slot too.
func (s *schedule) yield() {
	if len(s.turns) == 0 {
		return
	}
	for _, node := range slices.Clone(s.ready) {
		t, n := s.turns[node], s.Plan.Nodes[node]
		if t == nil {
			continue
		}
		h := s.withheld(n)
		if h == nil && t.askedBy() != nil {
			h = &holdback{agent.Canceled, whyStopped(t.ctx)}
		}
		if h != nil {
			s.take(slices.Index(s.ready, node))
			s.settle(node, s.skip(n, h.status, h.why))
		}
	}
}
