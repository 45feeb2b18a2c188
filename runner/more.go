package runner

import (
	"slices"
)

// wantsMore asks whether more is to be run before the run is decided on, and
// readies it. Only plans with spare nodes are asked for.
func (x *execution) wantsMore(s *schedule, turn *runTurn) bool {
	if x.Judge == nil || !x.spares() {
		return false
	}
	run := x.tally(turn)
	if !x.judges(run) {
		return false
	}
	j, err := x.ask(turn.hard, turn.soft, run)
	if err != nil {
		return false // finish asks again, and tells
	}
	s.add(j.More)
	return len(s.ready) > 0
}

// spares reports whether nodes that stand by have not run.
func (x *execution) spares() bool {
	for i, n := range x.Plan.Nodes {
		if n.Spare && x.outcomes[i] == nil {
			return true
		}
	}
	return false
}

// add readies nodes that the schedule did not have, after it came to its end: ids
// are in the order of the plan. Those that may not be added, since they or what they
// need have not the outcomes that they should have, are left out.
func (s *schedule) add(ids []string) {
	clear(s.groups) // their contexts ended with the loop
	added := map[int]bool{}
	for _, id := range ids {
		i := s.Plan.Index(id)
		if i < 0 || s.outcomes[i] != nil {
			continue
		}
		var open []int // needed nodes that are to run now
		for _, need := range s.Plan.Nodes[i].Needs {
			if s.outcomes[need.Node] == nil {
				open = append(open, need.Node)
			}
		}
		if slices.ContainsFunc(open, func(need int) bool { return !added[need] }) {
			continue
		}
		added[i] = true
		for _, need := range open {
			s.readers[need] = append(s.readers[need], i)
		}
		if s.waiting[i] = len(open); len(open) == 0 {
			s.insert(i)
		}
	}
}
