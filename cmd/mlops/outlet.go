package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/mlops-runner/mlops/cmd/mlops/view"
	"github.com/mlops-runner/mlops/runner/registry"
	"github.com/mlops-runner/mlops/runner/share"
	"github.com/mlops-runner/mlops/runner/store"
)

// An outlet lets the shared store have what is done to models here. Two machines that
// promote are as two runs on one: each takes the shared journal over before it writes,
// and the store replaces a journal only for who has seen it. Who is second nevertheless
// takes what is there, with its own lines set aside, and does the same again on top of it,
// where an alias that has moved is a conflict as it is on one machine.
//
// Why not a lock there: a machine that dies would hold it, and a bucket has none.
type outlet struct {
	share *share.Share
	off   string // why nothing goes there by itself; "" if it does
	all   bool   // runs too
}

// outlet opens the one of a project; nil if no shared store is named. Nothing is sent.
func (a *app) outlet(p *project, local *store.Dir) (*outlet, error) {
	s, err := a.sharing(p)
	if err != nil {
		return nil, err
	}
	far, err := s.open(s3Options())
	if err != nil || far == nil {
		return nil, err
	}
	trust, err := a.trust()
	if err != nil {
		return nil, err
	}
	o := &outlet{share: &share.Share{Local: local, Remote: far, Log: a.log, Trust: trust, Progress: a.carrying()}, all: s.push.Value == pushAll}
	switch {
	case s.readOnly.Value == "true":
		o.off = "the shared store is only to be read here, says " + s.readOnly.From
	case s.push.Value == pushNothing:
		o.off = `the shared store gets it by "mlops push --models"`
	}
	return o, nil
}

// on reports whether models go to the shared store by themselves.
func (o *outlet) on() bool { return o != nil && o.off == "" }

// take takes over the shared journal of a model, and returns how many lines there are
// then, and what has moved.
func (o *outlet) take(ctx context.Context, model string) (lines int, said []string, err error) {
	rep, err := o.share.Pull(ctx, share.Choice{Named: []string{model}, Lazy: true})
	if err != nil {
		return 0, rep.Said, fmt.Errorf("look for %s in the shared store: %w", model, err)
	}
	m, err := registry.Open(o.share.Local, nil).Model(model)
	if errors.Is(err, registry.ErrNotFound) {
		return 0, rep.Said, nil
	}
	if err != nil {
		return 0, rep.Said, err
	}
	return len(m.Journal), rep.Said, nil
}

// push brings a model there, with the records that made it. lost reports that somebody
// else has written to the journal since the line that take returned: then it is as it is
// there, and what was done here is to be done again.
func (o *outlet) push(ctx context.Context, model string, lines int) (said []string, lost bool, err error) {
	rep, err := o.patiently(ctx, share.Choice{Named: []string{model}})
	var d *registry.DivergedError
	if errors.As(err, &d) && d.Ours.Seq > lines {
		theirs, err := o.share.Pull(ctx, share.Choice{Named: []string{model}, Lazy: true, Theirs: true})
		return theirs.Said, err == nil, err
	}
	if err != nil {
		return rep.Said, false, fmt.Errorf("%s is as it says here, and not in the shared store: %w", model, err)
	}
	said = rep.Said
	if !rep.Nothing() {
		said = append(said, fmt.Sprintf("%s goes to %s: %s", model, o.share.Remote.Address(), strings.Join(carried(rep), ", ")))
	}
	return said, false, nil
}

// busyPause is how long to wait for who removes blobs from the shared store, busyTries times.
const (
	busyPause = 2 * time.Second
	busyTries = 30
)

// patiently pushes, and waits for a garbage collection there.
func (o *outlet) patiently(ctx context.Context, c share.Choice) (rep share.Report, err error) {
	for try := 1; ; try++ {
		rep, err = o.share.Push(ctx, c)
		var busy *share.BusyError
		if !errors.As(err, &busy) || try == busyTries {
			return rep, err
		}
		select {
		case <-ctx.Done():
			return rep, context.Cause(ctx)
		case <-time.After(busyPause):
		}
	}
}

// carried says what a report is of, in parts.
func carried(rep share.Report) (parts []string) {
	for _, p := range []struct {
		n    int
		what string
	}{{rep.Runs, "run"}, {rep.Results, "result"}, {rep.Datasets, "dataset version"}, {rep.Models, "model"}, {rep.Attestations, "attestation"}} {
		if p.n > 0 {
			parts = append(parts, counted(p.n, p.what))
		}
	}
	return append(parts, fmt.Sprintf("%s (%s)", counted(rep.Blobs, "file"), view.Bytes(rep.Bytes)))
}
