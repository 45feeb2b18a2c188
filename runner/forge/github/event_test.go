package github_test

import (
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mlops-runner/mlops/runner/forge"
	"github.com/mlops-runner/mlops/runner/forge/github"
)

// Real payloads of GitHub, each with the name of its file among GitHub's examples.
func TestEventsOfGitHub(t *testing.T) {
	text, err := os.ReadFile("testdata/events.json")
	if err != nil {
		t.Fatal(err)
	}
	var events []struct {
		Event, File string
		Payload     json.RawMessage
	}
	if err := json.Unmarshal(text, &events); err != nil || len(events) != 79 {
		t.Fatalf("%d events, %v", len(events), err)
	}
	for _, e := range events {
		c, r, err := github.ParseEvent(e.Event, e.Payload)
		f := e.Event + "/" + e.File
		switch e.Event {
		case "pull_request":
			if err != nil || c.Number == 0 || len(c.Head) != 40 || len(c.Base) != 40 || c.URL == "" || c.HeadRef == "" || c.BaseRef == "" || c.Author == "" || r.Number != c.Number {
				t.Errorf("%s: %+v, %+v, %v", f, c, r, err)
			}
			if open := !strings.Contains(f, "closed"); open != (c.State == forge.Open) || c.Draft != strings.Contains(f, "draft") {
				t.Errorf("%s: state %s, draft %v", f, c.State, c.Draft)
			}
		case "workflow_run", "check_suite", "check_run":
			if err != nil || len(r.Head) != 40 || r.Number != 0 || e.Event == "workflow_run" && r.Repo == "" {
				t.Errorf("%s: %+v, %v", f, r, err)
			}
		case "issue_comment":
			if pull := strings.Contains(string(e.Payload), `"pull_request"`); pull != (err == nil && r.Number > 0) {
				t.Errorf("%s: %+v, %v", f, r, err)
			}
		default:
			if !errors.Is(err, github.ErrNoPullRequest) {
				t.Errorf("%s: %+v, %+v, %v", f, c, r, err)
			}
		}
	}
}

func TestParseEvent(t *testing.T) {
	pull := `{"action":"synchronized","number":7,"pull_request":{"number":7,"state":"open","html_url":"u","draft":true,"merge_base":"m",
		"head":{"sha":"h","ref":"faster","repo":{"full_name":"eve/churn"}},"base":{"sha":"b","ref":"main","repo":{"full_name":"acme/churn"}},"user":{"login":"eve"}}}`
	want := forge.Change{Number: 7, URL: "u", Head: "h", Base: "b", HeadRef: "faster", BaseRef: "main", HeadRepo: "eve/churn", BaseRepo: "acme/churn", MergeBase: "m", Fork: true, Draft: true, State: forge.Open, Author: "eve"}
	c, r, err := github.ParseEvent("pull_request_target", []byte(pull))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, c); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(forge.Ref{Number: 7, Head: "h", Repo: "eve/churn", Branch: "faster"}, r); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for name, c := range map[string]struct {
		event, payload string
		want           forge.Ref
		none           bool
	}{
		"a fork's workflow":           {"workflow_run", `{"workflow_run":{"event":"pull_request","head_sha":"h","head_branch":"main","head_repository":{"full_name":"eve/churn"},"pull_requests":[]}}`, forge.Ref{Head: "h", Repo: "eve/churn", Branch: "main"}, false},
		"a fork that is gone":         {"workflow_run", `{"workflow_run":{"head_sha":"h","head_branch":"main","head_repository":null}}`, forge.Ref{Head: "h", Branch: "main"}, false},
		"a comment on a pull request": {"issue_comment", `{"issue":{"number":7,"pull_request":{"url":"x"}}}`, forge.Ref{Number: 7}, false},
		"a comment on an issue":       {"issue_comment", `{"issue":{"number":7}}`, forge.Ref{}, true},
		"a push":                      {"push", `{"ref":"refs/heads/main"}`, forge.Ref{}, true},
		"a merge queue":               {"merge_group", `{"merge_group":{"head_sha":"h"}}`, forge.Ref{}, true},
	} {
		_, r, err := github.ParseEvent(c.event, []byte(c.payload))
		if r != c.want || c.none != errors.Is(err, github.ErrNoPullRequest) {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
	}
	for _, bad := range []string{"", "[]", `{"pull_request":{}}`, `{"pull_request":null}`} {
		if _, _, err := github.ParseEvent("pull_request", []byte(bad)); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}

// Whatever a payload holds, it is read or refused.
func FuzzParseEvent(f *testing.F) {
	f.Add("pull_request", `{"number":7,"pull_request":{"head":{"sha":"h","repo":null},"base":{"repo":{"full_name":"a/b"}}}}`)
	f.Add("workflow_run", `{"workflow_run":{"head_sha":"h","head_repository":{"full_name":"a/b"}}}`)
	f.Add("check_run", `{"check_run":{"check_suite":{"head_sha":"h"}}}`)
	f.Add("issue_comment", `{"issue":{"number":1,"pull_request":{}}}`)
	f.Fuzz(func(t *testing.T, name, payload string) {
		c, r, err := github.ParseEvent(name, []byte(payload))
		if err != nil && (c != forge.Change{} || r != forge.Ref{}) {
			t.Fatalf("%+v, %+v and %v", c, r, err)
		}
		if err == nil && r.Number == 0 && r.Head == "" {
			t.Fatalf("%s %s names nothing", name, payload)
		}
	})
}
