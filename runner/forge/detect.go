package forge

import (
	"cmp"
	"net/url"
	"strconv"
	"strings"
)

// Kind is a sort of forge.
type Kind string

// The kinds of forge. Forgejo is a Gitea.
const (
	GitHub    Kind = "github"
	Gitea     Kind = "gitea"
	GitLab    Kind = "gitlab"
	Bitbucket Kind = "bitbucket"
)

// A CI is what the environment says of the CI service that this is a job of.
// What it does not say is empty.
type CI struct {
	Name    string // github, gitea, gitlab, bitbucket, jenkins
	Forge   Kind   // where the repository is; "" if Jenkins does not say
	Server  string // https://github.com
	API     string // https://api.github.com, without a slash at its end
	GraphQL string // of GitHub
	Repo    string // owner/name that pull requests are made to; of GitLab any number of groups/name
	Event   string // name of the event, of GitHub and Gitea
	Payload string // file with the event's payload, of GitHub and Gitea
	// Commit is what is checked out. On GitHub and Gitea that may be the trial merge
	// of a pull request, whose head only the payload names; see Head.
	Commit   string
	Head     string // newest commit of the pull request
	Number   int    // of the pull request
	HeadRef  string // branch that it comes from, or that was pushed
	HeadRepo string // owner/name that the pull request comes from
	BaseRef  string // branch that it goes into
	Run      string // id of the run, for a [Marker]
	Attempt  int    // of the run, from 1
	URL      string // page of the run
	// Token is the first token that was found, From the variable that it was in.
	Token Token
	From  string
}

// A Token is a password for a forge. It prints as "[token]".
type Token string

// String hides the token.
func (t Token) String() string { return t.hidden() }

// GoString hides the token.
func (t Token) GoString() string { return t.hidden() }

func (t Token) hidden() string {
	if t == "" {
		return ""
	}
	return "[token]"
}

// Detect reads the environment of a CI job. ok is false if it is none that is
// known. Gitea and Forgejo also call themselves GitHub Actions, so they come first.
func Detect(lookup func(string) (string, bool)) (ci CI, ok bool) {
	e := environ(func(name string) string { v, _ := lookup(name); return v })
	switch {
	case e("GITEA_ACTIONS") == "true" || e("FORGEJO_ACTIONS") == "true":
		return e.gitea(), true
	case e("GITHUB_ACTIONS") == "true":
		return e.github(), true
	case e("GITLAB_CI") == "true":
		return e.gitlab(), true
	case e("BITBUCKET_BUILD_NUMBER") != "":
		return e.bitbucket(), true
	case e("JENKINS_URL") != "":
		return e.jenkins(), true
	}
	return CI{}, false
}

type environ func(string) string

// token returns the first of some variables that has a value.
func (e environ) token(names ...string) (Token, string) {
	for _, name := range names {
		if v := e(name); v != "" {
			return Token(v), name
		}
	}
	return "", ""
}

func (e environ) actions() CI {
	ci := CI{
		Server: e("GITHUB_SERVER_URL"), API: strings.TrimSuffix(e("GITHUB_API_URL"), "/"), Repo: e("GITHUB_REPOSITORY"),
		Event: e("GITHUB_EVENT_NAME"), Payload: e("GITHUB_EVENT_PATH"), Commit: e("GITHUB_SHA"),
		Number: refNumber(e("GITHUB_REF")), HeadRef: e("GITHUB_HEAD_REF"), BaseRef: e("GITHUB_BASE_REF"),
		Run: e("GITHUB_RUN_ID"), Attempt: max(1, positive(e("GITHUB_RUN_ATTEMPT"))),
	}
	if ci.HeadRef == "" && e("GITHUB_REF_TYPE") != "tag" && ci.Number == 0 {
		ci.HeadRef = e("GITHUB_REF_NAME")
	}
	if ci.Server != "" && ci.Repo != "" && ci.Run != "" {
		ci.URL = ci.Server + "/" + ci.Repo + "/actions/runs/" + ci.Run
	}
	return ci
}

func (e environ) github() CI {
	ci := e.actions()
	ci.Name, ci.Forge = "github", GitHub
	if ci.API == "" {
		ci.API = gitHubAPI(ci.Server)
	}
	if ci.GraphQL = e("GITHUB_GRAPHQL_URL"); ci.GraphQL == "" {
		ci.GraphQL = GraphQLOf(ci.API)
	}
	ci.Token, ci.From = e.token("GITHUB_TOKEN", "GH_TOKEN")
	return ci
}

func (e environ) gitea() CI {
	ci := e.actions()
	ci.Name, ci.Forge = "gitea", Gitea
	if ci.API == "" && ci.Server != "" {
		ci.API = ci.Server + "/api/v1"
	}
	ci.Token, ci.From = e.token("GITEA_TOKEN", "FORGEJO_TOKEN", "GITHUB_TOKEN")
	return ci
}

// gitHubAPI is the API of a GitHub: of the public one and of those on ghe.com it
// has a host of its own, elsewhere a path.
func gitHubAPI(server string) string {
	u, err := url.Parse(server)
	switch {
	case err != nil || u.Host == "" || u.Host == "github.com":
		return "https://api.github.com"
	case strings.HasSuffix(u.Hostname(), ".ghe.com"):
		return u.Scheme + "://api." + u.Host
	}
	return strings.TrimSuffix(server, "/") + "/api/v3"
}

