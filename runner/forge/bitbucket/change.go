package bitbucket

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/mlops-runner/mlops/runner/forge"
)

// A request is a pull request.
type request struct {
	ID     int    `json:"id"`
	State  string `json:"state"` // OPEN, MERGED, DECLINED, SUPERSEDED
	Draft  bool   `json:"draft"`
	Source end    `json:"source"`
	Into   end    `json:"destination"`
	Author user   `json:"author"`
	Links  links  `json:"links"`
}

type links struct {
	HTML struct {
		Href string `json:"href"`
	} `json:"html"`
}

// An end is one of the two branches of a pull request.
type end struct {
	Branch struct {
		Name string `json:"name"`
	} `json:"branch"`
	Commit struct {
		Hash string `json:"hash"` // 12 digits
	} `json:"commit"`
	Repo *struct {
		Name string `json:"full_name"`
	} `json:"repository"` // nil if it is gone
}

func (e end) repo() string {
	if e.Repo == nil {
		return ""
	}
	return e.Repo.Name
}

func (r request) change() forge.Change {
	c := forge.Change{
		Number: r.ID, URL: r.Links.HTML.Href, Head: r.Source.Commit.Hash, Base: r.Into.Commit.Hash,
		HeadRef: r.Source.Branch.Name, BaseRef: r.Into.Branch.Name, HeadRepo: r.Source.repo(), BaseRepo: r.Into.repo(),
		Draft: r.Draft, State: forge.Open, Author: r.Author.Nickname,
	}
	c.Fork = c.HeadRepo == "" || !strings.EqualFold(c.HeadRepo, c.BaseRepo)
	switch r.State {
	case "MERGED":
		c.State = forge.Merged
	case "DECLINED", "SUPERSEDED":
		c.State = forge.Closed
	}
	return c
}

// Change implements [forge.Source].
func (c *Client) Change(ctx context.Context, r forge.Ref) (forge.Change, error) {
	if err := r.Check(); err != nil {
		return forge.Change{}, err
	}
	if r.Number == 0 {
		return c.withHead(ctx, r)
	}
	var one request
	a, err := c.do(ctx, "GET", fmt.Sprintf("/pullrequests/%d", r.Number), nil, nil, &one)
	if a.Status == http.StatusNotFound {
		return forge.Change{}, &forge.Error{Op: fmt.Sprintf("pull request %d of %s", r.Number, c.opts.Repo), Kind: forge.ErrNoChange, Status: a.Status, Fix: fix(forge.ErrNotFound, "")}
	}
	return one.change(), c.failed(a, err, false, "read pull request %d", r.Number)
}

const maxPages = 100

// withHead looks for the pull request that has a head, in any state, of which an
// open one is taken first.
func (c *Client) withHead(ctx context.Context, r forge.Ref) (forge.Change, error) {
	query := url.Values{"state": {"OPEN", "MERGED", "DECLINED", "SUPERSEDED"}, "pagelen": {"50"}}
	if r.Branch != "" {
		query.Set("q", "source.branch.name = "+strconv.Quote(r.Branch))
	}
	if r.Repo == "" {
		r.Repo = c.opts.Repo
	}
	var open, ended []forge.Change
	for page := 1; page <= maxPages; page++ {
		query.Set("page", strconv.Itoa(page))
		var list struct {
			Values []request `json:"values"`
			Next   string    `json:"next"`
		}
		a, err := c.do(ctx, "GET", "/pullrequests", query, nil, &list)
		if err != nil {
			return forge.Change{}, c.failed(a, err, false, "look for the pull request of commit %.12s", r.Head)
		}
		for _, one := range list.Values {
			ch := one.change()
			switch {
			case !forge.SameCommit(ch.Head, r.Head) || !strings.EqualFold(ch.HeadRepo, r.Repo):
			case ch.State == forge.Open:
				open = append(open, ch)
			default:
				ended = append(ended, ch)
			}
		}
		if list.Next == "" {
			break
		}
	}
	return c.only(open, ended, r)
}

func (c *Client) only(open, ended []forge.Change, r forge.Ref) (forge.Change, error) {
	e := &forge.Error{Op: fmt.Sprintf("pull request for commit %.12s of %s", r.Head, c.opts.Repo), Fix: "name it by its number"}
	switch {
	case len(open) > 1:
		e.Kind = forge.ErrAmbiguous
		return forge.Change{}, e
	case len(open)+len(ended) == 0:
		e.Kind, e.Detail = forge.ErrNoChange, "none has this head"
		return forge.Change{}, e
	}
	return append(open, ended...)[0], nil
}

// MergeBase implements [forge.Source].
func (c *Client) MergeBase(ctx context.Context, base, head string) (string, int, error) {
	var commit struct {
		Hash string `json:"hash"`
	}
	a, err := c.do(ctx, "GET", "/merge-base/"+url.PathEscape(base+".."+head), nil, nil, &commit)
	return commit.Hash, -1, c.failed(a, err, false, "merge base of %.12s and %.12s", base, head)
}

// File implements [forge.Source].
func (c *Client) File(ctx context.Context, path, commit string) ([]byte, error) {
	var text []byte
	segments := strings.Split(path, "/")
	for i, s := range segments {
		segments[i] = url.PathEscape(s)
	}
	// Of a folder there would be a list in JSON; with format=meta it is told apart,
	// at the cost of a request.
	var meta struct {
		Type string `json:"type"`
		Size int    `json:"size"`
	}
	where := "/src/" + url.PathEscape(commit) + "/" + strings.Join(segments, "/")
	a, err := c.do(ctx, "GET", where, url.Values{"format": {"meta"}}, nil, &meta)
	op := fmt.Sprintf("read %s of commit %.12s of %s", path, commit, c.opts.Repo)
	switch {
	case err != nil:
		return nil, c.failed(a, err, false, "read %s of commit %.12s", path, commit)
	case meta.Type != "commit_file":
		return nil, &forge.Error{Op: op, Kind: forge.ErrNotFound, Detail: "it is no file"}
	case meta.Size > forge.MaxFile:
		return nil, &forge.Error{Op: op, Kind: forge.ErrTooLong, Detail: fmt.Sprintf("%d bytes, at most %d", meta.Size, forge.MaxFile)}
	}
	a, err = c.do(ctx, "GET", where, nil, nil, &text)
	return text, c.failed(a, err, false, "read %s of commit %.12s", path, commit)
}
