package github_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mlops-runner/mlops/runner/forge"
	"github.com/mlops-runner/mlops/runner/forge/forgetest"
)

func promotionOf(commit, task, replaces string) forge.Deployment {
	return forge.Deployment{
		Commit: commit, Environment: "production", Task: task, Replaces: replaces, Payload: map[string]string{"model": "churn"},
		Description: task, State: forge.Success, URL: "https://github.test/acme/churn/actions/runs/812",
	}
}

func states(d forgetest.Deployment) string {
	var out []string
	for _, s := range d.States {
		out = append(out, s.State)
	}
	return strings.Join(out, " ")
}

// However often it is told, a version has one deployment; the one before it is in
// use no more, and that of another model stays.
func TestOneDeploymentForEachTask(t *testing.T) {
	inWorld(t, func(w *world) {
		other := promotionOf(w.change.Head, "promote:ltv@1", "")
		tell := func(d forge.Deployment, wrote bool) {
			w.Helper()
			if made, err := w.client.Deploy(w.Context(), d); err != nil || made != wrote {
				w.Errorf("%s: made %v, %v", d.Task, made, err)
			}
		}
		// The answer to the first request that writes is lost.
		w.GitHub.Break(forgetest.Fault{Method: "POST", Path: "deployments", After: true})
		tell(other, true)
		tell(promotionOf(w.change.Head, "promote:churn@1", ""), true)
		tell(promotionOf(w.change.Head, "promote:churn@1", ""), false)
		second := promotionOf(w.change.Head, "promote:churn@2", "promote:churn@1")
		second.State = forge.Failure
		tell(second, true)
		second.State = forge.Success
		tell(second, true)
		tell(second, false)
		tell(promotionOf(w.change.Head, "promote:churn@1", "promote:churn@2"), true)
		got := map[string]string{}
		for _, d := range w.GitHub.Deployments() {
			got[d.Task] += states(d)
			if d.AutoMerge || d.RequiredContexts || d.AutoInactive || d.Environment != "production" || d.Payload["model"] != "churn" {
				w.Errorf("%+v", d)
			}
		}
		want := map[string]string{"promote:ltv@1": "success", "promote:churn@1": "success inactive success", "promote:churn@2": "failure success inactive"}
		if diff := cmp.Diff(want, got); diff != "" {
			w.Error(diff)
		}
	})
}

// The status of the run itself is not there yet, and hinders nothing.
func TestDeploymentBesidePendingStatus(t *testing.T) {
	inWorld(t, func(w *world) {
		if err := w.client.Status(w.Context(), w.change.Head, forge.Status{Context: "ci", State: forge.Pending}); err != nil {
			w.Fatal(err)
		}
		if _, err := w.client.Deploy(w.Context(), promotionOf(w.change.Head, "promote:churn@1", "")); err != nil {
			w.Error(err)
		}
	})
}

func TestDeploymentWithoutPermission(t *testing.T) {
	g := forgetest.NewGitHub(t)
	change := g.OpenFork("acme/churn", "faster")
	_, err := client(t, g, g.WorkflowToken(true)).Deploy(t.Context(), promotionOf(change.Head, "promote:churn@1", ""))
	var e *forge.Error
	if !errors.Is(err, forge.ErrReadOnly) || !errors.As(err, &e) || !strings.Contains(e.Fix, "permissions: {deployments: write}") {
		t.Errorf("%v, %+v", err, e)
	}
	if n := len(g.Deployments()); n != 0 {
		t.Errorf("%d deployments", n)
	}
}

// A commit tells which pull request made it: a merge, and a squash, whose commit has
// one parent alone.
func TestMergedBy(t *testing.T) {
	inWorld(t, func(w *world) {
		const squash = "cccccccccccccccccccccccccccccccccccccccc"
		if _, err := w.client.Merged(w.Context(), w.change.Head); !errors.Is(err, forge.ErrNoChange) {
			w.Errorf("it is open: %v", err)
		}
		w.GitHub.Merge(w.change.Number, squash)
		if got, err := w.client.Merged(w.Context(), squash); err != nil || got.Number != w.change.Number || got.Head != w.change.Head {
			w.Errorf("%+v, %v", got, err)
		}
		// It is part of the pull request, and not what came of it.
		if got, err := w.client.Merged(w.Context(), w.change.Head); !errors.Is(err, forge.ErrNoChange) {
			w.Errorf("%+v, %v", got, err)
		}
	})
}
