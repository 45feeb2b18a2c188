package forgetest

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/mlops-runner/mlops/runner/forge"
)

// A GitLab is a fake one with the project acme/churn, whose number is 1.
type GitLab struct {
	*Server
	repo
	// Commands are what lines of notes made GitLab do, such as /close: none, if the
	// client takes care.
	Commands []string
	projects []string // by number
}

// NewGitLab returns a fake GitLab.
func NewGitLab(tb testing.TB) *GitLab {
	g := &GitLab{Server: newServer(tb, "gitlab.test", "/api/v4"), repo: newRepo(), projects: []string{"", "acme/churn"}}
	const project = "/projects/{project}"
	const request = project + "/merge_requests/{number}"
	g.routes = []route{
		{"GET", "/user", g.whoami},
		{"GET", project, g.project},
		{"GET", project + "/merge_requests", g.list},
		{"GET", request, g.get},
		{"GET", request + "/notes", g.notes},
		{"POST", request + "/notes", g.create},
		{"PUT", request + "/notes/{id}", g.edit},
		{"DELETE", request + "/notes/{id}", g.delete},
		{"POST", project + "/statuses/{sha}", g.setStatus},
		{"GET", project + "/repository/merge_base", g.ancestor},
		{"GET", project + "/repository/compare", g.compare},
		{"GET", project + "/repository/files/{path}/raw", g.file},
	}
	for i, r := range g.routes {
		g.routes[i].handle = func(c *call) (int, any) {
			if c.user.ReadOnly && c.Method != "GET" {
				return http.StatusForbidden, map[string]any{"error": "insufficient_scope", "error_description": "The request requires higher privileges than provided by the access token.", "scope": "api"}
			}
			return r.handle(c)
		}
	}
	return g
}

// World returns the fake as the suite sees it; client makes one from a token.
func (g *GitLab) World(client func(t testing.TB, token string) forge.Forge) World {
	return newFakeWorld(g.Server, &g.repo, User{Login: "project_1_bot", Bot: true}, client)
}

// OpenFork opens a merge request of a fork's branch and returns what is true of it.
func (g *GitLab) OpenFork(repository, branch string) forge.Change {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.open(repository, branch).Change
}

func refused(status int, text string) (int, any) {
	return status, map[string]any{"message": strconv.Itoa(status) + " " + text}
}

func (g *GitLab) whoami(c *call) (int, any) {
	return http.StatusOK, map[string]any{"id": 5, "username": c.user.Login}
}

// number is the number of a project, which is given when it is asked for.
func (g *GitLab) number(path string) int {
	for i, p := range g.projects {
		if p == path {
			return i
		}
	}
	g.projects = append(g.projects, path)
	return len(g.projects) - 1
}

func (g *GitLab) project(c *call) (int, any) {
	n, err := strconv.Atoi(c.param["project"])
	if err != nil {
		n = g.number(c.param["project"])
	}
	if n < 1 || n >= len(g.projects) {
		return refused(http.StatusNotFound, "Project Not Found")
	}
	return http.StatusOK, map[string]any{"id": n, "path_with_namespace": g.projects[n]}
}

func (g *GitLab) request(p *pull, whole bool) map[string]any {
	state := map[forge.State]string{forge.Open: "opened", forge.Closed: "closed", forge.Merged: "merged"}[p.State]
	v := map[string]any{
		"id": 1000 + p.Number, "iid": p.Number, "state": state, "draft": p.Draft, "sha": p.Head, "source_branch": p.HeadRef, "target_branch": p.BaseRef,
		"web_url": "https://gitlab.test/acme/churn/-/merge_requests/" + itoa(p.Number), "author": map[string]any{"id": 9, "username": p.Author},
		"source_project_id": g.number(p.HeadRepo), "target_project_id": 1, "merge_commit_sha": nil,
	}
	if whole {
		v["diff_refs"] = map[string]any{"base_sha": g.mergeBase(p.Base, p.Head), "head_sha": p.Head, "start_sha": p.Base}
	}
	return v
}

// pages cuts a list as GitLab does: 20 of a page unless asked for up to 100.
func pages[T any](c *call, all []T) []T {
	q := c.URL.Query()
	size, number := 20, 1
	if n, err := strconv.Atoi(q.Get("per_page")); err == nil {
		size = min(max(1, n), 100)
	}
	if n, err := strconv.Atoi(q.Get("page")); err == nil {
		number = max(1, n)
	}
	from, to := min(len(all), (number-1)*size), min(len(all), number*size)
	c.header.Set("X-Next-Page", "")
	if to < len(all) {
		c.header.Set("X-Next-Page", strconv.Itoa(number+1))
	}
	return all[from:to]
}

func (g *GitLab) list(c *call) (int, any) {
	q := c.URL.Query()
	var found []*pull
	for n := len(g.pulls); n > 0; n-- {
		p := g.pulls[n]
		if q.Get("state") == "opened" && p.State != forge.Open || q.Get("source_branch") != "" && q.Get("source_branch") != p.HeadRef {
			continue
		}
		found = append(found, p)
	}
	list := []any{}
	for _, p := range pages(c, found) {
		list = append(list, g.request(p, false))
	}
	return http.StatusOK, list
}

