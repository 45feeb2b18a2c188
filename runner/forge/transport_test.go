package forge_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mlops-runner/mlops/runner/forge"
)

// A script is a server that gives its answers in order, the last again and
// again, on a clock that only waiting moves.
type script struct {
	answers []answer
	now     time.Time
	waits   []time.Duration
	seen    []string // method, path, token, body
}

type answer struct {
	status int
	header string // "Retry-After: 3; X: y"
	body   string
	err    error
}

func (s *script) RoundTrip(req *http.Request) (*http.Response, error) {
	var body []byte
	if req.Body != nil {
		body, _ = io.ReadAll(req.Body)
	}
	s.seen = append(s.seen, strings.TrimSpace(strings.Join([]string{req.Method, req.URL.Path, req.Header.Get("Authorization"), string(body)}, " ")))
	a := s.answers[0]
	if len(s.answers) > 1 {
		s.answers = s.answers[1:]
	}
	if a.err != nil {
		return nil, a.err
	}
	h := http.Header{}
	for field := range strings.SplitSeq(a.header, "; ") {
		name, value, _ := strings.Cut(field, ": ")
		h.Set(name, value)
	}
	return &http.Response{StatusCode: a.status, Header: h, Body: io.NopCloser(strings.NewReader(a.body)), Request: req}, nil
}

func (s *script) transport() *forge.Transport {
	if s.now.IsZero() {
		s.now = time.Unix(1_800_000_000, 0)
	}
	return &forge.Transport{
		Base: s, Host: "forge.test",
		Authorize: func(r *http.Request) error { r.Header.Set("Authorization", "secret"); return nil },
		Clock: forge.Clock{
			Now: func() time.Time { return s.now },
			Sleep: func(_ context.Context, d time.Duration) error {
				s.waits = append(s.waits, d)
				s.now = s.now.Add(d)
				return nil
			},
			Spread: func(time.Duration) time.Duration { return 0 },
		},
	}
}

