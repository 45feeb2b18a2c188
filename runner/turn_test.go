package runner_test

import (
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/mlops-runner/mlops/runner"
	"github.com/mlops-runner/mlops/runner/concurrency"
)

// A job whose group is taken while it waits for room on the machine says who
// took it; its run was not cancelled.
func TestTakenWhileItWaits(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.write("mlops.yaml", "jobs:\n  big: {inputs: [], resources: {cpus: 2}, run: const}\n  late: {inputs: [], resources: {cpus: 2}, concurrency: g, run: sum}\n")
	r, done := p.runner(runner.Options{Jobs: 2, KeepGoing: true})
	defer done()
	g := &gated{measured: &measured{fake: p.fake, capacity: runner.Capacity{CPUs: 2}, devices: map[string][]string{}}, open: make(chan struct{})}
	r.Executor = g
	at := concurrency.At(r.Store.Root())
	join := func(cancel bool) *concurrency.Seat {
		s, err := at.Join(context.Background(), concurrency.Request{Group: "g", Cancel: cancel, Member: concurrency.Member{Run: "1", Pipeline: "newer", Folder: "/x"}})
		if err != nil {
			t.Error(err)
		}
		return s
	}
	leave := func(s *concurrency.Seat) {
		if err := s.Leave(); err != nil {
			t.Error(err)
		}
	}
	first := join(false) // so that big is the first on the machine
	var why string
	var others sync.WaitGroup
	r.Watch = func(e runner.Event) {
		switch {
		case e.Kind == runner.JobStarted && e.Job == "big":
			others.Go(func() { leave(first) })
		case e.Kind == runner.Waiting && e.Job == "late":
			others.Go(func() { leave(join(true)) })
		case e.Kind == runner.JobEnded && e.Job == "late":
			why = e.Status + ": " + e.Error
			close(g.open)
		}
	}
	if _, err := r.Run(context.Background(), context.Background()); err != nil {
		t.Fatal(err)
	}
	others.Wait()
	if want := `cancelled: a newer run of its concurrency group "g" took its place: newer in /x, pid `; !strings.HasPrefix(why, want) {
		t.Errorf("%s\nwant %s", why, want)
	}
}

// A job that has got its turn and then waits for a slot is ready, and no longer
// looks at its group by itself. It makes room at once for a newer one all the
// same, not only when a slot is free, and so it does when its run is cancelled.
func TestTakenWhileItWaitsForASlot(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		ask  func(newer func() *concurrency.Seat, cancel func())
		want string
	}{
		{"a newer one takes its place", func(newer func() *concurrency.Seat, _ func()) { newer().Leave() },
			`cancelled: a newer run of its concurrency group "g" took its place: newer in /x, pid `},
		{"its run is cancelled", func(_ func() *concurrency.Seat, cancel func()) { cancel() }, "cancelled: the run was cancelled"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := newPlace(t)
			p.write("mlops.yaml", "jobs:\n  late: {inputs: [], concurrency: g, run: sum}\n  big: {inputs: [], run: const}\n")
			r, done := p.runner(runner.Options{Jobs: 1, KeepGoing: true})
			defer done()
			g := &gated{measured: &measured{fake: p.fake, devices: map[string][]string{}}, open: make(chan struct{})}
			r.Executor = g
			join := func() *concurrency.Seat {
				s, err := concurrency.At(r.Store.Root()).Join(context.Background(),
					concurrency.Request{Group: "g", Cancel: true, Member: concurrency.Member{Run: "1", Pipeline: "newer", Folder: "/x"}})
				if err != nil {
					t.Error(err)
				}
				return s
			}
			first := join() // so that big has the only slot before late has its turn
			soft, cancel := context.WithCancel(context.Background())
			defer cancel()
			var why string
			var others sync.WaitGroup
			r.Watch = func(e runner.Event) {
				switch {
				case e.Kind == runner.JobStarted && e.Job == "big":
					others.Go(func() { first.Leave() })
				case e.Kind == runner.JobQueued && e.Job == "late":
					others.Go(func() { c.ask(join, cancel) })
				case e.Kind == runner.JobEnded && e.Job == "late":
					why = e.Status + ": " + e.Error
					close(g.open) // big ends only now
				}
			}
			if _, err := r.Run(context.Background(), soft); err != nil {
				t.Fatal(err)
			}
			others.Wait()
			if !strings.HasPrefix(why, c.want) {
				t.Errorf("%s\nwant %s", why, c.want)
			}
		})
	}
}
