package runner

import (
	"context"
	"time"

	"github.com/mlops-runner/mlops/runner/plan"
)

// maxParked is how many jobs may wait for room: so far ahead is looked for one
// that fits. Each of them has digested its inputs and holds them in memory.
const maxParked = 64

// claim waits until the machine has room for a node, and returns its part,
// which lasts until the node ends or claims again. waited is whether others had
// to end first: what was decided about the node may then not hold any more.
func (x *execution) claim(ctx context.Context, n *plan.Node, image Image, again bool) (g grant, waited bool, err error) {
	c, r := x.capacityFor(ctx, n, image), whole(n)
	if err := c.refuse(n.ID, r, image.Platform); err != nil {
		return g, false, err
	}
	mine := &claim{node: x.Plan.Index(n.ID), need: c.demand(n, x.jobs()), since: x.now(), again: again, granted: make(chan grant, 1)}
	x.claims <- mine // the schedule listens until this node has ended
	select {
	case g = <-mine.granted:
		return g, mine.told, nil
	case <-ctx.Done():
		return g, false, context.Cause(ctx)
	}
}

// park takes a claim in. Its node gives up its place among those that run, and
// what it held before.
func (s *schedule) park(c *claim) {
	if !c.again { // who tries again keeps its slot: another job in it might wait for this one
		s.busy--
	}
	s.free(c.node)
	s.parked = append(s.parked, c)
}

// admit lets those go on for which there is room, and tells who waits.
func (s *schedule) admit() {
	if len(s.parked) == 0 {
		if s.packer != nil {
			s.packer.leases.round()() // nobody waits any more
		}
		return
	}
	if s.packer == nil {
		s.packer = s.machine.packer()
		s.packer.leases = s.newLeases(&s.machine.Capacity)
	}
	s.withdraw()
	got, rest := s.packer.admit(s.parked, s.jobs()-s.busy, s.now())
	s.parked = rest
	for c, g := range got {
		s.pause = lookFirst
		if !c.again {
			s.busy++
		}
		s.held[c.node] = g
		c.granted <- g
	}
	for _, c := range rest {
		if !c.told {
			c.told = true
			id := s.Plan.Nodes[c.node].ID
			s.watch.send(Event{Kind: JobQueued, Job: id})
			s.watch.send(Event{Kind: Waiting, Job: id, Text: "waiting for " + s.packer.lacking(c)})
		}
	}
}

// barred lets the schedule look again, in a while, for what another run has:
// nobody tells when it gives that back. It is nil if nobody waits for any.
func (s *schedule) barred() <-chan time.Time {
	for _, c := range s.parked {
		if c.barred != "" {
			return time.After(s.pause)
		}
	}
	return nil
}

// How long something may stay unused that one run has given back and another one
// waits for: a little while after a job has got what it needs, for short jobs of
// two runs would take turns no faster, and longer each time that nothing has been
// given back. To look costs some twenty system calls.
const (
	lookFirst = 2 * time.Millisecond
	lookLast  = 100 * time.Millisecond
)

// withdraw ends those that are not to be started any more, since another job
// failed.
func (s *schedule) withdraw() {
	rest := s.parked[:0]
	for _, c := range s.parked {
		if !c.again {
			if h := s.withheld(s.Plan.Nodes[c.node]); h != nil {
				s.busy++
				c.granted <- grant{held: h}
				continue
			}
		}
		rest = append(rest, c)
	}
	s.parked = rest
}

// vacateRoom ends what a node had of the machine.
func (s *schedule) vacateRoom(node int) {
	s.free(node)
	for i, c := range s.parked {
		if c.node == node { // cancelled while it waited
			s.parked = append(s.parked[:i:i], s.parked[i+1:]...)
			if c.again {
				s.busy--
			}
			return
		}
	}
	s.busy--
}

func (s *schedule) free(node int) {
	if g, ok := s.held[node]; ok {
		s.packer.giveBack(g)
		delete(s.held, node)
	}
}
