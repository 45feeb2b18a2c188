package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/mlops-runner/mlops/runner/forge"
	"github.com/mlops-runner/mlops/runner/forge/bitbucket"
	"github.com/mlops-runner/mlops/runner/forge/github"
	"github.com/mlops-runner/mlops/runner/forge/gitlab"
	"github.com/mlops-runner/mlops/runner/trigger"
)

// errNoForge is that nothing says where reports go.
var errNoForge = errors.New("no CI service that is known, and no --forge")

// place is what the environment and the flags together say of the forge.
func (o placeOptions) place(lookup func(string) (string, bool)) (forge.CI, error) {
	ci, ok := forge.Detect(lookup)
	if o.forge != "" {
		kind, err := forgeKind(o.forge)
		if err != nil {
			return ci, err
		}
		if ci.Forge != kind {
			ci, ok = forge.Detect(as(kind, lookup))
		}
	}
	if !ok || ci.Forge == "" {
		return ci, fixError{errNoForge, "name it by --forge and --repo, with a token in the environment"}
	}
	ci.API = cmp.Or(o.api, ci.API)
	if ci.API == "" && ci.Forge == forge.GitLab {
		ci.API = "https://gitlab.com/api/v4"
	}
	if o.api != "" && ci.Forge == forge.GitHub {
		ci.GraphQL = forge.GraphQLOf(o.api)
	}
	ci.Repo = cmp.Or(o.repo, ci.Repo)
	caused(&ci)
	ci.Number = cmp.Or(o.number, ci.Number)
	if o.head != "" {
		ci.Number, ci.Head, ci.HeadRepo, ci.HeadRef = o.number, o.head, o.headRepo, o.headName
	}
	return ci, nil
}

// as lets the environment look like that of a forge's CI service: a token and a
// repository may be there without one.
func as(kind forge.Kind, lookup func(string) (string, bool)) func(string) (string, bool) {
	signs := map[forge.Kind]string{forge.GitHub: "GITHUB_ACTIONS", forge.Gitea: "GITEA_ACTIONS", forge.GitLab: "GITLAB_CI", forge.Bitbucket: "BITBUCKET_BUILD_NUMBER"}
	return func(name string) (string, bool) {
		for k, sign := range signs {
			if name == sign {
				return map[bool]string{true: "true"}[k == kind], k == kind
			}
		}
		return lookup(name)
	}
}

// caused fills in what the event that started the workflow says of its pull
// request. An event that says nothing, or cannot be read, changes nothing.
func caused(ci *forge.CI) {
	if ci.Payload == "" {
		return
	}
	payload, err := readLimited(ci.Payload, trigger.MaxPayload)
	if err != nil {
		return
	}
	_, ref, err := github.ParseEvent(ci.Event, payload)
	if err != nil {
		return
	}
	ci.Number, ci.Head = cmp.Or(ref.Number, ci.Number), cmp.Or(ref.Head, ci.Head)
	ci.HeadRepo, ci.HeadRef = cmp.Or(ref.Repo, ci.HeadRepo), cmp.Or(ref.Branch, ci.HeadRef)
}

func forgeKind(name string) (forge.Kind, error) {
	for _, k := range []forge.Kind{forge.GitHub, forge.Gitea, forge.GitLab, forge.Bitbucket} {
		if string(k) == name {
			return k, nil
		}
	}
	return "", usagef("--forge %s: write github, gitea, gitlab or bitbucket", name)
}

// openForge makes the client of a forge. It asks nobody.
func openForge(ci forge.CI) (forge.Forge, error) {
	app, err := appOf(ci, os.LookupEnv)
	if err != nil {
		return nil, err
	}
	return openForgeAs(ci, app)
}

// openForgeAs is the same for an App, or if that is nil for the token.
func openForgeAs(ci forge.CI, app *github.App) (forge.Forge, error) {
	switch ci.Forge {
	case forge.GitHub, forge.Gitea:
		return github.New(github.Options{API: ci.API, GraphQL: ci.GraphQL, Repo: ci.Repo, Token: ci.Token, App: app, Gitea: ci.Forge == forge.Gitea})
	case forge.GitLab:
		return gitlab.New(gitlab.Options{API: ci.API, Repo: ci.Repo, Token: ci.Token, JobToken: ci.From == "CI_JOB_TOKEN"})
	case forge.Bitbucket:
		return bitbucket.New(bitbucket.Options{API: ci.API, Repo: ci.Repo, Token: ci.Token})
	}
	return nil, fmt.Errorf("no client for %q", ci.Forge)
}

// appOf is the GitHub App that reports, nil if none is set up. An App may make
// check runs, which stand beside the commit with the whole report in them.
func appOf(ci forge.CI, lookup func(string) (string, bool)) (*github.App, error) {
	text, ok := lookup("MLOPS_GITHUB_APP_KEY")
	if !ok || text == "" || ci.Forge != forge.GitHub {
		return nil, nil
	}
	number := func(name string) (int64, error) {
		v, _ := lookup(name)
		n, err := strconv.ParseInt(v, 10, 64)
		if err != nil {
			return 0, fixError{fmt.Errorf("%s=%q is no number", name, v), "a GitHub App is given by MLOPS_GITHUB_APP_ID, MLOPS_GITHUB_APP_INSTALLATION and MLOPS_GITHUB_APP_KEY (the text of its key)"}
		}
		return n, nil
	}
	id, err := number("MLOPS_GITHUB_APP_ID")
	if err != nil {
		return nil, err
	}
	installation, err := number("MLOPS_GITHUB_APP_INSTALLATION")
	if err != nil {
		return nil, err
	}
	key, err := github.ParseKey([]byte(text))
	if err != nil {
		return nil, err
	}
	_, name, _ := strings.Cut(ci.Repo, "/")
	return &github.App{
		API: ci.API, ID: id, Installation: installation, Key: key, Repositories: []string{name},
		Permissions: map[string]string{"checks": "write", "pull_requests": "write", "statuses": "write", "contents": "read"},
	}, nil
}
