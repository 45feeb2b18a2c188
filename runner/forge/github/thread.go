package github

import (
	"context"
	"fmt"
	"strings"

	"github.com/google/go-github/v60/github"

	"github.com/mlops-runner/mlops/runner/forge"
)

// Upsert implements [forge.Reporter]. A report that changes nothing costs three
// requests: the pull request, whom the token belongs to (once a client), and the
// comments, a hundred a request.
func (c *Client) Upsert(ctx context.Context, p forge.Post) (forge.Result, error) {
	ch, err := p.Subject(ctx, c)
	if err != nil {
		return forge.Result{}, err
	}
	return c.sticky(p.Number).Upsert(ctx, ch, p)
}

// Minimize implements [forge.Minimizer]. On Gitea, which folds nothing away, the
// comment only stops to be the one that is kept up to date.
func (c *Client) Minimize(ctx context.Context, number int, key string) error {
	return c.sticky(number).Minimize(ctx, key)
}

func (c *Client) sticky(number int) *forge.Sticky {
	s := &forge.Sticky{Thread: &thread{c, number}, Limit: commentLimit, Clock: c.opts.Clock, Ready: c.transport.Ready}
	if c.opts.Gitea {
		s.Limit = giteaLimit
		return s
	}
	s.Thread = &hidingThread{thread{c, number}}
	return s
}

// A thread is the comments of a pull request.
type thread struct {
	*Client
	number int
}

// hidingThread is one whose comments can be folded away.
type hidingThread struct{ thread }

var (
	_ forge.Thread = (*thread)(nil)
	_ forge.Hider  = (*hidingThread)(nil)
)

// Comments implements [forge.Thread].
func (t *thread) Comments(ctx context.Context) ([]forge.Comment, error) {
	marked, err := t.marked(ctx)
	if err != nil || len(marked) == 0 {
		return nil, err
	}
	login, err := t.viewer(ctx)
	if err != nil {
		return nil, err
	}
	var own []forge.Comment
	for _, c := range marked {
		if isBy(c, login) {
			own = append(own, comment(c))
		}
	}
	return own, nil
}

// marked returns the comments that end with a marker, whoever wrote them. The
// API has neither an order nor a filter for them.
func (t *thread) marked(ctx context.Context) (marked []*github.IssueComment, err error) {
	o := &github.IssueListCommentsOptions{ListOptions: github.ListOptions{PerPage: 100}}
	for range maxPages {
		cs, resp, err := t.api.ListComments(ctx, t.owner, t.name, t.number, o)
		if err != nil {
			return nil, t.reading(err, "pull-requests", "read the comments of pull request %d", t.number)
		}
		for _, c := range cs {
			if _, ok := forge.FindMarker(c.GetBody()); ok {
				marked = append(marked, c)
			}
		}
		if resp.NextPage == 0 {
			break
		}
		o.Page = resp.NextPage
	}
	return marked, nil
}

// isBy reports whether somebody wrote a comment. An App is called name[bot] here
// and may be called name elsewhere; an account of a person that has an App's name
// is not the App.
func isBy(c *github.IssueComment, login string) bool {
	name := c.GetUser().GetLogin()
	if strings.EqualFold(name, login) {
		return true
	}
	return c.GetUser().GetType() == "Bot" && strings.EqualFold(name, login+"[bot]")
}

func comment(c *github.IssueComment) forge.Comment {
	return forge.Comment{ID: c.GetID(), Body: c.GetBody(), URL: c.GetHTMLURL(), Node: c.GetNodeID()}
}

// Create implements [forge.Thread].
func (t *thread) Create(ctx context.Context, body string) (forge.Comment, error) {
	c, _, err := t.api.CreateComment(ctx, t.owner, t.name, t.number, &github.IssueComment{Body: &body})
	if err != nil {
		return forge.Comment{}, t.writing(err, "pull-requests", "comment on pull request %d", t.number)
	}
	return comment(c), nil
}

// Edit implements [forge.Thread].
func (t *thread) Edit(ctx context.Context, id int64, body string) error {
	_, _, err := t.api.EditComment(ctx, t.owner, t.name, id, &github.IssueComment{Body: &body})
	return t.writing(err, "pull-requests", "edit the comment on pull request %d", t.number)
}

// Delete implements [forge.Thread].
func (t *thread) Delete(ctx context.Context, id int64) error {
	_, err := t.api.DeleteComment(ctx, t.owner, t.name, id)
	return t.writing(err, "pull-requests", "delete a comment on pull request %d", t.number)
}

// Hide implements [forge.Hider].
func (t *hidingThread) Hide(ctx context.Context, c forge.Comment) error {
	const mutation = `mutation($id: ID!) { minimizeComment(input: {subjectId: $id, classifier: OUTDATED}) { minimizedComment { isMinimized } } }`
	err := t.graphQL(ctx, mutation, map[string]any{"id": c.Node}, nil)
	return t.writing(err, "pull-requests", "%s", fmt.Sprintf("fold away the comment on pull request %d", t.number))
}
