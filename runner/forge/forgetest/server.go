package forgetest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// A User is who has a token.
type User struct {
	Login    string
	Bot      bool  // an App, or a workflow; not a person
	App      int64 // that it is a token of; 0 = a person's or a workflow's
	ReadOnly bool  // a workflow that a fork's pull request started
}

// A Fault is something that goes wrong. The zero value cuts the connection of
// the next request before it is obeyed.
type Fault struct {
	Method string // "" = any
	Path   string // part of the path; "" = any
	Skip   int    // how many such requests go well before
	Times  int    // how often; 0 = once
	After  bool   // the request is obeyed, only its answer is lost
	Status int    // answer instead; 0 = the connection is cut
	Header map[string]string
	Body   string
}

// A Request is one that a fake was sent.
type Request struct{ Method, Path, Query, Body string }

func (r Request) String() string { return r.Method + " " + r.Path }

// Writes reports whether the request was to change something.
func (r Request) Writes() bool {
	return r.Method != "GET" && !strings.HasSuffix(r.Path, "/graphql") || strings.Contains(r.Body, "mutation")
}

// A Server is what the fakes share. Its methods may be called at once.
type Server struct {
	Latency func() time.Duration // of each way of a request in memory; nil = none

	mu     sync.Mutex // guards all below, and the state of the fake
	tb     testing.TB
	host   string
	prefix string // path of the API
	routes []route
	users  map[string]User
	faults []*Fault
	seen   []Request
	wrong  []string
	check  func(r *http.Request, body []byte, status int, header http.Header, answer []byte) error // of what was said by both sides
}

// A route is one operation: its handler has what {names} in its pattern stand for.
type route struct {
	method, pattern string
	handle          func(c *call) (int, any)
}

// A call is a request on its way.
type call struct {
	*http.Request
	param  map[string]string
	body   []byte
	user   User
	header http.Header // of the answer
}

// read decodes the request's body.
func (c *call) read(v any) error { return json.Unmarshal(c.body, v) }

func newServer(tb testing.TB, host, prefix string) *Server {
	s := &Server{tb: tb, host: host, prefix: prefix, users: map[string]User{}}
	tb.Cleanup(func() {
		for _, w := range s.TakeViolations() {
			tb.Errorf("%s: %s", host, w)
		}
	})
	return s
}

// URL is where the API is for those who send their requests to the Server itself.
func (s *Server) URL() string { return "https://" + s.host + s.prefix }

// Start serves the fake on the loopback until the test ends and returns where
// its API is.
func (s *Server) Start() string {
	server := httptest.NewServer(s)
	s.tb.Cleanup(server.Close)
	return server.URL + s.prefix
}

// Token makes a token of a user.
func (s *Server) Token(u User) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	token := fmt.Sprintf("%s-token-%d", u.Login, len(s.users))
	s.users[token] = u
	return token
}

// Break makes requests go wrong, in the order of the faults.
func (s *Server) Break(faults ...Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range faults {
		f.Times = max(1, f.Times)
		s.faults = append(s.faults, &f)
	}
}

// TakeRequests returns the requests since the last call.
func (s *Server) TakeRequests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	seen := s.seen
	s.seen = nil
	return seen
}

// TakeViolations returns, once, what clients and the fake did that the forge's
// description forbids. What is left at the end of the test fails it.
func (s *Server) TakeViolations() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	wrong := s.wrong
	s.wrong = nil
	return wrong
}

// fault returns what goes wrong with a request, nil for nothing.
func (s *Server) fault(r *http.Request) *Fault {
	for i, f := range s.faults {
		if f.Method != "" && f.Method != r.Method || !strings.Contains(r.URL.Path, f.Path) {
			continue
		}
		if f.Skip > 0 {
			f.Skip--
			continue
		}
		if f.Times--; f.Times == 0 {
			s.faults = slices.Delete(s.faults, i, i+1)
		}
		return f
	}
	return nil
}

// errCut is a connection that was cut.
var errCut = errors.New("connection reset by peer")

