package github

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/google/go-github/v60/github"

	"github.com/mlops-runner/mlops/runner/forge"
)

func (c *Client) now() time.Time {
	if c.opts.Clock.Now != nil {
		return c.opts.Clock.Now()
	}
	return time.Now()
}

// reading explains the failure of a request that changes nothing; nil stays nil.
// need is the permission that it wants.
func (c *Client) reading(err error, need, format string, args ...any) error {
	return c.failed(err, false, need+": read", fmt.Sprintf(format, args...))
}

// writing explains the failure of a request that was to change something.
func (c *Client) writing(err error, need, format string, args ...any) error {
	return c.failed(err, true, need+": write", fmt.Sprintf(format, args...))
}

func (c *Client) failed(err error, write bool, need, op string) error {
	if err == nil {
		return nil
	}
	op += " of " + c.opts.Repo
	return answerOf(err).Failed(op, write, c.now(), func(kind error, message string) string { return c.fix(kind, message, need) })
}

// answerOf is what GitHub said, however go-github calls it.
func answerOf(err error) forge.Answer {
	var failed *github.ErrorResponse
	var limit *github.RateLimitError
	var abuse *github.AbuseRateLimitError
	switch {
	case errors.As(err, &failed):
		return answer(failed.Response, failed.Message+details(failed.Errors))
	case errors.As(err, &limit):
		// go-github makes up an answer without headers while it knows of a limit.
		h := http.Header{}
		h.Set("X-RateLimit-Remaining", "0")
		h.Set("X-RateLimit-Reset", strconv.FormatInt(limit.Rate.Reset.Unix(), 10))
		return forge.Answer{Status: http.StatusForbidden, Header: h, Message: limit.Message}
	case errors.As(err, &abuse):
		return limited(abuse)
	}
	return forge.Answer{Err: err}
}

// limited is what a secondary limit says, which go-github also makes up.
func limited(abuse *github.AbuseRateLimitError) forge.Answer {
	a := forge.Answer{Status: http.StatusForbidden, Header: http.Header{}, Message: abuse.Message}
	if abuse.RetryAfter != nil {
		a.Header.Set("Retry-After", strconv.Itoa(int(abuse.RetryAfter.Seconds())+1))
	}
	if !strings.Contains(strings.ToLower(a.Message), "rate limit") {
		a.Message = "rate limit: " + a.Message
	}
	return a
}

func answer(r *http.Response, message string) forge.Answer {
	if r == nil {
		return forge.Answer{Err: errors.New(message)}
	}
	return forge.Answer{Status: r.StatusCode, Header: r.Header, Message: message}
}

// details are the words of what a request is told to be wrong with.
func details(errs []github.Error) string {
	var b strings.Builder
	for _, e := range errs {
		text := e.Message
		if text == "" {
			text = strings.TrimSpace(e.Field + " " + e.Code)
		}
		b.WriteString(": " + text)
	}
	return b.String()
}

// fix is what helps against a kind of failure.
func (c *Client) fix(kind error, message, need string) string {
	switch {
	case errors.Is(kind, forge.ErrReadOnly) && strings.Contains(strings.ToLower(message), "locked"):
		return "unlock the conversation of the pull request"
	case errors.Is(kind, forge.ErrReadOnly) && c.opts.Gitea:
		return "give the token the scope write:issue and write:repository"
	case errors.Is(kind, forge.ErrReadOnly):
		return fmt.Sprintf("add to the workflow: permissions: {%s}; the token of a fork's pull request stays read-only, so report from a workflow_run workflow", need)
	case errors.Is(kind, forge.ErrDenied):
		return fmt.Sprintf("add to the workflow: permissions: {%s}", need)
	case errors.Is(kind, forge.ErrToken):
		return "the token is wrong, or has expired: a workflow's lives as long as its job; make a new one"
	case errors.Is(kind, forge.ErrNotFound):
		return "look at the name; a token that may not see a private repository is told the same"
	case errors.Is(kind, forge.ErrTooLong):
		return "leave sections out, or link to the whole report"
	case errors.Is(kind, forge.ErrRateLimit):
		return "report later, from one job instead of from each; a workflow's token has 1,000 requests an hour"
	}
	return ""
}

func noToken(o Options) error {
	e := &forge.Error{Op: "report to " + o.Repo, Kind: forge.ErrNoToken}
	e.Fix = "give the step env: {GITHUB_TOKEN: ${{ github.token }}}"
	if o.Gitea {
		e.Fix = "give the step env: {GITEA_TOKEN: ${{ secrets.GITHUB_TOKEN }}}"
	}
	return e
}
