package trigger

import (
	"encoding/json"
	"strings"
)

// ForkEnviron reports whether a job of GitHub Actions works for a pull request
// whose commits come from another repository: see Event.Fork. It asks every
// event about pull requests, also pull_request_target, which starts no pipeline
// and comes with the secrets of the repository. A payload that cannot be read
// counts as one of a fork, since nobody knows. lookup and read are as for [Environ].
func ForkEnviron(lookup func(string) (string, bool), read func(path string) ([]byte, error)) bool {
	name, _ := lookup("GITHUB_EVENT_NAME")
	if !strings.HasPrefix(name, PullRequest) {
		return false
	}
	path, _ := lookup("GITHUB_EVENT_PATH")
	payload, err := read(path)
	var p map[string]any
	return err != nil || json.Unmarshal(payload, &p) != nil || fromFork(p["pull_request"])
}

// fromFork reports whether the commits of a pull request come from another
// repository than the one it asks to change. A repository that was deleted since
// is null. Its own "fork" says only whether it began as one, which a repository
// that merges from itself may have, too.
func fromFork(pr any) bool {
	head, base := text(pr, "head", "repo", "full_name"), text(pr, "base", "repo", "full_name")
	return head == "" || head != base
}
