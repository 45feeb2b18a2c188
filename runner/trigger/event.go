package trigger

import (
	"fmt"
	"slices"
	"strings"

	"github.com/mlops-runner/mlops/spec"
)

// The events that can start a run, by GitHub's names but the last.
const (
	Push        = "push"
	PullRequest = "pull_request"
	MergeGroup  = "merge_group"
	Schedule    = "schedule"
	Dispatch    = "workflow_dispatch"
	Data        = "data" // a dataset has a new version; no forge sends it
)

// An Event is something that happened, as far as `on:` can ask about it. What
// an event does not have is empty. It is not changed after it was made.
type Event struct {
	Name   string `json:"name"`
	Action string `json:"action,omitempty"` // activity type: opened, synchronize, …
	// Ref is what a run of the event works on: refs/heads/main, refs/tags/v1,
	// refs/pull/7/merge.
	Ref     string `json:"ref,omitempty"`
	Sha     string `json:"sha,omitempty"`     // commit at Ref; of a pull request the trial merge, "" if none was made yet
	Base    string `json:"base,omitempty"`    // branch that a pull request or merge group goes into
	From    string `json:"from,omitempty"`    // branch that a pull request comes from, in its own repository
	Head    string `json:"head,omitempty"`    // newest commit of what is proposed or was pushed
	Before  string `json:"before,omitempty"`  // commit to compare Head with; "" if the branch is new
	Deepest string `json:"deepest,omitempty"` // oldest commit of a push, the first in the payload; "" if there are none, or more than it holds
	Created bool   `json:"created,omitempty"` // the branch or tag is new
	Deleted bool   `json:"deleted,omitempty"` // the branch or tag is gone
	Number  int    `json:"number,omitempty"`  // of the pull request
	// Fork is whether the commits come from another repository, or from one that
	// is gone: whoever wrote them may have no rights in this one.
	Fork       bool   `json:"fork,omitempty"`
	Repository string `json:"repository,omitempty"` // owner/name
	Actor      string `json:"actor,omitempty"`      // login of who caused it
	URL        string `json:"url,omitempty"`        // page of the pull request or comparison
	Cron       string `json:"schedule,omitempty"`   // line of a schedule
	Dataset    string `json:"dataset,omitempty"`    // name, of data
	// Inputs of a workflow_dispatch, as text.
	Inputs map[string]string `json:"inputs,omitempty"`
	// Touched are the files that the commits of a push touched, sorted, relative to
	// the repository's root. Whole is whether none can be missing; then every file
	// that changed is among them, perhaps with some that were changed back.
	Touched []string `json:"-"`
	Whole   bool     `json:"-"`
	// Payload is all that the forge said, for expressions that read github.event.
	Payload map[string]any `json:"-"`
}

// Branch returns the branch at Ref, or "".
func (e *Event) Branch() string {
	b, _ := strings.CutPrefix(e.Ref, "refs/heads/")
	if b == e.Ref {
		return ""
	}
	return b
}

// Tag returns the tag at Ref, or "".
func (e *Event) Tag() string {
	t, _ := strings.CutPrefix(e.Ref, "refs/tags/")
	if t == e.Ref {
		return ""
	}
	return t
}

// Context returns what the github context says of the event, by GitHub's
// names: keys that the event has no value for are absent, but for head_ref and
// base_ref. The map is the caller's, event in it is not.
func (e *Event) Context() map[string]any {
	kind, name := "branch", strings.TrimPrefix(e.Ref, "refs/heads/")
	if tag := e.Tag(); tag != "" {
		kind, name = "tag", tag
	}
	name = strings.TrimPrefix(name, "refs/pull/") // GitHub calls it 7/merge
	payload := e.Payload
	if payload == nil {
		payload = map[string]any{}
	}
	c := map[string]any{"event_name": e.Name, "event": payload, "base_ref": "", "head_ref": ""}
	if e.Name == PullRequest {
		c["base_ref"], c["head_ref"] = e.Base, e.From
	}
	owner, _, _ := strings.Cut(e.Repository, "/")
	for key, value := range map[string]string{
		"ref": e.Ref, "ref_name": name, "sha": e.Sha, "actor": e.Actor, "triggering_actor": e.Actor,
		"repository": e.Repository, "repository_owner": owner,
	} {
		if value != "" {
			c[key] = value
		}
	}
	if e.Ref != "" {
		c["ref_type"] = kind
	}
	return c
}

// An UnknownEventError is an event that no `on:` can name.
type UnknownEventError struct {
	Name string
}

func (e *UnknownEventError) Error() string {
	return fmt.Sprintf("the event %s starts no pipeline", e.Name)
}

// Fix returns what to do about it.
func (e *UnknownEventError) Fix() string {
	switch e.Name {
	case "repository_dispatch":
		return "send workflow_dispatch, which has typed inputs"
	case "pull_request_target":
		return "use pull_request; secrets and gates do not depend on the branch that is proposed"
	}
	if near := spec.Nearest(e.Name, known()); near != "" {
		return "did you mean " + near + "?"
	}
	return "use one of " + strings.Join(known(), ", ")
}

// known are the events that a forge can send.
func known() []string { return []string{Push, PullRequest, MergeGroup, Schedule, Dispatch} }

// check fails for an event that starts no run.
func check(name string) error {
	if !slices.Contains(known(), name) {
		return &UnknownEventError{name}
	}
	return nil
}
