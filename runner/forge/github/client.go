package github

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"github.com/mlops-runner/mlops/runner/forge"
)

// Options say where a repository is and who asks. Those of GitHub Actions are in
// [forge.Detect]'s answer.
type Options struct {
	API     string // https://api.github.com, https://HOST/api/v3, https://HOST/api/v1 of a Gitea
	GraphQL string // "" = beside API; not used with Gitea
	Repo    string // owner/name
	Token   forge.Token
	App     *App   // its token is used instead of Token
	Gitea   bool   // the other side is a Gitea or a Forgejo
	Login   string // whom the token belongs to, where the forge does not tell; "" = ask

	Base  http.RoundTripper // nil = the network
	Clock forge.Clock
}

// A Client is one repository on a GitHub or Gitea.
type Client struct {
	opts        Options
	owner, name string
	api         api
	transport   *forge.Transport

	mu    sync.Mutex
	login string // whom the token belongs to, guarded by mu
}

var (
	_ forge.Forge     = (*Client)(nil)
	_ forge.Minimizer = (*Client)(nil)
	_ forge.Checker   = (*Client)(nil)
	_ forge.Merger    = (*Client)(nil)
	_ forge.Deployer  = (*Client)(nil)
)

// New returns a repository. It asks nobody. It fails with forge.ErrNoToken if
// there is neither a token nor an App.
func New(o Options) (*Client, error) {
	owner, name, _ := strings.Cut(o.Repo, "/")
	if !plainName(owner) || !plainName(name) {
		return nil, &forge.Error{Op: "github", Kind: forge.ErrInvalid, Detail: fmt.Sprintf("repository %q", o.Repo), Fix: "write it as owner/name"}
	}
	if o.Token == "" && o.App == nil {
		return nil, noToken(o)
	}
	base, err := url.Parse(strings.TrimSuffix(o.API, "/") + "/")
	if err != nil || base.Host == "" || base.Scheme != "https" && base.Scheme != "http" {
		return nil, &forge.Error{Op: "github", Kind: forge.ErrInvalid, Detail: fmt.Sprintf("API address %q", o.API), Fix: "write it as https://HOST/..., as GITHUB_API_URL has it"}
	}
	if o.GraphQL == "" {
		o.GraphQL = forge.GraphQLOf(o.API)
	}
	c := &Client{opts: o, owner: owner, name: name, login: o.Login}
	c.transport = &forge.Transport{Base: o.Base, Host: base.Host, Clock: o.Clock, Authorize: c.authorize}
	c.api = newAPI(base, c.transport)
	return c, nil
}

// plainName reports whether a part of a repository's name has only what GitHub
// allows in it, so that it cannot lead elsewhere in an address.
func plainName(s string) bool {
	return s != "" && s != "." && s != ".." && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == ""
}

func (c *Client) authorize(r *http.Request) error {
	token := c.opts.Token
	if c.opts.App != nil {
		var err error
		if token, err = c.opts.App.Token(r.Context()); err != nil {
			return err
		}
	}
	r.Header.Set("Authorization", "Bearer "+string(token))
	return nil
}

const (
	commentLimit = 65_536  // characters, of which a byte is never more than one
	giteaLimit   = 900_000 // bytes; Gitea itself has no limit, its readers do
)

// Caps implements [forge.Forge].
func (c *Client) Caps() forge.Caps {
	caps := forge.Caps{MaxComment: 60_000, HTML: true, Mermaid: true, Alerts: true, Checks: c.opts.App != nil, Minimize: true}
	if c.opts.Gitea {
		caps.MaxComment, caps.Checks, caps.Minimize = 200_000, false, false
	}
	return caps
}
