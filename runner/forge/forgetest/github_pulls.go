package forgetest

import (
	"net/http"
	"slices"
	"strings"

	"github.com/mlops-runner/mlops/runner/forge"
)

func (g *GitHub) getPull(c *call) (int, any) {
	p := g.pulls[number(c)]
	if p == nil {
		return problem(http.StatusNotFound, "Not Found")
	}
	return http.StatusOK, g.pull(p, "pull-request")
}

// pull is a pull request by an example of GitHub's. Its trial merge is not made
// yet, as just after a push.
func (g *GitHub) pull(p *pull, example string) map[string]any {
	v := g.description.example(example)
	v["number"], v["draft"], v["state"], v["merged_at"], v["merge_commit_sha"] = p.Number, p.Draft, "open", nil, nil
	v["requested_teams"] = []any{} // of the example the schema says that it lacks something
	v["html_url"] = "https://github.test/acme/churn/pull/" + itoa(p.Number)
	v["user"] = g.user(User{Login: p.Author})
	if p.State != forge.Open {
		v["state"] = "closed"
	}
	if _, whole := v["merged"]; whole {
		v["merged"], v["mergeable"], v["mergeable_state"] = p.State == forge.Merged, nil, "unknown"
	}
	if p.State == forge.Merged {
		v["merged_at"] = "2026-11-27T20:00:00Z"
		if p.merge != "" {
			v["merge_commit_sha"] = p.merge
		}
	}
	end(v["head"], p.Head, p.HeadRef, p.HeadRepo)
	end(v["base"], p.Base, p.BaseRef, p.BaseRepo)
	return v
}

// end fills in one of the two branches.
func end(v any, sha, ref, repository string) {
	m := v.(map[string]any)
	owner, name, _ := strings.Cut(repository, "/")
	m["sha"], m["ref"], m["label"] = sha, ref, owner+":"+ref
	if repository == "" {
		m["repo"] = nil
		return
	}
	r := m["repo"].(map[string]any)
	r["full_name"], r["name"] = repository, name
	r["owner"].(map[string]any)["login"] = owner
}

func (g *GitHub) numbered() []*pull {
	var list []*pull
	for _, p := range g.pulls {
		list = append(list, p)
	}
	slices.SortFunc(list, func(a, b *pull) int { return b.Number - a.Number }) // the newest first
	return list
}

// listPulls filters by state and by head. A head without its owner filters
// nothing, as GitHub has it.
func (g *GitHub) listPulls(c *call) (int, any) {
	q := c.URL.Query()
	state, head := q.Get("state"), q.Get("head")
	owner, branch, filtered := strings.Cut(head, ":")
	var found []*pull
	for _, p := range g.numbered() {
		open := p.State == forge.Open
		if state != "all" && open != (state != "closed") {
			continue
		}
		of, _, _ := strings.Cut(p.HeadRepo, "/")
		if filtered && (branch != p.HeadRef || !strings.EqualFold(owner, of)) {
			continue
		}
		found = append(found, p)
	}
	return http.StatusOK, g.simple(page(c, found))
}

func (g *GitHub) simple(ps []*pull) []any {
	list := []any{}
	for _, p := range ps {
		list = append(list, g.pull(p, "pull-request-simple-items"))
	}
	return list
}

// pullsOf lists the pull requests that a commit is part of, head or not, but
// none of forks: gojue/ecapture#983 and others.
func (g *GitHub) pullsOf(c *call) (int, any) {
	var found []*pull
	for _, p := range g.numbered() {
		if of := c.param["ref"]; p.merge == of || !p.Fork && (p.Head == of || slices.Contains(p.former, of)) {
			found = append(found, p)
		}
	}
	return http.StatusOK, g.simple(page(c, found))
}
