package share

import (
	"context"
	"errors"
	"os"
	"slices"

	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/registry"
	"github.com/mlops-runner/mlops/runner/remote"
)

// executors are the runs that executed the jobs which made a model's versions, where
// the run that registered one reused the result. Their records are here as far as
// those of the latter are.
func (s *Share) executors(r *registry.Registry, m *registry.Model) (ids []string) {
	for n := 1; n <= m.Versions(); n++ {
		v, err := r.Version(m, n)
		if err != nil || v.Run == "" {
			continue
		}
		if id := executor(s.Local.Root(), v.Run, v.Job); id != "" && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids
}

// executor is the run that executed a job whose result another one reused; "" if that
// executed it itself, or its record is not there.
func executor(root, run, job string) string {
	made, err := record.Load(root, run)
	if err != nil || made.Job(job) == nil {
		return ""
	}
	return made.Job(job).CachedFrom
}

// A maker is a job of a run that made a version.
type maker struct{ run, job, version string }

// executed names the runs that executed makers, by their records on the remote.
func (g *sweeping) executed(ctx context.Context) error {
	for _, m := range g.makers {
		id, err := g.s.executorThere(ctx, m)
		if err != nil {
			return err
		}
		g.name(id, m.version+", whose job it executed")
	}
	return nil
}

func (s *Share) executorThere(ctx context.Context, m maker) (id string, err error) {
	name, err := runName(m.run)
	if err != nil {
		return "", nil // of no run
	}
	if s.hasRun(m.run) {
		return executor(s.Local.Root(), m.run, m.job), nil
	}
	r, err := s.Remote.Get(ctx, name, 0, -1)
	if errors.Is(err, remote.ErrNotFound) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	defer r.Close()
	temp, err := os.MkdirTemp("", "mlops-record-")
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(temp)) }()
	if _, err := record.Unpack(s.Local.Disk(), temp, m.run, r); err != nil {
		return "", err
	}
	return executor(temp, m.run, m.job), nil
}
