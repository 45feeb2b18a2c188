package main

import (
	"context"
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"time"

	"github.com/mlops-runner/mlops/runner/checkout"
	"github.com/mlops-runner/mlops/runner/trigger"
	"github.com/mlops-runner/mlops/runner/untrusted"
	"github.com/mlops-runner/mlops/spec"
)

// judgeByBase lets a pull request be judged by what its base branch says: gates,
// directions of metrics, and what it is compared with. What of them the pull
// request itself says otherwise is told. If the base branch cannot be asked, the
// run goes on with its own and says that it does: who may open a pull request
// that is trusted may change the gates as well.
func (a *app) judgeByBase(ctx context.Context, s *session) error {
	e := cause(s.project.event)
	if e == nil || e.Name != trigger.PullRequest {
		return nil
	}
	base, name, err := a.planOfBase(ctx, s)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, untrusted.ErrNoBase):
		s.notice(name + " has no mlops.yaml yet: the gates are those of this pull request")
		return nil
	case err != nil:
		s.notice("the gates are those of this pull request, because those of its base branch cannot be read: " + foreign(err.Error()) + cureOf(err))
		return nil
	}
	j := s.judging
	j.own, j.base = append([]spec.Str{}, s.Plan.Gates...), base.commit
	for _, text := range untrusted.Judge(s.Plan, base.plan) {
		s.notice(text)
	}
	if len(s.Plan.Gates) > 0 || j.compares() {
		s.Judge = j.judge
	}
	return nil
}

func cureOf(err error) string {
	if fix := cure(cured(err)); fix != "" {
		return "; " + fix
	}
	return ""
}

func (s *session) notice(text string) { s.Options.Notices = append(s.Options.Notices, text) }

// planOfBase makes the plan of the newest commit of the branch that a pull request
// goes into.
func (a *app) planOfBase(ctx context.Context, s *session) (*trusted, string, error) {
	ctx, stop := context.WithTimeout(ctx, patience)
	defer stop()
	y, err := a.openYardstick(ctx, s.project, false)
	if err != nil {
		return nil, "", err
	}
	defer y.close()
	if y.repo == nil {
		return nil, "", errors.New("this folder is in no git repository")
	}
	q := y.query(s.source, s.Plan.Pipeline, "")
	q.Asked = "base-tip"
	commit, name, err := y.resolver(time.Now()).Target(ctx, q)
	if err != nil {
		return nil, name, err
	}
	if _, here := y.repo.Commit(ctx, commit); !here {
		if _, err := y.repo.Fetch(ctx, commit); err != nil {
			return nil, name, &checkout.Error{Fix: "set fetch-depth: 0", Err: fmt.Errorf("the commit %.12s is not in this clone and cannot be fetched: %w", commit, err)}
		}
	}
	base, err := a.planAt(ctx, s.project, y.repo, commit)
	return base, name, err
}

// filesOf reads the project's files as they are in a commit and, where that is
// allowed, files which the commit does not have from the folder.
func (y *yardstick) filesOf(ctx context.Context, commit string, beside bool) func(string) ([]byte, error) {
	return func(name string) ([]byte, error) {
		if y.repo == nil {
			return nil, errors.New("there is no repository to read it from")
		}
		dir, _, err := y.project.inRepository(y.repo.Top())
		if err != nil {
			return nil, err
		}
		data, err := y.repo.File(ctx, commit, path.Join(filepath.ToSlash(dir), name))
		if beside && errors.Is(err, checkout.ErrNotInCommit) {
			return y.project.read(name)
		}
		return data, err
	}
}
