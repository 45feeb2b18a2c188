package gitlab

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/mlops-runner/mlops/runner/forge"
)

// A request is a merge request.
type request struct {
	Number int    `json:"iid"`
	State  string `json:"state"` // opened, closed, merged, locked
	Draft  bool   `json:"draft"`
	URL    string `json:"web_url"`
	Sha    string `json:"sha"`
	From   string `json:"source_branch"`
	Into   string `json:"target_branch"`
	Source int    `json:"source_project_id"` // 0 if it is gone
	Target int    `json:"target_project_id"`
	Author struct {
		Login string `json:"username"`
	} `json:"author"`
	Diff *struct { // of one request, not of a list
		Base  string `json:"base_sha"`  // where it left the branch it goes into
		Start string `json:"start_sha"` // that branch's tip when it was last pushed to
	} `json:"diff_refs"`
}

func (r request) change() forge.Change {
	c := forge.Change{
		Number: r.Number, URL: r.URL, Head: r.Sha, HeadRef: r.From, BaseRef: r.Into, Draft: r.Draft,
		State: forge.Open, Fork: r.Source != r.Target, Author: r.Author.Login,
	}
	if r.Diff != nil {
		c.Base, c.MergeBase = r.Diff.Start, r.Diff.Base
	}
	switch r.State {
	case "merged":
		c.State = forge.Merged
	case "closed":
		c.State = forge.Closed
	}
	return c
}

// Change implements [forge.Source].
func (c *Client) Change(ctx context.Context, r forge.Ref) (forge.Change, error) {
	if err := r.Check(); err != nil {
		return forge.Change{}, err
	}
	number := r.Number
	if number == 0 {
		var err error
		if number, err = c.withHead(ctx, r); err != nil {
			return forge.Change{}, err
		}
	}
	var one request
	a, err := c.do(ctx, "GET", fmt.Sprintf("/merge_requests/%d", number), nil, nil, &one)
	if a.Status == http.StatusNotFound {
		return forge.Change{}, &forge.Error{Op: fmt.Sprintf("merge request %d of %s", number, c.opts.Repo), Kind: forge.ErrNoChange, Status: a.Status, Fix: c.fix(forge.ErrNotFound, "")}
	}
	if err != nil {
		return forge.Change{}, c.failed(a, err, false, "read merge request %d", number)
	}
	return c.named(ctx, one)
}

// named adds the names of the projects, which merge requests have only as numbers.
func (c *Client) named(ctx context.Context, r request) (forge.Change, error) {
	ch := r.change()
	var err error
	if ch.BaseRepo, err = c.path(ctx, c.opts.Repo); err != nil {
		return ch, err
	}
	ch.HeadRepo = ch.BaseRepo
	if ch.Fork {
		ch.HeadRepo, err = c.path(ctx, strconv.Itoa(r.Source))
	}
	return ch, err
}

// path is the name of a project, "" if it is gone or not for us to see. A name
// needs no look.
func (c *Client) path(ctx context.Context, project string) (string, error) {
	if strings.Contains(project, "/") {
		return project, nil
	}
	var p struct {
		Path string `json:"path_with_namespace"`
	}
	a, err := c.rest.Do(ctx, "GET", c.project(project), nil, nil, &p)
	if a.Status == http.StatusNotFound || a.Status == http.StatusForbidden {
		return "", nil
	}
	return p.Path, c.failed(a, err, false, "look up project %s", project)
}

const maxPages = 100

// withHead looks for the merge request that has a head: among those from the
// branch, or all that are open. The first that is open is taken before one that
// has ended.
func (c *Client) withHead(ctx context.Context, r forge.Ref) (int, error) {
	query := url.Values{"scope": {"all"}, "per_page": {"100"}, "state": {"opened"}}
	if r.Branch != "" {
		query.Set("source_branch", r.Branch)
		query.Set("state", "all")
	}
	var open, ended []string
	for page := 1; page <= maxPages; page++ {
		query.Set("page", strconv.Itoa(page))
		var list []request
		a, err := c.do(ctx, "GET", "/merge_requests", query, nil, &list)
		if err != nil {
			return 0, c.failed(a, err, false, "look for the merge request of commit %.12s", r.Head)
		}
		for _, one := range list {
			is, err := c.isHead(ctx, one, r)
			switch {
			case err != nil:
				return 0, err
			case is && one.State == "opened":
				open = append(open, strconv.Itoa(one.Number))
			case is:
				ended = append(ended, strconv.Itoa(one.Number))
			}
		}
		if a.Header.Get("X-Next-Page") == "" {
			break
		}
	}
	return c.only(open, ended, r)
}

// isHead reports whether a merge request has the head that is looked for.
func (c *Client) isHead(ctx context.Context, one request, r forge.Ref) (bool, error) {
	if !forge.SameCommit(one.Sha, r.Head) {
		return false, nil
	}
	project := c.opts.Repo
	if one.Source != one.Target {
		project = strconv.Itoa(one.Source)
	}
	path, err := c.path(ctx, project)
	want := r.Repo
	if want == "" && err == nil {
		want, err = c.path(ctx, c.opts.Repo)
	}
	return strings.EqualFold(path, want), err
}

func (c *Client) only(open, ended []string, r forge.Ref) (int, error) {
	e := &forge.Error{Op: fmt.Sprintf("merge request for commit %.12s of %s", r.Head, c.opts.Repo), Fix: "name it by its number"}
	switch {
	case len(open) > 1:
		e.Kind, e.Detail = forge.ErrAmbiguous, "numbers "+strings.Join(open, ", ")
		return 0, e
	case len(open)+len(ended) == 0:
		e.Kind, e.Detail = forge.ErrNoChange, "none has this head"
		return 0, e
	}
	return strconv.Atoi(append(open, ended...)[0])
}

// MergeBase implements [forge.Source].
func (c *Client) MergeBase(ctx context.Context, base, head string) (string, int, error) {
	var commit struct {
		ID string `json:"id"`
	}
	a, err := c.do(ctx, "GET", "/repository/merge_base", url.Values{"refs[]": {base, head}}, nil, &commit)
	if err != nil {
		return "", -1, c.failed(a, err, false, "merge base of %.12s and %.12s", base, head)
	}
	var compared struct {
		Commits []struct{} `json:"commits"`
	}
	a, err = c.do(ctx, "GET", "/repository/compare", url.Values{"from": {commit.ID}, "to": {base}}, nil, &compared)
	return commit.ID, len(compared.Commits), c.failed(a, err, false, "compare %.12s and %.12s", commit.ID, base)
}

// File implements [forge.Source].
func (c *Client) File(ctx context.Context, path, commit string) ([]byte, error) {
	var text []byte
	a, err := c.do(ctx, "GET", "/repository/files/"+url.PathEscape(path)+"/raw", url.Values{"ref": {commit}}, nil, &text)
	if err == nil && len(text) > forge.MaxFile {
		return nil, &forge.Error{Op: fmt.Sprintf("read %s of commit %.12s of %s", path, commit, c.opts.Repo), Kind: forge.ErrTooLong, Detail: fmt.Sprintf("%d bytes, at most %d", len(text), forge.MaxFile)}
	}
	return text, c.failed(a, err, false, "read %s of commit %.12s", path, commit)
}
