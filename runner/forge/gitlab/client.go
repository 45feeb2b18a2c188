package gitlab

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/mlops-runner/mlops/runner/forge"
)

// Options say where a project is and who asks. Those of a job are in
// [forge.Detect]'s answer.
type Options struct {
	API      string // https://gitlab.com/api/v4, as CI_API_V4_URL has it
	Repo     string // group/…/name, or the project's number
	Token    forge.Token
	JobToken bool   // Token is CI_JOB_TOKEN
	Login    string // whom the token belongs to; "" = ask

	Base  http.RoundTripper // nil = the network
	Clock forge.Clock
}

// A Client is one project on a GitLab.
type Client struct {
	opts      Options
	rest      forge.REST
	transport *forge.Transport

	mu    sync.Mutex
	login string // whom the token belongs to, guarded by mu
}

var (
	_ forge.Forge     = (*Client)(nil)
	_ forge.Minimizer = (*Client)(nil)
)

// New returns a project. It asks nobody. It fails with forge.ErrNoToken if there
// is no token.
func New(o Options) (*Client, error) {
	if o.Token == "" {
		return nil, &forge.Error{Op: "report to " + o.Repo, Kind: forge.ErrNoToken, Fix: "make a project access token with the scope api and the role Developer, and put it into the masked CI variable GITLAB_TOKEN"}
	}
	u, err := url.Parse(o.API)
	if err != nil || u.Host == "" || o.Repo == "" {
		return nil, &forge.Error{Op: "gitlab", Kind: forge.ErrInvalid, Detail: fmt.Sprintf("API address %q, project %q", o.API, o.Repo), Fix: "write them as CI_API_V4_URL and CI_PROJECT_PATH have them"}
	}
	c := &Client{opts: o, login: o.Login}
	c.transport = &forge.Transport{Base: o.Base, Host: u.Host, Clock: o.Clock, Authorize: c.authorize}
	c.rest = forge.REST{Base: o.API, Transport: c.transport}
	return c, nil
}

func (c *Client) authorize(r *http.Request) error {
	name := "PRIVATE-TOKEN"
	if c.opts.JobToken {
		name = "JOB-TOKEN"
	}
	r.Header.Set(name, string(c.opts.Token))
	return nil
}

// noteLimit is how long a note may be, in characters.
const noteLimit = 1_000_000

// Caps implements [forge.Forge]. Alerts came late (17.10), so they are not counted on.
func (c *Client) Caps() forge.Caps {
	return forge.Caps{MaxComment: 900_000, HTML: true, Mermaid: true}
}

// do sends a request to a path below the project.
func (c *Client) do(ctx context.Context, method, path string, query url.Values, body, v any) (forge.Answer, error) {
	return c.rest.Do(ctx, method, c.project(c.opts.Repo)+path, query, body, v)
}

func (c *Client) project(repo string) string { return "/projects/" + url.PathEscape(repo) }

// failed explains a failure; nil stays nil.
func (c *Client) failed(a forge.Answer, err error, write bool, format string, args ...any) error {
	if err == nil {
		return nil
	}
	now := time.Now
	if c.opts.Clock.Now != nil {
		now = c.opts.Clock.Now
	}
	return a.Failed(fmt.Sprintf(format, args...)+" of "+c.opts.Repo, write, now(), c.fix)
}

func (c *Client) fix(kind error, message string) string {
	const token = "make a project access token with the scope api and the role Developer, and put it into the masked CI variable GITLAB_TOKEN"
	switch {
	case c.opts.JobToken && (errors.Is(kind, forge.ErrReadOnly) || errors.Is(kind, forge.ErrDenied) || errors.Is(kind, forge.ErrToken)):
		return "CI_JOB_TOKEN may not do this; " + token
	case errors.Is(kind, forge.ErrReadOnly) && strings.Contains(strings.ToLower(message), "locked"):
		return "unlock the discussion of the merge request"
	case errors.Is(kind, forge.ErrReadOnly), errors.Is(kind, forge.ErrDenied), errors.Is(kind, forge.ErrToken):
		return "the token has expired, or lacks a scope or role; " + token
	case errors.Is(kind, forge.ErrNotFound):
		return "look at the name; a token that may not see a private project is told the same"
	case errors.Is(kind, forge.ErrTooLong):
		return "leave sections out, or link to the whole report"
	case errors.Is(kind, forge.ErrRateLimit):
		return "report later, from one job instead of from each"
	}
	return ""
}

// viewer returns the login of the token's user.
func (c *Client) viewer(ctx context.Context) (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.login != "" {
		return c.login, nil
	}
	var u struct {
		Login string `json:"username"`
	}
	a, err := c.rest.Do(ctx, "GET", "/user", nil, nil, &u)
	if err == nil {
		c.login = u.Login
	}
	return c.login, c.failed(a, err, false, "find out whom the token belongs to, in notes")
}
