package forge

import (
	"context"
	"errors"
	"fmt"
	"sort"
	"time"
)

// A Comment is one that ends with a marker of ours.
type Comment struct {
	ID   int64
	Body string
	URL  string // of its page
	Node string // what else the forge knows it by; may be empty
}

// A Thread is the comments of one pull request, as far as [Sticky] needs them.
type Thread interface {
	// Comments returns those that the token's user wrote and that end with a
	// marker, in any order.
	Comments(ctx context.Context) ([]Comment, error)
	Create(ctx context.Context, body string) (Comment, error)
	// Edit and Delete fail with ErrNotFound if the comment is gone.
	Edit(ctx context.Context, id int64, body string) error
	Delete(ctx context.Context, id int64) error
}

// A Hider is a Thread that can fold a comment away.
type Hider interface {
	Hide(ctx context.Context, c Comment) error
}

// Sticky keeps one comment for each key on a thread.
type Sticky struct {
	Thread Thread
	Limit  int                 // bytes of the longest comment
	Mark   func(Marker) string // nil = Marker.String
	Clock  Clock
	Ready  func(context.Context) error // waits until a write need not wait; nil = never
}

const (
	// After a write, one looks again when others who wrote at once have written.
	firstLook  = 50 * time.Millisecond
	lookWithin = 150 * time.Millisecond
	maxRounds  = 12
	maxErrors  = 5
)

// Upsert makes the comment of p's key say what p says, unless c, p's mode, or
// what a newer run has written are against it; see the package's
// documentation. It reads the thread once if there is nothing to write.
func (s *Sticky) Upsert(ctx context.Context, c Change, p Post) (Result, error) {
	if p.Mode == Never {
		_, why := p.Wants(nil)
		return Result{Outcome: Unwanted, Why: why}, nil
	}
	if r, no := p.refuse(c); no {
		return r, nil
	}
	body, err := s.body(p)
	if err != nil {
		return Result{}, err
	}
	w := &writer{Sticky: s, post: p, body: body, outcome: Unchanged}
	return w.settle(ctx)
}

// body is the comment that p wants.
func (s *Sticky) body(p Post) (string, error) {
	op := fmt.Sprintf("comment on pull request %d", p.Number)
	if err := p.Marker.Check(); err != nil {
		return "", &Error{Op: op, Kind: ErrInvalid, Err: err, Detail: err.Error()}
	}
	body := p.body(s.mark(p.Marker))
	if len(body) > s.Limit {
		return "", &Error{Op: op, Kind: ErrTooLong, Detail: fmt.Sprintf("%d bytes, at most %d", len(body), s.Limit), Fix: "leave sections out, or link to the whole report"}
	}
	return body, nil
}

func (s *Sticky) mark(m Marker) string {
	if s.Mark != nil {
		return s.Mark(m)
	}
	return m.String()
}

// A seen is a comment of the key that is looked after.
type seen struct {
	Comment
	marker Marker
}

// own returns the comments of a key, by id.
func (s *Sticky) own(ctx context.Context, key string) ([]seen, error) {
	all, err := s.Thread.Comments(ctx)
	var own []seen
	for _, c := range all {
		if m, ok := FindMarker(c.Body); ok && m.Key == key {
			own = append(own, seen{c, m})
		}
	}
	sort.Slice(own, func(i, j int) bool { return own[i].ID < own[j].ID })
	return own, err
}

// A writer is one post on its way.
type writer struct {
	*Sticky
	post    Post
	body    string
	outcome Outcome
	lost    Outcome // of a write whose answer did not come, which may have been obeyed; "" = none
	created int64   // id of the comment that was made, 0 = none
	waited  bool    // for whoever is newer to tidy up
	missed  int     // looks that did not find what was made
	errs    int
}

// settle looks and writes until a look finds nothing to write.
func (w *writer) settle(ctx context.Context) (Result, error) {
	for range maxRounds {
		if err := w.ready(ctx); err != nil {
			return Result{}, err
		}
		began := w.Clock.now()
		own, err := w.own(ctx, w.post.Marker.Key)
		if err != nil {
			return Result{}, err
		}
		if r, no := w.unwanted(own); no {
			return r, nil
		}
		done, err := w.step(ctx, own)
		if err := w.pardon(ctx, err); err != nil {
			return Result{}, err
		}
		if done {
			return w.result(own), nil
		}
		// Whoever read before this write writes before the next look, if it is not
		// slower than we were.
		pause := firstLook + w.Clock.now().Sub(began)
		if err := w.Clock.sleep(ctx, pause+w.Clock.spread(lookWithin)); err != nil {
			return Result{}, err
		}
	}
	return Result{}, &Error{Op: fmt.Sprintf("comment on pull request %d", w.post.Number), Kind: ErrRestless, Fix: "let one job of the workflow report"}
}

