package forgetest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/mlops-runner/mlops/runner/forge"
)

// A GitHub is a fake one with the repository acme/churn.
type GitHub struct {
	*Server
	repo
	description description

	// Remaining is how many requests are left of the hourly limit, which is up for
	// Reset; Remaining < 0 is no limit.
	Remaining int
	Reset     time.Time
	// Apps are the public keys of Apps, by id; see Key in [GitHub.NewApp].
	apps  map[int64]*app
	runs  []map[string]any // check runs, oldest first
	Locks map[int]bool     // pull requests whose conversation is locked

	deployments []*Deployment // oldest first
}

// NewGitHub returns a fake GitHub with a workflow's token.
func NewGitHub(tb testing.TB) *GitHub {
	doc, err := describe()
	if err != nil {
		tb.Fatal(err)
	}
	g := &GitHub{Server: newServer(tb, "github.test", "/api/v3"), repo: newRepo(), description: description{doc}, Remaining: -1, apps: map[int64]*app{}, Locks: map[int]bool{}}
	g.check = func(r *http.Request, body []byte, status int, header http.Header, answer []byte) error {
		if strings.HasSuffix(r.URL.Path, "/graphql") {
			return nil // the description is of REST
		}
		return g.description.check(r, g.prefix, body, status, header, answer)
	}
	const repo = "/repos/acme/churn"
	g.routes = []route{
		{"GET", "/user", g.whoami},
		{"GET", repo + "/pulls", g.listPulls},
		{"GET", repo + "/pulls/{number}", g.getPull},
		{"GET", repo + "/commits/{ref}/pulls", g.pullsOf},
		{"GET", repo + "/issues/{number}/comments", g.listComments},
		{"POST", repo + "/issues/{number}/comments", g.createComment},
		{"GET", repo + "/issues/comments/{id}", g.getComment},
		{"PATCH", repo + "/issues/comments/{id}", g.editComment},
		{"DELETE", repo + "/issues/comments/{id}", g.deleteComment},
		{"POST", repo + "/statuses/{sha}", g.createStatus},
		{"GET", repo + "/compare/{basehead}", g.compare},
		{"GET", repo + "/contents/{path...}", g.contents},
		{"GET", repo + "/commits/{ref}/check-runs", g.listRuns},
		{"POST", repo + "/check-runs", g.createRun},
		{"PATCH", repo + "/check-runs/{id}", g.updateRun},
		{"GET", repo + "/deployments", g.listDeployments},
		{"POST", repo + "/deployments", g.createDeployment},
		{"GET", repo + "/deployments/{id}/statuses", g.listDeploymentStates},
		{"POST", repo + "/deployments/{id}/statuses", g.createDeploymentState},
		{"ANY", "/app/installations/{id}/access_tokens", g.installationToken},
		{"POST", "/graphql", g.graphQL},
		{"POST", "/api/graphql", g.graphQL},
	}
	for i, r := range g.routes {
		g.routes[i].handle = func(c *call) (int, any) { return g.limited(c, r.handle) }
	}
	return g
}

// WorkflowToken is one as a job of GitHub Actions has it; forks' are read-only.
func (g *GitHub) WorkflowToken(fork bool) string {
	return g.Token(User{Login: "github-actions[bot]", Bot: true, ReadOnly: fork})
}

// problem is the body of a failed request.
func problem(status int, message string) (int, any) {
	return status, map[string]any{"message": message, "documentation_url": "https://docs.github.com/rest", "status": strconv.Itoa(status)}
}

// invalid is the body of one that GitHub could not process.
func invalid(resource, field, code, message string) (int, any) {
	return http.StatusUnprocessableEntity, map[string]any{
		"message": "Validation Failed", "documentation_url": "https://docs.github.com/rest",
		"errors": []any{map[string]any{"resource": resource, "field": field, "code": code, "message": message}},
	}
}

// limited counts requests and refuses what GitHub refuses before it looks
// closer: more than the limit, writes of read-only tokens, and what the
// description forbids.
func (g *GitHub) limited(c *call, handle func(*call) (int, any)) (int, any) {
	if g.Remaining >= 0 {
		if g.Remaining == 0 && time.Now().After(g.Reset) {
			g.Remaining = 1000
		}
		g.Remaining--
		c.header.Set("X-RateLimit-Limit", "1000")
		c.header.Set("X-RateLimit-Remaining", strconv.Itoa(max(0, g.Remaining)))
		c.header.Set("X-RateLimit-Reset", strconv.FormatInt(g.Reset.Unix(), 10))
		c.header.Set("X-RateLimit-Resource", "core")
		if g.Remaining < 0 {
			g.Remaining = 0
			return problem(http.StatusForbidden, "API rate limit exceeded for installation ID 1.")
		}
	}
	if c.user.ReadOnly && c.Method != "GET" && !strings.HasSuffix(c.URL.Path, "/graphql") {
		return problem(http.StatusForbidden, "Resource not accessible by integration")
	}
	if err := g.description.bad(c.Request, g.prefix, c.body); err != nil && !strings.HasSuffix(c.URL.Path, "/graphql") {
		g.wrong = append(g.wrong, fmt.Sprintf("%s %s: %v", c.Method, c.URL.RequestURI(), err))
		return invalid("Request", "body", "invalid", err.Error())
	}
	return handle(c)
}

