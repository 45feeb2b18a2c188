package runner

import (
	"context"
	"slices"

	"github.com/mlops-runner/mlops/runner/agent"
	"github.com/mlops-runner/mlops/runner/plan"
	"github.com/mlops-runner/mlops/runner/record"
)

// A schedule starts nodes when all that they need has ended. One goroutine,
// in loop, owns all of it.
type schedule struct {
	*execution
	room       *room
	hard, soft context.Context
	usual      context.Context // ends with the first signal, and the second kills it
	ended      chan ended
	parked     []*claim          // who waits for room on the machine, in order of asking
	held       map[int]grant     // by node: what it has of the machine
	packer     *packer           // nil until somebody asked
	waiting    []int             // by node: how many needed nodes have not ended
	readers    [][]int           // by node: who needs it
	ready      []int             // in the order of the plan, as far as possible
	news       []int             // ready since the last announce
	taken      []bool            // by node: no longer ready
	active     int               // nodes in a goroutine, waiting or not
	busy       int               // of these, those that take a slot
	legs       map[string]int    // running legs of a matrix job
	groups     map[string]*group // by matrix job
	failed     string            // the first job that failed, or ""

	member  membership     // of the run
	entered map[string]int // concurrency group → the node of this run that is in it, or on its way
	kept    map[int]string // node that is ready → group that another one keeps it out of
	turns   map[int]*turn  // of nodes that are in a group
	over    chan struct{}  // filled when the turn of a node ends, perhaps of one that is ready
}

// A group is the legs of one job, which fail-fast ends together.
type group struct {
	ctx    context.Context
	cancel context.CancelCauseFunc
	failed string // the leg that failed
}

// why says why fail-fast ends the legs that have not failed.
func (g *group) why() string { return g.failed + " failed and the matrix has fail-fast" }

type ended struct {
	node    int
	outcome *outcome // nil for a node that has not run yet and whose turn has come
	turn    *turn
	slot    bool // it had one
}

func newSchedule(x *execution, hard, soft context.Context) *schedule {
	n := len(x.Plan.Nodes)
	s := &schedule{
		execution: x, room: newRoom(x.Plan), hard: hard, soft: soft, usual: agent.WithKill(soft, hard), ended: make(chan ended), waiting: make([]int, n), readers: make([][]int, n), taken: make([]bool, n),
		legs: map[string]int{}, groups: map[string]*group{}, entered: map[string]int{}, kept: map[int]string{}, held: map[int]grant{}, turns: map[int]*turn{},
		over: make(chan struct{}, 1),
	}
	for i, node := range x.Plan.Nodes {
		if !x.selected(i) {
			continue
		}
		s.waiting[i] = len(node.Needs)
		for _, need := range node.Needs {
			s.readers[need.Node] = append(s.readers[need.Node], i)
		}
		if len(node.Needs) == 0 {
			s.ready = append(s.ready, i)
		}
	}
	s.news = slices.Clone(s.ready)
	return s
}

// loop runs until everything has ended.
func (s *schedule) loop() {
	defer s.cancelGroups()
	defer s.unbar()
	for {
		s.admit()
		s.yield()
		s.start()
		s.announce()
		if s.active == 0 {
			return
		}
		select {
		case <-s.barred():
		case <-s.over:
		case c := <-s.claims:
			s.park(c)
		case e := <-s.ended:
			s.back(e)
		}
	}
}

// back takes a node's goroutine in, which has ended.
func (s *schedule) back(e ended) {
	s.active--
	if e.slot {
		s.vacateRoom(e.node)
		if n := s.Plan.Nodes[e.node]; n.MaxParallel > 0 {
			s.legs[n.Job]--
		}
	}
	if e.outcome == nil {
		if e.turn != nil {
			s.keepTurn(e.node, e.turn)
		}
		s.insert(e.node)
		return
	}
	s.settle(e.node, e.outcome)
}

// announce tells which jobs have become ready and wait for nothing but a slot.
func (s *schedule) announce() {
	for _, node := range s.news {
		if n := s.Plan.Nodes[node]; !s.taken[node] && n.Kind == plan.Run {
			s.watch.send(Event{Kind: JobQueued, Job: n.ID})
		}
	}
	s.news = s.news[:0]
}

func (s *schedule) cancelGroups() {
	for _, g := range s.groups {
		g.cancel(nil)
	}
}

// start gives free slots to ready nodes, in order; a leg beyond max-parallel
// lets others pass. Nodes that need no slot are settled at once.
func (s *schedule) start() {
	for i := 0; i < len(s.ready); {
		node := s.ready[i]
		n := s.Plan.Nodes[node]
		if n.Kind == plan.Select {
			s.take(i)
			s.settle(node, s.selectLeg(n))
			i = 0
			continue
		}
		if h := s.withheld(n); h != nil {
			s.take(i)
			s.settle(node, s.skip(n, h.status, h.why))
			i = 0
			continue
		}
		if s.busy >= s.jobs() || len(s.parked) >= maxParked {
			return
		}
		if n.MaxParallel > 0 && s.legs[n.Job] >= n.MaxParallel {
			i++
			continue
		}
		if s.turns[node] == nil && n.Group.Name != "" {
			if s.enterGroup(i, node, n) {
				i = 0
			} else {
				i++
			}
			continue
		}
		s.take(i)
		s.launch(node, n)
	}
}

