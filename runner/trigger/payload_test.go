package trigger

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func payload(t testing.TB, file string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", file))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// event reads a payload of the samples, perhaps after a change of it.
func event(t testing.TB, file string, change func(p map[string]any)) *Event {
	t.Helper()
	b := payload(t, file)
	if change != nil {
		var p map[string]any
		if err := json.Unmarshal(b, &p); err != nil {
			t.Fatal(err)
		}
		change(p)
		b, _ = json.Marshal(p)
	}
	e, err := Parse("", b)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

const first, later = "6113728f27ae82c7b1a177c8d03f9e96e0adf246", "ec26c3e57ca3a959ca5aad62de7213c562f8c821"

func TestParse(t *testing.T) {
	for _, c := range []struct {
		name, file string
		change     func(map[string]any)
		want       Event
	}{
		{"a new branch has nothing before it", "push_branch.json", nil, Event{
			Name: Push, Ref: "refs/heads/master", Sha: first, Head: first, Deepest: first, Created: true,
			Repository: "Codertocat/Hello-World", Actor: "Codertocat", Touched: []string{"README.md"}, Whole: true,
			URL: "https://github.com/Codertocat/Hello-World/commit/" + first,
		}},
		{"a push by force may have taken files away that no commit names", "push_branch.json", func(p map[string]any) { p["forced"] = true }, Event{
			Name: Push, Ref: "refs/heads/master", Sha: first, Head: first, Deepest: first, Created: true,
			Repository: "Codertocat/Hello-World", Actor: "Codertocat", URL: "https://github.com/Codertocat/Hello-World/commit/" + first,
		}},
		{"a tag", "push_tag.json", nil, Event{
			Name: Push, Ref: "refs/tags/simple-tag", Sha: first, Head: first, Created: true,
			Repository: "Codertocat/Hello-World", Actor: "Codertocat", URL: "https://github.com/Codertocat/Hello-World/compare/simple-tag",
		}},
		{"a deleted tag", "push_tag_deleted.json", nil, Event{
			Name: Push, Ref: "refs/tags/simple-tag", Before: first, Deleted: true,
			Repository: "Codertocat/Hello-World", Actor: "Codertocat", URL: "https://github.com/Codertocat/Hello-World/compare/d70c5c6fa638^...000000000000",
		}},
		{"a pull request within the repository", "pull_request.json", nil, Event{
			Name: PullRequest, Action: "synchronize", Ref: "refs/pull/2/merge", Base: "master", From: "changes", Number: 2,
			Head: later, Before: "f95f852bd8fca8fcc58a9a2d6c842781e32a215e", Repository: "Codertocat/Hello-World", Actor: "Codertocat",
			URL: "https://github.com/Codertocat/Hello-World/pull/2",
		}},
		{"a merge group", "merge_group.json", nil, Event{
			Name: MergeGroup, Action: "checks_requested", Base: "main", Repository: "octo-org/octo-repo", Actor: "Codertocat",
			Ref: "refs/heads/gh-readonly-queue/main/pr-104-929f8209d40f77f4abc622a499c93a83babdbe64",
			Sha: "2ffea6db159f6b6c47a24e778fb9ef40cf6b1c7d", Head: "2ffea6db159f6b6c47a24e778fb9ef40cf6b1c7d", Before: "380387fbc80638b734a49e1be1c4dfec1c01b33c",
		}},
		{"a run by hand, with the branch's short name and inputs of all types", "workflow_dispatch.json", func(p map[string]any) {
			p["ref"], p["inputs"] = "main", map[string]any{"depth": 6.5, "fast": true, "name": "x", "none": nil}
		}, Event{
			Name: Dispatch, Ref: "refs/heads/main", Repository: "octo-org/octo-repo", Actor: "octocat",
			Inputs: map[string]string{"depth": "6.5", "fast": "true", "name": "x"},
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := event(t, c.file, c.change)
			if d := cmp.Diff(&c.want, got, cmpopts.IgnoreFields(Event{}, "Payload")); d != "" {
				t.Error(d)
			}
			if got.Payload == nil {
				t.Error("the payload is lost")
			}
		})
	}
}

// What a fork sends is told by whose repository it is, not by how it began.
func TestFork(t *testing.T) {
	head := func(p map[string]any) map[string]any {
		return p["pull_request"].(map[string]any)["head"].(map[string]any)
	}
	for _, c := range []struct {
		name   string
		change func(p map[string]any)
		want   bool
	}{
		{"the same repository", func(map[string]any) {}, false},
		{"the same repository, itself a fork", func(p map[string]any) { head(p)["repo"].(map[string]any)["fork"] = true }, false},
		{"another repository", func(p map[string]any) { head(p)["repo"].(map[string]any)["full_name"] = "mallory/Hello-World" }, true},
		{"a repository that is gone", func(p map[string]any) { head(p)["repo"] = nil }, true},
		{"no repository at all", func(p map[string]any) {
			head(p)["repo"] = nil
			p["pull_request"].(map[string]any)["base"].(map[string]any)["repo"] = nil
		}, true},
	} {
		if got := event(t, "pull_request.json", c.change).Fork; got != c.want {
			t.Errorf("%s: Fork is %v", c.name, got)
		}
	}
}

func TestParseErrors(t *testing.T) {
	for _, c := range []struct{ name, event, payload, want string }{
		{"no JSON", "", `{`, "the payload is no JSON object: unexpected end of JSON input"},
		{"no object", "push", `[1]`, "the payload is no JSON object: json: cannot unmarshal array into Go value of type map[string]interface {}"},
		{"nothing known", "", `{"a": 1}`, ErrShape.Error()},
		{"null", "", `null`, ErrShape.Error()},
		{"a push without a ref", "push", `{"after": "1"}`, "the payload of a push has no ref"},
		{"a ref that is no text", "push", `{"ref": 1, "after": "1"}`, "the payload of a push has no ref"},
		{"a pull request without a base", "pull_request", `{"action": "opened", "pull_request": []}`, "the payload of a pull_request has no pull_request.base.ref"},
		{"an event of no pipeline", "issues", `{}`, "the event issues starts no pipeline"},
		{"an event of no pipeline, guessed", "", string(payload(t, "repository_dispatch.json")), "the event repository_dispatch starts no pipeline"},
	} {
		e, err := Parse(c.event, []byte(c.payload))
		if err == nil || err.Error() != c.want {
			t.Errorf("%s: %v, %v; want %s", c.name, e, err, c.want)
		}
	}
	fixes := map[string]string{
		"repository_dispatch": "send workflow_dispatch, which has typed inputs", "pull_requests": "did you mean pull_request?",
		"fork": "use one of push, pull_request, merge_group, schedule, workflow_dispatch",
	}
	for name, want := range fixes {
		var unknown *UnknownEventError
		if _, err := Parse(name, []byte("{}")); !errors.As(err, &unknown) || unknown.Fix() != want {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestContext(t *testing.T) {
	for _, c := range []struct {
		file string
		want map[string]any
	}{
		{"pull_request.json", map[string]any{"event_name": "pull_request", "ref": "refs/pull/2/merge", "ref_name": "2/merge", "ref_type": "branch",
			"base_ref": "master", "head_ref": "changes", "actor": "Codertocat", "triggering_actor": "Codertocat",
			"repository": "Codertocat/Hello-World", "repository_owner": "Codertocat"}},
		{"push_tag.json", map[string]any{"event_name": "push", "ref": "refs/tags/simple-tag", "ref_name": "simple-tag", "ref_type": "tag",
			"base_ref": "", "head_ref": "", "actor": "Codertocat", "triggering_actor": "Codertocat", "sha": first,
			"repository": "Codertocat/Hello-World", "repository_owner": "Codertocat"}},
	} {
		got := event(t, c.file, nil).Context()
		if got["event"] == nil {
			t.Errorf("%s: no event", c.file)
		}
		delete(got, "event")
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("%s: %s", c.file, d)
		}
	}
}

func TestEnviron(t *testing.T) {
	env := map[string]string{
		"GITHUB_EVENT_NAME": "pull_request", "GITHUB_EVENT_PATH": "pull_request.json", "GITHUB_SHA": first,
		"GITHUB_REF": "refs/pull/2/merge", "GITHUB_ACTOR": "ada", "GITHUB_BASE_REF": "main",
	}
	lookup := func(name string) (string, bool) { v, ok := env[name]; return v, ok }
	read := func(path string) ([]byte, error) { return os.ReadFile(filepath.Join("testdata", path)) }
	e, err := Environ(lookup, read)
	if err != nil {
		t.Fatal(err)
	}
	if e.Sha != first || e.Actor != "ada" || e.Base != "main" || e.From != "changes" || e.Number != 2 {
		t.Errorf("%+v", e)
	}
	env["GITHUB_EVENT_PATH"] = "gone.json"
	if _, err := Environ(lookup, read); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a payload that is gone: %v", err)
	}
	delete(env, "GITHUB_EVENT_PATH")
	if _, err := Environ(lookup, read); err == nil || !strings.Contains(err.Error(), "GITHUB_EVENT_PATH") {
		t.Errorf("no path: %v", err)
	}
	env["GITHUB_EVENT_NAME"] = "issues"
	if _, err := Environ(lookup, read); err == nil || !strings.Contains(err.Error(), "issues") {
		t.Errorf("an event of no pipeline: %v", err)
	}
	delete(env, "GITHUB_EVENT_NAME")
	if _, err := Environ(lookup, read); !errors.Is(err, ErrNoEvent) {
		t.Errorf("no event: %v", err)
	}
}

func TestForkEnviron(t *testing.T) {
	const own = `{"pull_request": {"head": {"repo": {"full_name": "ada/r"}}, "base": {"repo": {"full_name": "ada/r"}}}}`
	const fork = `{"pull_request": {"head": {"repo": {"full_name": "eve/r"}}, "base": {"repo": {"full_name": "ada/r"}}}}`
	const gone = `{"pull_request": {"head": {"repo": null}, "base": {"repo": {"full_name": "ada/r"}}}}`
	const comment = `{"issue": {"number": 1, "pull_request": {"url": "u"}}}`
	for _, c := range []struct {
		name, event, payload string
		want                 bool
	}{
		{"a branch of the repository itself", "pull_request", own, false},
		{"a fork", "pull_request", fork, true},
		{"a fork that is gone", "pull_request", gone, true},
		{"with the rights of the base", "pull_request_target", fork, true},
		{"a branch, with the rights of the base", "pull_request_target", own, false},
		{"a review", "pull_request_review", fork, true},
		{"a workflow after that of a fork", "workflow_run", `{"workflow_run": {"head_repository": {"full_name": "eve/r"}, "repository": {"full_name": "ada/r"}}}`, true},
		{"a workflow after that of a fork that is gone", "workflow_run", `{"workflow_run": {"head_repository": null, "repository": {"full_name": "ada/r"}}}`, true},
		{"a workflow after one of the repository itself", "workflow_run", `{"workflow_run": {"head_repository": {"full_name": "ada/r", "fork": true}, "repository": {"full_name": "ada/r"}}}`, false},
		{"a workflow after nobody knows what", "workflow_run", "{}", true},
		{"a comment on a pull request", "issue_comment", comment, true},
		{"a comment on an issue", "issue_comment", `{"issue": {"number": 1}}`, false},
		{"a comment on nobody knows what", "issue_comment", "{}", true},
		{"no payload", "pull_request", "", true},
		{"a payload without a pull request", "pull_request", "{}", true},
		{"another event", "push", fork, false},
		{"none", "", "", false},
	} {
		lookup := func(name string) (string, bool) {
			return map[string]string{"GITHUB_EVENT_NAME": c.event, "GITHUB_EVENT_PATH": "p"}[name], true
		}
		read := func(string) ([]byte, error) {
			if c.payload == "" {
				return nil, fs.ErrNotExist
			}
			return []byte(c.payload), nil
		}
		if got := ForkEnviron(lookup, read); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

// The payload of a real workflow_run, and what it would be had a fork caused it.
func TestForkWorkflowRun(t *testing.T) {
	for _, c := range []struct {
		name string
		head any
		want bool
	}{
		{"the repository itself", map[string]any{"full_name": "octo-org/octo-repo", "fork": true}, false},
		{"a fork", map[string]any{"full_name": "mallory/octo-repo"}, true},
		{"a fork that is gone", nil, true},
	} {
		p := object(t, payload(t, "workflow_run.json"))
		p["workflow_run"].(map[string]any)["head_repository"] = c.head
		b, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		lookup := func(name string) (string, bool) {
			return map[string]string{"GITHUB_EVENT_NAME": "workflow_run", "GITHUB_EVENT_PATH": "p"}[name], true
		}
		if got := ForkEnviron(lookup, func(string) ([]byte, error) { return b, nil }); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

// TestManyPayloads reads all payloads of a folder EVENT/FILE.json, as that of
// the npm package @octokit/webhooks-examples, which is too large to be kept here.
func TestManyPayloads(t *testing.T) {
	dir := os.Getenv("MLOPS_WEBHOOKS")
	if dir == "" {
		t.Skip("MLOPS_WEBHOOKS names no folder of payloads")
	}
	files, err := filepath.Glob(filepath.Join(dir, "*", "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%s has no payloads: %v", dir, err)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Base(filepath.Dir(file))
		e, err := Parse("", b)
		var unknown *UnknownEventError
		switch {
		case check(name) != nil:
			if !errors.As(err, &unknown) || unknown.Name != name {
				t.Errorf("%s: %v, %v", file, e, err)
			}
			if name == "workflow_run" && forkOf(name)(object(t, b)) { // none of the samples is of a fork
				t.Errorf("%s: of a fork", file)
			}
		case err != nil || e.Name != name || !strings.HasPrefix(e.Ref, "refs/") || e.Repository == "" || e.Actor == "":
			t.Errorf("%s: %+v, %v", file, e, err)
		default:
			checkFork(t, file, b, e)
		}
	}
}

func object(t *testing.T, b []byte) (p map[string]any) {
	t.Helper()
	if err := json.Unmarshal(b, &p); err != nil {
		t.Fatal(err)
	}
	return p
}

// checkFork compares with what the payload says in another place: the owners
// before the names of the branches.
func checkFork(t *testing.T, file string, b []byte, e *Event) {
	t.Helper()
	var p struct {
		PullRequest struct {
			Head, Base struct{ Label string }
		} `json:"pull_request"`
	}
	if err := json.Unmarshal(b, &p); err != nil {
		t.Fatal(err)
	}
	head, _, _ := strings.Cut(p.PullRequest.Head.Label, ":")
	base, _, _ := strings.Cut(p.PullRequest.Base.Label, ":")
	if e.Fork != (head != base) {
		t.Errorf("%s: Fork is %v from %s to %s", file, e.Fork, head, base)
	}
}

// FuzzParse looks for payloads that panic or give an event that cannot be used.
func FuzzParse(f *testing.F) {
	for _, name := range []string{"push_branch.json", "pull_request.json", "merge_group.json", "workflow_dispatch.json"} {
		f.Add("", payload(f, name))
	}
	f.Add("pull_request", []byte(`{"action":"x","number":1e300,"pull_request":{"base":{"ref":"m"},"head":{"sha":"1","repo":[]}}}`))
	f.Fuzz(func(t *testing.T, name string, b []byte) {
		e, err := Parse(name, b)
		if err != nil {
			return
		}
		if check(e.Name) != nil || e.Number < 0 || e.Context()["event"] == nil {
			t.Errorf("%+v", e)
		}
	})
}

// TestTooManyCommits shows that of a new branch with more commits than GitHub
// names, none is taken for the first.
func TestTooManyCommits(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]string{maxCommits - 1: first, maxCommits: ""} {
		e := event(t, "push_branch.json", func(p map[string]any) {
			one := commit(p)
			list := make([]any, n)
			for i := range list {
				list[i] = one
			}
			p["commits"] = list
		})
		if e.Deepest != want || e.Whole != (want != "") {
			t.Errorf("%d commits: deepest %q, whole %v", n, e.Deepest, e.Whole)
		}
	}
}
