package share

import (
	"context"
	"errors"

	"github.com/mlops-runner/mlops/runner/registry"
	"github.com/mlops-runner/mlops/runner/store"
)

// A unit is an object that refers to blobs and goes after them.
type unit struct {
	name  string // "" if it is there already
	data  func() ([]byte, error)
	blobs []store.Digest
}

// Push carries what was chosen to the remote, unless it is there. Models whose
// journals have diverged are told in an error when all else is there; it is a
// *[registry.DivergedError].
func (s *Share) Push(ctx context.Context, c Choice) (rep Report, err error) {
	rep.DryRun = s.DryRun
	release, err := s.lease(ctx, writing)
	if err != nil {
		return rep, err
	}
	defer func() { err = errors.Join(err, release()) }()
	var units []unit
	for _, find := range []func(context.Context, Choice, *Report) ([]unit, error){s.newResults, s.newRuns, s.newVersions} {
		us, err := find(ctx, c, &rep)
		if err != nil {
			return rep, err
		}
		units = append(units, us...)
	}
	models, err := s.newLines(ctx, c, &rep)
	diverged := asDiverged(err)
	if err != nil && diverged == nil {
		return rep, err
	}
	var blobs []store.Digest
	for _, u := range units {
		blobs = append(blobs, u.blobs...)
	}
	for _, m := range models {
		blobs = append(blobs, m.blobs...)
	}
	if err := s.send(ctx, blobs, &rep); err != nil {
		return rep, err
	}
	if err := s.sendUnits(ctx, units); err != nil {
		return rep, err
	}
	for _, m := range models {
		if err := s.sendUnits(ctx, m.files); err != nil {
			return rep, err
		}
		if err := s.sendJournal(ctx, m, &rep); err != nil {
			return rep, err
		}
	}
	return rep, diverged
}

func asDiverged(err error) error {
	var d *registry.DivergedError
	if errors.As(err, &d) {
		return err
	}
	return nil
}

// there lists the names that a remote has below a prefix.
func (s *Share) there(ctx context.Context, prefix string) (map[string]bool, error) {
	names := map[string]bool{}
	for i, err := range s.Remote.List(ctx, prefix) {
		if err != nil {
			return nil, err
		}
		names[i.Name] = true
	}
	return names, nil
}
