package runner

import (
	"context"

	"github.com/mlops-runner/mlops/runner/plan"
)

// awaitSame makes sure that no two runs do the same work at once: of those that
// want the result of one fingerprint the first executes the job, and the others
// wait and take its result. If it fails, or dies, the next one executes the job
// itself. A job that is forced or never cached is nobody else's.
//
// release ends the claim. hit is the result that came meanwhile, or nil.
func (x *execution) awaitSame(ctx context.Context, n *plan.Node, d decision) (release func(), hit *Result, err error) {
	if x.forced(n) || n.NoCache {
		return func() {}, nil, nil
	}
	release, err = x.Store.Claim(ctx, d.print, func() {
		x.watch.send(Event{Kind: Notice, Level: "notice", Job: n.ID, Text: "another run is at this very job; waiting for its result"})
	})
	if err != nil {
		return nil, nil, err
	}
	hit, _ = x.kept(ctx, n, d.print)
	return release, hit, nil
}
