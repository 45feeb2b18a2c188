package trigger

import "strings"

// shapes tell events by the keys that their payloads have; the first row whose
// keys are all there wins, so that a row stands before those it contains.
// Events that start no run are told, too, so that the error can name them.
func shapes() []shape {
	return []shape{
		{"pull_request_review_comment", []string{"pull_request", "comment"}},
		{"pull_request_review_thread", []string{"pull_request", "thread"}},
		{"pull_request_review", []string{"pull_request", "review"}},
		{MergeGroup, []string{"merge_group"}},
		{"deployment_status", []string{"deployment_status"}},
		{"deployment", []string{"deployment"}},
		{"workflow_run", []string{"workflow_run"}},
		{"workflow_job", []string{"workflow_job"}},
		{"check_run", []string{"check_run"}},
		{"check_suite", []string{"check_suite"}},
		{PullRequest, []string{"pull_request", "number", "action"}},
		{"issue_comment", []string{"issue", "comment"}},
		{"issues", []string{"issue"}},
		{"release", []string{"release"}},
		{"repository_dispatch", []string{"client_payload"}},
		{"ping", []string{"zen", "hook"}},
		{"installation_repositories", []string{"installation", "repositories_added"}},
		{"create", []string{"ref", "ref_type", "master_branch"}},
		{"delete", []string{"ref", "ref_type", "pusher_type"}},
		{"status", []string{"sha", "state", "context"}},
		{Push, []string{"ref", "before", "after"}},
		{Dispatch, []string{"inputs", "ref"}},
		{Schedule, []string{"schedule"}},
		{"installation", []string{"installation", "!repository"}}, // which any event of an app has, with a repository
	}
}

type shape struct {
	event string
	keys  []string // with ! one that must not be there
}

// guess tells the event of a payload by its shape; "" if it looks like none.
func guess(p map[string]any) string {
	for _, s := range shapes() {
		if s.fits(p) {
			return s.event
		}
	}
	return ""
}

func (s shape) fits(p map[string]any) bool {
	for _, k := range s.keys {
		name, not := strings.CutPrefix(k, "!")
		if _, ok := p[name]; ok == not {
			return false
		}
	}
	return true
}
