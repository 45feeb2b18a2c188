package runner

import (
	"github.com/mlops-runner/mlops/runner/plan"
	"github.com/mlops-runner/mlops/runner/store"
)

// A room is where a run keeps what became of its nodes. It is made as large as the
// plan before the first job starts, so that the run does not grow while jobs end:
// a machine that has room for its beginning has room for its end.
type room struct {
	nodes   []settled     // by node
	outputs []store.Entry // for those that are to come: as many as the plan names
}

// settled is what became of one node.
type settled struct {
	outcome outcome
	product product // that the outcome points to, if it has one of its own
}

func newRoom(p *plan.Plan) *room {
	named := 0
	for _, n := range p.Nodes {
		named += len(n.Outputs)
	}
	return &room{make([]settled, len(p.Nodes)), make([]store.Entry, named)}
}

// keep copies what became of a node, to where it stays until the run ends.
func (r *room) keep(node int, o *outcome) *outcome {
	s := &r.nodes[node]
	s.outcome = *o
	if o.product != nil && o.leg == "" { // a Select node's is that of its leg
		s.product = *o.product
		s.product.outputs = r.place(o.product.outputs)
		s.outcome.product = &s.product
	}
	return &s.outcome
}

// place copies outputs to where there is room for them. A folder may have more
// files than there is room for; these stay where they are.
func (r *room) place(es []store.Entry) []store.Entry {
	if len(es) > len(r.outputs) {
		return es
	}
	mine := r.outputs[:len(es):len(es)]
	r.outputs = r.outputs[len(es):]
	copy(mine, es)
	return mine
}
