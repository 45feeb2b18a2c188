package github_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mlops-runner/mlops/runner/forge"
	"github.com/mlops-runner/mlops/runner/forge/forgetest"
	"github.com/mlops-runner/mlops/runner/forge/github"
)

// A world is a fake with a pull request and a client of it.
type world struct {
	*testing.T
	*forgetest.GitHub
	forgetest.World
	change forge.Change
	client *github.Client
}

// inWorld runs f where time passes only when everybody waits.
func inWorld(t *testing.T, f func(w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		g := forgetest.NewGitHub(t)
		w := &world{T: t, GitHub: g, World: g.World(func(t testing.TB, token string) forge.Forge { return client(t, g, token) })}
		w.change = w.World.Open(t)
		w.client = client(t, g, g.WorkflowToken(false))
		f(w)
	})
}

func (w *world) post(run, text string) forge.Post {
	return forge.Post{Number: w.change.Number, Text: text, Marker: forge.Marker{Key: "churn", Run: run, Attempt: 1, Head: w.change.Head, Digest: "sha256:" + run, Verdict: "promote"}}
}

// upsert posts a report and returns the requests that it took.
func (w *world) upsert(p forge.Post, want forge.Outcome) []string {
	w.Helper()
	w.TakeRequests()
	r, err := w.client.Upsert(w.Context(), p)
	if err != nil || r.Outcome != want {
		w.Fatalf("%+v, %v; want %s", r, err, want)
	}
	var list []string
	for _, r := range w.TakeRequests() {
		list = append(list, r.String())
	}
	return list
}

func (w *world) bodies() []string {
	var list []string
	for _, c := range w.World.Comments(w.T, w.change.Number) {
		text, _, _ := strings.Cut(c.Body, "\n")
		list = append(list, text)
	}
	return list
}

func (w *world) want(bodies ...string) {
	w.Helper()
	if diff := cmp.Diff(bodies, w.bodies()); diff != "" {
		w.Errorf("comments (-want +got):\n%s", diff)
	}
}

// An unchanged report costs three reads, of which whom the token belongs to is
// asked once, and no write.
func TestRequestsOfAReport(t *testing.T) {
	inWorld(t, func(w *world) {
		const pull, comments, edit = "GET /api/v3/repos/acme/churn/pulls/1", "GET /api/v3/repos/acme/churn/issues/1/comments", "PATCH /api/v3/repos/acme/churn/issues/comments/1"
		const create, viewer = "POST /api/v3/repos/acme/churn/issues/1/comments", "POST /api/graphql"
		for _, c := range []struct {
			name string
			run  string
			out  forge.Outcome
			want []string
		}{
			{"the first", "1", forge.Created, []string{pull, comments, create, comments, viewer}},
			{"the same", "1", forge.Unchanged, []string{pull, comments}},
			{"another", "2", forge.Updated, []string{pull, comments, edit, comments}},
		} {
			if diff := cmp.Diff(c.want, w.upsert(w.post(c.run, c.run), c.out)); diff != "" {
				w.Errorf("%s (-want +got):\n%s", c.name, diff)
			}
		}
		w.client = client(w.T, w.GitHub, w.WorkflowToken(false))
		if diff := cmp.Diff([]string{pull, comments, viewer}, w.upsert(w.post("2", "2"), forge.Unchanged)); diff != "" {
			w.Errorf("the same by a new client (-want +got):\n%s", diff)
		}
		p := w.post("3", "3")
		p.Mode = forge.Never
		if got := w.upsert(p, forge.Unwanted); got != nil {
			w.Errorf("with comments off: %q", got)
		}
	})
}

// Comments come oldest first, a hundred a page, and cannot be sorted.
func TestCommentOnALaterPage(t *testing.T) {
	inWorld(t, func(w *world) {
		for i := range 250 {
			w.World.Comment(w.T, 1, fmt.Sprint("remark ", i), false)
		}
		w.upsert(w.post("1", "one"), forge.Created)
		w.upsert(w.post("2", "two"), forge.Updated)
		if got := w.bodies(); len(got) != 251 || got[250] != "two" {
			w.Errorf("%d comments, the last %q", len(got), got[len(got)-1])
		}
		if reads := w.upsert(w.post("2", "two"), forge.Unchanged); len(reads) != 4 {
			w.Errorf("requests: %q", reads)
		}
	})
}

