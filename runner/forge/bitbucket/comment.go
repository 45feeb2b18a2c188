package bitbucket

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/mlops-runner/mlops/runner/forge"
)

// Upsert implements [forge.Reporter].
func (c *Client) Upsert(ctx context.Context, p forge.Post) (forge.Result, error) {
	ch, err := p.Subject(ctx, c)
	if err != nil {
		return forge.Result{}, err
	}
	return c.sticky(p.Number).Upsert(ctx, ch, p)
}

// Minimize implements [forge.Minimizer]: the comment stops to be the one that is
// kept up to date. Bitbucket folds nothing away.
func (c *Client) Minimize(ctx context.Context, number int, key string) error {
	return c.sticky(number).Minimize(ctx, key)
}

func (c *Client) sticky(number int) *forge.Sticky {
	return &forge.Sticky{Thread: &thread{c, number}, Limit: commentLimit, Mark: forge.Marker.Reference, Clock: c.opts.Clock, Ready: c.transport.Ready}
}

// A thread is the comments of a pull request.
type thread struct {
	*Client
	number int
}

var _ forge.Thread = (*thread)(nil)

type comment struct {
	ID      int64 `json:"id"`
	Deleted bool  `json:"deleted"`
	Content struct {
		Raw string `json:"raw"`
	} `json:"content"`
	User  user  `json:"user"`
	Links links `json:"links"`
}

func (c comment) comment() forge.Comment {
	return forge.Comment{ID: c.ID, Body: c.Content.Raw, URL: c.Links.HTML.Href}
}

func (t *thread) path(id int64) string {
	p := fmt.Sprintf("/pullrequests/%d/comments", t.number)
	if id != 0 {
		p += "/" + strconv.FormatInt(id, 10)
	}
	return p
}

// Comments implements [forge.Thread].
func (t *thread) Comments(ctx context.Context) (own []forge.Comment, err error) {
	query := url.Values{"pagelen": {"100"}}
	for page := 1; page <= maxPages; page++ {
		query.Set("page", strconv.Itoa(page))
		var list struct {
			Values []comment `json:"values"`
			Next   string    `json:"next"`
		}
		a, err := t.do(ctx, "GET", t.path(0), query, nil, &list)
		if err != nil {
			return nil, t.failed(a, err, false, "read the comments on pull request %d", t.number)
		}
		for _, c := range list.Values {
			if _, ok := forge.FindMarker(c.Content.Raw); !ok || c.Deleted {
				continue
			}
			account, err := t.viewer(ctx)
			if err != nil {
				return nil, err
			}
			if c.User.UUID == account {
				own = append(own, c.comment())
			}
		}
		if list.Next == "" {
			break
		}
	}
	return own, nil
}

// content is the body of a request.
func content(text string) any {
	return map[string]any{"content": map[string]string{"raw": text}}
}

// Create implements [forge.Thread].
func (t *thread) Create(ctx context.Context, body string) (forge.Comment, error) {
	var c comment
	a, err := t.do(ctx, "POST", t.path(0), nil, content(body), &c)
	return c.comment(), t.failed(a, err, true, "comment on pull request %d", t.number)
}

// Edit implements [forge.Thread].
func (t *thread) Edit(ctx context.Context, id int64, body string) error {
	a, err := t.do(ctx, "PUT", t.path(id), nil, content(body), nil)
	return t.failed(a, err, true, "edit the comment on pull request %d", t.number)
}

// Delete implements [forge.Thread].
func (t *thread) Delete(ctx context.Context, id int64) error {
	a, err := t.do(ctx, "DELETE", t.path(id), nil, nil, nil)
	return t.failed(a, err, true, "delete a comment on pull request %d", t.number)
}

// Status implements [forge.Reporter]. A status without an address leads to the
// commit's page.
func (c *Client) Status(ctx context.Context, commit string, s forge.Status) error {
	if s.URL == "" {
		s.URL = "https://bitbucket.org/" + c.opts.Repo + "/commits/" + url.PathEscape(commit)
	}
	body := map[string]string{"key": keyOf(s.Context), "name": s.Context, "state": stateOf(s.State), "description": forge.Clip(s.Description, forge.MaxDescription), "url": s.URL}
	return c.opts.Clock.Repeat(ctx, func() error {
		a, err := c.do(ctx, "POST", "/commit/"+url.PathEscape(commit)+"/statuses/build", nil, body, nil)
		return c.failed(a, err, true, "set status %s on commit %.12s", s.Context, commit)
	})
}

// keyOf is a status's context as a key, which has at most 40 characters.
func keyOf(context string) string {
	const most = 40
	if len(context) <= most {
		return context
	}
	sum := sha256.Sum256([]byte(context))
	return strings.ToValidUTF8(context[:most-9], "") + "-" + hex.EncodeToString(sum[:4])
}

func stateOf(s forge.StatusState) string {
	switch s {
	case forge.Pending:
		return "INPROGRESS"
	case forge.Success:
		return "SUCCESSFUL"
	}
	return "FAILED" // Bitbucket has no word for what was not judged
}
