package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/mlops-runner/mlops/runner/baseline"
	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/store"
)

// A checkPast is what data checks right here measure drift against: the run that
// is named, or the one that a run now would be compared with, or the newest one.
type checkPast struct {
	app *app
	ref string // as `mlops diff` takes it; "" for none

	looked bool
	runs   []*record.Run // that one and those before it, newest first
	store  *store.Dir
}

// of reads what a job kept in those runs. They are looked for when it is first asked.
func (p *checkPast) of(ctx context.Context, job string) func(name string) ([][]byte, error) {
	return func(name string) ([][]byte, error) {
		if err := p.look(ctx); err != nil {
			return nil, err
		}
		files, err := keptFiles(p.runs, p.store, job, name)
		if err == nil && files == nil && p.ref != "" {
			err = fixError{fmt.Errorf("job %s kept no %s in run %s", job, name, p.runs[0].ID), `"mlops runs" lists the recorded runs`}
		}
		return files, err
	}
}

func (p *checkPast) look(ctx context.Context) (err error) {
	if p.looked {
		return nil
	}
	p.looked = true
	d, err := p.app.openDiff(ctx)
	if errors.Is(err, record.ErrNotFound) && p.ref == "" {
		return nil
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.close()) }()
	if p.store, err = store.OpenWith(d.root, store.Options{ReadOnly: true}); err != nil {
		return err
	}
	f, err := p.find(ctx, d)
	if err == nil && f.Run != nil {
		p.app.say("baseline: %s", foreign(f.Line()))
		p.runs = d.newestFirst(f)
	}
	return err
}

func (p *checkPast) find(ctx context.Context, d *differ) (*baseline.Found, error) {
	if p.ref != "" {
		o, err := d.operand(ctx, p.ref)
		if err != nil {
			return nil, err
		}
		return baseline.Of(o.run), nil
	}
	q := d.query(d.source, d.pipeline(), "")
	q.Asked = d.project.spec.Baseline.Value
	f, err := d.find(ctx, q, time.Now())
	if err == nil && f.Run == nil {
		f = baseline.Of(d.resolver(time.Now()).Newest(d.pipeline(), ""))
	}
	return f, err
}
