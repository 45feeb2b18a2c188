package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/mlops-runner/mlops/cmd/mlops/view"
	"github.com/mlops-runner/mlops/runner/store"
)

func (a *app) cacheVerify(ctx context.Context, remote bool) error {
	s, err := a.openStore()
	if err != nil {
		return err
	}
	l, err := a.lookout(s, remote)
	if err != nil {
		return err
	}
	all, err := s.Verify(ctx, nil)
	if err != nil {
		return err
	}
	problems, err := lacking(ctx, l, all, func(p *store.Problem) (store.Digest, *string) { return p.Missing, &p.Reason })
	if err != nil {
		return err
	}
	for _, p := range problems {
		fmt.Fprintln(a.stdout, p)
	}
	if err := l.tell(a); err != nil {
		return err
	}
	if len(problems) > 0 {
		if err := forgetSnapshots(s); err != nil {
			return err
		}
		a.adviseVerified(problems)
		return failedError{exitFailed}
	}
	u, err := s.Usage(ctx)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(a.stdout, "%s files, %s: all as they should be\n", view.Count(u.Blobs), view.Bytes(u.BlobBytes))
	return err
}

// adviseVerified says what can be done: a run makes results anew, and no run the files of
// registered models.
func (a *app) adviseVerified(problems []store.Problem) {
	a.say("%s; results that are damaged will be made anew by the next run", counted(len(problems), "problem"))
	if slices.ContainsFunc(problems, func(p store.Problem) bool { return !p.Missing.IsZero() }) {
		a.say("what is missing belongs to models: \"mlops model verify\" names them; who has it sends it by \"mlops push --all\"")
	}
}
