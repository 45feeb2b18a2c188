package github

import (
	"context"
	"net/http"
	"net/url"

	"github.com/google/go-github/v60/github"
)

// An api is the part of go-github that is used, as functions.
//
// Why not a *github.Client: [Client] is used through interfaces, and templates call
// methods by name, so the linker keeps every exported method of every type that a
// field of Client leads to. From go-github's client those are a thousand requests
// and what they answer: 1.5 MB. A function's receiver leads nowhere.
type api struct {
	NewRequest func(method, address string, body any, opts ...github.RequestOption) (*http.Request, error)
	Do         func(context.Context, *http.Request, any) (*github.Response, error)

	CompareCommits func(ctx context.Context, owner, name, base, head string, o *github.ListOptions) (*github.CommitsComparison, *github.Response, error)
	GetContents    func(ctx context.Context, owner, name, path string, o *github.RepositoryContentGetOptions) (*github.RepositoryContent, []*github.RepositoryContent, *github.Response, error)
	GetUser        func(ctx context.Context, login string) (*github.User, *github.Response, error)

	ListComments  func(ctx context.Context, owner, name string, number int, o *github.IssueListCommentsOptions) ([]*github.IssueComment, *github.Response, error)
	CreateComment func(ctx context.Context, owner, name string, number int, c *github.IssueComment) (*github.IssueComment, *github.Response, error)
	EditComment   func(ctx context.Context, owner, name string, id int64, c *github.IssueComment) (*github.IssueComment, *github.Response, error)
	DeleteComment func(ctx context.Context, owner, name string, id int64) (*github.Response, error)

	CreateStatus        func(ctx context.Context, owner, name, ref string, s *github.RepoStatus) (*github.RepoStatus, *github.Response, error)
	ListCheckRunsForRef func(ctx context.Context, owner, name, ref string, o *github.ListCheckRunsOptions) (*github.ListCheckRunsResults, *github.Response, error)
	CreateCheckRun      func(ctx context.Context, owner, name string, o github.CreateCheckRunOptions) (*github.CheckRun, *github.Response, error)
	UpdateCheckRun      func(ctx context.Context, owner, name string, id int64, o github.UpdateCheckRunOptions) (*github.CheckRun, *github.Response, error)

	ListDeployments        func(ctx context.Context, owner, name string, o *github.DeploymentsListOptions) ([]*github.Deployment, *github.Response, error)
	CreateDeployment       func(ctx context.Context, owner, name string, r *github.DeploymentRequest) (*github.Deployment, *github.Response, error)
	ListDeploymentStatuses func(ctx context.Context, owner, name string, deployment int64, o *github.ListOptions) ([]*github.DeploymentStatus, *github.Response, error)
	CreateDeploymentStatus func(ctx context.Context, owner, name string, deployment int64, r *github.DeploymentStatusRequest) (*github.DeploymentStatus, *github.Response, error)
}

// newAPI returns the requests to what is below base.
func newAPI(base *url.URL, t http.RoundTripper) api {
	c := github.NewClient(&http.Client{Transport: t})
	c.BaseURL = base
	c.UserAgent = "mlops"
	return api{
		NewRequest: c.NewRequest,
		Do:         c.Do,

		CompareCommits: c.Repositories.CompareCommits,
		GetContents:    c.Repositories.GetContents,
		GetUser:        c.Users.Get,

		ListComments:  c.Issues.ListComments,
		CreateComment: c.Issues.CreateComment,
		EditComment:   c.Issues.EditComment,
		DeleteComment: c.Issues.DeleteComment,

		CreateStatus:        c.Repositories.CreateStatus,
		ListCheckRunsForRef: c.Checks.ListCheckRunsForRef,
		CreateCheckRun:      c.Checks.CreateCheckRun,
		UpdateCheckRun:      c.Checks.UpdateCheckRun,

		ListDeployments:        c.Repositories.ListDeployments,
		CreateDeployment:       c.Repositories.CreateDeployment,
		ListDeploymentStatuses: c.Repositories.ListDeploymentStatuses,
		CreateDeploymentStatus: c.Repositories.CreateDeploymentStatus,
	}
}
