package trigger

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// MaxPayload is the size in bytes of the largest webhook payload GitHub sends.
const MaxPayload = 25 << 20

// ErrShape is a payload that fits no event that is known here.
var ErrShape = errors.New("the payload looks like no event of GitHub's")

// Parse reads a webhook payload of GitHub. name is the event's, as the header
// X-GitHub-Event has it; "" guesses it from the payload's shape. It fails with an
// [*UnknownEventError] for an event that starts no run, with [ErrShape] if the
// guess finds none, or with an error that says what the payload lacks.
func Parse(name string, payload []byte) (*Event, error) {
	if len(payload) > MaxPayload {
		return nil, fmt.Errorf("the payload is larger than %d MiB", MaxPayload>>20)
	}
	var p map[string]any
	if err := json.Unmarshal(payload, &p); err != nil {
		return nil, fmt.Errorf("the payload is no JSON object: %w", err)
	}
	if name == "" {
		if name = guess(p); name == "" {
			return nil, ErrShape
		}
	}
	if err := check(name); err != nil {
		return nil, err
	}
	e := &Event{
		Name: name, Action: text(p, "action"), Repository: text(p, "repository", "full_name"),
		Actor: text(p, "sender", "login"), Payload: p,
	}
	for _, path := range required(name) {
		if text(p, path...) == "" {
			return nil, fmt.Errorf("the payload of a %s has no %s", name, strings.Join(path, "."))
		}
	}
	fill(e, p)
	return e, nil
}

// required are the texts without which nothing can be decided.
func required(name string) [][]string {
	switch name {
	case Push:
		return [][]string{{"ref"}, {"after"}}
	case PullRequest:
		return [][]string{{"action"}, {"pull_request", "base", "ref"}, {"pull_request", "head", "sha"}}
	case MergeGroup:
		return [][]string{{"action"}, {"merge_group", "base_ref"}, {"merge_group", "head_sha"}}
	case Dispatch:
		return [][]string{{"ref"}}
	}
	return nil // GitHub promises nothing for a schedule
}

// fill adds what is particular to an event.
func fill(e *Event, p map[string]any) {
	switch e.Name {
	case Push:
		fillPush(e, p)
	case PullRequest:
		fillPullRequest(e, p)
	case MergeGroup:
		e.Ref, e.Sha = text(p, "merge_group", "head_ref"), text(p, "merge_group", "head_sha")
		e.Base = strings.TrimPrefix(text(p, "merge_group", "base_ref"), "refs/heads/")
		e.Head, e.Before = e.Sha, text(p, "merge_group", "base_sha")
	case Schedule:
		e.Cron = text(p, "schedule")
		if branch := text(p, "repository", "default_branch"); branch != "" {
			e.Ref = "refs/heads/" + branch
		}
	case Dispatch:
		e.Ref = fullRef(text(p, "ref"))
		e.Inputs = inputTexts(p["inputs"])
	}
}

func fillPush(e *Event, p map[string]any) {
	e.Ref, e.Sha, e.Head, e.Before = text(p, "ref"), text(p, "after"), text(p, "after"), text(p, "before")
	e.Created, e.Deleted = truth(p, "created"), truth(p, "deleted") || none(e.Head)
	e.URL = text(p, "compare")
	if none(e.Before) {
		e.Before, e.Created = "", true
	}
	if e.Deleted {
		e.Sha, e.Head = "", ""
	}
	e.Touched, e.Whole = touched(p)
	// Of more commits than fit, nobody knows which are left out.
	if list, ok := p["commits"].([]any); ok && len(list) > 0 && len(list) < maxCommits {
		e.Deepest = text(list[0], "id")
	}
}

func fillPullRequest(e *Event, p map[string]any) {
	pr := p["pull_request"]
	e.Number = number(pr, "number")
	if e.Number == 0 {
		e.Number = number(p, "number")
	}
	e.Ref = fmt.Sprintf("refs/pull/%d/merge", e.Number)
	e.Sha, e.URL = text(pr, "merge_commit_sha"), text(pr, "html_url")
	e.Base, e.From = text(pr, "base", "ref"), text(pr, "head", "ref")
	e.Head, e.Before = text(pr, "head", "sha"), text(pr, "base", "sha")
	e.Fork = fromFork(pr)
}

// maxCommits is how many commits GitHub puts into the payload of a push.
const maxCommits = 2048

// touched returns the files that the commits of a push touched. They are whole
// only if no commit is missing and none was taken away by force; GitHub Actions
// leaves the names of the files out.
func touched(p map[string]any) (paths []string, whole bool) {
	list, ok := p["commits"].([]any)
	if !ok || len(list) == 0 || len(list) >= maxCommits || truth(p, "forced") {
		return nil, false
	}
	all := map[string]bool{}
	for _, c := range list {
		commit, _ := c.(map[string]any)
		for _, key := range []string{"added", "modified", "removed"} {
			names, ok := commit[key].([]any)
			if !ok {
				return nil, false
			}
			for _, n := range names {
				if s, ok := n.(string); ok {
					all[s] = true
				}
			}
		}
	}
	return slices.Sorted(maps.Keys(all)), true
}

// fullRef makes a full ref of what may be a branch's name: the API takes both.
func fullRef(ref string) string {
	if strings.HasPrefix(ref, "refs/") {
		return ref
	}
	return "refs/heads/" + ref
}

// inputTexts are the inputs of a dispatch. GitHub sends texts; its own
// interface once sent booleans.
func inputTexts(v any) map[string]string {
	m, ok := v.(map[string]any)
	if !ok || len(m) == 0 {
		return nil
	}
	out := make(map[string]string, len(m))
	for k, v := range m {
		switch v := v.(type) {
		case nil: // not filled in
		case string:
			out[k] = v
		case bool:
			out[k] = strconv.FormatBool(v)
		case float64:
			out[k] = strconv.FormatFloat(v, 'g', -1, 64)
		}
	}
	return out
}

// none reports whether a commit is the one of zeros, which stands for nothing.
func none(commit string) bool { return strings.Trim(commit, "0") == "" }

// at follows keys into nested objects; nil if there is nothing.
func at(v any, path ...string) any {
	for _, key := range path {
		m, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = m[key]
	}
	return v
}

func text(v any, path ...string) string {
	s, _ := at(v, path...).(string)
	return s
}

func truth(v any, path ...string) bool {
	b, _ := at(v, path...).(bool)
	return b
}

func number(v any, path ...string) int {
	f, _ := at(v, path...).(float64)
	if f < 0 || f > 1<<53 {
		return 0
	}
	return int(f)
}
