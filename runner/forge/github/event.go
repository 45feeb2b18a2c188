package github

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/mlops-runner/mlops/runner/forge"
)

// ErrNoPullRequest is an event that is about no pull request.
var ErrNoPullRequest = errors.New("the event is about no pull request")

// ParseEvent reads which pull request an event of GitHub or Gitea is about, by
// its name and payload as a webhook or GITHUB_EVENT_PATH has them. A
// pull_request and its relatives say all there is to say. Of others there is a
// number, or a head to ask [Client.Change] for: a workflow_run does not list the
// pull requests of forks. It fails with [ErrNoPullRequest] for an event that is
// about none, such as a push.
func ParseEvent(name string, payload []byte) (forge.Change, forge.Ref, error) {
	var e event
	if err := json.Unmarshal(payload, &e); err != nil {
		return forge.Change{}, forge.Ref{}, fmt.Errorf("event %s: %w", name, err)
	}
	switch name {
	case "pull_request", "pull_request_target", "pull_request_review", "pull_request_review_comment":
		if e.Pull == nil || e.Pull.Head.Sha == "" {
			return forge.Change{}, forge.Ref{}, fmt.Errorf("event %s: the payload has no pull_request.head.sha", name)
		}
		c := e.Pull.change()
		if c.Number == 0 {
			c.Number = e.Number
		}
		return c, forge.Ref{Number: c.Number, Head: c.Head, Repo: c.HeadRepo, Branch: c.HeadRef}, nil
	case "issue_comment":
		if e.Issue == nil || e.Issue.Pull == nil {
			return forge.Change{}, forge.Ref{}, fmt.Errorf("event %s: %w", name, ErrNoPullRequest)
		}
		return forge.Change{}, forge.Ref{Number: e.Issue.Number}, nil
	}
	s := e.suite(name)
	if s == nil || s.Sha == "" {
		return forge.Change{}, forge.Ref{}, fmt.Errorf("event %s: %w", name, ErrNoPullRequest)
	}
	return forge.Change{}, s.ref(), nil
}

// An event is what payloads say of pull requests.
type event struct {
	Number int   `json:"number"`
	Pull   *pull `json:"pull_request"`
	Issue  *struct {
		Number int       `json:"number"`
		Pull   *struct{} `json:"pull_request"`
	} `json:"issue"`
	WorkflowRun *suite `json:"workflow_run"`
	CheckSuite  *suite `json:"check_suite"`
	CheckRun    *struct {
		Suite suite `json:"check_suite"`
	} `json:"check_run"`
}

// A suite is what was run for a commit.
type suite struct {
	Sha    string `json:"head_sha"`
	Branch string `json:"head_branch"`
	Repo   *struct {
		Name string `json:"full_name"`
	} `json:"head_repository"`
}

// suite is what an event of that name is about. A deployment's payload has the
// check run or workflow that made it, too.
func (e event) suite(name string) *suite {
	switch {
	case name == "workflow_run":
		return e.WorkflowRun
	case name == "check_suite":
		return e.CheckSuite
	case name == "check_run" && e.CheckRun != nil:
		return &e.CheckRun.Suite
	}
	return nil
}

func (s suite) ref() forge.Ref {
	r := forge.Ref{Head: s.Sha, Branch: s.Branch}
	if s.Repo != nil {
		r.Repo = s.Repo.Name
	}
	return r
}
