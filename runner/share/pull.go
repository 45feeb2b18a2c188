package share

import (
	"context"
	"errors"
)

// Pull brings what was chosen, unless it is here. Models whose journals have diverged
// are told in an error when all else is here; it is a *[registry.DivergedError].
func (s *Share) Pull(ctx context.Context, c Choice) (rep Report, err error) {
	rep.DryRun = s.DryRun
	if err := s.pullRuns(ctx, c, &rep); err != nil {
		return rep, err
	}
	if err := s.pullVersions(ctx, c, &rep); err != nil {
		return rep, err
	}
	diverged := s.pullModels(ctx, c, &rep)
	if diverged != nil && asDiverged(diverged) == nil {
		return rep, diverged
	}
	return rep, errors.Join(s.pullResults(ctx, c, &rep), diverged)
}

// count brings blobs and counts them.
func (s *Share) count(ctx context.Context, bs []blob, rep *Report) error {
	n, size, err := s.bring(ctx, bs)
	rep.Blobs, rep.Bytes = rep.Blobs+n, rep.Bytes+size
	return err
}
