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
	problems, err := l.unkept(ctx, all)
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

// unkept are the problems that are none of names whose bytes are only in the shared store.
func (l *lookout) unkept(ctx context.Context, all []store.Problem) (out []store.Problem, err error) {
	var missing []store.Digest
	for _, p := range all {
		missing = append(missing, p.Missing)
	}
	if err := l.ask(ctx, missing); err != nil {
		return nil, err
	}
	for _, p := range all {
		if l.has(p.Missing) {
			continue
		}
		p.Reason += l.nor(p.Missing)
		out = append(out, p)
	}
	return out, nil
}

// adviseVerified says what can be done: a run makes results anew, and no run the files of
// registered models.
func (a *app) adviseVerified(problems []store.Problem) {
	a.say("%s; results that are damaged will be made anew by the next run", counted(len(problems), "problem"))
	if slices.ContainsFunc(problems, func(p store.Problem) bool { return !p.Missing.IsZero() }) {
		a.say("what is missing belongs to models: \"mlops model verify\" names them; who has it sends it by \"mlops push --all\"")
	}
}
