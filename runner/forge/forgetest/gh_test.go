package forgetest_test

import (
	"encoding/json"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mlops-runner/mlops/runner/forge/forgetest"
)

// A gh is GitHub's own client, which speaks to a fake through a unix socket.
type gh struct {
	*testing.T
	env []string
}

// startGH serves the fake for gh, which asks api.github.com at the top.
func startGH(t *testing.T, g *forgetest.GitHub, token string) *gh {
	t.Helper()
	if _, err := exec.LookPath("gh"); err != nil {
		t.Skip("gh is not installed: apt-get install gh")
	}
	dir := t.TempDir()
	socket := filepath.Join(dir, "s")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.URL.Path, r.URL.RawPath = "/api/v3"+r.URL.Path, ""
		g.ServeHTTP(w, r)
	})}
	done := make(chan struct{})
	go func() { defer close(done); _ = server.Serve(l) }()
	t.Cleanup(func() { server.Close(); <-done })
	config := "http_unix_socket: " + socket + "\nprompt: disabled\n"
	if err := os.WriteFile(filepath.Join(dir, "config.yml"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	return &gh{t, append(os.Environ(), "GH_CONFIG_DIR="+dir, "GH_TOKEN="+token, "GH_NO_UPDATE_NOTIFIER=1", "NO_COLOR=1", "XDG_STATE_HOME="+dir, "XDG_CACHE_HOME="+dir)}
}

// api runs "gh api" and returns what it prints, and whether it succeeded.
func (g *gh) api(args ...string) (string, bool) {
	g.Helper()
	c := exec.CommandContext(g.Context(), "gh", append([]string{"api"}, args...)...)
	c.Env = g.env
	out, err := c.CombinedOutput()
	return string(out), err == nil
}

// What GitHub's own client makes of the fake is what it makes of GitHub.
func TestGH(t *testing.T) {
	fake := forgetest.NewGitHub(t)
	w := fake.World(nil)
	c := w.Open(t)
	g := startGH(t, fake, fake.WorkflowToken(false))

	out, ok := g.api("repos/acme/churn/issues/1/comments", "-f", "body=hello")
	var made struct {
		ID   int64
		User struct{ Login, Type string }
	}
	if err := json.Unmarshal([]byte(out), &made); err != nil || !ok || made.User.Login != "github-actions[bot]" || made.User.Type != "Bot" {
		t.Fatalf("create: %s %v", out, err)
	}
	if out, ok := g.api("-X", "PATCH", "repos/acme/churn/issues/comments/1", "-f", "body=hello again"); !ok || w.Comments(t, 1)[0].Body != "hello again" {
		t.Errorf("edit: %s", out)
	}
	for range 74 {
		w.Comment(t, 1, "more", false)
	}
	if out, ok := g.api("repos/acme/churn/issues/1/comments", "--paginate", "--jq", ".[].id"); !ok || strings.Count(out, "\n") != 75 {
		t.Errorf("all pages: %d comments\n%s", strings.Count(out, "\n"), out)
	}
	if out, ok := g.api("repos/acme/churn/pulls/1", "--jq", ".head.sha + .state"); !ok || strings.TrimSpace(out) != c.Head+"open" {
		t.Errorf("pull request: %s", out)
	}
	if out, ok := g.api("repos/acme/churn/statuses/"+c.Head, "-f", "state=success", "-f", "context=mlops/churn"); !ok || w.Status(t, c.Head, "mlops/churn").State != "success" {
		t.Errorf("status: %s", out)
	}
	if out, ok := g.api("repos/acme/churn/check-runs", "-f", "name=x", "-f", "head_sha="+c.Head, "-f", "status=completed", "-f", "conclusion=success"); !ok || len(fake.Runs()) != 1 {
		t.Errorf("check run: %s", out)
	}
	if out, ok := g.api("-X", "DELETE", "repos/acme/churn/issues/comments/1"); !ok || len(w.Comments(t, 1)) != 74 {
		t.Errorf("delete: %s", out)
	}
	if out, ok := g.api("graphql", "-f", "query=query { viewer { login } }", "--jq", ".data.viewer.login"); !ok || strings.TrimSpace(out) != "github-actions[bot]" {
		t.Errorf("viewer: %s", out)
	}
}

func TestGHIsRefused(t *testing.T) {
	fake := forgetest.NewGitHub(t)
	c := fake.World(nil).Open(t)
	g := startGH(t, fake, fake.WorkflowToken(false))
	for name, args := range map[string][]string{
		"HTTP 404": {"repos/acme/churn/pulls/9"},
		"HTTP 422": {"repos/acme/churn/issues/1/comments", "-f", "body=" + strings.Repeat("x", 65_537)},
		"description is too long (maximum is 140 characters)": {"repos/acme/churn/statuses/" + c.Head, "-f", "state=success", "-f", "description=" + strings.Repeat("x", 141)},
	} {
		if out, ok := g.api(args...); ok || !strings.Contains(out, name) {
			t.Errorf("%s: %.300s", name, out)
		}
	}
	fork := startGH(t, fake, fake.WorkflowToken(true))
	if out, ok := fork.api("repos/acme/churn/issues/1/comments", "-f", "body=x"); ok || !strings.Contains(out, "Resource not accessible by integration (HTTP 403)") {
		t.Errorf("a fork's token: %s", out)
	}
	if out, ok := fork.api("user"); ok || !strings.Contains(out, "HTTP 403") {
		t.Errorf("a workflow's user: %s", out)
	}
	if v := fake.TakeViolations(); v != nil {
		t.Errorf("violations: %q", v)
	}
	if out, ok := g.api("repos/acme/churn/statuses/"+c.Head, "-f", "state=passed"); ok || !strings.Contains(out, "HTTP 422") || len(fake.TakeViolations()) != 1 {
		t.Errorf("a state that there is not: %s", out)
	}
}
