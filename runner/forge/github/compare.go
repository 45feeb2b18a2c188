package github

import (
	"context"
	"fmt"
	"net/url"

	"github.com/google/go-github/v60/github"

	"github.com/mlops-runner/mlops/runner/forge"
)

// MergeBase implements [forge.Source].
func (c *Client) MergeBase(ctx context.Context, base, head string) (string, int, error) {
	if c.opts.Gitea {
		return c.giteaMergeBase(ctx, base, head)
	}
	// One commit a page: a comparison lists up to 250 of them, and 300 files.
	cmp, _, err := c.api.CompareCommits(ctx, c.owner, c.name, base, head, &github.ListOptions{PerPage: 1})
	if err != nil {
		return "", -1, c.reading(err, "contents", "compare %.12s and %.12s", base, head)
	}
	if sha := cmp.GetMergeBaseCommit().GetSHA(); sha != "" {
		return sha, cmp.GetBehindBy(), nil
	}
	return "", -1, unsupported(c.opts.Repo, base, head)
}

// giteaMergeBase reads the merge base of the pull request from base to head: a
// comparison of Gitea's has none.
func (c *Client) giteaMergeBase(ctx context.Context, base, head string) (string, int, error) {
	query := url.Values{"state": {"open"}, "limit": {"50"}}
	for page := 1; page <= maxPages; page++ {
		query.Set("page", fmt.Sprint(page))
		var ps []pull
		more, err := c.list(ctx, "pulls", query, &ps)
		if err != nil {
			return "", -1, c.reading(err, "pull-requests", "look for the merge base of %.12s and %.12s", base, head)
		}
		for _, p := range ps {
			if p.MergeBase != "" && forge.SameCommit(p.Head.Sha, head) && (p.Base.Ref == base || forge.SameCommit(p.Base.Sha, base)) {
				return p.MergeBase, -1, nil
			}
		}
		if !more {
			break
		}
	}
	return "", -1, unsupported(c.opts.Repo, base, head)
}

func unsupported(repo, base, head string) error {
	return &forge.Error{Op: fmt.Sprintf("merge base of %.12s and %.12s in %s", base, head, repo), Kind: forge.ErrUnsupported, Fix: "fetch the history, so that git can tell: fetch-depth: 0"}
}

// File implements [forge.Source].
func (c *Client) File(ctx context.Context, path, commit string) ([]byte, error) {
	op := fmt.Sprintf("read %s of commit %.12s", path, commit)
	file, folder, _, err := c.api.GetContents(ctx, c.owner, c.name, path, &github.RepositoryContentGetOptions{Ref: commit})
	switch {
	case err != nil:
		return nil, c.reading(err, "contents", "%s", op)
	case folder != nil || file.GetType() != "file":
		return nil, &forge.Error{Op: op + " of " + c.opts.Repo, Kind: forge.ErrNotFound, Detail: "it is no file"}
	case file.GetSize() > forge.MaxFile:
		return nil, &forge.Error{Op: op + " of " + c.opts.Repo, Kind: forge.ErrTooLong, Detail: fmt.Sprintf("%d bytes, at most %d", file.GetSize(), forge.MaxFile)}
	}
	text, err := file.GetContent()
	if err != nil {
		return nil, &forge.Error{Op: op + " of " + c.opts.Repo, Kind: forge.ErrDown, Err: err}
	}
	return []byte(text), nil
}
