package forgetest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/mlops-runner/mlops/runner/forge"
)

// A Bitbucket is a fake Bitbucket Cloud with the repository acme/churn.
type Bitbucket struct {
	*Server
	repo
}

// NewBitbucket returns a fake Bitbucket.
func NewBitbucket(tb testing.TB) *Bitbucket {
	b := &Bitbucket{newServer(tb, "bitbucket.test", "/2.0"), newRepo()}
	const repo = "/repositories/acme/churn"
	const request = repo + "/pullrequests/{number}"
	b.routes = []route{
		{"GET", "/user", func(c *call) (int, any) { return http.StatusOK, account(c.user) }},
		{"GET", repo + "/pullrequests", b.list},
		{"GET", request, b.get},
		{"GET", request + "/comments", b.comments},
		{"POST", request + "/comments", b.create},
		{"PUT", request + "/comments/{id}", b.edit},
		{"DELETE", request + "/comments/{id}", b.delete},
		{"POST", repo + "/commit/{sha}/statuses/build", b.build},
		{"GET", repo + "/merge-base/{spec}", b.ancestor},
		{"GET", repo + "/src/{sha}/{path...}", b.file},
	}
	for i, r := range b.routes {
		b.routes[i].handle = func(c *call) (int, any) {
			if c.user.ReadOnly && c.Method != "GET" {
				return trouble(http.StatusForbidden, "Your credentials lack one or more required privilege scopes.")
			}
			return r.handle(c)
		}
	}
	return b
}

// World returns the fake as the suite sees it; client makes one from a token.
func (b *Bitbucket) World(client func(t testing.TB, token string) forge.Forge) World {
	return newFakeWorld(b.Server, &b.repo, User{Login: "churn-token", Bot: true}, client)
}

func trouble(status int, text string) (int, any) {
	return status, map[string]any{"type": "error", "error": map[string]any{"message": text}}
}

func account(u User) map[string]any {
	return map[string]any{"uuid": "{" + u.Login + "}", "nickname": u.Login}
}

func href(address string) map[string]any {
	return map[string]any{"html": map[string]any{"href": address}}
}

// branch is one end of a pull request, whose commit has 12 digits.
func branch(name, commit, repository string) map[string]any {
	return map[string]any{"branch": map[string]any{"name": name}, "commit": map[string]any{"hash": commit[:12]}, "repository": map[string]any{"full_name": repository}}
}

func (b *Bitbucket) request(p *pull) map[string]any {
	return map[string]any{
		"id": p.Number, "state": map[forge.State]string{forge.Open: "OPEN", forge.Closed: "DECLINED", forge.Merged: "MERGED"}[p.State], "draft": p.Draft,
		"source": branch(p.HeadRef, p.Head, p.HeadRepo), "destination": branch(p.BaseRef, p.Base, p.BaseRepo),
		"author": account(User{Login: p.Author}), "links": href("https://bitbucket.test/acme/churn/pull-requests/" + itoa(p.Number)), "merge_commit": nil,
	}
}

// paged cuts a list as Bitbucket does: 10 of a page unless asked for up to most.
func paged(c *call, all []any, most int) map[string]any {
	q := c.URL.Query()
	size, number := 10, 1
	if n, err := strconv.Atoi(q.Get("pagelen")); err == nil {
		size = n
	}
	if n, err := strconv.Atoi(q.Get("page")); err == nil {
		number = max(1, n)
	}
	size = min(max(1, size), most)
	from, to := min(len(all), (number-1)*size), min(len(all), number*size)
	v := map[string]any{"page": number, "pagelen": size, "size": len(all), "values": all[from:to]}
	if to < len(all) {
		q.Set("page", strconv.Itoa(number+1))
		v["next"] = "https://bitbucket.test" + c.URL.Path + "?" + q.Encode()
	}
	return v
}

func (b *Bitbucket) list(c *call) (int, any) {
	q := c.URL.Query()
	name, _ := strings.CutPrefix(q.Get("q"), "source.branch.name = ")
	list := []any{}
	for n := len(b.pulls); n > 0; n-- {
		r := b.request(b.pulls[n])
		if strings.Contains(" "+strings.Join(q["state"], " ")+" ", " "+r["state"].(string)+" ") && (name == "" || name == strconv.Quote(b.pulls[n].HeadRef)) {
			list = append(list, r)
		}
	}
	return http.StatusOK, paged(c, list, 50)
}

func (b *Bitbucket) get(c *call) (int, any) {
	p := b.pulls[number(c)]
	if p == nil {
		return trouble(http.StatusNotFound, "Resource not found")
	}
	return http.StatusOK, b.request(p)
}

