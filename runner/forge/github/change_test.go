package github_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mlops-runner/mlops/runner/forge"
	"github.com/mlops-runner/mlops/runner/forge/forgetest"
	"github.com/mlops-runner/mlops/runner/forge/github"
)

// A workflow_run knows the head and where it was pushed to. Pull requests of
// forks are not among those of a commit.
func TestForkByHead(t *testing.T) {
	inWorld(t, func(w *world) {
		fork := w.OpenFork("eve/churn", "main")
		for name, r := range map[string]forge.Ref{
			"head, repository and branch": {Head: fork.Head, Repo: "eve/churn", Branch: "main"},
			"head and repository":         {Head: fork.Head, Repo: "eve/churn"},
		} {
			got, err := w.client.Change(w.Context(), r)
			if err != nil || got.Number != fork.Number || !got.Fork || got.HeadRepo != "eve/churn" {
				w.Errorf("%s: %+v, %v", name, got, err)
			}
		}
		// A branch of the same name elsewhere, or the head under another name, is not it.
		for name, r := range map[string]forge.Ref{
			"another fork":        {Head: fork.Head, Repo: "mallory/churn", Branch: "main"},
			"another, any branch": {Head: fork.Head, Repo: "mallory/churn"},
			"ours, any branch":    {Head: fork.Head},
			"our own repository":  {Head: fork.Head, Repo: "acme/churn", Branch: "main"},
			"another branch":      {Head: fork.Head, Repo: "eve/churn", Branch: "other"},
			"a head of somewhere": {Head: w.change.Head, Repo: "eve/churn", Branch: "main"},
		} {
			if got, err := w.client.Change(w.Context(), r); !errors.Is(err, forge.ErrNoChange) {
				w.Errorf("%s: %+v, %v", name, got, err)
			}
		}
	})
}

func TestSeveralWithOneHead(t *testing.T) {
	inWorld(t, func(w *world) {
		a := w.OpenFork("eve/churn", "main")
		b := w.OpenFork("eve/churn", "main")
		w.Set(b.Number, func(c *forge.Change) { c.Head, c.BaseRef = a.Head, "release" })
		r := forge.Ref{Head: a.Head, Repo: "eve/churn", Branch: "main"}
		_, err := w.client.Change(w.Context(), r)
		var e *forge.Error
		if !errors.Is(err, forge.ErrAmbiguous) || !errors.As(err, &e) || e.Detail != "numbers 3, 2" {
			w.Errorf("%v", err)
		}
		w.Set(a.Number, func(c *forge.Change) { c.State = forge.Merged })
		if got, err := w.client.Change(w.Context(), r); err != nil || got.Number != b.Number {
			w.Errorf("one of them is merged: %+v, %v", got, err)
		}
		w.Set(b.Number, func(c *forge.Change) { c.State = forge.Closed })
		if got, err := w.client.Change(w.Context(), r); err != nil || got.State == forge.Open {
			w.Errorf("both have ended: %+v, %v", got, err)
		}
	})
}

func TestForkThatIsGone(t *testing.T) {
	inWorld(t, func(w *world) {
		fork := w.OpenFork("eve/churn", "main")
		w.Set(fork.Number, func(c *forge.Change) { c.HeadRepo = "" })
		got, err := w.client.Change(w.Context(), forge.Ref{Number: fork.Number})
		if err != nil || !got.Fork || got.HeadRepo != "" {
			w.Errorf("%+v, %v", got, err)
		}
		// GitHub answers null, and its description does not have it.
		if v := w.TakeViolations(); len(v) != 1 || !strings.Contains(v[0], `"/head/repo": Value is not nullable`) {
			w.Errorf("violations: %q", v)
		}
	})
}

func TestMergeBase(t *testing.T) {
	inWorld(t, func(w *world) {
		got, behind, err := w.client.MergeBase(w.Context(), w.change.Base, w.change.Head)
		if err != nil || got != w.change.MergeBase || behind != 3 {
			w.Errorf("%s, %d, %v", got, behind, err)
		}
		if r := w.TakeRequests(); len(r) != 1 || r[0].Query != "per_page=1" {
			w.Errorf("requests: %+v", r)
		}
	})
}

func TestLargeFile(t *testing.T) {
	inWorld(t, func(w *world) {
		if _, err := w.client.File(w.Context(), "large.bin", w.change.Base); !errors.Is(err, forge.ErrTooLong) {
			w.Error(err)
		}
	})
}

func TestNew(t *testing.T) {
	for name, c := range map[string]struct {
		o    github.Options
		kind error
	}{
		"no token":          {github.Options{API: "https://api.github.com", Repo: "acme/churn"}, forge.ErrNoToken},
		"no owner":          {github.Options{API: "https://api.github.com", Repo: "churn", Token: "x"}, forge.ErrInvalid},
		"a way out":         {github.Options{API: "https://api.github.com", Repo: "../user", Token: "x"}, forge.ErrInvalid},
		"three parts":       {github.Options{API: "https://api.github.com", Repo: "acme/churn/pulls", Token: "x"}, forge.ErrInvalid},
		"no address":        {github.Options{API: "api.github.com", Repo: "acme/churn", Token: "x"}, forge.ErrInvalid},
		"another scheme":    {github.Options{API: "file:///etc", Repo: "acme/churn", Token: "x"}, forge.ErrInvalid},
		"a query in a name": {github.Options{API: "https://api.github.com", Repo: "acme/churn?x", Token: "x"}, forge.ErrInvalid},
	} {
		var e *forge.Error
		if _, err := github.New(c.o); !errors.Is(err, c.kind) || !errors.As(err, &e) || e.Fix == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestCaps(t *testing.T) {
	inWorld(t, func(w *world) {
		want := forge.Caps{MaxComment: 60_000, HTML: true, Mermaid: true, Alerts: true, Minimize: true}
		if diff := cmp.Diff(want, w.client.Caps()); diff != "" {
			w.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// A status whose answer was lost is set again: only the last one counts.
func TestStatusIsRepeated(t *testing.T) {
	inWorld(t, func(w *world) {
		w.Break(forgetest.Fault{Path: "statuses", After: true, Times: 2})
		began := time.Now()
		s := forge.Status{Context: "mlops/churn", State: forge.Success, Description: "ok"}
		if err := w.client.Status(w.Context(), w.change.Head, s); err != nil {
			w.Fatal(err)
		}
		if got := w.World.Status(w.T, w.change.Head, "mlops/churn"); got != s || time.Since(began) < time.Second {
			w.Errorf("%+v after %s", got, time.Since(began))
		}
	})
}
