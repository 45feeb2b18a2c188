package github

import (
	"context"

	"github.com/google/go-github/v60/github"

	"github.com/mlops-runner/mlops/runner/forge"
)

// Status implements [forge.Reporter]. GitHub keeps a thousand statuses for each
// commit and context, of which the last counts, so one may be set twice.
func (c *Client) Status(ctx context.Context, commit string, s forge.Status) error {
	status := &github.RepoStatus{
		State: github.String(string(s.State)), Context: &s.Context,
		Description: github.String(forge.Clip(s.Description, forge.MaxDescription)),
	}
	if s.URL != "" {
		status.TargetURL = &s.URL
	}
	return c.opts.Clock.Repeat(ctx, func() error {
		_, _, err := c.api.CreateStatus(ctx, c.owner, c.name, commit, status)
		return c.writing(err, "statuses", "set status %s on commit %.12s", s.Context, commit)
	})
}
