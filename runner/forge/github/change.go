package github

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/mlops-runner/mlops/runner/forge"
)

// A pull is a pull request as both forges write it. go-github's own has no
// merge_base.
type pull struct {
	Number    int    `json:"number"`
	State     string `json:"state"`
	URL       string `json:"html_url"`
	Draft     bool   `json:"draft"`
	Merged    bool   `json:"merged"`
	MergedAt  string `json:"merged_at"`
	MergeBase string `json:"merge_base"` // Gitea
	// MergeCommit is what a merge, squash or rebase came to; before that, a trial of it.
	MergeCommit string `json:"merge_commit_sha"`
	Head        end    `json:"head"`
	Base        end    `json:"base"`
	User        struct {
		Login string `json:"login"`
	} `json:"user"`
}

// An end is one of the two branches of a pull request.
type end struct {
	Sha  string `json:"sha"`
	Ref  string `json:"ref"`
	Repo *struct {
		Name string `json:"full_name"`
	} `json:"repo"` // nil if it is gone
}

func (e end) repo() string {
	if e.Repo == nil {
		return ""
	}
	return e.Repo.Name
}

func (p pull) change() forge.Change {
	c := forge.Change{
		Number: p.Number, URL: p.URL, Head: p.Head.Sha, Base: p.Base.Sha, HeadRef: p.Head.Ref, BaseRef: p.Base.Ref,
		HeadRepo: p.Head.repo(), BaseRepo: p.Base.repo(), MergeBase: p.MergeBase, Draft: p.Draft, State: forge.Open, Author: p.User.Login,
	}
	// A repository's own "fork" says only whether it began as one.
	c.Fork = c.HeadRepo == "" || !strings.EqualFold(c.HeadRepo, c.BaseRepo)
	switch {
	case p.Merged || p.MergedAt != "":
		c.State = forge.Merged
	case p.State == "closed":
		c.State = forge.Closed
	}
	return c
}

// Change implements [forge.Source]. Without a number it looks through the pull
// requests from r.Branch of r.Repo, or, if those are not given, through those that
// GitHub knows for the commit and then all that are open. What a commit belongs
// to is decided by the head alone: GitHub lists pull requests also for commits
// that are only part of them, and not for those of forks.
func (c *Client) Change(ctx context.Context, r forge.Ref) (forge.Change, error) {
	if err := r.Check(); err != nil {
		return forge.Change{}, err
	}
	if r.Number > 0 {
		var p pull
		err := c.get(ctx, fmt.Sprintf("pulls/%d", r.Number), nil, &p)
		if answerOf(err).Status == http.StatusNotFound {
			return forge.Change{}, &forge.Error{Op: fmt.Sprintf("pull request %d of %s", r.Number, c.opts.Repo), Kind: forge.ErrNoChange, Status: 404, Fix: c.fix(forge.ErrNotFound, "", "")}
		}
		return p.change(), c.reading(err, "pull-requests", "read pull request %d", r.Number)
	}
	if r.Repo == "" {
		r.Repo = c.opts.Repo
	}
	found, err := c.withHead(ctx, r)
	if err != nil {
		return forge.Change{}, err
	}
	return one(found, r, c.opts.Repo)
}

// one is the pull request that is meant: the only one, or the only open one.
func one(found []forge.Change, r forge.Ref, repo string) (forge.Change, error) {
	open := 0
	var best forge.Change
	var numbers []string
	for _, c := range found {
		if c.State == forge.Open {
			open++
			numbers = append(numbers, fmt.Sprint(c.Number))
		}
		if best.Number == 0 || c.State == forge.Open && best.State != forge.Open {
			best = c
		}
	}
	e := &forge.Error{Op: fmt.Sprintf("pull request for commit %.12s of %s", r.Head, r.Repo)}
	switch {
	case len(found) == 0:
		e.Kind, e.Detail, e.Fix = forge.ErrNoChange, "none into "+repo+" has this head", "name it by its number"
		return forge.Change{}, e
	case open > 1:
		e.Kind, e.Detail, e.Fix = forge.ErrAmbiguous, "numbers "+strings.Join(numbers, ", "), "name one by its number"
		return forge.Change{}, e
	}
	return best, nil
}

// withHead returns the pull requests whose head r names.
func (c *Client) withHead(ctx context.Context, r forge.Ref) ([]forge.Change, error) {
	owner, _, _ := strings.Cut(r.Repo, "/")
	ways := []way{{"pulls", url.Values{"state": {"open"}}}}
	switch {
	case r.Branch != "" && !c.opts.Gitea: // Gitea does not look for heads
		ways = []way{{"pulls", url.Values{"state": {"all"}, "head": {owner + ":" + r.Branch}}}}
	case !c.opts.Gitea && len(r.Head) == 40:
		ways = append([]way{{"commits/" + url.PathEscape(r.Head) + "/pulls", nil}}, ways...)
	}
	for _, w := range ways {
		found, err := c.matching(ctx, w, r)
		if err != nil || len(found) > 0 {
			return found, err
		}
	}
	return nil, nil
}

// A way is a list of pull requests.
type way struct {
	path  string
	query url.Values
}

// maxPages is how many pages of a list are looked through.
const maxPages = 100

// matching returns those of a list that have the head.
func (c *Client) matching(ctx context.Context, w way, r forge.Ref) (found []forge.Change, err error) {
	query := url.Values{"per_page": {"100"}}
	for k, v := range w.query {
		query[k] = v
	}
	if c.opts.Gitea {
		query["limit"] = []string{"50"}
		query.Del("per_page")
	}
	for page := 1; page <= maxPages; page++ {
		query.Set("page", fmt.Sprint(page))
		var ps []pull
		more, err := c.list(ctx, w.path, query, &ps)
		if err != nil {
			return nil, c.reading(err, "pull-requests", "look for the pull request of commit %.12s", r.Head)
		}
		for _, p := range ps {
			if ch := p.change(); forge.SameCommit(ch.Head, r.Head) && strings.EqualFold(ch.HeadRepo, r.Repo) && (r.Branch == "" || r.Branch == ch.HeadRef) {
				found = append(found, ch)
			}
		}
		if !more {
			break
		}
	}
	return found, nil
}

// get reads something below the repository.
func (c *Client) get(ctx context.Context, path string, query url.Values, v any) error {
	_, err := c.list(ctx, path, query, v)
	return err
}

// list is get for a page of a list; more is whether another one follows.
func (c *Client) list(ctx context.Context, path string, query url.Values, v any) (more bool, err error) {
	path = "repos/" + c.opts.Repo + "/" + path
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	req, err := c.api.NewRequest("GET", path, nil)
	if err != nil {
		return false, err
	}
	resp, err := c.api.Do(ctx, req, v)
	return resp != nil && resp.NextPage != 0, err
}
