package oci

import (
	"io"
	"net/http"
	"os"
	"sync"
	"testing"

	"github.com/mlops-runner/mlops/runner/oci/ocitest"
)

// bodies remembers of what kind the bodies of uploads are.
type bodies struct {
	mu   sync.Mutex // guards bare and all
	bare int
	all  int
}

func (b *bodies) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Method == http.MethodPut && req.URL.Query().Has("digest") {
		_, bare := req.Body.(*os.File)
		b.mu.Lock()
		b.all++
		if bare {
			b.bare++
		}
		b.mu.Unlock()
	}
	return http.DefaultTransport.RoundTrip(req)
}

// A blob goes as the file that it is, which the kernel sends without a copy here, and
// who watches is told of every byte nevertheless.
func TestPushSendsFiles(t *testing.T) {
	s := start(t, ocitest.Options{})
	d := newStore(t)
	a := keep(t, d, draft(t, d, 3<<20))
	b := &bodies{}
	var mu sync.Mutex // guards most and total
	var most, total int64
	r := open(t, s.Direct+"/team/churn:1", Options{Transport: b, Progress: func(done, all int64) {
		mu.Lock()
		defer mu.Unlock()
		most, total = max(most, done), all
	}})
	sent, err := Push(t.Context(), d, a, r)
	if err != nil {
		t.Fatal(err)
	}
	if b.all == 0 || b.bare != b.all || b.all != sent.Blobs {
		t.Errorf("%d of %d bodies are files; %d blobs were sent", b.bare, b.all, sent.Blobs)
	}
	if most != total || total != sent.Bytes-a.Descriptor().Size {
		t.Errorf("told of %d of %d bytes; %d were sent", most, total, sent.Bytes)
	}
}

// What was told of an upload that failed is taken back.
func TestPushTakesBack(t *testing.T) {
	s := start(t, ocitest.Options{})
	d := newStore(t)
	a := keep(t, d, draft(t, d, 3<<20))
	broken := false
	s.Spoil(func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodPut || !r.URL.Query().Has("digest") || r.ContentLength < 1<<20 || broken {
			return false
		}
		broken = true
		io.CopyN(io.Discard, r.Body, 1<<20)
		panic(http.ErrAbortHandler)
	})
	var mu sync.Mutex // guards most and total
	var most, total int64
	r := open(t, s.Host+"/team/churn:1", Options{Wait: 1, Progress: func(done, all int64) {
		mu.Lock()
		defer mu.Unlock()
		most, total = max(most, done), all
	}})
	if _, err := Push(t.Context(), d, a, r); err != nil {
		t.Fatal(err)
	}
	if !broken || most != total {
		t.Errorf("broken off: %v; told of %d of %d bytes", broken, most, total)
	}
}
