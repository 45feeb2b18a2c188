package main

import (
	"context"
	"time"

	"github.com/mlops-runner/mlops/runner"
	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/registry"
	"github.com/mlops-runner/mlops/runner/report/render"
	"github.com/mlops-runner/mlops/runner/store"
)

// note keeps what became of a wish, for those who watch the run and for its report.
func (p *promotion) note(one record.Promotion) { p.done = append(p.done, one) }

// announce tells those who watch what was noted, and does what had to wait for it to be
// certain. unpublished is why the shared store does not have it; nil if it has, or none is named.
func (p *promotion) announce(ctx context.Context, unpublished error) {
	for _, one := range p.done[p.told:] {
		if p.session.Watch != nil {
			p.session.Watch(runner.Event{Kind: runner.Promoted, Run: p.run.ID, Time: time.Now().UTC(), Text: render.Promotion(one), Promotion: &one})
		}
	}
	p.told = len(p.done)
	for _, do := range p.later {
		do(ctx, unpublished)
	}
	p.later = nil
}

// promoted lets the report of a run tell what became of its models.
func (j *judging) promoted(done []record.Promotion) {
	j.basis.Promotions = done
	if j.report != nil {
		j.report.Promotions = done
	}
}

// promotionsOf are what a recorded run did to models, as their journals tell. A
// journal that cannot be read tells nothing here; commands for models say why.
func promotionsOf(s *store.Dir, run string) (all []record.Promotion) {
	models := registry.Open(s, nil)
	names, err := models.Names()
	if err != nil {
		return nil
	}
	for _, name := range names {
		if m, err := models.Model(name); err == nil {
			all = append(all, m.Promotions(run)...)
		}
	}
	return all
}

// promotionsOf is the same for a run of the project that is worked in.
func (a *app) promotionsOf(r *record.Run) []record.Promotion {
	p, err := a.findProject("")
	if err != nil {
		return nil
	}
	s, err := store.OpenWith(p.store(), store.Options{ReadOnly: true})
	if err != nil {
		return nil
	}
	return promotionsOf(s, r.ID)
}
