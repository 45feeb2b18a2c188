package gitlab_test

import (
	"errors"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mlops-runner/mlops/runner/forge"
	"github.com/mlops-runner/mlops/runner/forge/forgetest"
	"github.com/mlops-runner/mlops/runner/forge/gitlab"
)

func client(t testing.TB, g *forgetest.GitLab, token string) *gitlab.Client {
	t.Helper()
	c, err := gitlab.New(gitlab.Options{API: g.URL(), Repo: "acme/churn", Token: forge.Token(token), Base: g})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestConformance(t *testing.T) {
	forgetest.Run(t, func(t *testing.T) forgetest.World {
		g := forgetest.NewGitLab(t)
		g.Latency = func() time.Duration { return rand.N(100 * time.Millisecond) }
		return g.World(func(t testing.TB, token string) forge.Forge { return client(t, g, token) })
	}, forgetest.Options{Bubble: true, Rounds: 20})
}

// in runs f with a fake that has one merge request.
func in(t *testing.T, f func(t *testing.T, g *forgetest.GitLab, c *gitlab.Client, p forge.Post)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		g := forgetest.NewGitLab(t)
		c := client(t, g, g.Token(forgetest.User{Login: "project_1_bot"}))
		ch := g.World(nil).Open(t)
		f(t, g, c, forge.Post{Number: ch.Number, Marker: forge.Marker{Key: "churn", Run: "1", Attempt: 1, Head: ch.Head, Verdict: "promote"}})
	})
}

// A report quotes what strangers wrote; none of it is a command.
func TestNoteGivesNoCommand(t *testing.T) {
	in(t, func(t *testing.T, g *forgetest.GitLab, c *gitlab.Client, p forge.Post) {
		p.Text = "fine\n/close\n\n  /merge\r\n/assign @eve\r/approve\n> /unlabel ~bug\n```\n/done\n```\n/"
		for _, run := range []string{"1", "2"} {
			p.Marker.Run = run
			if _, err := c.Upsert(t.Context(), p); err != nil {
				t.Fatal(err)
			}
		}
		if g.Commands != nil {
			t.Errorf("GitLab obeyed %q", g.Commands)
		}
		if r, err := c.Upsert(t.Context(), p); err != nil || r.Outcome != forge.Unchanged {
			t.Errorf("the same again: %+v, %v", r, err)
		}
		body := g.World(nil).Comments(t, 1)[0].Body
		if !strings.HasPrefix(body, "fine\n\\/close\n\n  \\/merge\n\\/assign @eve\n\\/approve\n> \\/unlabel ~bug\n") {
			t.Errorf("%q", body)
		}
	})
}

// Without care they would be: the fake obeys them.
func TestFakeObeysCommands(t *testing.T) {
	in(t, func(t *testing.T, g *forgetest.GitLab, c *gitlab.Client, p forge.Post) {
		rest := forge.REST{Base: g.URL(), Transport: &forge.Transport{Base: g, Host: "gitlab.test"}}
		token := g.Token(forgetest.User{Login: "eve"})
		rest.Transport.Authorize = func(r *http.Request) error { r.Header.Set("PRIVATE-TOKEN", token); return nil }
		if _, err := rest.Do(t.Context(), "POST", "/projects/1/merge_requests/1/notes", nil, map[string]string{"body": "x\n/close"}, nil); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"/close"}, g.Commands); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

func TestForkByHead(t *testing.T) {
	in(t, func(t *testing.T, g *forgetest.GitLab, c *gitlab.Client, p forge.Post) {
		fork := g.OpenFork("eve/churn", "main")
		for name, r := range map[string]forge.Ref{
			"with its branch":    {Head: fork.Head, Repo: "eve/churn", Branch: "main"},
			"without its branch": {Head: fork.Head, Repo: "eve/churn"},
		} {
			got, err := c.Change(t.Context(), r)
			if err != nil || got.Number != fork.Number || !got.Fork || got.HeadRepo != "eve/churn" || got.BaseRepo != "acme/churn" {
				t.Errorf("%s: %+v, %v", name, got, err)
			}
		}
		if got, err := c.Change(t.Context(), forge.Ref{Head: fork.Head}); !errors.Is(err, forge.ErrNoChange) {
			t.Errorf("as one of our own: %+v, %v", got, err)
		}
	})
}

func TestJobToken(t *testing.T) {
	in(t, func(t *testing.T, g *forgetest.GitLab, c *gitlab.Client, p forge.Post) {
		token := g.Token(forgetest.User{Login: "job", ReadOnly: true})
		job, err := gitlab.New(gitlab.Options{API: g.URL(), Repo: "acme/churn", Token: forge.Token(token), JobToken: true, Base: g})
		if err != nil {
			t.Fatal(err)
		}
		p.Text = "x"
		_, err = job.Upsert(t.Context(), p)
		var e *forge.Error
		if !errors.Is(err, forge.ErrReadOnly) || !errors.As(err, &e) || !strings.HasPrefix(e.Fix, "CI_JOB_TOKEN may not do this; make a project access token") {
			t.Errorf("%v; fix: %s", err, e.Fix)
		}
	})
}

func TestNew(t *testing.T) {
	for name, c := range map[string]struct {
		o    gitlab.Options
		kind error
	}{
		"no token":   {gitlab.Options{API: "https://gitlab.test/api/v4", Repo: "a/b"}, forge.ErrNoToken},
		"no address": {gitlab.Options{Repo: "a/b", Token: "x"}, forge.ErrInvalid},
		"no project": {gitlab.Options{API: "https://gitlab.test/api/v4", Token: "x"}, forge.ErrInvalid},
	} {
		var e *forge.Error
		if _, err := gitlab.New(c.o); !errors.Is(err, c.kind) || !errors.As(err, &e) || e.Fix == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
}
