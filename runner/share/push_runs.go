package share

import (
	"bytes"
	"context"
	"fmt"

	"github.com/mlops-runner/mlops/runner/provenance"
	"github.com/mlops-runner/mlops/runner/record"
)

func runName(id string) (string, error) {
	folder, err := record.Folder(id)
	return folder + ".tar", err
}

// newRuns are the sealed records that the remote lacks.
func (s *Share) newRuns(ctx context.Context, c Choice, rep *Report) (units []unit, err error) {
	chosen, err := s.chosenRuns(c)
	if err != nil || len(chosen) == 0 {
		return nil, err
	}
	have, err := s.there(ctx, "runs/")
	if err != nil {
		return nil, err
	}
	for _, e := range chosen {
		name, err := runName(e.ID)
		if err != nil {
			return nil, err
		}
		folder, err := provenance.RunFolder(e.ID)
		if err != nil {
			return nil, err
		}
		attests, err := s.newAttests(ctx, folder, nil, have, rep)
		if err != nil {
			return nil, err
		}
		units = append(units, attests...)
		if have[name] {
			continue
		}
		rep.Runs++
		units = append(units, unit{name: name, data: packed(e)})
	}
	return units, nil
}

// chosenRuns are the sealed records here that a choice means.
func (s *Share) chosenRuns(c Choice) (out []record.Entry, err error) {
	for _, ref := range c.Runs {
		e, err := record.Find(s.Local.Root(), ref)
		if err != nil {
			return nil, err
		}
		if !e.Sealed() {
			return nil, fmt.Errorf("run %s has not come to its end: %w", e.ID, record.ErrNotSealed)
		}
		out = append(out, e)
	}
	if c.Newest == 0 && !c.AllRuns {
		return out, nil
	}
	n := 0
	for e, err := range record.List(s.Local.Root()) {
		if err != nil {
			return nil, err
		}
		if !c.AllRuns && n == c.Newest {
			break
		}
		if e.Sealed() {
			out, n = append(out, e), n+1
		}
	}
	return out, nil
}

func packed(e record.Entry) func() ([]byte, error) {
	return func() ([]byte, error) {
		var b bytes.Buffer
		err := e.Pack(&b)
		return b.Bytes(), err
	}
}
