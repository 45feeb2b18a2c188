package mlflow

import (
	"cmp"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/mlops-runner/mlops/runner/record"
)

const (
	// lookAgain is how old may be what is known of the records, so that many requests
	// read the folders once.
	lookAgain = time.Second
	// fresh is how long a record may be on its way without a file of ours.
	fresh = time.Minute
	// maxOwnID is where numbers of experiments of other servers begin that ours do not
	// count on from.
	maxOwnID = 1_000_000_000
)

// lookUp shows the runs of records that were not logged to this server: imported ones, and
// those that came from another store. They are read only: a record does not change, and there
// is no log that they could go on in.
func (s *Server) lookUp(ctx context.Context) error {
	s.looking.Lock()
	defer s.looking.Unlock()
	now := s.o.Now()
	if !s.looked.IsZero() && now.Sub(s.looked) < lookAgain {
		return nil
	}
	for e, err := range record.List(s.d.Root()) {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
		if s.known[e.ID] {
			continue
		}
		done, err := s.show(e)
		if err != nil {
			return err
		}
		if done {
			s.known[e.ID] = true
		}
	}
	s.looked = now
	return nil
}

// show shows the run of a record, newer ones of the same run first. It is done with a
// record that has none, or that cannot be read; one that is being written is asked again.
func (s *Server) show(e record.Entry) (done bool, err error) {
	if s.tracked(plain(e.ID)) != nil {
		return true, nil
	}
	if !exists(filepath.Join(e.Dir, File)) {
		st, err := os.Stat(e.Dir)
		return err != nil || time.Since(st.ModTime()) > fresh, nil
	}
	rec, err := e.Cover()
	if errors.Is(err, record.ErrNotSealed) {
		return false, nil
	}
	if err != nil {
		return true, nil
	}
	r, err := Of(rec)
	if err != nil || !isRunID(r.ID) || s.tracked(r.ID) != nil {
		return true, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	of, err := s.experimentOf(r.Experiment)
	if err != nil {
		return false, err
	}
	r.Experiment, r.Stage = *of, cmp.Or(r.Stage, active)
	s.runs[r.ID] = &tracked{run: *r, record: rec.ID, sealed: rec.Digest}
	for m := range r.Models {
		s.loggedBy[m] = r.ID
	}
	return true, nil
}

// tracked is a run that is known, or nil.
func (s *Server) tracked(run string) *tracked {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.runs[run]
}

// experimentOf is the experiment here of the same name, or a new one: under its number of
// elsewhere, if that is free. The caller holds s.mu.
func (s *Server) experimentOf(e Experiment) (*Experiment, error) {
	if known := s.named(e.Name); known != nil {
		return known, nil
	}
	if n, err := strconv.ParseInt(e.ID, 10, 64); err != nil || n <= maxOwnID || strconv.FormatInt(n, 10) != e.ID || s.byID[e.ID] != nil {
		e.ID = s.nextID()
	}
	e.Stage, e.Tags = active, orEmpty(e.Tags)
	if e.Created == 0 {
		e.Created, e.Changed = s.now(), s.now()
	}
	return &e, s.note(&word{Experiment: &e})
}
