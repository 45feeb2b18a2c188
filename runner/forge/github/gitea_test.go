package github_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mlops-runner/mlops/runner/forge"
	"github.com/mlops-runner/mlops/runner/forge/forgetest"
	"github.com/mlops-runner/mlops/runner/forge/github"
)

// A giteaServer is a real Gitea, whose address with the name and password of an
// administrator is in MLOPS_GITEA: make e2e-forge.
type giteaServer struct {
	api    string // http://127.0.0.1:3100/api/v1
	boss   *url.Userinfo
	tokens map[string]string // of "bot", "eve" and "reader", the bot's that may only read; and the "bot login"
	repos  atomic.Int64
}

// connect finds the server, and makes its users once.
func connect(t *testing.T) *giteaServer {
	address := os.Getenv("MLOPS_GITEA")
	if address == "" {
		t.Skip("no Gitea is named by MLOPS_GITEA: make e2e-forge builds and starts one")
	}
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	s := &giteaServer{api: "http://" + u.Host + "/api/v1", boss: u.User, tokens: map[string]string{}}
	run := time.Now().UnixNano()
	for _, name := range []string{"bot", "eve"} {
		login := fmt.Sprintf("%s-%d", name, run)
		s.must(t, s.boss, "POST", "/admin/users", map[string]any{"username": login, "email": login + "@localhost.test", "password": "a-password", "must_change_password": false}, nil)
		s.tokens[name], s.tokens[name+" login"] = s.token(t, login, "all"), login
	}
	s.tokens["reader"] = s.token(t, s.tokens["bot login"], "read:issue", "read:repository", "read:user")
	return s
}

// token makes a token of a user.
func (s *giteaServer) token(t *testing.T, login string, scopes ...string) string {
	var token struct{ Sha1 string }
	s.must(t, url.UserPassword(login, "a-password"), "POST", "/users/"+login+"/tokens", map[string]any{"name": scopes[0], "scopes": scopes}, &token)
	return token.Sha1
}

