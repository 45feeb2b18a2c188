package main

import (
	"context"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/mlops-runner/mlops/runner/baseline"
	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/store"
)

// mostPast is how many versions of a file a job gets of earlier runs.
const mostPast = 10

// pastFiles are what jobs kept in the run that a session's run is compared with,
// and in those before it. They are looked for once, when the first job asks.
type pastFiles struct {
	app     *app
	session *session

	once   sync.Once
	runs   []*record.Run // the baseline and those before it, newest first
	trail  *baseline.Trail
	failed error

	mu    sync.Mutex // guards asked
	asked []pastFile
}

// A pastFile is what a job has asked for.
type pastFile struct{ Job, Name string }

// read is the session's [runner.Runner.Past].
func (p *pastFiles) read(ctx context.Context, job, name string) ([][]byte, error) {
	p.once.Do(func() { p.failed = p.find(ctx) })
	p.mu.Lock()
	p.asked = append(p.asked, pastFile{job, name})
	p.mu.Unlock()
	if p.failed != nil {
		return nil, p.failed
	}
	return keptFiles(p.runs, p.session.Store, job, name)
}

func (p *pastFiles) find(ctx context.Context) error {
	s := p.session
	y, err := p.app.openYardstick(ctx, s.project, s.project.overlay != "")
	if err != nil {
		p.app.log.Debug("no baseline", "error", err)
		return ctx.Err()
	}
	defer y.close()
	q := y.query(s.source, s.Plan.Pipeline, "")
	q.Asked = s.Plan.Baseline.Asked
	f, err := y.find(ctx, q, time.Now())
	if err != nil {
		return err
	}
	p.trail, p.runs = f.Trail, y.newestFirst(f)
	return nil
}

// newestFirst are the run that was found and those before it.
func (y *yardstick) newestFirst(f *baseline.Found) []*record.Run {
	if f.Run == nil {
		return nil
	}
	before := slices.DeleteFunc(y.past(f), func(r *record.Run) bool { return r.ID == f.Run.ID })
	slices.Reverse(before)
	return append([]*record.Run{f.Run}, before...)
}

// A keptVersion of a file is that of a run.
type keptVersion struct {
	run  *record.Run
	kept *record.Artifact
}

// versions are what a job kept under a name in runs, newest first, each as long
// as it did not change once. It is empty if the first of the runs has none.
func versions(runs []*record.Run, job, name string) (out []keptVersion) {
	for _, run := range runs {
		switch kept := keptIn(run, job, name); {
		case kept == nil && len(out) == 0:
			return nil
		case kept != nil && (len(out) == 0 || out[len(out)-1].kept.Digest != kept.Digest):
			out = append(out, keptVersion{run, kept})
		}
		if len(out) == mostPast {
			break
		}
	}
	return out
}

// keptFiles reads the versions of a file; those whose bytes are gone are left out.
func keptFiles(runs []*record.Run, s *store.Dir, job, name string) (out [][]byte, err error) {
	for i, v := range versions(runs, job, name) {
		data, err := keptFile(v.run, s, job, name)
		if err != nil {
			return nil, err
		}
		if data != nil {
			out = append(out, data)
		} else if i == 0 {
			return nil, nil
		}
	}
	return out, nil
}

func keptIn(run *record.Run, job, name string) *record.Artifact {
	j := run.Job(job)
	if j == nil {
		return nil
	}
	i := slices.IndexFunc(j.Kept, func(k record.Artifact) bool { return k.Path == name })
	if i < 0 {
		return nil
	}
	return &j.Kept[i]
}

// keptFile reads a file that a job kept in a run; nil if there is none. Of a job
// that was reused there, the run that executed it has the file, or the store.
func keptFile(run *record.Run, s *store.Dir, job, name string) ([]byte, error) {
	kept := keptIn(run, job, name)
	if kept == nil {
		return nil, nil
	}
	if f, err := run.JobFile(job, name); err == nil {
		defer f.Close()
		if data, err := io.ReadAll(f); err == nil && store.Sum(data) == kept.Digest {
			return data, nil
		}
	}
	if s == nil || !s.Has(kept.Digest) {
		return nil, nil
	}
	return s.ReadBlob(kept.Digest)
}
