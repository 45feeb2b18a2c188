package trigger

import (
	"encoding/json"
	"strings"
)

// ForkEnviron reports whether a job of GitHub Actions works for commits that come
// from another repository, or from nobody knows where: see Event.Fork. It asks
// every event about pull requests, also pull_request_target, which starts no
// pipeline and comes with the secrets of the repository; workflow_run, which comes
// with them after a workflow that a fork started; and comments on pull requests,
// whose payload does not tell where these come from. A payload that cannot be read
// counts as one of a fork, since nobody knows. lookup and read are as for [Environ].
func ForkEnviron(lookup func(string) (string, bool), read func(path string) ([]byte, error)) bool {
	name, _ := lookup("GITHUB_EVENT_NAME")
	ask := forkOf(name)
	if ask == nil {
		return false
	}
	path, _ := lookup("GITHUB_EVENT_PATH")
	payload, err := read(path)
	var p map[string]any
	return err != nil || json.Unmarshal(payload, &p) != nil || ask(p)
}

// forkOf is how to ask the payload of an event; nil if forks do not cause it.
func forkOf(event string) func(payload map[string]any) bool {
	switch {
	case strings.HasPrefix(event, PullRequest):
		return func(p map[string]any) bool { return fromFork(p["pull_request"]) }
	case event == "workflow_run":
		return func(p map[string]any) bool { return ranForFork(p["workflow_run"]) }
	case event == "issue_comment":
		return func(p map[string]any) bool { return p["issue"] == nil || at(p, "issue", "pull_request") != nil }
	}
	return nil
}

// ranForFork reports whether a workflow ran for commits of another repository
// than its own. One that was deleted since is null.
func ranForFork(run any) bool {
	head, own := text(run, "head_repository", "full_name"), text(run, "repository", "full_name")
	return head == "" || head != own
}

// fromFork reports whether the commits of a pull request come from another
// repository than the one it asks to change. A repository that was deleted since
// is null. Its own "fork" says only whether it began as one, which a repository
// that merges from itself may have, too.
func fromFork(pr any) bool {
	head, base := text(pr, "head", "repo", "full_name"), text(pr, "base", "repo", "full_name")
	return head == "" || head != base
}
