package share

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"time"
)

// Who pushes relies on blobs that are there already; who removes blobs relies on
// nobody doing so. Each writes first what it is about to do, and looks then who else
// does: of two at least one sees the other, and gives way. A note that is not
// renewed holds for a quarter of an hour, so a machine that died hinders nobody for long.
const (
	writing  = "push"
	removing = "gc"

	renewEvery = 4 * time.Minute
	leaseTime  = 15 * time.Minute
)

// A BusyError reports that somebody else is at work on the remote.
type BusyError struct {
	What  string // push or gc
	Since time.Time
	At    string // address
}

// Error says what is wrong, and where.
func (e *BusyError) Error() string {
	if e.What == removing {
		return fmt.Sprintf("blobs are being removed from %s, since %s", e.At, e.Since.Format(time.TimeOnly))
	}
	return fmt.Sprintf("somebody is pushing to %s, since %s", e.At, e.Since.Format(time.TimeOnly))
}

// Cure says what to do about it.
func (e *BusyError) Cure() string {
	return "wait until they are done, and run again; a note of one who died holds for 15 minutes"
}

// lease writes the note and keeps it fresh until release.
func (s *Share) lease(ctx context.Context, what string) (release func() error, err error) {
	if s.DryRun {
		return func() error { return nil }, nil
	}
	name := ""
	renew := func(ctx context.Context) error {
		old := name
		fresh := fmt.Sprintf("locks/%s-%016x", what, rand.Uint64())
		if _, err := s.Remote.Put(ctx, fresh, bytes.NewReader(nil), 0, nil); err != nil {
			return err
		}
		name = fresh
		if old == "" {
			return nil
		}
		return s.Remote.Delete(ctx, old)
	}
	drop := func() error {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		return s.Remote.Delete(ctx, name)
	}
	if err := renew(ctx); err != nil {
		return nil, err
	}
	if err := s.others(ctx, what, name); err != nil {
		return nil, errors.Join(err, drop())
	}
	stop := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			select {
			case <-stop:
				return
			case <-time.After(renewEvery):
				_ = renew(ctx) // it is tried again before the old one ends
			}
		}
	})
	return func() error {
		close(stop)
		wg.Wait()
		return drop()
	}, nil
}

// others fails if somebody does what cannot be done beside what.
func (s *Share) others(ctx context.Context, what, own string) error {
	mine, err := s.Remote.Stat(ctx, own)
	if err != nil {
		return err
	}
	for i, err := range s.Remote.List(ctx, "locks/") {
		if err != nil {
			return err
		}
		kind, _, _ := strings.Cut(strings.TrimPrefix(i.Name, "locks/"), "-")
		if mine.Modified.Sub(i.Modified) > leaseTime {
			if err := s.Remote.Delete(ctx, i.Name); err != nil {
				return err
			}
			continue
		}
		if i.Name != own && (kind == removing || what == removing) {
			return &BusyError{kind, i.Modified, s.Remote.Address()}
		}
	}
	return nil
}
