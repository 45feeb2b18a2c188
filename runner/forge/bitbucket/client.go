package bitbucket

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

// Options say where a repository is and who asks.
type Options struct {
	API   string      // "" = https://api.bitbucket.org/2.0
	Repo  string      // workspace/name
	Token forge.Token // an access token of the repository, project or workspace
	// Account is the UUID of the token's user, with its braces; "" = ask.
	Account string

	Base  http.RoundTripper // nil = the network
	Clock forge.Clock
}

// A Client is one repository on Bitbucket.
type Client struct {
	opts      Options
	rest      forge.REST
	transport *forge.Transport

	mu      sync.Mutex
	account string // whom the token belongs to, guarded by mu
}

var (
	_ forge.Forge     = (*Client)(nil)
	_ forge.Minimizer = (*Client)(nil)
)

// New returns a repository. It asks nobody. It fails with forge.ErrNoToken if
// there is no token.
func New(o Options) (*Client, error) {
	if o.API == "" {
		o.API = "https://api.bitbucket.org/2.0"
	}
	if o.Token == "" {
		return nil, &forge.Error{Op: "report to " + o.Repo, Kind: forge.ErrNoToken, Fix: tokenFix}
	}
	u, err := url.Parse(o.API)
	if parts := strings.Split(o.Repo, "/"); err != nil || u.Host == "" || len(parts) != 2 || parts[0] == "" || parts[1] == "" {
		return nil, &forge.Error{Op: "bitbucket", Kind: forge.ErrInvalid, Detail: fmt.Sprintf("API address %q, repository %q", o.API, o.Repo), Fix: "write the repository as BITBUCKET_REPO_FULL_NAME has it"}
	}
	c := &Client{opts: o, account: o.Account}
	c.transport = &forge.Transport{Base: o.Base, Host: u.Host, Clock: o.Clock, Authorize: func(r *http.Request) error {
		r.Header.Set("Authorization", "Bearer "+string(o.Token))
		return nil
	}}
	c.rest = forge.REST{Base: o.API, Transport: c.transport}
	return c, nil
}

const tokenFix = "make a repository access token with the scopes pullrequest:write and repository:write, and put it into the secured variable BITBUCKET_TOKEN"

// commentLimit is how long a comment may be, in characters.
const commentLimit = 32_768

// Caps implements [forge.Forge].
func (c *Client) Caps() forge.Caps { return forge.Caps{MaxComment: 30_000} }

// do sends a request to a path below the repository.
func (c *Client) do(ctx context.Context, method, path string, query url.Values, body, v any) (forge.Answer, error) {
	workspace, name, _ := strings.Cut(c.opts.Repo, "/")
	return c.rest.Do(ctx, method, "/repositories/"+url.PathEscape(workspace)+"/"+url.PathEscape(name)+path, query, body, v)
}

// failed explains a failure; nil stays nil.
func (c *Client) failed(a forge.Answer, err error, write bool, format string, args ...any) error {
	if err == nil {
		return nil
	}
	now := time.Now
	if c.opts.Clock.Now != nil {
		now = c.opts.Clock.Now
	}
	return a.Failed(fmt.Sprintf(format, args...)+" of "+c.opts.Repo, write, now(), fix)
}

func fix(kind error, _ string) string {
	switch {
	case errors.Is(kind, forge.ErrReadOnly), errors.Is(kind, forge.ErrDenied), errors.Is(kind, forge.ErrToken):
		return "the token has expired, or lacks a scope; " + tokenFix
	case errors.Is(kind, forge.ErrNotFound):
		return "look at the name; a token that may not see a private repository is told the same"
	case errors.Is(kind, forge.ErrTooLong):
		return "leave sections out, or link to the whole report"
	case errors.Is(kind, forge.ErrRateLimit):
		return "report later, from one step instead of from each"
	}
	return ""
}

// viewer returns the UUID of the token's user. An access token of a repository
// has a user of its own.
func (c *Client) viewer(ctx context.Context) (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.account != "" {
		return c.account, nil
	}
	var u user
	a, err := c.rest.Do(ctx, "GET", "/user", nil, nil, &u)
	if err == nil {
		c.account = u.UUID
	}
	return c.account, c.failed(a, err, false, "find out whom the token belongs to, in comments")
}

type user struct {
	UUID     string `json:"uuid"`
	Nickname string `json:"nickname"`
}
