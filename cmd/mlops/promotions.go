package main

import (
	"time"

	"github.com/mlops-runner/mlops/runner"
	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/registry"
	"github.com/mlops-runner/mlops/runner/report/render"
	"github.com/mlops-runner/mlops/runner/store"
)

// note keeps what became of a wish, for those who watch the run and for its report.
func (p *promotion) note(one record.Promotion) {
	p.done = append(p.done, one)
	if p.session.Watch != nil {
		p.session.Watch(runner.Event{Kind: runner.Promoted, Run: p.run.ID, Time: time.Now().UTC(), Text: render.Promotion(one), Promotion: &one})
	}
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
