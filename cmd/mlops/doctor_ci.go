package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"

	"github.com/mlops-runner/mlops/runner/forge"
	"github.com/mlops-runner/mlops/runner/trigger"
)

// doctorPatience is how long a forge may take to answer the doctor.
const doctorPatience = 20 * time.Second

// ciFindings are the facts on which it depends whether a pull request is told of
// a run: the forge, the token, the pull request, the history.
func ciFindings(ctx context.Context, dir string, lookup func(string) (string, bool)) []finding {
	api, _ := lookup("MLOPS_FORGE_API")
	ci, err := placeOptions{api: api}.place(lookup)
	if err != nil {
		return []finding{{"forge", err.Error(), "warn", "run this in a job of GitHub Actions, Gitea, Forgejo, GitLab, Bitbucket or Jenkins, or give mlops report --forge, --repo and --pr"}, shallowFinding(ctx, dir, false)}
	}
	answer, ok := pullFinding(ctx, ci)
	return []finding{
		{"forge", fmt.Sprintf("%s %s at %s", ci.Forge, cmp.Or(ci.Repo, "without a repository"), ci.API), "ok", ""},
		tokenFinding(ci, trigger.ForkEnviron(lookup, readPayload)), answer, shallowFinding(ctx, dir, ok),
	}
}

// tokenFinding says where the token is from, and what is known of it before it is used.
func tokenFinding(ci forge.CI, fork bool) finding {
	switch {
	case ci.Token == "":
		return finding{"token", "none", "warn", tokenFix(ci.Forge)}
	case fork:
		return finding{"token", ci.From + ", of a fork's pull request: it may only read", "warn", "nothing is wrong: a workflow on workflow_run with the action mlops-runner/mlops/actions/report posts the comment"}
	case ci.From == "CI_JOB_TOKEN":
		return finding{"token", ci.From + ", which may not write notes", "warn", tokenFix(ci.Forge)}
	}
	return finding{"token", "from " + ci.From, "ok", ""}
}

func tokenFix(k forge.Kind) string {
	switch k {
	case forge.GitHub:
		return "give the step env: GITHUB_TOKEN: ${{ github.token }}, and the job permissions: {contents: read, pull-requests: write, statuses: write}"
	case forge.GitLab:
		return "set GITLAB_TOKEN to a project access token with the scope api"
	case forge.Bitbucket:
		return "set BITBUCKET_TOKEN to a repository access token that may write pull requests"
	}
	return "set GITEA_TOKEN to a token that may write issues and repositories"
}

// pullFinding asks the forge for the pull request of the job. ok is whether it answered.
func pullFinding(ctx context.Context, ci forge.CI) (f finding, ok bool) {
	ctx, stop := context.WithTimeout(ctx, doctorPatience)
	defer stop()
	client, err := openForge(ci)
	if err != nil {
		return finding{"pull", err.Error(), "warn", cure(helped(err))}, false
	}
	ref := forge.Ref{Number: ci.Number, Head: cmp.Or(ci.Head, ci.Commit), Repo: ci.HeadRepo, Branch: ci.HeadRef}
	c, err := client.Change(ctx, ref)
	switch {
	case errors.Is(err, forge.ErrNoChange):
		return finding{"pull", "none for this commit: there is nothing to comment on", "ok", ""}, true
	case err != nil:
		return finding{"pull", err.Error(), "warn", cure(helped(err))}, false
	}
	return finding{"pull", fmt.Sprintf("%d, from %s into %s", c.Number, c.HeadRef, c.BaseRef), "ok", ""}, true
}

// shallowFinding says whether git alone can find where a branch left another.
func shallowFinding(ctx context.Context, dir string, asked bool) finding {
	out, err := exec.CommandContext(ctx, "git", "-C", dir, "rev-parse", "--is-shallow-repository").Output()
	switch {
	case err != nil:
		return finding{"history", "no git repository", "warn", "check the repository out before"}
	case strings.TrimSpace(string(out)) != "true":
		return finding{"history", "whole", "ok", ""}
	case asked:
		return finding{"history", "cut off by the checkout; the forge is asked where branches parted", "ok", ""}
	}
	return finding{"history", "cut off by the checkout, and no forge to ask: more of it is fetched when a baseline is looked for", "warn", "check out with fetch-depth: 0"}
}