func (w *writer) ready(ctx context.Context) error {
	if w.Ready == nil {
		return nil
	}
	return w.Ready(ctx)
}

// unwanted decides by the post's mode, before anything was written.
func (w *writer) unwanted(own []seen) (Result, bool) {
	if w.outcome != Unchanged || w.lost != "" {
		return Result{}, false
	}
	var old *Marker
	if len(own) > 0 {
		old = &newest(own).marker
	}
	yes, why := w.post.Wants(old)
	if yes || old != nil && old.Newer(w.post.Marker) {
		return Result{}, false
	}
	r := Result{Outcome: Unwanted, Why: why}
	if old != nil {
		r.Outcome, r.URL = Unchanged, own[0].URL
		r.Known = old.Verdict == w.post.Marker.Verdict && SameCommit(old.Head, w.post.Marker.Head)
	}
	return r, true
}

// newest returns the comment of the newest run, of several the one with the lowest id.
func newest(own []seen) *seen {
	best := &own[0]
	for i := range own {
		if own[i].marker.Newer(best.marker) {
			best = &own[i]
		}
	}
	return best
}

// step does the next thing that leads to one comment with the newest text. done
// is true if there is none.
func (w *writer) step(ctx context.Context, own []seen) (done bool, err error) {
	if len(own) == 0 {
		return w.create(ctx)
	}
	want, best := w.body, newest(own)
	if best.marker.Newer(w.post.Marker) {
		if len(own) > 1 && !w.waited {
			w.waited = true // it is about to do the same
			return false, nil
		}
		want, w.outcome = best.Body, Superseded
	} else if w.retires(own) {
		return false, w.replace(ctx, own)
	}
	if !sameText(own[0].Body, want) {
		return false, w.edit(ctx, own[0], want)
	}
	if len(own) == 1 {
		return true, nil
	}
	for _, c := range own[1:] {
		if err := w.Thread.Delete(ctx, c.ID); err != nil && !errors.Is(err, ErrNotFound) {
			return false, err
		}
	}
	return false, nil
}

// create makes the comment. A forge may not show at once what was made, so one
// post makes no second one before it has looked a few times.
func (w *writer) create(ctx context.Context) (done bool, err error) {
	if w.created != 0 && w.missed < 3 {
		w.missed++
		return false, nil
	}
	if w.created != 0 {
		return true, nil // somebody removed it at once, and is to have it so
	}
	c, err := w.Thread.Create(ctx, w.body)
	if err == nil {
		w.created, w.outcome = c.ID, Created
	} else {
		w.lost = Created
	}
	return false, err
}

func (w *writer) edit(ctx context.Context, c seen, body string) error {
	err := w.Thread.Edit(ctx, c.ID, body)
	if errors.Is(err, ErrNotFound) {
		return nil // the next look finds another, or makes one
	}
	switch {
	case w.outcome != Unchanged:
	case err == nil:
		w.outcome = Updated
	case w.lost == "":
		w.lost = Updated
	}
	return err
}

// pardon waits after an error that time cures.
func (w *writer) pardon(ctx context.Context, err error) error {
	pause, again := passing(err)
	w.errs++
	switch {
	case err == nil:
		w.errs--
		return nil
	case !again || w.errs == maxErrors || pause > patience:
		return err
	}
	pause = max(pause, firstPause<<(w.errs-1))
	if w.Clock.sleep(ctx, pause+w.Clock.spread(pause/4)) != nil {
		return err
	}
	return nil
}

// result is what came of the post when own are the comments that are there.
func (w *writer) result(own []seen) Result {
	r := Result{Outcome: w.outcome}
	if len(own) == 0 {
		return r
	}
	r.URL = own[0].URL
	switch m := own[0].marker; {
	case m.Newer(w.post.Marker):
		r.Outcome, r.Why = Superseded, fmt.Sprintf("run %s, attempt %d has reported since", m.Run, m.Attempt)
	case r.Outcome == Unchanged && w.lost != "":
		r.Outcome = w.lost
	case r.Outcome == Unchanged:
		r.Why, r.Known = "the comment says this already", true
	}
	return r
}