// do sends a request as a user (with a password) or by a token.
func (s *giteaServer) do(who any, method, path string, body, v any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	r, err := http.NewRequest(method, s.api+path, bytes.NewReader(text))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	switch who := who.(type) {
	case *url.Userinfo:
		password, _ := who.Password()
		r.SetBasicAuth(who.Username(), password)
	case string:
		r.Header.Set("Authorization", "token "+who)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode >= 300 {
		err = fmt.Errorf("%s %s: %s: %.300s", method, path, resp.Status, answer)
	}
	if err != nil || v == nil {
		return err
	}
	return json.Unmarshal(answer, v)
}

func (s *giteaServer) must(t testing.TB, who any, method, path string, body, v any) {
	t.Helper()
	if err := s.do(who, method, path, body, v); err != nil {
		t.Fatal(err)
	}
}

// A giteaWorld is a repository of its own on the server.
type giteaWorld struct {
	*giteaServer
	repo     string
	branches int
}

var _ forgetest.World = (*giteaWorld)(nil)

func (s *giteaServer) world(t *testing.T) *giteaWorld {
	w := &giteaWorld{giteaServer: s, repo: fmt.Sprintf("%s/churn-%d-%d", s.boss.Username(), time.Now().UnixNano(), s.repos.Add(1))}
	_, name, _ := strings.Cut(w.repo, "/")
	s.must(t, s.boss, "POST", "/user/repos", map[string]any{"name": name, "auto_init": true, "default_branch": "main"}, nil)
	s.must(t, s.boss, "PUT", "/repos/"+w.repo+"/collaborators/"+s.tokens["bot login"], map[string]any{"permission": "write"}, nil)
	for path, text := range forgetest.Files() {
		w.commit(t, "main", "", path, text)
	}
	t.Cleanup(func() { _ = s.do(s.boss, "DELETE", "/repos/"+w.repo, nil, nil) })
	return w
}

// commit adds a file on a branch, a new one from branch if one is named, and
// returns the commit.
func (w *giteaWorld) commit(t testing.TB, branch, fresh, path, text string) string {
	t.Helper()
	segments := strings.Split(path, "/")
	for i := range segments {
		segments[i] = url.PathEscape(segments[i])
	}
	body := map[string]any{"branch": branch, "content": base64.StdEncoding.EncodeToString([]byte(text)), "message": "add " + path}
	if fresh != "" {
		body["new_branch"] = fresh
	}
	var v struct{ Commit struct{ Sha string } }
	w.must(t, w.boss, "POST", "/repos/"+w.repo+"/contents/"+strings.Join(segments, "/"), body, &v)
	return v.Commit.Sha
}

func (w *giteaWorld) Forge(t testing.TB, a forgetest.Access) forge.Forge {
	token := map[forgetest.Access]string{forgetest.Write: w.tokens["bot"], forgetest.ReadOnly: w.tokens["reader"], forgetest.Unknown: strings.Repeat("0", 40)}[a]
	c, err := github.New(github.Options{API: w.api, Repo: w.repo, Token: forge.Token(token), Gitea: true})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (w *giteaWorld) Open(t testing.TB) forge.Change {
	w.branches++
	branch := fmt.Sprintf("faster-%d", w.branches)
	var main struct{ Commit struct{ ID string } }
	w.must(t, w.boss, "GET", "/repos/"+w.repo+"/branches/main", nil, &main)
	head := w.commit(t, "main", branch, branch+".txt", "x")
	tip := w.commit(t, "main", "", branch+"-main.txt", "x") // the base goes on
	var p struct{ Number int }
	w.must(t, w.boss, "POST", "/repos/"+w.repo+"/pulls", map[string]any{"head": branch, "base": "main", "title": branch}, &p)
	return forge.Change{
		Number: p.Number, Head: head, Base: tip, HeadRef: branch, BaseRef: "main", HeadRepo: w.repo, BaseRepo: w.repo,
		MergeBase: main.Commit.ID, State: forge.Open, Author: w.boss.Username(),
	}
}

// Push waits until the pull request has seen it: Gitea does that in its own time.
func (w *giteaWorld) Push(t testing.TB, number int) string {
	var p struct{ Head struct{ Ref, Sha string } }
	path := fmt.Sprintf("/repos/%s/pulls/%d", w.repo, number)
	w.must(t, w.boss, "GET", path, nil, &p)
	head := w.commit(t, p.Head.Ref, "", fmt.Sprintf("%s-%d.txt", p.Head.Ref, time.Now().UnixNano()), "y")
	for range 300 {
		if w.must(t, w.boss, "GET", path, nil, &p); p.Head.Sha == head {
			return head
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatalf("pull request %d stays at %s", number, p.Head.Sha)
	return ""
}

func (w *giteaWorld) Close(t testing.TB, number int) {
	w.must(t, w.boss, "PATCH", fmt.Sprintf("/repos/%s/pulls/%d", w.repo, number), map[string]any{"state": "closed"}, nil)
}

func (w *giteaWorld) Comment(t testing.TB, number int, body string, own bool) {
	token := w.tokens["eve"]
	if own {
		token = w.tokens["bot"]
	}
	w.must(t, token, "POST", fmt.Sprintf("/repos/%s/issues/%d/comments", w.repo, number), map[string]any{"body": body}, nil)
}

type giteaComment struct {
	ID   int64
	Body string
	User struct{ Login string }
}

func (w *giteaWorld) list(t testing.TB, number int) (list []giteaComment) {
	w.must(t, w.boss, "GET", fmt.Sprintf("/repos/%s/issues/%d/comments", w.repo, number), nil, &list)
	slices.SortFunc(list, func(a, b giteaComment) int { return int(a.ID - b.ID) })
	return list
}

func (w *giteaWorld) Comments(t testing.TB, number int) (list []forgetest.Remark) {
	for _, c := range w.list(t, number) {
		list = append(list, forgetest.Remark{Body: c.Body, Own: c.User.Login == w.tokens["bot login"]})
	}
	return list
}

func (w *giteaWorld) Delete(t testing.TB, number, i int) {
	w.must(t, w.boss, "DELETE", fmt.Sprintf("/repos/%s/issues/comments/%d", w.repo, w.list(t, number)[i].ID), nil, nil)
}

func (w *giteaWorld) Status(t testing.TB, commit, context string) (s forge.Status) {
	var list []struct {
		ID                           int64
		Status, Context, Description string
		TargetURL                    string `json:"target_url"`
	}
	w.must(t, w.boss, "GET", fmt.Sprintf("/repos/%s/commits/%s/statuses", w.repo, commit), nil, &list)
	last := int64(0)
	for _, one := range list {
		if one.Context == context && one.ID > last {
			last = one.ID
			s = forge.Status{Context: one.Context, State: forge.StatusState(one.Status), Description: one.Description, URL: one.TargetURL}
		}
	}
	return s
}

// TestGitea runs the suite on a real forge, four reporters at once twenty times.
func TestGitea(t *testing.T) {
	s := connect(t)
	forgetest.Run(t, func(t *testing.T) forgetest.World { return s.world(t) }, forgetest.Options{Rounds: 20})
}

// TestGiteaRequests counts what a report costs on a real forge.
func TestGiteaRequests(t *testing.T) {
	w := connect(t).world(t)
	c := w.Open(t)
	counter := &counting{}
	f, err := github.New(github.Options{API: w.api, Repo: w.repo, Token: forge.Token(w.tokens["bot"]), Gitea: true, Base: counter})
	if err != nil {
		t.Fatal(err)
	}
	p := forge.Post{Number: c.Number, Text: "text", Marker: forge.Marker{Key: "churn", Run: "1", Attempt: 1, Head: c.Head, Verdict: "promote"}}
	for _, want := range []string{"GET GET POST GET GET", "GET GET"} { // created, unchanged
		counter.methods = nil
		began := time.Now()
		r, err := f.Upsert(t.Context(), p)
		if got := strings.Join(counter.methods, " "); err != nil || got != want {
			t.Errorf("%s, %v: %s, want %s", r.Outcome, err, got, want)
		}
		t.Logf("%s in %s", r.Outcome, time.Since(began))
	}
}

// counting notes the methods of requests.
type counting struct{ methods []string }

func (c *counting) RoundTrip(r *http.Request) (*http.Response, error) {
	c.methods = append(c.methods, r.Method)
	return http.DefaultTransport.RoundTrip(r)
}
