package runner

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"sync"

	"github.com/mlops-runner/mlops/runner/agent"
	"github.com/mlops-runner/mlops/runner/concurrency"
	"github.com/mlops-runner/mlops/runner/plan"
	"github.com/mlops-runner/mlops/spec/expression"
)

// A membership is the evaluated concurrency group of a run or job.
type membership struct {
	group  string // "" for none
	cancel bool
}

// membership evaluates a group.
func (x *execution) membership(g plan.Group, scope *expression.Scope) (membership, error) {
	if g.Name == "" {
		return membership{}, nil
	}
	if x.Overlay != nil && x.Overlay.Params != nil {
		scope.Names["params"] = expression.FromGo(x.Overlay.Params)
	}
	name, err := evalText(g.Name, scope)
	if err != nil {
		return membership{}, fmt.Errorf("concurrency: %w", err)
	}
	if name = strings.TrimSpace(name); name == "" {
		return membership{}, fmt.Errorf("concurrency: the name of the group is empty: %s", g.Name)
	}
	m := membership{group: name}
	if g.Cancel != "" {
		if m.cancel, err = truth(g.Cancel, scope); err != nil {
			return membership{}, fmt.Errorf("concurrency: cancel-in-progress: %w", err)
		}
	}
	return m, nil
}

// A turn is the time in which a run or a job is at work in its group.
type turn struct {
	ctx  context.Context // ends with the one it was made of, and when somebody asks to stop
	stop context.CancelCauseFunc
	seat *concurrency.Seat

	asking sync.WaitGroup
	mu     sync.Mutex // guards by
	by     *concurrency.Member
}

// join waits for a turn in a group and tells those who watch for whom it
// waits. job is "" for the run itself.
func (x *execution) join(ctx context.Context, m membership, job string) (*turn, error) {
	waited := false
	// The groups of an overlay are those of the store that it lies above: there
	// are the runs that it must not be at work beside.
	seat, err := concurrency.At(x.scope()).Join(ctx, concurrency.Request{
		Group: m.group, Cancel: m.cancel,
		Member: concurrency.Member{Run: x.writer.ID(), Job: job, Pipeline: x.Plan.Pipeline, Folder: x.Root, Untrusted: x.Overlay != nil && x.Overlay.Untrusted},
		Wait: func(at concurrency.Member, asked bool) {
			waited = true
			text := fmt.Sprintf("waits for the concurrency group %q: %s", m.group, at)
			if asked {
				text += "; it was asked to stop"
			}
			x.watch.send(Event{Kind: Notice, Level: "notice", Job: job, Text: text})
		},
	})
	if err != nil {
		return nil, err
	}
	if waited {
		x.reap(ctx) // who was killed has left the group, and perhaps a job that goes on
	}
	t := &turn{seat: seat}
	t.ctx, t.stop = context.WithCancelCause(ctx)
	t.asking.Go(func() {
		by := seat.Asked(t.ctx)
		if by == nil {
			return
		}
		t.mu.Lock()
		t.by = by
		t.mu.Unlock()
		x.watch.send(Event{Kind: Notice, Level: "warning", Job: job,
			Text: fmt.Sprintf("asked to stop: the concurrency group %q has cancel-in-progress, and there came %s", m.group, by)})
		if job == "" {
			t.stop(nil)
			return
		}
		t.stop(&stopError{fmt.Sprintf("a newer run of its concurrency group %q took its place: %s", m.group, by)})
	})
	return t, nil
}

// leave ends a turn; nil is none.
func (x *execution) leave(t *turn) {
	if t == nil {
		return
	}
	t.stop(nil)
	t.asking.Wait()
	if err := t.seat.Leave(); err != nil {
		x.log().Warn("leave concurrency group", "error", err)
	}
}

// askedBy is who asked to stop, or nil.
func (t *turn) askedBy() *concurrency.Member {
	if t == nil {
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.by
}

// A runTurn is what the concurrency group of a run means for it.
type runTurn struct {
	hard, soft context.Context
	turn       *turn  // nil if the run is in no group, or did not get in
	why        string // it did not get in
}

// runMembership is the group of the whole run.
func (x *execution) runMembership() (membership, error) {
	return x.membership(x.Plan.Group, &expression.Scope{Names: maps.Clone(x.contexts.lang), Funcs: expression.Builtins()})
}

// enter waits for the run's turn in its group. A run that is replaced, or
// cancelled while it waits, gets contexts that have ended: it starts no job, not
// even those that always run.
func (x *execution) enter(hard, soft context.Context, m membership) (*runTurn, error) {
	if m.group == "" {
		return &runTurn{hard: hard, soft: soft}, nil
	}
	t, err := x.join(soft, m, "")
	if err == nil {
		return &runTurn{hard: hard, soft: t.ctx, turn: t}, nil
	}
	var replaced *concurrency.ReplacedError
	if !errors.As(err, &replaced) && soft.Err() == nil {
		return nil, err
	}
	over, stop := context.WithCancel(hard)
	stop()
	out := &runTurn{hard: over, soft: over, why: "it was cancelled while it waited for its concurrency group"}
	if replaced != nil {
		out.why = replaced.Error()
		x.watch.send(Event{Kind: Notice, Level: "error", Text: "cancelled: " + out.why})
	}
	return out, nil
}

// reason says why a run was cancelled, if its group is the reason.
func (r *runTurn) reason() string {
	if by := r.turn.askedBy(); by != nil {
		return fmt.Sprintf("cancel-in-progress: asked to stop by %s", by)
	}
	return r.why
}

// jobMembership is the group of a job that its condition lets run.
func (x *execution) jobMembership(n *plan.Node, run membership, cancelled bool) (membership, error) {
	c := x.condition(n, x.contexts.scope(n, x.needs(n)), cancelled)
	if n.Group.Name == "" || c.err != nil || !c.run {
		return membership{}, nil
	}
	scope := x.contexts.scope(n, x.needs(n))
	if _, err := environment(n, scope); err != nil { // the name may read env
		return membership{}, err
	}
	m, err := x.membership(n.Group, scope)
	if err == nil && m.group != "" && strings.EqualFold(m.group, run.group) {
		err = fmt.Errorf("concurrency: the group %q is that of the run, which would wait for its own job", m.group)
	}
	return m, err
}

// awaitTurn waits for a job's turn in its group. A job that need not run waits
// for nobody; its outcome comes back instead.
func (x *execution) awaitTurn(ctx context.Context, n *plan.Node, m membership, cancelled bool) (*outcome, *turn) {
	d := x.decide(ctx, n, false, cancelled)
	x.noteUse(n, d)
	if o := x.unexecuted(ctx, n, &d); o != nil {
		return o, nil
	}
	t, err := x.join(ctx, m, n.ID)
	var replaced *concurrency.ReplacedError
	switch {
	case err == nil:
		return nil, t
	case errors.As(err, &replaced):
		return x.skip(n, agent.Canceled, replaced.Error()), nil
	case ctx.Err() != nil:
		return x.skip(n, agent.Canceled, whyStopped(ctx)), nil
	}
	return x.end(n, failure(n, err), x.newJob(n, d)), nil
}