// Whatever goes wrong with the requests of a report, in the end it is there once.
func TestFaults(t *testing.T) {
	secondary := `{"message":"You have exceeded a secondary rate limit. Please wait a few minutes before you try again.","documentation_url":"https://docs.github.com/rest/overview/rate-limits-for-the-rest-api#about-secondary-rate-limits"}`
	for name, f := range map[string]forgetest.Fault{
		"cut before it is obeyed":    {},
		"cut after it was obeyed":    {After: true},
		"cut three times":            {After: true, Times: 3},
		"bad gateway":                {Status: 502, Body: "<html>"},
		"bad gateway after all":      {Status: 502, After: true},
		"limit by 429":               {Status: 429, Header: map[string]string{"Retry-After": "20"}, Body: secondary},
		"limit by 403":               {Status: 403, Header: map[string]string{"Retry-After": "20"}, Body: secondary},
		"limit that names no time":   {Status: 403, Body: secondary},
		"limit that names its reset": {Status: 403, Header: map[string]string{"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "946684830"}, Body: `{"message":"API rate limit exceeded"}`}, // the clock of a bubble begins at 946684800
		"not JSON":                   {Status: 200, Body: "<html>", After: true},
	} {
		for _, method := range []string{"GET", "POST", "PATCH", "DELETE"} {
			t.Run(name+" "+method, func(t *testing.T) {
				inWorld(t, func(w *world) {
					f.Method, f.Path = method, "comments"
					if f.Body == "<html>" && f.Status == 200 && method == "GET" {
						w.Skip("what is read and makes no sense is an error")
					}
					if method != "POST" { // something to edit, or to tidy up
						w.upsert(w.post("1", "before"), forge.Created)
					}
					if method == "DELETE" {
						w.World.Comment(w.T, 1, "twice\n\n"+w.post("1", "").Marker.String(), true)
					}
					w.Break(f)
					began := time.Now()
					if r, err := w.client.Upsert(w.Context(), w.post("2", "text")); err != nil {
						w.Fatalf("%+v, %v", r, err)
					}
					w.want("text")
					if d := time.Since(began); d > 4*time.Minute || f.Header["Retry-After"] == "20" && d < 20*time.Second {
						w.Errorf("took %s", d)
					}
				})
			})
		}
	}
}

// While one waits for a limit to end, a newer run may report: what was read
// before the wait must not be written after it.
func TestWaitDoesNotOverwrite(t *testing.T) {
	inWorld(t, func(w *world) {
		w.upsert(w.post("1", "one"), forge.Created)
		w.Break(forgetest.Fault{Method: "PATCH", Status: 429, Header: map[string]string{"Retry-After": "30"}})
		done := make(chan forge.Result)
		go func() {
			r, err := w.client.Upsert(w.Context(), w.post("2", "two"))
			if err != nil {
				w.Error(err)
			}
			done <- r
		}()
		time.Sleep(10 * time.Second)
		newer := client(w.T, w.GitHub, w.WorkflowToken(false))
		if _, err := newer.Upsert(w.Context(), w.post("3", "three")); err != nil {
			w.Error(err)
		}
		if r := <-done; r.Outcome != forge.Superseded {
			w.Errorf("%+v", r)
		}
		w.want("three")
	})
}

func TestErrors(t *testing.T) {
	inWorld(t, func(w *world) {
		fork := client(w.T, w.GitHub, w.WorkflowToken(true))
		wrong := client(w.T, w.GitHub, "ghp_wrong")
		missing := w.post("1", "x")
		missing.Number = 99
		long := w.post("1", strings.Repeat("x", 70_000))
		for _, c := range []struct {
			name   string
			client *github.Client
			post   forge.Post
			kind   error
			text   string
			fix    string
		}{
			{"a fork's token", fork, w.post("1", "x"), forge.ErrReadOnly, "comment on pull request 1 of acme/churn: the token may not write here: Resource not accessible by integration", "add to the workflow: permissions: {pull-requests: write}; the token of a fork's pull request stays read-only, so report from a workflow_run workflow"},
			{"a wrong token", wrong, w.post("1", "x"), forge.ErrToken, "read pull request 1 of acme/churn: the forge does not know the token: Bad credentials", "the token is wrong, or has expired: a workflow's lives as long as its job; make a new one"},
			{"no such pull request", w.client, missing, forge.ErrNoChange, "pull request 99 of acme/churn: there is no such pull request", "look at the name; a token that may not see a private repository is told the same"},
			{"too long", w.client, long, forge.ErrTooLong, "comment on pull request 1: the text is longer than the forge takes: 70131 bytes, at most 65536", "leave sections out, or link to the whole report"},
		} {
			_, err := c.client.Upsert(w.Context(), c.post)
			var e *forge.Error
			if !errors.Is(err, c.kind) || !errors.As(err, &e) || e.Error() != c.text || e.Fix != c.fix {
				w.Errorf("%s:\n%v\nfix: %s", c.name, err, e.Fix)
			}
		}
		w.want()
	})
}

func TestLockedConversation(t *testing.T) {
	inWorld(t, func(w *world) {
		w.Locks[1] = true
		_, err := w.client.Upsert(w.Context(), w.post("1", "x"))
		var e *forge.Error
		if !errors.Is(err, forge.ErrReadOnly) || !errors.As(err, &e) || e.Fix != "unlock the conversation of the pull request" {
			w.Error(err)
		}
	})
}

// The hourly limit is too long to wait for; the error says until when.
func TestHourlyLimit(t *testing.T) {
	inWorld(t, func(w *world) {
		w.Remaining, w.Reset = 1, time.Now().Add(40*time.Minute)
		began := time.Now()
		_, err := w.client.Upsert(w.Context(), w.post("1", "x"))
		var e *forge.Error
		if !errors.Is(err, forge.ErrRateLimit) || !errors.As(err, &e) || e.Until.Sub(w.Reset).Abs() > 2*time.Second || e.Fix == "" {
			w.Errorf("%v, until %v, want %v", err, e, w.Reset)
		}
		if d := time.Since(began); d > time.Minute {
			w.Errorf("waited %s", d)
		}
	})
}

func TestViewer(t *testing.T) {
	forbidden := forgetest.Fault{Path: "graphql", Status: 403, Body: `{"message":"Resource not accessible by integration"}`}
	for _, c := range []struct {
		name   string
		user   forgetest.User
		token  string
		faults []forgetest.Fault
		ok     bool
	}{
		{"a workflow", forgetest.User{Login: "github-actions[bot]", Bot: true}, "", nil, true},
		{"a person", forgetest.User{Login: "ada"}, "", nil, true},
		{"a person without GraphQL", forgetest.User{Login: "ada"}, "", []forgetest.Fault{forbidden}, true},
		{"an App", forgetest.User{Login: "mlops[bot]", Bot: true, App: 5}, "", nil, true},
		{"nobody tells", forgetest.User{Login: "mlops[bot]", Bot: true}, "", []forgetest.Fault{forbidden}, false},
	} {
		inWorld(t, func(w *world) {
			w.client = client(w.T, w.GitHub, w.Token(c.user))
			w.upsert(w.post("1", "one"), forge.Created)
			w.client = client(w.T, w.GitHub, w.Token(c.user))
			w.Break(c.faults...)
			_, err := w.client.Upsert(w.Context(), w.post("2", "two"))
			if c.ok != (err == nil) || !c.ok && !errors.Is(err, forge.ErrDenied) {
				w.Errorf("%s: %v", c.name, err)
			}
			if len(w.bodies()) != 1 {
				w.Errorf("%s: %q", c.name, w.bodies())
			}
		})
	}
}

// A person may have an App's name; the App is called name[bot].
func TestPersonWithTheNameOfAnApp(t *testing.T) {
	inWorld(t, func(w *world) {
		impostor := client(w.T, w.GitHub, w.Token(forgetest.User{Login: "github-actions"}))
		if _, err := impostor.Upsert(w.Context(), w.post("9", "impostor")); err != nil {
			w.Fatal(err)
		}
		w.upsert(w.post("1", "ours"), forge.Created)
		w.want("impostor", "ours")
	})
}
