package docker

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mlops-runner/mlops/runner/agent"
)

// noSleep lets tests retry at once.
func noSleep(ctx context.Context, _ time.Duration) error { return ctx.Err() }

// TestDiagnose holds the words of engines and registries, as they were seen.
func TestDiagnose(t *testing.T) {
	tests := []struct {
		text string
		want pullFailure
	}{
		{"toomanyrequests: You have reached your pull rate limit", pullFailure{kind: limited, transient: true}},
		{"toomanyrequests: retry-after: 12.5s, allowed: 44000/minute", pullFailure{kind: limited, transient: true, retryAfter: 12500 * time.Millisecond}},
		{"received unexpected HTTP status: 429 Too Many Requests; Retry-After: 30", pullFailure{kind: limited, transient: true, retryAfter: 30 * time.Second}},
		{"received unexpected HTTP status: 503 Service Unavailable", pullFailure{kind: unanswered, transient: true}},
		{`Get "https://r.io/v2/": net/http: TLS handshake timeout`, pullFailure{kind: unanswered, transient: true}},
		{"read tcp 10.0.0.1:4->10.0.0.2:443: read: connection reset by peer", pullFailure{kind: unanswered, transient: true}},
		{`Get "https://r.io/v2/": dial tcp: lookup r.io on 1.1.1.1:53: server misbehaving`, pullFailure{kind: unanswered, transient: true}},
		{`Get "https://r.io/v2/": context deadline exceeded (Client.Timeout exceeded while awaiting headers)`, pullFailure{kind: unanswered, transient: true}},
		{"unexpected EOF", pullFailure{kind: unanswered, transient: true}},
		{"dial tcp 127.0.0.1:1: connect: connection refused", pullFailure{kind: notListening, transient: true}},
		{"manifest for python:9 not found: manifest unknown: manifest unknown", pullFailure{kind: absent}},
		{"reading manifest 9 in docker.io/library/python: manifest unknown", pullFailure{kind: absent}},
		{"pull access denied for x, repository does not exist or may require 'docker login': denied: requested access to the resource is denied", pullFailure{kind: absent}},
		{`Head "https://r.io/v2/a/manifests/1": no basic auth credentials`, pullFailure{kind: refused}},
		{`Head "https://r.io/v2/a/manifests/1": unauthorized: authentication required`, pullFailure{kind: refused}},
		{"denied: requested access to the resource is denied", pullFailure{kind: refused}},
		{`Get "https://r.io/v2/": dial tcp: lookup r.io on 1.1.1.1:53: no such host`, pullFailure{kind: noAddress}},
		{`Get "https://r.io/v2/": x509: certificate signed by unknown authority`, pullFailure{kind: untrusted}},
		{"http: server gave HTTP response to HTTPS client", pullFailure{kind: plainHTTP}},
		{"no matching manifest for linux/s390x in the manifest list entries", pullFailure{kind: otherPlatform}},
		{`no image found in manifest list for architecture s390x, variant "", OS linux`, pullFailure{kind: otherPlatform}},
		{"failed to register layer: write /x: no space left on device", pullFailure{kind: diskFull, reason: agent.ReasonDiskFull}},
		{"something that nobody has seen", pullFailure{}},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, diagnose(errors.New(tt.text)), cmp.AllowUnexported(pullFailure{})); diff != "" {
			t.Errorf("%s:\n%s", tt.text, diff)
		}
		s := subject{registry: "r.io", image: "r.io/a:1"}
		if fix := tt.want.fix(s); fix == "" {
			t.Errorf("%s: no cure", tt.text)
		}
	}
	if f := diagnose(brokenOff{io.ErrUnexpectedEOF}); !f.transient || f.kind != unknownFailure {
		t.Errorf("an engine that went away is taken for the registry: %+v", f)
	}
}

func TestBackoff(t *testing.T) {
	for retry, low := range []time.Duration{2 * time.Second, 4 * time.Second, 8 * time.Second} {
		for range 100 {
			if d := backoff(retry); d < low || d > low*5/4 {
				t.Fatalf("retry %d after %s", retry, d)
			}
		}
	}
}

// TestPullProgress: thousands of messages become a line every two seconds.
func TestPullProgress(t *testing.T) {
	now := time.Unix(0, 0)
	var lines []string
	p := pullProgress{name: "a:1", tell: func(s string) { lines = append(lines, s) }, now: func() time.Time { return now }, last: now}
	for _, id := range []string{"one", "two"} {
		p.note(message{ID: id, Status: "Pulling fs layer"})
	}
	for i := range int64(5001) {
		p.note(message{ID: "one", Status: "Downloading", Detail: detail{i * 1000, 5_000_000}})
		now = now.Add(time.Millisecond)
	}
	p.note(message{ID: "one", Status: "Download complete"})
	p.note(message{ID: "two", Status: "Already exists"})
	now = now.Add(3 * time.Second)
	p.note(message{ID: "one", Status: "Extracting", Detail: detail{1, 2}})
	want := []string{
		"pulling a:1: 0 of 2 layers, 2MB of 5MB, about 3s left",
		"pulling a:1: 0 of 2 layers, 4MB of 5MB, about 1s left",
		"pulling a:1: 2 layers, 5MB, unpacking",
	}
	if diff := cmp.Diff(want, lines); diff != "" {
		t.Error(diff)
	}
}

func TestPolicies(t *testing.T) {
	for in, want := range map[string]string{"": "if-missing", "always": "always", "always,if-missing": "always if-missing", "always, never": "always never"} {
		got, err := policies(in)
		if err != nil || strings.Join(got, " ") != want {
			t.Errorf("%q: %v, %v", in, got, err)
		}
	}
	if _, err := policies("always,"); err == nil {
		t.Error("an empty policy is accepted")
	}
}
