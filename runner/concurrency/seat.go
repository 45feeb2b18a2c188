package concurrency

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/mlops-runner/mlops/runner/store"
)

// A Request is what a member wants. Process and Since of the member are filled in.
type Request struct {
	Group  string // not empty
	Member Member
	Cancel bool // ask the one at work to stop, if it yields to the member
	// Wait, if not nil, is told whom the member waits for, each time that changes,
	// and whether that one was asked to stop.
	Wait func(at Member, asked bool)
}

// A Seat is the place of a member that is at work.
type Seat struct {
	place   *Place
	group   string
	ticket  string
	release func() // of the ticket's lock
}

// Join waits until the member is at work. It fails with a [*ReplacedError] when
// a newer one takes its place meanwhile, and with the cause of ctx when that ends.
func (p *Place) Join(ctx context.Context, r Request) (*Seat, error) {
	r.Member.Process, r.Member.Since = store.Self(), time.Now().UTC()
	s := &Seat{place: p, group: r.Group, ticket: rand.Text()}
	if err := s.come(ctx, r); err != nil {
		if replaced := (*ReplacedError)(nil); !errors.As(err, &replaced) {
			err = fmt.Errorf("concurrency group %q: %w", r.Group, err)
		}
		return nil, errors.Join(err, s.drop())
	}
	w := p.watch()
	defer w.Close()
	told := ""
	for {
		at, err := s.turn(ctx)
		if at == nil && err == nil {
			return s, nil
		}
		if err == nil && at.Ticket != told && r.Wait != nil {
			r.Wait(at.Member, at.Stop != nil)
		}
		if err == nil {
			told, err = at.Ticket, await(ctx, w)
		}
		if err != nil {
			return nil, errors.Join(err, s.Leave())
		}
	}
}

// come takes a ticket and enters the group, at work if nobody is, else pending.
func (s *Seat) come(ctx context.Context, r Request) error {
	me := &entry{Ticket: s.ticket, Member: r.Member}
	var failed, kept error
	err := s.place.change(ctx, s.group, func(st *state) bool {
		// Locked before anybody can read of it, else it would be taken for dead.
		if s.release, failed = store.Lock(ctx, s.place.ticket(s.group, s.ticket)); failed != nil {
			return false
		}
		if st.Active == nil {
			st.Active = me
			return true
		}
		if p := st.Pending; p != nil && !p.Member.yields(me.Member) {
			kept = &ReplacedError{s.group, p.Member, true}
			return false
		}
		if st.Pending != nil {
			failed = s.place.dismiss(s.group, st.Pending, me.Member)
		}
		st.Pending = me
		if r.Cancel && st.Active.Stop == nil && st.Active.Member.yields(me.Member) {
			st.Active.Stop = &me.Member
		}
		return true
	})
	return errors.Join(err, failed, kept)
}

// turn returns who is at work before the member; nil if it is its turn.
func (s *Seat) turn(ctx context.Context) (at *entry, err error) {
	var replaced error
	err = s.place.change(ctx, s.group, func(st *state) bool {
		switch {
		case st.Active.is(s.ticket):
		case st.Pending.is(s.ticket):
			at = st.Active
		case st.Pending != nil:
			replaced = &ReplacedError{Group: s.group, By: st.Pending.Member}
		case st.Active != nil: // the newer one has got in already
			replaced = &ReplacedError{Group: s.group, By: st.Active.Member}
		default: // who replaced it has been and gone, or somebody removed the files
			replaced = s.place.dismissed(s.group, s.ticket)
		}
		return false
	})
	return at, errors.Join(err, replaced)
}

// Leave lets the next one in. The seat is then of no use any more.
func (s *Seat) Leave() error {
	// Also when the run was cancelled, and not for long.
	ctx, stop := context.WithTimeout(context.Background(), 10*time.Second)
	defer stop()
	err := s.place.change(ctx, s.group, func(st *state) bool {
		switch {
		case st.Active.is(s.ticket):
			st.Active, st.Pending = st.Pending, nil
		case st.Pending.is(s.ticket):
			st.Pending = nil
		default:
			return false
		}
		return true
	})
	return errors.Join(err, s.drop())
}

// drop gives the ticket back.
func (s *Seat) drop() error {
	if s.release == nil {
		return nil
	}
	s.release()
	if err := os.Remove(s.place.ticket(s.group, s.ticket)); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// Asked waits until another member asks this one to stop, and returns that
// one, or nil if ctx ends first.
func (s *Seat) Asked(ctx context.Context) *Member {
	w := s.place.watch()
	defer w.Close()
	for {
		st, err := s.place.read(s.group)
		if err == nil && st.Active.is(s.ticket) && st.Active.Stop != nil {
			return st.Active.Stop
		}
		if await(ctx, w) != nil {
			return nil
		}
	}
}

// await waits until something has changed in the groups.
func await(ctx context.Context, w *store.Watch) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-w.C:
		return nil
	}
}
