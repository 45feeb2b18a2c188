package main

import (
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/mlops-runner/mlops/runner/forge"
	"github.com/mlops-runner/mlops/runner/forge/forgetest"
)

// testKey is where a story's environment keeps its [testing.TB].
type testKey struct{}

// forgeKey is where it keeps its fake GitHub.
type forgeKey struct{}

// A story's GitHub with its one pull request.
type storyForge struct {
	*forgetest.GitHub
	world forgetest.World
	pull  int
	repo  string // that the pull request comes from
}

// fakeForge gives stories a GitHub, whose repository is acme/churn, and the
// environment of one of its workflows:
//
//	github start               a workflow on it
//	github pull COMMIT [fork]  a pull request with that head, whose event started the workflow
//	github push COMMIT         it gets another head, whose event started the workflow
//	github move COMMIT         it gets another head, and the workflow goes on
//	github file PATH FILE      all of its commits have that file
//	github trust               a token that may write
//	github app                 a GitHub App in place of the token
//	github checks FILE         writes the check runs
//	github comments FILE       writes what there is to read on it
//	github status COMMIT FILE  writes the commit's status mlops/churn
//	github requests FILE       writes what it was asked since last time
//	github fail STATUS TIMES   answers so to the next requests
//	github cut METHOD          obeys the next such request for comments and cuts the connection
//	github delete N            somebody deletes the comment of that number, from 0
//	github close               somebody closes the pull request
//	github merge COMMIT        it is merged as that commit, whose push started the workflow
//	github readonly            a token that may not write
//	github deployments FILE    writes the deployments
func fakeForge(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: github start|pull|push|comments|status|requests|fail …")
	}
	if args[0] == "start" {
		startForge(ts)
		return
	}
	f, ok := ts.Value(forgeKey{}).(*storyForge)
	if !ok || f.GitHub == nil {
		ts.Fatalf("github start comes first")
	}
	tb := ts.Value(testKey{}).(testing.TB)
	switch args[0] {
	case "pull":
		f.open(ts, args[1], len(args) > 2)
	case "push":
		f.head(ts, args[1])
	case "move":
		f.Set(f.pull, func(c *forge.Change) { c.Head = args[1] })
	case "file":
		f.Write(args[1], ts.ReadFile(args[2]))
	case "trust":
		ts.Setenv("GITHUB_TOKEN", f.WorkflowToken(false))
	case "app":
		key := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(f.NewApp(7, 70))})
		for name, v := range map[string]string{"ID": "7", "INSTALLATION": "70", "KEY": string(key)} {
			ts.Setenv("MLOPS_GITHUB_APP_"+name, v)
		}
	case "checks":
		text, err := json.MarshalIndent(f.Runs(), "", "  ")
		ts.Check(err)
		f.write(ts, args[1], string(text)+"\n")
	case "comments":
		f.write(ts, args[1], remarks(f.world.Comments(tb, f.pull)))
	case "status":
		s := f.world.Status(tb, args[1], "mlops/churn")
		f.write(ts, args[2], fmt.Sprintf("%s %s\n", s.State, s.Description))
	case "requests":
		var text strings.Builder
		for _, r := range f.TakeRequests() {
			fmt.Fprintln(&text, r)
		}
		f.write(ts, args[1], text.String())
	case "fail":
		status, _ := strconv.Atoi(args[1])
		times, _ := strconv.Atoi(args[2])
		f.Break(forgetest.Fault{Status: status, Times: times})
	case "cut":
		f.Break(forgetest.Fault{Method: args[1], Path: "comments", After: true})
	case "delete":
		n, _ := strconv.Atoi(args[1])
		f.world.Delete(tb, f.pull, n)
	case "merge":
		f.Merge(f.pull, args[1])
		f.pushed(ts, args[1])
	case "readonly":
		ts.Setenv("GITHUB_TOKEN", f.WorkflowToken(true))
	case "deployments":
		text, err := json.MarshalIndent(f.Deployments(), "", "  ")
		ts.Check(err)
		f.write(ts, args[1], string(text)+"\n")
	case "close":
		f.world.Close(tb, f.pull)
	default:
		ts.Fatalf("github %s is no command", args[0])
	}
}

