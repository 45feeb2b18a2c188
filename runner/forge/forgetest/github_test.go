package forgetest_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/mlops-runner/mlops/runner/forge/forgetest"
)

// send asks a fake and returns status and body.
func send(t *testing.T, g *forgetest.GitHub, token, method, path, body string) (int, string, http.Header) {
	t.Helper()
	r, err := http.NewRequest(method, g.URL()+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Content-Type", "application/json")
	resp, err := g.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(text), resp.Header
}

// What a client does wrong is noticed, each with GitHub's own description.
func TestViolations(t *testing.T) {
	g := forgetest.NewGitHub(t)
	c := g.World(nil).Open(t)
	token := g.WorkflowToken(false)
	for name, r := range map[string][3]string{
		"has no parameter \"sort\"":     {"GET", "/repos/acme/churn/issues/1/comments?sort=created", ""},
		"no such operation":             {"GET", "/repos/acme/churn/issues/1/reports", ""},
		"property \"body\" is missing":  {"POST", "/repos/acme/churn/issues/1/comments", `{}`},
		"value must be a string":        {"POST", "/repos/acme/churn/issues/1/comments", `{"body":1}`},
		"not one of the allowed values": {"POST", "/repos/acme/churn/statuses/" + c.Head, `{"state":"passed"}`},
		"maximum number of items is 50": {"POST", "/repos/acme/churn/check-runs", `{"name":"x","head_sha":"` + c.Head + `","output":{"title":"t","summary":"s","annotations":[` + strings.Repeat(`{"path":"a","start_line":1,"end_line":1,"annotation_level":"notice","message":"m"},`, 50) + `{"path":"a","start_line":1,"end_line":1,"annotation_level":"notice","message":"m"}]}}`},
		"maximum string length is":      {"POST", "/repos/acme/churn/check-runs", `{"name":"x","head_sha":"` + c.Head + `","output":{"title":"t","summary":"` + strings.Repeat("x", 65_536) + `"}}`},
	} {
		send(t, g, token, r[0], r[1], r[2])
		if v := strings.Join(g.TakeViolations(), "\n"); !strings.Contains(v, name) {
			t.Errorf("%s %s: want %q in %q", r[0], r[1], name, v)
		}
	}
}

// What the description leaves out.
func TestRules(t *testing.T) {
	g := forgetest.NewGitHub(t)
	w := g.World(nil)
	c := w.Open(t)
	token := g.WorkflowToken(false)
	for i := range 40 {
		w.Comment(t, 1, strings.Repeat("x", i+1), false)
	}
	_, list, h := send(t, g, token, "GET", "/repos/acme/churn/issues/1/comments", "")
	if n := strings.Count(list, `"node_id":"IC_`); n != 30 || !strings.Contains(h.Get("Link"), `page=2>; rel="next"`) || strings.Index(list, `"IC_1"`) > strings.Index(list, `"IC_2"`) {
		t.Errorf("a page has %d comments, Link %q", n, h.Get("Link"))
	}
	if _, text, _ := send(t, g, token, "GET", "/repos/acme/churn/pulls/1", ""); !strings.Contains(text, `"merge_commit_sha":null`) {
		t.Errorf("a trial merge from the start: %s", text)
	}
	for name, r := range map[string][4]string{
		"Body is too long (maximum is 65536 characters)":      {token, "POST", "/repos/acme/churn/issues/1/comments", `{"body":"` + strings.Repeat("x", 65_537) + `"}`},
		"Body cannot be blank":                                {token, "POST", "/repos/acme/churn/issues/1/comments", `{"body":" "}`},
		"conclusion is missing":                               {token, "POST", "/repos/acme/churn/check-runs", `{"name":"x","head_sha":"` + c.Head + `","status":"completed"}`},
		"You must authenticate via a GitHub App.":             {g.Token(forgetest.User{Login: "ada"}), "POST", "/repos/acme/churn/check-runs", `{"name":"x","head_sha":"` + c.Head + `"}`},
		"Bad credentials":                                     {"nobody's", "GET", "/repos/acme/churn/pulls/1", ""},
		"Resource not accessible by integration":              {g.WorkflowToken(true), "DELETE", "/repos/acme/churn/issues/comments/1", ""},
		"description is too long (maximum is 140 characters)": {token, "POST", "/repos/acme/churn/statuses/" + c.Head, `{"state":"success","description":"` + strings.Repeat("x", 141) + `"}`},
	} {
		if status, text, _ := send(t, g, r[0], r[1], r[2], r[3]); status < 400 || !strings.Contains(text, name) {
			t.Errorf("%s: %d %s", name, status, text)
		}
	}
	if status, text, _ := send(t, g, token, "POST", "/repos/acme/churn/issues/1/comments", `{"body":"`+strings.Repeat("ä", 65_536)+`"}`); status != 201 {
		t.Errorf("65,536 characters: %d %.100s", status, text)
	}
	g.Remaining, g.Reset = 1, time.Now().Add(time.Hour)
	send(t, g, token, "GET", "/repos/acme/churn/pulls/1", "")
	if status, _, h := send(t, g, token, "GET", "/repos/acme/churn/pulls/1", ""); status != 403 || h.Get("X-RateLimit-Remaining") != "0" {
		t.Errorf("beyond the limit: %d, %v", status, h)
	}
}

// A server for programs cuts connections as a network does.
func TestStart(t *testing.T) {
	g := forgetest.NewGitHub(t)
	g.World(nil).Open(t)
	address := g.Start() + "/repos/acme/churn/pulls/1"
	get := func() (*http.Response, error) {
		r, err := http.NewRequest("GET", address, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+g.WorkflowToken(false))
		return (&http.Transport{DisableKeepAlives: true}).RoundTrip(r)
	}
	resp, err := get()
	if err != nil || resp.StatusCode != 200 {
		t.Fatalf("%v, %v", resp, err)
	}
	resp.Body.Close()
	g.Break(forgetest.Fault{After: true})
	if resp, err := get(); err == nil {
		resp.Body.Close()
		t.Errorf("not cut: %v", resp.Status)
	}
}