func (b *Bitbucket) comment(r *remark) map[string]any {
	v := map[string]any{
		"id": r.id, "deleted": r.gone, "content": map[string]any{"raw": r.body, "markup": "markdown"}, "user": account(r.user),
		"links": href(fmt.Sprintf("https://bitbucket.test/acme/churn/pull-requests/%d/_/diff#comment-%d", r.pull, r.id)),
	}
	return v
}

func (b *Bitbucket) comments(c *call) (int, any) {
	p := b.pulls[number(c)]
	if p == nil {
		return trouble(http.StatusNotFound, "Resource not found")
	}
	list := []any{}
	for _, r := range p.comments {
		list = append(list, b.comment(r))
	}
	return http.StatusOK, paged(c, list, 100)
}

func (b *Bitbucket) text(c *call) (text string, status int, v any) {
	var in struct{ Content struct{ Raw string } }
	if err := json.Unmarshal(c.body, &in); err != nil || in.Content.Raw == "" {
		status, v = trouble(http.StatusBadRequest, "content.raw: this field may not be blank")
	} else if utf8.RuneCountInString(in.Content.Raw) > 32_768 {
		status, v = trouble(http.StatusBadRequest, "content.raw: the comment is too long (maximum is 32768 characters)")
	}
	return in.Content.Raw, status, v
}

func (b *Bitbucket) create(c *call) (int, any) {
	p := b.pulls[number(c)]
	if p == nil {
		return trouble(http.StatusNotFound, "Resource not found")
	}
	text, status, v := b.text(c)
	if status != 0 {
		return status, v
	}
	return http.StatusCreated, b.comment(b.remark(p, c.user, text))
}

// present looks for a comment that was not deleted.
func (b *Bitbucket) present(c *call) *remark {
	if r, _ := b.find(id(c)); r != nil && !r.gone {
		return r
	}
	return nil
}

func (b *Bitbucket) edit(c *call) (int, any) {
	r := b.present(c)
	if r == nil {
		return trouble(http.StatusNotFound, "Resource not found")
	}
	text, status, v := b.text(c)
	if status != 0 {
		return status, v
	}
	r.body = text
	return http.StatusOK, b.comment(r)
}

func (b *Bitbucket) delete(c *call) (int, any) {
	r := b.present(c)
	if r == nil {
		return trouble(http.StatusNotFound, "Resource not found")
	}
	r.gone = true
	return http.StatusNoContent, nil
}

func (b *Bitbucket) build(c *call) (int, any) {
	var in map[string]string
	if err := c.read(&in); err != nil || !b.commits[c.param["sha"]] {
		return trouble(http.StatusNotFound, "Commit not found")
	}
	states := map[string]forge.StatusState{"INPROGRESS": forge.Pending, "SUCCESSFUL": forge.Success, "FAILED": forge.Failure, "STOPPED": forge.Errored}
	state, ok := states[in["state"]]
	if !ok || in["url"] == "" || in["key"] == "" || len(in["key"]) > 40 {
		return trouble(http.StatusBadRequest, "state, key (at most 40 characters) and url are required")
	}
	b.setStatus(c.param["sha"], forge.Status{Context: in["name"], State: state, Description: in["description"], URL: in["url"]})
	return http.StatusCreated, map[string]any{"key": in["key"], "state": in["state"]}
}

func (b *Bitbucket) ancestor(c *call) (int, any) {
	base, head, _ := strings.Cut(c.param["spec"], "..")
	if !b.commits[base] || !b.commits[head] {
		return trouble(http.StatusNotFound, "Commit not found")
	}
	return http.StatusOK, map[string]any{"hash": b.mergeBase(base, head)}
}

// file answers what is at a path, of a folder a list.
func (b *Bitbucket) file(c *call) (int, any) {
	path := c.param["path"]
	text, ok := b.files[path]
	folder := false
	for name := range b.files {
		folder = folder || strings.HasPrefix(name, path+"/")
	}
	switch meta := c.URL.Query().Get("format") == "meta"; {
	case !b.commits[c.param["sha"]] || !ok && !folder:
		return trouble(http.StatusNotFound, "No such file or directory: "+path)
	case meta && folder:
		return http.StatusOK, map[string]any{"type": "commit_directory", "path": path}
	case meta:
		return http.StatusOK, map[string]any{"type": "commit_file", "path": path, "size": len(text)}
	case folder:
		return http.StatusOK, map[string]any{"values": []any{}}
	}
	c.header.Set("Content-Type", "text/plain")
	return http.StatusOK, []byte(text)
}
