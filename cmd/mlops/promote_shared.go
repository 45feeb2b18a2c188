package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/mlops-runner/mlops/actions/promote"
	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/registry"
)

// maxLost is how often a run begins anew because others were first: of those who are at
// it at once, one is done each time.
const maxLost = 10

// published does what a step asks for, and lets the shared store have it where that is
// set: on top of what others did, and again if they were first.
func (p *promotion) published(ctx context.Context, r promote.Request, v *registry.Version) error {
	if !p.outlet.on() {
		before := len(p.done)
		err := p.register(ctx, r, v)
		if p.outlet != nil && slices.ContainsFunc(p.done[before:], func(one record.Promotion) bool { return one.New || one.Outcome == record.Moved }) {
			p.say("%s is in this store alone: %s", r.Model, p.outlet.off)
		}
		return err
	}
	for range maxLost {
		lines, moved, err := p.outlet.take(ctx, r.Model)
		p.sayAll(moved)
		if err != nil {
			return curedFar(err)
		}
		said, done := len(p.said), len(p.done)
		err = p.register(ctx, r, v)
		sent, lost, unpublished := p.outlet.push(ctx, r.Model, lines)
		if lost {
			p.said, p.done, p.later = p.said[:said], p.done[:done], nil
			p.say("somebody else changed %s in the shared store at the same time", r.Model)
			p.sayAll(sent)
			continue
		}
		p.sayAll(sent)
		p.announce(ctx, unpublished)
		if err == nil {
			return curedFar(unpublished)
		}
		if unpublished != nil {
			p.say("%v", unpublished)
		}
		return err
	}
	return fixError{fmt.Errorf("others changed %s in the shared store %d times while this run tried to", r.Model, maxLost), "run again when they are done"}
}

func (p *promotion) sayAll(texts []string) {
	for _, text := range texts {
		p.say("%s", text)
	}
}