func (g *GitHub) whoami(c *call) (int, any) {
	if c.user.Bot { // an installation's token, such as a workflow's, is nobody's
		return problem(http.StatusForbidden, "Resource not accessible by integration")
	}
	u := g.description.example("private-user-response-with-public-profile-information")
	u["login"], u["user_view_type"] = c.user.Login, "public"
	return http.StatusOK, u
}

// page cuts a list as GitHub does: 30 of a page unless asked for up to 100, with
// a Link to the next one.
func page[T any](c *call, all []T) []T {
	q := c.URL.Query()
	size, number := 30, 1
	if n, err := strconv.Atoi(q.Get("per_page")); err == nil {
		size = min(max(1, n), 100)
	}
	if n, err := strconv.Atoi(q.Get("page")); err == nil {
		number = max(1, n)
	}
	from, to := min(len(all), (number-1)*size), min(len(all), number*size)
	if to < len(all) {
		q.Set("page", strconv.Itoa(number+1))
		c.header.Set("Link", fmt.Sprintf(`<https://%s%s?%s>; rel="next"`, c.Host, c.URL.Path, q.Encode()))
	}
	return slices.Clone(all[from:to])
}

func (g *GitHub) listComments(c *call) (int, any) {
	p := g.pulls[number(c)]
	if p == nil {
		return problem(http.StatusNotFound, "Not Found")
	}
	list := []any{}
	for _, r := range page(c, p.comments) {
		list = append(list, g.comment(r))
	}
	return http.StatusOK, list
}

func (g *GitHub) comment(r *remark) map[string]any {
	v := g.description.example("issue-comment")
	v["id"], v["node_id"], v["body"] = r.id, fmt.Sprint("IC_", r.id), r.body
	v["html_url"] = fmt.Sprintf("https://github.test/acme/churn/pull/%d#issuecomment-%d", r.pull, r.id)
	v["user"] = g.user(r.user)
	return v
}

func (g *GitHub) user(u User) map[string]any {
	v := g.description.example("issue-comment")["user"].(map[string]any)
	v["login"], v["type"] = u.Login, "User"
	if u.Bot {
		v["type"] = "Bot"
	}
	return v
}

// maxCharacters is the longest comment: telia-oss/github-pr-resource#259.
const maxCharacters = 65_536

// body reads the text of a comment, or refuses it.
func (g *GitHub) body(c *call) (text string, status int, v any) {
	var in struct{ Body string }
	if err := c.read(&in); err != nil {
		status, v = problem(http.StatusBadRequest, "Problems parsing JSON")
		return "", status, v
	}
	switch {
	case strings.TrimSpace(in.Body) == "":
		status, v = invalid("IssueComment", "body", "missing_field", "Body cannot be blank")
	case utf8.RuneCountInString(in.Body) > maxCharacters:
		status, v = invalid("IssueComment", "data", "unprocessable", "Body is too long (maximum is 65536 characters)")
	}
	return in.Body, status, v
}

func (g *GitHub) createComment(c *call) (int, any) {
	p := g.pulls[number(c)]
	if p == nil {
		return problem(http.StatusNotFound, "Not Found")
	}
	if g.Locks[p.Number] {
		return problem(http.StatusForbidden, "Unable to create comment because issue is locked.")
	}
	text, status, v := g.body(c)
	if status != 0 {
		return status, v
	}
	return http.StatusCreated, g.comment(g.remark(p, c.user, text))
}

func (g *GitHub) getComment(c *call) (int, any) {
	r, _ := g.find(id(c))
	if r == nil {
		return problem(http.StatusNotFound, "Not Found")
	}
	return http.StatusOK, g.comment(r)
}

func (g *GitHub) editComment(c *call) (int, any) {
	r, _ := g.find(id(c))
	if r == nil {
		return problem(http.StatusNotFound, "Not Found")
	}
	text, status, v := g.body(c)
	if status != 0 {
		return status, v
	}
	r.body = text
	return http.StatusOK, g.comment(r)
}