func request(t *testing.T, method, url, body string) *http.Request {
	t.Helper()
	r, err := http.NewRequest(method, url, bytes.NewReader([]byte(body)))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestTransportWaits(t *testing.T) {
	ok := answer{status: 200, body: "{}"}
	at := func(d time.Duration) string { return strconv.FormatInt(1_800_000_000+int64(d/time.Second), 10) }
	second := time.Second
	for _, c := range []struct {
		name    string
		answers []answer
		status  int
		waits   []time.Duration
	}{
		{"fine", []answer{ok}, 200, nil},
		{"retry-after", []answer{{status: 429, header: "Retry-After: 7"}, ok}, 200, []time.Duration{7 * second}},
		{"retry-after as a date", []answer{{status: 429, header: "Retry-After: Fri, 15 Jan 2027 08:00:09 GMT"}, ok}, 200, []time.Duration{9 * second}},
		{"secondary limit by 403", []answer{{status: 403, body: `{"message":"You have exceeded a secondary rate limit"}`}, ok}, 200, []time.Duration{60 * second}},
		{"secondary limit twice", []answer{{status: 403, body: `{"message":"You have exceeded a secondary rate limit"}`}, {status: 429}, ok}, 200, []time.Duration{60 * second, 120 * second}},
		{"primary limit", []answer{{status: 403, header: "X-RateLimit-Remaining: 0; X-RateLimit-Reset: " + at(30*second)}, ok}, 200, []time.Duration{31 * second}},
		{"primary limit for long", []answer{{status: 403, header: "X-RateLimit-Remaining: 0; X-RateLimit-Reset: " + at(time.Hour)}}, 403, nil},
		{"GitLab's limit", []answer{{status: 429, header: "RateLimit-Remaining: 0; RateLimit-Reset: " + at(5*second)}, ok}, 200, []time.Duration{6 * second}},
		{"a reset that makes no sense", []answer{{status: 429, header: "X-RateLimit-Remaining: 0; X-RateLimit-Reset: 99999999999999"}, ok}, 200, []time.Duration{60 * second}},
		{"server error", []answer{{status: 502}, {status: 500}, ok}, 200, []time.Duration{second, 2 * second}},
		{"server error that asks for time", []answer{{status: 503, header: "Retry-After: 4"}, ok}, 200, []time.Duration{4 * second}},
		{"server error for good", []answer{{status: 500}}, 500, []time.Duration{second, 2 * second, 4 * second, 8 * second}},
		{"cut connection", []answer{{err: io.ErrUnexpectedEOF}, ok}, 200, []time.Duration{second}},
		{"forbidden", []answer{{status: 403, body: `{"message":"Resource not accessible by integration"}`}}, 403, nil},
		{"not found", []answer{{status: 404}}, 404, nil},
		{"not implemented", []answer{{status: 501}}, 501, nil},
	} {
		s := &script{answers: c.answers}
		resp, err := s.transport().RoundTrip(request(t, "GET", "https://forge.test/x", ""))
		if err != nil || resp.StatusCode != c.status {
			t.Errorf("%s: %v, %v", c.name, resp, err)
			continue
		}
		if diff := cmp.Diff(c.waits, s.waits); diff != "" {
			t.Errorf("%s: waits (-want +got):\n%s", c.name, diff)
		}
		// The words of a failure are still there for whoever explains it.
		if body, _ := io.ReadAll(resp.Body); string(body) != c.answers[len(c.answers)-1].body {
			t.Errorf("%s: body %q", c.name, body)
		}
	}
}

func TestTransportRepeatsNoWrite(t *testing.T) {
	for _, a := range []answer{{status: 500}, {status: 429, header: "Retry-After: 1"}, {err: io.ErrUnexpectedEOF}} {
		for _, method := range []string{"POST", "PATCH", "PUT", "DELETE"} {
			s := &script{answers: []answer{a, {status: 201}}}
			_, _ = s.transport().RoundTrip(request(t, method, "https://forge.test/x", "{}"))
			if len(s.seen) != 1 {
				t.Errorf("%s was sent %d times after %+v", method, len(s.seen), a)
			}
		}
	}
	s := &script{answers: []answer{{status: 502}, {status: 200}}}
	if _, err := s.transport().RoundTrip(request(t, "POST", "https://forge.test/api/graphql", "{query}")); err != nil || len(s.seen) != 2 || s.seen[0] != s.seen[1] {
		t.Errorf("GraphQL: %v, sent %q", err, s.seen)
	}
}

func TestTransportPacesWrites(t *testing.T) {
	s := &script{answers: []answer{{status: 201}}}
	tr := s.transport()
	for _, method := range []string{"GET", "POST", "PATCH", "GET", "DELETE"} {
		if _, err := tr.RoundTrip(request(t, method, "https://forge.test/x", "")); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff([]time.Duration{time.Second, time.Second}, s.waits); diff != "" {
		t.Errorf("waits (-want +got):\n%s", diff)
	}
	if err := tr.Ready(t.Context()); err != nil || len(s.waits) != 3 {
		t.Errorf("Ready: %v, waits %v", err, s.waits)
	}
	if err := tr.Ready(t.Context()); err != nil || len(s.waits) != 3 {
		t.Errorf("Ready again: %v, waits %v", err, s.waits)
	}
}

// Go's client sends unknown headers wherever a redirection leads.
func TestTransportKeepsTheToken(t *testing.T) {
	s := &script{answers: []answer{{status: 302, header: "Location: https://elsewhere.test/y"}, {status: 200}}}
	c := http.Client{Transport: s.transport()}
	resp, err := c.Get("https://forge.test/x")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if diff := cmp.Diff([]string{"GET /x secret", "GET /y"}, s.seen); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
}

func TestRepeat(t *testing.T) {
	s := &script{}
	clock := s.transport().Clock
	calls := 0
	failing := func(times int, a forge.Answer) func() error {
		calls = 0
		return func() error {
			if calls++; calls > times {
				return nil
			}
			return a.Failed("set", true, s.now, func(error, string) string { return "" })
		}
	}
	if err := clock.Repeat(t.Context(), failing(2, forge.Answer{Err: io.EOF})); err != nil || calls != 3 {
		t.Errorf("a cut connection: %v after %d calls", err, calls)
	}
	if err := clock.Repeat(t.Context(), failing(9, forge.Answer{Err: io.EOF})); !errors.Is(err, forge.ErrDown) || calls != 5 {
		t.Errorf("for good: %v after %d calls", err, calls)
	}
	if err := clock.Repeat(t.Context(), failing(9, forge.Answer{Status: 403})); !errors.Is(err, forge.ErrReadOnly) || calls != 1 {
		t.Errorf("without permission: %v after %d calls", err, calls)
	}
	limit := forge.Answer{Status: 403, Header: http.Header{"X-Ratelimit-Remaining": {"0"}, "X-Ratelimit-Reset": {strconv.FormatInt(s.now.Add(time.Hour).Unix(), 10)}}}
	if err := clock.Repeat(t.Context(), failing(9, limit)); !errors.Is(err, forge.ErrRateLimit) || calls != 1 {
		t.Errorf("a limit for an hour: %v after %d calls", err, calls)
	}
}

func TestFailed(t *testing.T) {
	now := time.Date(2026, 11, 27, 20, 0, 0, 0, time.UTC)
	fix := func(kind error, message string) string { return "do this" }
	for _, c := range []struct {
		name  string
		a     forge.Answer
		write bool
		kind  error
		text  string
	}{
		{"read-only", forge.Answer{Status: 403, Message: "Resource not accessible by integration"}, true, forge.ErrReadOnly, "post: the token may not write here: Resource not accessible by integration"},
		{"denied", forge.Answer{Status: 403, Message: "no"}, false, forge.ErrDenied, "post: the token may not read this: no"},
		{"bad token", forge.Answer{Status: 401, Message: "Bad credentials"}, true, forge.ErrToken, "post: the forge does not know the token: Bad credentials"},
		{"gone", forge.Answer{Status: 410}, true, forge.ErrNotFound, "post: not found"},
		{"too long", forge.Answer{Status: 422, Message: "Body is too long (maximum is 65536 characters)"}, true, forge.ErrTooLong, "post: the text is longer than the forge takes: Body is too long (maximum is 65536 characters)"},
		{"invalid", forge.Answer{Status: 422, Message: "Validation\nFailed\x1b[31m"}, true, forge.ErrInvalid, "post: the forge does not take this: Validation Failed [31m"},
		{"limit", forge.Answer{Status: 429, Header: http.Header{"Retry-After": {"90"}}}, true, forge.ErrRateLimit, "post: the forge's limit of requests is reached until 20:01:30 UTC"},
		{"down", forge.Answer{Status: 502}, false, forge.ErrDown, "post: the forge does not answer as it should"},
		{"cut", forge.Answer{Err: io.ErrUnexpectedEOF}, true, forge.ErrDown, "post: the forge does not answer as it should: unexpected EOF"},
	} {
		err := c.a.Failed("post", c.write, now, fix)
		var e *forge.Error
		if !errors.As(err, &e) || !errors.Is(err, c.kind) || err.Error() != c.text || e.Fix != "do this" {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	err := forge.Answer{Err: context.Canceled}.Failed("post", true, now, fix)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestMessageOf(t *testing.T) {
	for body, want := range map[string]string{
		`{"message":"Not Found"}`: "Not Found",
		`{"message":"Validation Failed","errors":[{"resource":"IssueComment","code":"unprocessable"},"x"]}`: "Validation Failed: unprocessable, x",
		`{"message":{"body":["is too long"]}}`:                          `{"body":["is too long"]}`,
		`{"error":{"message":"Access denied","detail":"scope"}}`:        "Access denied",
		`{"error":"invalid_token","error_description":"it is revoked"}`: "invalid_token: it is revoked",
		"<html>bad\ngateway</html>":                                     "<html>bad gateway</html>",
		"":                                                              "",
	} {
		if got := forge.MessageOf([]byte(body)); got != want {
			t.Errorf("%s: %q, want %q", body, got, want)
		}
	}
}

func TestClip(t *testing.T) {
	for _, c := range []struct {
		s    string
		n    int
		want string
	}{{"short", 5, "short"}, {"longer", 5, "lo…"}, {"äöü", 6, "äöü"}, {"äöüß", 7, "äö…"}, {"äöüß", 6, "ä…"}, {"日本語", 3, "…"}} {
		if got := forge.Clip(c.s, c.n); got != c.want || len(got) > c.n {
			t.Errorf("Clip(%q, %d) = %q", c.s, c.n, got)
		}
	}
}
