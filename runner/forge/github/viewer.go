package github

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/mlops-runner/mlops/runner/forge"
)

// workflowLogin is whose the token of a workflow is.
const workflowLogin = "github-actions[bot]"

// viewer returns the login of the token's user. GraphQL tells it of every kind
// of token; REST only of people's. A Gitea has only the latter.
func (c *Client) viewer(ctx context.Context) (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.login != "" {
		return c.login, nil
	}
	ways := []func(context.Context) (string, error){c.viewerByGraphQL, c.viewerByREST}
	if c.opts.Gitea {
		ways = ways[1:]
	}
	var errs []error
	for _, ask := range ways {
		login, err := ask(ctx)
		if err == nil && login != "" {
			c.login = login
			return login, nil
		}
		if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, forge.ErrToken) || errors.Is(err, forge.ErrRateLimit) || errors.Is(err, forge.ErrDown) {
			return "", err
		}
		errs = append(errs, err)
	}
	return c.guess(errors.Join(errs...))
}

// guess is whose token it must be that nobody tells about.
func (c *Client) guess(err error) (string, error) {
	switch {
	case c.opts.Gitea:
		c.login = "gitea-actions"
	case c.opts.App == nil && strings.HasPrefix(string(c.opts.Token), "ghs_"):
		c.login = workflowLogin
	default:
		return "", &forge.Error{Op: "find out whom the token belongs to", Kind: forge.ErrDenied, Err: err, Detail: "without that no comment can be told to be ours"}
	}
	return c.login, nil
}

func (c *Client) viewerByGraphQL(ctx context.Context) (string, error) {
	var v struct {
		Viewer struct {
			Login string `json:"login"`
		} `json:"viewer"`
	}
	err := c.graphQL(ctx, `query { viewer { login } }`, nil, &v)
	return v.Viewer.Login, c.reading(err, "metadata", "find out whom the token belongs to, in comments")
}

func (c *Client) viewerByREST(ctx context.Context) (string, error) {
	u, _, err := c.api.GetUser(ctx, "")
	return u.GetLogin(), c.reading(err, "metadata", "find out whom the token belongs to, in comments")
}

// graphQL sends a document and reads data into v. go-github has no GraphQL.
func (c *Client) graphQL(ctx context.Context, document string, variables map[string]any, v any) error {
	req, err := c.api.NewRequest(http.MethodPost, c.opts.GraphQL, map[string]any{"query": document, "variables": variables})
	if err != nil {
		return err
	}
	answer := struct {
		Data   any
		Errors []struct{ Type, Message string }
	}{Data: v}
	if _, err := c.api.Do(ctx, req, &answer); err != nil {
		return err
	}
	if len(answer.Errors) == 0 {
		return nil
	}
	e := answer.Errors[0]
	kind := forge.ErrInvalid
	switch e.Type {
	case "NOT_FOUND":
		kind = forge.ErrNotFound
	case "FORBIDDEN", "INSUFFICIENT_SCOPES":
		kind = forge.ErrReadOnly
	case "RATE_LIMITED":
		kind = forge.ErrRateLimit
	}
	return &forge.Error{Op: fmt.Sprintf("GraphQL of %s", c.opts.Repo), Kind: kind, Detail: e.Message}
}