// RoundTrip answers a request in memory.
func (s *Server) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := s.travel(r); err != nil {
		return nil, err
	}
	w := httptest.NewRecorder()
	in := r.Clone(r.Context())
	if in.Body == nil {
		in.Body = http.NoBody
	}
	if err := s.serve(w, in); err != nil {
		return nil, err
	}
	if err := s.travel(r); err != nil {
		return nil, err
	}
	resp := w.Result()
	resp.Request = r
	return resp, nil
}

func (s *Server) travel(r *http.Request) error {
	if s.Latency != nil {
		time.Sleep(s.Latency())
	}
	return r.Context().Err()
}

// ServeHTTP answers a request that came over a network.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.serve(w, r) != nil {
		panic(http.ErrAbortHandler) // net/http cuts the connection
	}
}

// serve answers a request, or fails if the connection is to be cut.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) error {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen = append(s.seen, Request{r.Method, r.URL.Path, r.URL.RawQuery, string(body)})
	f := s.fault(r)
	if f != nil && !f.After {
		return f.answer(w)
	}
	c := &call{Request: r, body: body, header: http.Header{"Content-Type": {"application/json; charset=utf-8"}}}
	status, v := s.dispatch(c)
	answer := encode(v)
	if s.check != nil {
		if err := s.check(r, body, status, c.header, answer); err != nil {
			s.wrong = append(s.wrong, fmt.Sprintf("%s %s: %d: %v", r.Method, r.URL.RequestURI(), status, err))
		}
	}
	if f != nil {
		return f.answer(w)
	}
	for k, v := range c.header {
		w.Header()[k] = v
	}
	w.WriteHeader(status)
	_, err = w.Write(answer)
	return err
}

// answer is what a fault says, or that it cuts the connection.
func (f *Fault) answer(w http.ResponseWriter) error {
	if f.Status == 0 {
		return errCut
	}
	for k, v := range f.Header {
		w.Header().Set(k, v)
	}
	w.WriteHeader(f.Status)
	_, err := io.WriteString(w, f.Body)
	return err
}

func encode(v any) []byte {
	switch v := v.(type) {
	case nil:
		return nil
	case []byte:
		return v
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(err) // every answer is made of maps, lists and texts
	}
	return b.Bytes()
}

// dispatch finds the operation of a request and does it.
func (s *Server) dispatch(c *call) (int, any) {
	token := c.Header.Get("Authorization")
	token = strings.TrimPrefix(strings.TrimPrefix(token, "Bearer "), "token ")
	for _, name := range []string{"Private-Token", "Job-Token"} {
		if v := c.Header.Get(name); v != "" {
			token = v
		}
	}
	user, known := s.users[token]
	path := strings.TrimPrefix(c.URL.EscapedPath(), s.prefix)
	for _, r := range s.routes {
		param, ok := match(r.pattern, path)
		if !ok || r.method != c.Method && r.method != "ANY" {
			continue
		}
		if !known && r.method != "ANY" {
			return http.StatusUnauthorized, map[string]any{"message": "Bad credentials", "documentation_url": "https://docs.github.com/rest", "status": "401"}
		}
		c.param, c.user = param, user
		return r.handle(c)
	}
	s.wrong = append(s.wrong, fmt.Sprintf("no such operation: %s %s", c.Method, path))
	return http.StatusNotFound, map[string]any{"message": "Not Found", "documentation_url": "https://docs.github.com/rest", "status": "404"}
}

// match compares a path with a pattern. The last {name...} takes all that is left.
func match(pattern, path string) (map[string]string, bool) {
	param := map[string]string{}
	want, got := strings.Split(pattern, "/"), strings.Split(path, "/")
	for i, w := range want {
		name, open := strings.CutPrefix(w, "{")
		switch {
		case i >= len(got):
			return nil, false
		case open && strings.HasSuffix(name, "...}"):
			param[strings.TrimSuffix(name, "...}")] = unescape(strings.Join(got[i:], "/"))
			return param, true
		case open:
			param[strings.TrimSuffix(name, "}")] = unescape(got[i])
		case w != got[i]:
			return nil, false
		}
	}
	return param, len(want) == len(got)
}

func unescape(s string) string {
	if u, err := url.PathUnescape(s); err == nil {
		return u
	}
	return s
}
