package view

import (
	"sync"

	"github.com/mlops-runner/mlops/runner"
)

// quiet writes errors and nothing else; a run without any writes nothing.
type quiet struct {
	mu   sync.Mutex // guards all below
	o    Options
	tell teller
	sink sink
}

var _ View = (*quiet)(nil)

func newQuiet(o Options) *quiet {
	return &quiet{o: o, tell: newTeller(o), sink: sink{w: o.Err}}
}

// Event implements [View].
func (q *quiet) Event(e runner.Event) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if e.Time.IsZero() {
		e.Time = q.o.Now()
	}
	q.tell.apply(e)
	switch {
	case e.Kind == runner.Notice && e.Level == "error":
		q.sink.write([]byte(q.tell.line(e) + "\n"))
	case e.Kind == runner.RunEnded && e.Summary != nil && e.Summary.Status != "success":
		q.failed(e.Summary)
	}
}

// failed writes why the run did not succeed.
func (q *quiet) failed(sum *runner.Summary) {
	r := reporter{q.tell.state, sum, q.tell.paint, 0, false, false}
	for _, line := range append(r.failures(), r.totals()...) {
		q.sink.write([]byte(line + "\n"))
	}
}

// Close implements [View].
func (q *quiet) Close() error {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.sink.err
}
