package forge_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mlops-runner/mlops/runner/forge"
)

func TestDetect(t *testing.T) {
	github := "GITHUB_ACTIONS=true GITHUB_SERVER_URL=https://github.com GITHUB_API_URL=https://api.github.com GITHUB_REPOSITORY=acme/churn GITHUB_SHA=5ha GITHUB_RUN_ID=812 GITHUB_RUN_ATTEMPT=2 "
	for _, c := range []struct {
		name, env string
		want      forge.CI
	}{
		{"pull request on GitHub", github + "GITHUB_EVENT_NAME=pull_request GITHUB_EVENT_PATH=/e.json GITHUB_REF=refs/pull/7/merge GITHUB_REF_NAME=7/merge GITHUB_HEAD_REF=faster GITHUB_BASE_REF=main GITHUB_TOKEN=t", forge.CI{
			Name: "github", Forge: forge.GitHub, Server: "https://github.com", API: "https://api.github.com", GraphQL: "https://api.github.com/graphql", Repo: "acme/churn",
			Event: "pull_request", Payload: "/e.json", Commit: "5ha", Number: 7, HeadRef: "faster", BaseRef: "main", Run: "812", Attempt: 2,
			URL: "https://github.com/acme/churn/actions/runs/812", Token: "t", From: "GITHUB_TOKEN",
		}},
		{"push on GitHub, no token", github + "GITHUB_EVENT_NAME=push GITHUB_REF=refs/heads/main GITHUB_REF_NAME=main GITHUB_REF_TYPE=branch", forge.CI{
			Name: "github", Forge: forge.GitHub, Server: "https://github.com", API: "https://api.github.com", GraphQL: "https://api.github.com/graphql", Repo: "acme/churn",
			Event: "push", Commit: "5ha", HeadRef: "main", Run: "812", Attempt: 2, URL: "https://github.com/acme/churn/actions/runs/812",
		}},
		{"GitHub Enterprise Server", "GITHUB_ACTIONS=true GITHUB_SERVER_URL=https://git.acme.test GITHUB_API_URL=https://git.acme.test/api/v3/ GH_TOKEN=t", forge.CI{
			Name: "github", Forge: forge.GitHub, Server: "https://git.acme.test", API: "https://git.acme.test/api/v3", GraphQL: "https://git.acme.test/api/graphql", Attempt: 1, Token: "t", From: "GH_TOKEN",
		}},
		{"GitHub Enterprise Server that names only itself", "GITHUB_ACTIONS=true GITHUB_SERVER_URL=https://git.acme.test", forge.CI{
			Name: "github", Forge: forge.GitHub, Server: "https://git.acme.test", API: "https://git.acme.test/api/v3", GraphQL: "https://git.acme.test/api/graphql", Attempt: 1,
		}},
		{"GitHub with data residency", "GITHUB_ACTIONS=true GITHUB_SERVER_URL=https://acme.ghe.com", forge.CI{
			Name: "github", Forge: forge.GitHub, Server: "https://acme.ghe.com", API: "https://api.acme.ghe.com", GraphQL: "https://api.acme.ghe.com/graphql", Attempt: 1,
		}},
		{"Gitea, which says GitHub, too", github + "GITEA_ACTIONS=true GITHUB_API_URL=https://git.test/api/v1 GITHUB_SERVER_URL=https://git.test GITHUB_REF=refs/pull/7/head GITEA_TOKEN=g GITHUB_TOKEN=t", forge.CI{
			Name: "gitea", Forge: forge.Gitea, Server: "https://git.test", API: "https://git.test/api/v1", Repo: "acme/churn", Commit: "5ha", Number: 7, Run: "812", Attempt: 2,
			URL: "https://git.test/acme/churn/actions/runs/812", Token: "g", From: "GITEA_TOKEN",
		}},
		{"Forgejo", "FORGEJO_ACTIONS=true GITHUB_ACTIONS=true GITHUB_SERVER_URL=https://git.test GITHUB_TOKEN=t", forge.CI{
			Name: "gitea", Forge: forge.Gitea, Server: "https://git.test", API: "https://git.test/api/v1", Attempt: 1, Token: "t", From: "GITHUB_TOKEN",
		}},
		{"merged results of a fork on GitLab", "GITLAB_CI=true CI_SERVER_URL=https://gitlab.test CI_API_V4_URL=https://gitlab.test/api/v4 CI_PROJECT_PATH=eve/churn CI_COMMIT_SHA=trial CI_PIPELINE_SOURCE=merge_request_event CI_MERGE_REQUEST_IID=7 CI_MERGE_REQUEST_PROJECT_PATH=acme/ml/churn CI_MERGE_REQUEST_SOURCE_PROJECT_PATH=eve/churn CI_MERGE_REQUEST_SOURCE_BRANCH_NAME=faster CI_MERGE_REQUEST_TARGET_BRANCH_NAME=main CI_MERGE_REQUEST_SOURCE_BRANCH_SHA=5ha CI_PIPELINE_ID=99 CI_PIPELINE_URL=https://gitlab.test/p/99 CI_JOB_TOKEN=j", forge.CI{
			Name: "gitlab", Forge: forge.GitLab, Server: "https://gitlab.test", API: "https://gitlab.test/api/v4", Repo: "acme/ml/churn", Event: "merge_request_event",
			Commit: "trial", Head: "5ha", Number: 7, HeadRef: "faster", HeadRepo: "eve/churn", BaseRef: "main", Run: "99", Attempt: 1, URL: "https://gitlab.test/p/99", Token: "j", From: "CI_JOB_TOKEN",
		}},
		{"branch on GitLab", "GITLAB_CI=true CI_SERVER_URL=https://gitlab.test CI_API_V4_URL=https://gitlab.test/api/v4 CI_PROJECT_PATH=acme/churn CI_COMMIT_SHA=5ha CI_COMMIT_REF_NAME=main CI_PIPELINE_ID=99 GITLAB_TOKEN=g CI_JOB_TOKEN=j", forge.CI{
			Name: "gitlab", Forge: forge.GitLab, Server: "https://gitlab.test", API: "https://gitlab.test/api/v4", Repo: "acme/churn", Commit: "5ha", HeadRef: "main", Run: "99", Attempt: 1, Token: "g", From: "GITLAB_TOKEN",
		}},
		{"Bitbucket", "BITBUCKET_BUILD_NUMBER=5 BITBUCKET_REPO_FULL_NAME=acme/churn BITBUCKET_COMMIT=5ha BITBUCKET_PR_ID=7 BITBUCKET_BRANCH=faster BITBUCKET_PR_DESTINATION_BRANCH=main BITBUCKET_STEP_RUN_NUMBER=3 BITBUCKET_TOKEN=b", forge.CI{
			Name: "bitbucket", Forge: forge.Bitbucket, Server: "https://bitbucket.org", API: "https://api.bitbucket.org/2.0", Repo: "acme/churn", Commit: "5ha", Head: "5ha", Number: 7,
			HeadRef: "faster", BaseRef: "main", Run: "5", Attempt: 3, URL: "https://bitbucket.org/acme/churn/pipelines/results/5", Token: "b", From: "BITBUCKET_TOKEN",
		}},
		{"Jenkins with GitHub", "JENKINS_URL=https://ci.test BUILD_NUMBER=12 BUILD_URL=https://ci.test/12 GIT_COMMIT=5ha CHANGE_ID=7 CHANGE_TARGET=main CHANGE_BRANCH=faster BRANCH_NAME=PR-7 CHANGE_URL=https://github.com/acme/churn/pull/7 GITHUB_TOKEN=t", forge.CI{
			Name: "jenkins", Forge: forge.GitHub, Server: "https://github.com", API: "https://api.github.com", GraphQL: "https://api.github.com/graphql", Repo: "acme/churn", Commit: "5ha", Number: 7,
			HeadRef: "faster", BaseRef: "main", Run: "12", Attempt: 1, URL: "https://ci.test/12", Token: "t", From: "GITHUB_TOKEN",
		}},
		{"Jenkins with GitLab", "JENKINS_URL=https://ci.test CHANGE_ID=7 CHANGE_URL=https://gitlab.test/acme/ml/churn/-/merge_requests/7 GITLAB_TOKEN=t", forge.CI{
			Name: "jenkins", Forge: forge.GitLab, Server: "https://gitlab.test", API: "https://gitlab.test/api/v4", Repo: "acme/ml/churn", Number: 7, Attempt: 1, Token: "t", From: "GITLAB_TOKEN",
		}},
		{"Jenkins with Gitea", "JENKINS_URL=https://ci.test CHANGE_ID=7 CHANGE_URL=http://git.test:3000/acme/churn/pulls/7", forge.CI{
			Name: "jenkins", Forge: forge.Gitea, Server: "http://git.test:3000", API: "http://git.test:3000/api/v1", Repo: "acme/churn", Number: 7, Attempt: 1,
		}},
		{"Jenkins with Bitbucket", "JENKINS_URL=https://ci.test CHANGE_ID=7 CHANGE_URL=https://bitbucket.org/acme/churn/pull-requests/7", forge.CI{
			Name: "jenkins", Forge: forge.Bitbucket, Server: "https://bitbucket.org", API: "https://api.bitbucket.org/2.0", Repo: "acme/churn", Number: 7, Attempt: 1,
		}},
		{"Jenkins with a branch", "JENKINS_URL=https://ci.test GIT_COMMIT=5ha BRANCH_NAME=main", forge.CI{Name: "jenkins", Commit: "5ha", HeadRef: "main", Attempt: 1}},
		{"a laptop", "CI=true GITHUB_TOKEN=t", forge.CI{}},
	} {
		got, ok := forge.Detect(lookup(c.env))
		if diff := cmp.Diff(c.want, got); diff != "" || ok != (c.want.Name != "") {
			t.Errorf("%s: found %v (-want +got):\n%s", c.name, ok, diff)
		}
	}
}

// lookup reads variables from NAME=VALUE words, of which the last counts.
func lookup(env string) func(string) (string, bool) {
	m := map[string]string{}
	for field := range strings.FieldsSeq(env) {
		name, value, _ := strings.Cut(field, "=")
		m[name] = value
	}
	return func(name string) (string, bool) { v, ok := m[name]; return v, ok }
}

func TestTokenIsNotPrinted(t *testing.T) {
	ci, _ := forge.Detect(lookup("GITLAB_CI=true GITLAB_TOKEN=hush-hush"))
	for _, format := range []string{"%v", "%+v", "%#v", "%s"} {
		if text := fmt.Sprintf(format, ci); strings.Contains(text, "hush") {
			t.Errorf("%s prints %s", format, text)
		}
	}
}
