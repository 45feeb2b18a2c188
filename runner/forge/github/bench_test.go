package github_test

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/mlops-runner/mlops/runner/forge"
	"github.com/mlops-runner/mlops/runner/forge/forgetest"
	"github.com/mlops-runner/mlops/runner/forge/github"
)

// A replay gives the fake's answers again, so that a benchmark has the client's
// time alone.
type replay struct {
	fake   *forgetest.GitHub
	known  map[string]*http.Response
	bodies map[string][]byte
	reads  int
	writes int
}

func (r *replay) RoundTrip(req *http.Request) (*http.Response, error) {
	if (forgetest.Request{Method: req.Method, Path: req.URL.Path}).Writes() {
		r.writes++
	} else {
		r.reads++
	}
	key := req.Method + req.URL.String()
	if r.known[key] == nil {
		resp, err := r.fake.RoundTrip(req)
		if err != nil {
			return nil, err
		}
		if r.bodies[key], err = io.ReadAll(resp.Body); err != nil {
			return nil, err
		}
		r.known[key] = resp
	}
	resp := *r.known[key]
	resp.Body = io.NopCloser(bytes.NewReader(r.bodies[key]))
	return &resp, nil
}

// BenchmarkUnchangedReport posts a report of 50,000 bytes that is there already,
// by a new client each time, on a pull request with 90 other comments.
func BenchmarkUnchangedReport(b *testing.B) {
	g := forgetest.NewGitHub(b)
	w := g.World(nil)
	c := w.Open(b)
	for range 90 {
		w.Comment(b, c.Number, strings.Repeat("remark ", 100), false)
	}
	p := forge.Post{Number: c.Number, Text: strings.Repeat(" text", 10_000), Marker: forge.Marker{Key: "churn", Run: "1", Attempt: 1, Head: c.Head, Verdict: "promote"}}
	w.Comment(b, c.Number, p.Text+"\n\n"+p.Marker.String(), true)
	token := g.WorkflowToken(false)
	r := &replay{fake: g, known: map[string]*http.Response{}, bodies: map[string][]byte{}}
	for b.Loop() {
		f, err := github.New(github.Options{API: g.URL(), Repo: "acme/churn", Token: forge.Token(token), Base: r})
		if err != nil {
			b.Fatal(err)
		}
		if got, err := f.Upsert(b.Context(), p); err != nil || got.Outcome != forge.Unchanged {
			b.Fatalf("%+v, %v", got, err)
		}
	}
	b.ReportMetric(float64(r.reads)/float64(b.N), "reads/op")
	b.ReportMetric(float64(r.writes)/float64(b.N), "writes/op")
}
