package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/mlops-runner/mlops/actions/promote"
	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/registry"
	"github.com/mlops-runner/mlops/runner/store"
)

// A claim is a job that asks for an alias, and the files that it asks it for.
type claim struct {
	job  string
	tree store.Digest
}

// claim notes what a step asks for, before anything is done: two jobs whose conditions
// both hold may ask for one alias. Whichever came last would win otherwise, and nobody
// has said which that is. What cannot be read is told when it is to be done.
func (p *promotion) claim(ctx context.Context, job *record.Job, name string) error {
	data, err := p.asked(job, name)
	if err != nil {
		return nil
	}
	r, err := promote.Parse(data)
	if err != nil || r.Alias == "" || r.DryRun {
		return nil
	}
	v, err := registry.From(p.run, job, strings.TrimPrefix(r.From, "./"))
	if err != nil {
		return nil
	}
	tree, err := p.session.Store.PutTree(ctx, v.Entries())
	if err != nil {
		return err
	}
	if p.claims == nil {
		p.claims = map[string][]claim{}
	}
	key := r.Model + "@" + r.Alias
	p.claims[key] = append(p.claims[key], claim{job.ID, tree})
	return nil
}

// contested fails if this run asks for an alias for different files.
func (p *promotion) contested(r promote.Request) error {
	key := r.Model + "@" + r.Alias
	if r.Alias == "" || r.DryRun || len(p.claims[key]) < 2 {
		return nil
	}
	first := p.claims[key][0]
	for _, c := range p.claims[key][1:] {
		if c.tree != first.tree {
			return fixError{
				fmt.Errorf("jobs %s and %s of this run ask for %s for different models, so it stays where it is", first.job, c.job, key),
				"give them conditions of which one holds at a time",
			}
		}
	}
	return nil
}