// GraphQLOf is where a GitHub whose REST API is at an address answers GraphQL.
func GraphQLOf(api string) string {
	api = strings.TrimSuffix(api, "/")
	if server, ok := strings.CutSuffix(api, "/api/v3"); ok {
		return server + "/api/graphql"
	}
	return api + "/graphql"
}

func (e environ) gitlab() CI {
	ci := CI{
		Name: "gitlab", Forge: GitLab, Server: e("CI_SERVER_URL"), API: strings.TrimSuffix(e("CI_API_V4_URL"), "/"),
		Repo: e("CI_PROJECT_PATH"), Event: e("CI_PIPELINE_SOURCE"), Commit: e("CI_COMMIT_SHA"),
		Number: positive(e("CI_MERGE_REQUEST_IID")), HeadRef: e("CI_COMMIT_REF_NAME"),
		Run: e("CI_PIPELINE_ID"), Attempt: 1, URL: e("CI_PIPELINE_URL"),
	}
	if ci.Number > 0 {
		// In a pipeline of a fork, CI_PROJECT_PATH is the fork.
		ci.Repo = cmp.Or(e("CI_MERGE_REQUEST_PROJECT_PATH"), ci.Repo)
		ci.Head = cmp.Or(e("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA"), ci.Commit) // the former only where Commit is a trial merge
		ci.HeadRef, ci.BaseRef = e("CI_MERGE_REQUEST_SOURCE_BRANCH_NAME"), e("CI_MERGE_REQUEST_TARGET_BRANCH_NAME")
		ci.HeadRepo = e("CI_MERGE_REQUEST_SOURCE_PROJECT_PATH")
	}
	ci.Token, ci.From = e.token("GITLAB_TOKEN", "CI_JOB_TOKEN")
	return ci
}

func (e environ) bitbucket() CI {
	ci := CI{
		Name: "bitbucket", Forge: Bitbucket, Server: "https://bitbucket.org", API: "https://api.bitbucket.org/2.0",
		Repo: e("BITBUCKET_REPO_FULL_NAME"), Commit: e("BITBUCKET_COMMIT"), Number: positive(e("BITBUCKET_PR_ID")),
		HeadRef: e("BITBUCKET_BRANCH"), BaseRef: e("BITBUCKET_PR_DESTINATION_BRANCH"),
		Run: e("BITBUCKET_BUILD_NUMBER"), Attempt: max(1, positive(e("BITBUCKET_STEP_RUN_NUMBER"))),
	}
	if ci.Number > 0 {
		ci.Head = ci.Commit
	}
	ci.URL = ci.Server + "/" + ci.Repo + "/pipelines/results/" + ci.Run
	ci.Token, ci.From = e.token("BITBUCKET_TOKEN", "BITBUCKET_ACCESS_TOKEN")
	return ci
}

// jenkins knows the forge from the address of the change, which multibranch
// pipelines have, or of the repository.
func (e environ) jenkins() CI {
	ci := CI{
		Name: "jenkins", Commit: e("GIT_COMMIT"), Number: positive(e("CHANGE_ID")), BaseRef: e("CHANGE_TARGET"),
		HeadRef: cmp.Or(e("CHANGE_BRANCH"), e("BRANCH_NAME")), Run: e("BUILD_NUMBER"), Attempt: 1, URL: e("BUILD_URL"),
	}
	ci.place(e("CHANGE_URL"))
	switch ci.Forge {
	case GitHub:
		ci.API, ci.GraphQL = gitHubAPI(ci.Server), GraphQLOf(gitHubAPI(ci.Server))
		ci.Token, ci.From = e.token("GITHUB_TOKEN", "GH_TOKEN")
	case Gitea:
		ci.API = ci.Server + "/api/v1"
		ci.Token, ci.From = e.token("GITEA_TOKEN", "FORGEJO_TOKEN")
	case GitLab:
		ci.API = ci.Server + "/api/v4"
		ci.Token, ci.From = e.token("GITLAB_TOKEN")
	case Bitbucket:
		ci.API = "https://api.bitbucket.org/2.0"
		ci.Token, ci.From = e.token("BITBUCKET_TOKEN", "BITBUCKET_ACCESS_TOKEN")
	}
	return ci
}

// place reads server, repository and forge from the address of a pull request,
// which every forge writes in another way.
func (ci *CI) place(change string) {
	u, err := url.Parse(change)
	if err != nil || u.Host == "" {
		return
	}
	for _, form := range []struct {
		infix string
		kind  Kind
	}{{"/-/merge_requests/", GitLab}, {"/pull-requests/", Bitbucket}, {"/pulls/", Gitea}, {"/pull/", GitHub}} {
		if repo, _, ok := strings.Cut(strings.TrimPrefix(u.Path, "/"), form.infix); ok {
			ci.Forge, ci.Repo, ci.Server = form.kind, repo, u.Scheme+"://"+u.Host
			return
		}
	}
}

// refNumber is the pull request of refs/pull/7/merge.
func refNumber(ref string) int {
	rest, ok := strings.CutPrefix(ref, "refs/pull/")
	if !ok {
		return 0
	}
	n, _, _ := strings.Cut(rest, "/")
	return positive(n)
}

func positive(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 {
		return 0
	}
	return n
}