func (g *GitLab) get(c *call) (int, any) {
	p := g.pulls[number(c)]
	if p == nil {
		return refused(http.StatusNotFound, "Not found")
	}
	return http.StatusOK, g.request(p, true)
}

func (g *GitLab) note(r *remark) map[string]any {
	return map[string]any{"id": r.id, "body": r.body, "system": false, "author": map[string]any{"id": 5, "username": r.user.Login}}
}

func (g *GitLab) notes(c *call) (int, any) {
	p := g.pulls[number(c)]
	if p == nil {
		return refused(http.StatusNotFound, "Not found")
	}
	list := []any{}
	for _, r := range pages(c, p.comments) {
		list = append(list, g.note(r))
	}
	return http.StatusOK, list
}

// text reads a note, and carries out its commands.
func (g *GitLab) text(c *call) (text string, status int, v any) {
	var in struct{ Body string }
	if err := c.read(&in); err != nil || in.Body == "" {
		status, v = refused(http.StatusBadRequest, "body is missing")
		return "", status, v
	}
	if utf8.RuneCountInString(in.Body) > 1_000_000 {
		return "", http.StatusBadRequest, map[string]any{"message": map[string]any{"note": []any{"is too long (maximum is 1000000 characters)"}}}
	}
	var kept []string
	for _, line := range strings.Split(in.Body, "\n") {
		if command := strings.TrimLeft(line, " \t>"); strings.HasPrefix(command, "/") {
			g.Commands = append(g.Commands, command)
			continue
		}
		kept = append(kept, line)
	}
	return strings.Join(kept, "\n"), 0, nil
}

func (g *GitLab) create(c *call) (int, any) {
	p := g.pulls[number(c)]
	if p == nil {
		return refused(http.StatusNotFound, "Not found")
	}
	text, status, v := g.text(c)
	if status != 0 {
		return status, v
	}
	return http.StatusCreated, g.note(g.remark(p, c.user, text))
}

func (g *GitLab) edit(c *call) (int, any) {
	r, _ := g.find(id(c))
	if r == nil {
		return refused(http.StatusNotFound, "Not found")
	}
	text, status, v := g.text(c)
	if status != 0 {
		return status, v
	}
	r.body = text
	return http.StatusOK, g.note(r)
}

func (g *GitLab) delete(c *call) (int, any) {
	r, p := g.find(id(c))
	if r == nil {
		return refused(http.StatusNotFound, "Not found")
	}
	p.remove(r)
	return http.StatusNoContent, nil
}

// setStatus refuses a state that the status has already, as GitLab does.
func (g *GitLab) setStatus(c *call) (int, any) {
	var in map[string]string
	if err := c.read(&in); err != nil || !g.commits[c.param["sha"]] {
		return refused(http.StatusNotFound, "Commit Not Found")
	}
	states := map[string]forge.StatusState{"pending": forge.Pending, "running": forge.Pending, "success": forge.Success, "failed": forge.Failure, "canceled": forge.Errored}
	state, ok := states[in["state"]]
	if !ok {
		return http.StatusBadRequest, map[string]any{"error": "state does not have a valid value"}
	}
	if utf8.RuneCountInString(in["description"]) > 255 {
		return http.StatusBadRequest, map[string]any{"message": map[string]any{"description": []any{"is too long (maximum is 255 characters)"}}}
	}
	if old := g.status(c.param["sha"], in["name"]); old.State == state && state == forge.Pending {
		return http.StatusBadRequest, map[string]any{"message": "Cannot transition status via :run from :running (Reason(s): Status cannot transition via \"run\")"}
	}
	g.repo.setStatus(c.param["sha"], forge.Status{Context: in["name"], State: state, Description: in["description"], URL: in["target_url"]})
	return http.StatusCreated, map[string]any{"id": 1, "name": in["name"], "status": in["state"]}
}

func (g *GitLab) ancestor(c *call) (int, any) {
	refs := c.URL.Query()["refs[]"]
	if len(refs) != 2 || !g.commits[refs[0]] || !g.commits[refs[1]] {
		return refused(http.StatusNotFound, "Merge Base Not Found")
	}
	return http.StatusOK, map[string]any{"id": g.mergeBase(refs[0], refs[1])}
}

func (g *GitLab) compare(c *call) (int, any) {
	list := []any{}
	for range g.behind(c.URL.Query().Get("to"), c.URL.Query().Get("from")) {
		list = append(list, map[string]any{"id": "x"})
	}
	return http.StatusOK, map[string]any{"commits": list}
}

func (g *GitLab) file(c *call) (int, any) {
	text, ok := g.files[c.param["path"]]
	if !ok || !g.commits[c.URL.Query().Get("ref")] {
		return refused(http.StatusNotFound, "File Not Found")
	}
	c.header.Set("Content-Type", "text/plain")
	return http.StatusOK, []byte(text)
}
