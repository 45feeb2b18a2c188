package main

import (
	"encoding/json"
	"maps"
	"os"
	"strings"

	"github.com/mlops-runner/mlops/cmd/mlops/early"
	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/trigger"
)

// githubContext is the github context: in GitHub Actions what the service
// says, elsewhere the same facts from git, as for a push of the current branch.
// An event that was named says more than either; what it leaves open stays.
func githubContext(src record.Source, lookup func(string) (string, bool), e *trigger.Event) map[string]any {
	env := func(name string) string { v, _ := lookup(name); return v }
	c := map[string]any{
		"sha": src.Commit, "ref": src.Ref, "ref_name": src.Branch, "ref_type": "branch",
		"repository": repositoryName(src.Repository), "event_name": "push", "actor": src.Author,
		"head_ref": "", "base_ref": "", "event": map[string]any{}, "workspace": "",
	}
	for _, of := range early.GitHub {
		if v := env(of.Name); v != "" {
			c[of.Key] = v
		}
	}
	if event := readEvent(env("GITHUB_EVENT_PATH")); event != nil {
		c["event"] = event
	}
	if e != nil {
		maps.Copy(c, e.Context())
	}
	return c
}

// readEvent reads the payload of the event that started a workflow.
func readEvent(path string) any {
	if path == "" {
		return nil
	}
	text, err := readPayload(path)
	if err != nil {
		return nil
	}
	var v any
	if json.Unmarshal(text, &v) != nil {
		return nil
	}
	return v
}

// repositoryName is owner/name of a repository's address.
func repositoryName(url string) string {
	url = strings.TrimSuffix(strings.TrimSuffix(url, "/"), ".git")
	url = strings.ReplaceAll(url, ":", "/")
	parts := strings.Split(url, "/")
	if len(parts) < 2 {
		return ""
	}
	return strings.Join(parts[len(parts)-2:], "/")
}

// ciFacts are what a record says of the CI service, nil outside of one.
func ciFacts() *record.CI {
	if os.Getenv("GITHUB_ACTIONS") == "true" {
		return &record.CI{
			Name: "github", Workflow: os.Getenv("GITHUB_WORKFLOW"), RunID: os.Getenv("GITHUB_RUN_ID"), Job: os.Getenv("GITHUB_JOB"),
			URL: os.Getenv("GITHUB_SERVER_URL") + "/" + os.Getenv("GITHUB_REPOSITORY") + "/actions/runs/" + os.Getenv("GITHUB_RUN_ID"),
		}
	}
	if os.Getenv("CI") == "true" {
		return &record.CI{Name: "unknown"}
	}
	return nil
}