func (g *GitHub) deleteComment(c *call) (int, any) {
	r, p := g.find(id(c))
	if r == nil {
		return problem(http.StatusNotFound, "Not Found")
	}
	p.remove(r)
	return http.StatusNoContent, nil
}

func (g *GitHub) graphQL(c *call) (int, any) {
	var in struct {
		Query     string
		Variables map[string]any
	}
	if err := c.read(&in); err != nil {
		return problem(http.StatusBadRequest, "Problems parsing JSON")
	}
	switch {
	case strings.Contains(in.Query, "viewer { login }"):
		return http.StatusOK, map[string]any{"data": map[string]any{"viewer": map[string]any{"login": c.user.Login}}}
	case strings.Contains(in.Query, "minimizeComment(input: {subjectId: $id, classifier: OUTDATED})"):
		return g.minimize(c, fmt.Sprint(in.Variables["id"]))
	}
	g.wrong = append(g.wrong, "unknown GraphQL: "+in.Query)
	return http.StatusOK, map[string]any{"errors": []any{map[string]any{"message": "Parse error"}}}
}

func (g *GitHub) minimize(c *call, node string) (int, any) {
	n, _ := strconv.ParseInt(strings.TrimPrefix(node, "IC_"), 10, 64)
	r, _ := g.find(n)
	problem := map[string]any{"type": "NOT_FOUND", "message": fmt.Sprintf("Could not resolve to a node with the global id of '%s'", node)}
	if c.user.ReadOnly {
		problem["type"], problem["message"] = "FORBIDDEN", "Resource not accessible by integration"
	}
	if r == nil || c.user.ReadOnly {
		return http.StatusOK, map[string]any{"data": map[string]any{"minimizeComment": nil}, "errors": []any{problem}}
	}
	r.hidden = true
	return http.StatusOK, map[string]any{"data": map[string]any{"minimizeComment": map[string]any{"minimizedComment": map[string]any{"isMinimized": true}}}}
}

func (g *GitHub) createStatus(c *call) (int, any) {
	var in struct{ State, Context, Description, TargetURL string }
	var raw map[string]string
	if err := json.Unmarshal(c.body, &raw); err != nil {
		return problem(http.StatusBadRequest, "Problems parsing JSON")
	}
	in.State, in.Context, in.Description, in.TargetURL = raw["state"], raw["context"], raw["description"], raw["target_url"]
	switch {
	case !g.commits[c.param["sha"]]:
		return invalid("Status", "sha", "custom", "No commit found for SHA: "+c.param["sha"])
	case utf8.RuneCountInString(in.Description) > 140: // not in the description; peers were told so
		return invalid("Status", "description", "custom", "description is too long (maximum is 140 characters)")
	}
	g.setStatus(c.param["sha"], forge.Status{Context: in.Context, State: forge.StatusState(in.State), Description: in.Description, URL: in.TargetURL})
	v := g.description.example("status")
	v["state"], v["context"], v["description"], v["target_url"] = in.State, in.Context, in.Description, in.TargetURL
	return http.StatusCreated, v
}

func (g *GitHub) compare(c *call) (int, any) {
	base, head, _ := strings.Cut(c.param["basehead"], "...")
	base, head = unescapeQuery(base), unescapeQuery(head)
	if !g.commits[base] || !g.commits[head] {
		return problem(http.StatusNotFound, "Not Found")
	}
	v := g.description.example("commit-comparison")
	v["merge_base_commit"].(map[string]any)["sha"] = g.mergeBase(base, head)
	v["behind_by"] = g.behind(base, head)
	return http.StatusOK, v
}

func unescapeQuery(s string) string {
	if u, err := url.QueryUnescape(s); err == nil {
		return u
	}
	return s
}

func (g *GitHub) contents(c *call) (int, any) {
	text, ok := g.files[c.param["path"]]
	if !ok || !g.commits[c.URL.Query().Get("ref")] {
		return problem(http.StatusNotFound, "Not Found")
	}
	v := g.description.example("content-file-response-if-content-is-a-file")
	v["path"], v["content"], v["size"], v["encoding"] = c.param["path"], base64Lines(text), len(text), "base64"
	if len(text) > 1<<20 { // from a megabyte on, contents come only raw
		v["content"], v["encoding"] = "", "none"
	}
	return http.StatusOK, v
}

func number(c *call) int {
	n, _ := strconv.Atoi(c.param["number"])
	return n
}

func id(c *call) int64 {
	n, _ := strconv.ParseInt(c.param["id"], 10, 64)
	return n
}
