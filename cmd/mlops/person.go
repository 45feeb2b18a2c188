package main

import (
	"cmp"
	"context"
	"os"
	"os/user"

	"github.com/mlops-runner/mlops/runner/worktree"
)

// starter is who starts a run: whom its event names, else who calls. It is not the author
// of the commit, which anybody may run.
func (a *app) starter(ctx context.Context, p *project) string {
	if p.event != nil {
		return p.event.Actor
	}
	return a.person(ctx)
}

// person is who calls, as far as can be told: whom a CI service names, else who
// would commit here, else the user of the machine. Nobody has checked it; what
// is proven is the key that signs.
func (a *app) person(ctx context.Context) string {
	if name := cmp.Or(os.Getenv("GITHUB_ACTOR"), os.Getenv("GITLAB_USER_LOGIN")); name != "" {
		return name
	}
	if p, err := a.findProject(""); err == nil {
		if name := worktree.Person(ctx, p.root); name != "" {
			return name
		}
	}
	if u, err := user.Current(); err == nil && u.Username != "" {
		return u.Username
	}
	return os.Getenv("USER")
}