func startForge(ts *testscript.TestScript) {
	f := ts.Value(forgeKey{}).(*storyForge)
	f.GitHub = forgetest.NewGitHub(ts.Value(testKey{}).(testing.TB))
	f.world = f.World(nil)
	for name, v := range map[string]string{
		"GITHUB_ACTIONS": "true", "CI": "true", "GITHUB_API_URL": f.Start(), "GITHUB_REPOSITORY": "acme/churn", "GITHUB_SERVER_URL": "https://github.test",
		"GITHUB_TOKEN": f.WorkflowToken(false), "GITHUB_RUN_ID": "812", "GITHUB_RUN_ATTEMPT": "1", "GITHUB_EVENT_NAME": "push",
		"GITHUB_STEP_SUMMARY": ts.MkAbs("summary.md"), "GITHUB_OUTPUT": ts.MkAbs("outputs"),
	} {
		ts.Setenv(name, v)
	}
}

// open makes the pull request and the event that starts a workflow on it.
func (f *storyForge) open(ts *testscript.TestScript, head string, fork bool) {
	repo := "acme/churn"
	if fork {
		repo = "eve/churn"
		ts.Setenv("GITHUB_TOKEN", f.WorkflowToken(true))
	}
	c := f.OpenFork(repo, "faster")
	f.pull, f.repo = c.Number, repo
	f.head(ts, head)
}

// head gives the pull request a commit, and the workflow the event that says so.
func (f *storyForge) head(ts *testscript.TestScript, head string) {
	f.Set(f.pull, func(c *forge.Change) { c.Head = head })
	side := func(sha, ref, repo string) map[string]any {
		return map[string]any{"sha": sha, "ref": ref, "repo": map[string]any{"full_name": repo, "fork": repo != "acme/churn"}}
	}
	event, err := json.Marshal(map[string]any{
		"action": "synchronize", "number": f.pull, "repository": map[string]any{"full_name": "acme/churn", "default_branch": "main"},
		"pull_request": map[string]any{"number": f.pull, "head": side(head, "faster", f.repo), "base": side(ts.Getenv("BASE"), "main", "acme/churn")},
		"sender":       map[string]any{"login": "ada"},
	})
	ts.Check(err)
	f.write(ts, "event.json", string(event))
	for name, v := range map[string]string{
		"GITHUB_EVENT_NAME": "pull_request", "GITHUB_EVENT_PATH": ts.MkAbs("event.json"), "GITHUB_SHA": head,
		"GITHUB_REF": fmt.Sprintf("refs/pull/%d/merge", f.pull), "GITHUB_HEAD_REF": "faster", "GITHUB_BASE_REF": "main",
	} {
		ts.Setenv(name, v)
	}
}

// pushed gives the workflow the event of a push to the main branch.
func (f *storyForge) pushed(ts *testscript.TestScript, commit string) {
	event, err := json.Marshal(map[string]any{
		"ref": "refs/heads/main", "after": commit, "repository": map[string]any{"full_name": "acme/churn", "default_branch": "main"}, "sender": map[string]any{"login": "ada"},
	})
	ts.Check(err)
	f.write(ts, "event.json", string(event))
	for name, v := range map[string]string{
		"GITHUB_EVENT_NAME": "push", "GITHUB_EVENT_PATH": ts.MkAbs("event.json"), "GITHUB_SHA": commit,
		"GITHUB_REF": "refs/heads/main", "GITHUB_REF_NAME": "main", "GITHUB_HEAD_REF": "", "GITHUB_BASE_REF": "",
	} {
		ts.Setenv(name, v)
	}
}

func remarks(list []forgetest.Remark) string {
	var b strings.Builder
	for _, r := range list {
		fmt.Fprintf(&b, "== own=%v hidden=%v\n%s\n", r.Own, r.Hidden, r.Body)
	}
	return b.String()
}

func (f *storyForge) write(ts *testscript.TestScript, name, text string) {
	ts.Check(os.WriteFile(ts.MkAbs(name), []byte(text), 0o644))
}

// envFile NAME FILE sets a variable to what a file has, without its last line end.
func envFile(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: envfile NAME FILE")
	}
	ts.Setenv(args[0], strings.TrimSuffix(ts.ReadFile(args[1]), "\n"))
}
