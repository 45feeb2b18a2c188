package oci

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// begunAt is an upload that a registry has taken for a login, and that broke off.
func begunAt(t *testing.T, registry http.HandlerFunc, transport http.RoundTripper) *upload {
	t.Helper()
	broken := false
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Header.Get("Authorization") == "":
			w.Header().Set("WWW-Authenticate", `Basic realm="here"`)
			w.WriteHeader(http.StatusUnauthorized)
		case r.Method == http.MethodPost:
			w.Header().Set("Location", "/up")
			w.WriteHeader(http.StatusAccepted)
		case r.Method == http.MethodPut && !broken:
			broken = true
			panic(http.ErrAbortHandler)
		default:
			registry(w, r)
		}
	}))
	t.Cleanup(s.Close)
	host := strings.TrimPrefix(s.URL, "http://")
	r := open(t, host+"/team/churn:1", Options{PlainHTTP: true, Transport: transport, Getenv: env("DOCKER_AUTH_CONFIG",
		`{"auths": {"`+host+`": {"auth": "YWRhOnNlY3JldA=="}}}`)})
	d := newStore(t)
	text := []byte("weights")
	if _, err := d.PutBytes(t.Context(), text); err != nil {
		t.Fatal(err)
	}
	u := &upload{pusher: &pusher{repo: r, from: Storage{d}}, blob: ocispec.Descriptor{Digest: digest.FromBytes(text), Size: int64(len(text))}}
	if _, err := u.more(t.Context()); err == nil || u.at == nil || u.auth == "" {
		t.Fatalf("at %v for %q: %v", u.at, u.auth, err)
	}
	return u
}

// A registry that sends the client on to another host does not get its login sent there.
func TestUploadKeepsLogin(t *testing.T) {
	var logins, came atomic.Int64
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		came.Add(1)
		if r.Header.Get("Authorization") != "" {
			logins.Add(1)
		}
		io.Copy(io.Discard, r.Body)
		w.Header().Set("Location", "/up")
		w.WriteHeader(map[string]int{http.MethodGet: http.StatusNoContent, http.MethodPatch: http.StatusAccepted, http.MethodPut: http.StatusCreated}[r.Method])
	}))
	defer other.Close()
	elsewhere := strings.Replace(other.URL, "127.0.0.1", "localhost", 1) + "/up"
	u := begunAt(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, elsewhere, http.StatusTemporaryRedirect)
	}, nil)
	if _, err := u.more(t.Context()); err != nil || came.Load() != 3 {
		t.Fatalf("%d requests elsewhere: %v", came.Load(), err)
	}
	if n := logins.Load(); n > 0 {
		t.Errorf("%d requests brought the login", n)
	}
}

// unclosed counts answers whose bodies nobody has closed.
type unclosed struct{ n atomic.Int64 }

func (c *unclosed) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err == nil {
		c.n.Add(1)
		resp.Body = &countedBody{ReadCloser: resp.Body, of: c}
	}
	return resp, err
}

type countedBody struct {
	io.ReadCloser
	of   *unclosed
	done atomic.Bool
}

func (b *countedBody) Close() error {
	if b.done.CompareAndSwap(false, true) {
		b.of.n.Add(-1)
	}
	return b.ReadCloser.Close()
}

// A registry that forgot an upload gets it anew, and no connection stays behind.
func TestUploadForgotten(t *testing.T) {
	c := &unclosed{}
	u := begunAt(t, func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		if r.Method == http.MethodGet {
			http.Error(w, "{}", http.StatusNotFound)
			return
		}
		w.Header().Set("Location", "/up")
		w.WriteHeader(map[string]int{http.MethodPatch: http.StatusAccepted, http.MethodPut: http.StatusCreated}[r.Method])
	}, c)
	if n, err := u.more(t.Context()); err != nil || n != u.blob.Size {
		t.Fatalf("%d bytes: %v", n, err)
	}
	if n := c.n.Load(); n != 0 {
		t.Errorf("%d answers are open", n)
	}
}
