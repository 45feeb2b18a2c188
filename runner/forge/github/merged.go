package github

import (
	"context"
	"fmt"
	"net/url"

	"github.com/mlops-runner/mlops/runner/forge"
)

// Merged implements [forge.Merger]. GitHub lists for a commit all pull requests that
// it is part of; the one whose merge made it says so.
func (c *Client) Merged(ctx context.Context, commit string) (forge.Change, error) {
	op := fmt.Sprintf("pull request that made commit %.12s of %s", commit, c.opts.Repo)
	if c.opts.Gitea {
		return forge.Change{}, &forge.Error{Op: op, Kind: forge.ErrUnsupported, Detail: "a Gitea does not list them"}
	}
	var ps []pull
	if _, err := c.list(ctx, "commits/"+url.PathEscape(commit)+"/pulls", url.Values{"per_page": {"100"}}, &ps); err != nil {
		return forge.Change{}, c.reading(err, "pull-requests", "look for the pull request that made commit %.12s", commit)
	}
	for _, p := range ps {
		if ch := p.change(); ch.State == forge.Merged && p.MergeCommit == commit {
			return ch, nil
		}
	}
	return forge.Change{}, &forge.Error{Op: op, Kind: forge.ErrNoChange}
}