func (s *schedule) take(i int) {
	s.taken[s.ready[i]] = true
	s.ready = append(s.ready[:i], s.ready[i+1:]...)
}

// launch decides about a node, and runs it if need be, in a goroutine.
func (s *schedule) launch(node int, n *plan.Node) {
	s.active++
	s.busy++
	if n.MaxParallel > 0 {
		s.legs[n.Job]++
	}
	ctx := s.context(n)
	cancelled := s.soft.Err() != nil
	if t := s.turns[node]; t != nil && (!cancelled || t.askedBy() != nil) {
		ctx = t.ctx
	}
	// A node that a signal met while it waited may have to run all the same.
	again := func() bool { return !cancelled && s.soft.Err() != nil && s.hard.Err() == nil }
	go func() {
		s.ended <- ended{node: node, outcome: s.perform(ctx, n, cancelled, again), slot: true}
	}()
}

// context is what a node runs under: one that the first signal ends, of a leg
// also its group, or, after a signal, one that only the second ends.
func (s *schedule) context(n *plan.Node) context.Context {
	switch {
	case s.soft.Err() != nil:
		return s.hard
	case len(n.Leg) == 0:
		return s.usual
	}
	g := s.groups[n.Job]
	if g == nil {
		ctx, cancel := context.WithCancelCause(s.soft)
		g = &group{ctx: agent.WithKill(ctx, s.hard), cancel: cancel}
		s.groups[n.Job] = g
	}
	return g.ctx
}

// A holdback is why a node is not started, and how it counts.
type holdback struct {
	status agent.Status
	why    string
}

// withheld says why a node is not to be started: after a failure, a signal, or
// the failure of another leg. It is nil for one that is.
func (s *schedule) withheld(n *plan.Node) *holdback {
	h := &holdback{status: agent.Skipped}
	switch g := s.groups[n.Job]; {
	case s.hard.Err() != nil:
		return &holdback{agent.Canceled, "the run was cancelled"}
	case s.soft.Err() != nil:
		h = &holdback{agent.Canceled, "the run was cancelled"}
	case g != nil && g.failed != "" && n.FailFast:
		return &holdback{agent.Canceled, g.why()}
	case s.failed != "" && !s.Options.KeepGoing:
		h.why = s.failed + " failed; --keep-going would run it"
	default:
		return nil
	}
	c := s.condition(n, s.contexts.scope(n, s.needs(n)), s.soft.Err() != nil)
	if c.regardless && c.run {
		return nil
	}
	if bad := s.unsuccessful(n); bad != "" && h.status == agent.Skipped {
		h.why = bad
	}
	return h
}

// settle notes an outcome and readies who waited for it.
func (s *schedule) settle(node int, o *outcome) {
	s.leaveGroup(node)
	s.outcomes[node] = s.room.keep(node, o)
	n := s.Plan.Nodes[node]
	if o.status == agent.Failure && !o.soft {
		if s.failed == "" {
			s.failed = n.ID
		}
		s.failFast(n)
	}
	for _, r := range s.readers[node] {
		if s.waiting[r]--; s.waiting[r] == 0 {
			s.insert(r)
		}
	}
}

// insert keeps ready nodes in the order of the plan.
func (s *schedule) insert(node int) {
	i := len(s.ready)
	for i > 0 && s.ready[i-1] > node {
		i--
	}
	s.ready = append(s.ready, 0)
	copy(s.ready[i+1:], s.ready[i:])
	s.ready[i] = node
	s.taken[node] = false // it may come back from waiting for its turn in a group
	s.news = append(s.news, node)
}

// failFast cancels the other legs of a matrix.
func (s *schedule) failFast(n *plan.Node) {
	g := s.groups[n.Job]
	if g == nil || !n.FailFast || len(n.Leg) == 0 || g.failed != "" {
		return
	}
	g.failed = n.ID
	g.cancel(&stopError{g.why()})
}

// selectLeg settles a Select node: the winner's outputs become the job's.
func (s *schedule) selectLeg(n *plan.Node) *outcome {
	if why := s.unsuccessful(n); why != "" {
		return &outcome{status: agent.Skipped, err: why}
	}
	o := s.choose(n)
	if o.err == "" {
		if err := s.publish(s.hard, n, o.product.outputs); err != nil {
			o = failure(n, err)
		}
	}
	if o.err != "" {
		return s.end(n, o, &record.Job{ID: n.ID, Job: n.Job})
	}
	return o
}
