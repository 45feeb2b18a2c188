package main

import (
	"context"
	"io"
	"sync"
	"time"

	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/store"
)

// pastOf reads the files that jobs kept in the run that a session's run is
// compared with. That run is looked for once, when the first job asks.
func (a *app) pastOf(s *session) func(ctx context.Context, job, name string) ([]byte, error) {
	var once sync.Once
	var base *record.Run
	var failed error
	return func(ctx context.Context, job, name string) ([]byte, error) {
		once.Do(func() { base, failed = a.baselineOf(ctx, s.project, s.source, s.Plan.Pipeline, s.Plan.Baseline.Asked) })
		if failed != nil || base == nil {
			return nil, failed
		}
		return keptFile(base, s.Store, job, name)
	}
}

// baselineOf is the run that one of a project would be compared with; nil if there is none.
func (a *app) baselineOf(ctx context.Context, p *project, src record.Source, pipeline, asked string) (*record.Run, error) {
	y, err := a.openYardstick(ctx, p, p.overlay != "")
	if err != nil {
		a.log.Debug("no baseline", "error", err)
		return nil, ctx.Err()
	}
	defer y.close()
	q := y.query(src, pipeline, "")
	q.Asked = asked
	f, err := y.find(ctx, q, time.Now())
	if err != nil {
		return nil, err
	}
	return f.Run, nil
}

// keptFile reads a file that a job kept in a run; nil if there is none. Of a job
// that was reused there, the run that executed it has the file, or the store.
func keptFile(run *record.Run, s *store.Dir, job, name string) ([]byte, error) {
	j := run.Job(job)
	if j == nil {
		return nil, nil
	}
	for _, k := range j.Kept {
		if k.Path != name {
			continue
		}
		if f, err := run.JobFile(job, name); err == nil {
			defer f.Close()
			if data, err := io.ReadAll(f); err == nil && store.Sum(data) == k.Digest {
				return data, nil
			}
		}
		if s == nil || !s.Has(k.Digest) {
			return nil, nil
		}
		return s.ReadBlob(k.Digest)
	}
	return nil, nil
}
