package oci

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/mlops-runner/mlops/runner/oci/ocitest"
)

// TestUploadGoesOn breaks an upload on its way to a proxy that collects requests before the
// registry gets them, as many do: what the registry has does not go again.
func TestUploadGoesOn(t *testing.T) {
	const size = 64 << 20
	s := start(t, ocitest.Options{})
	d := newStore(t)
	m := draft(t, d, size)
	a := keep(t, d, m)
	var came atomic.Int64 // bytes of blobs
	var large, cut int
	s.Spoil(func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method != "PUT" && r.Method != "PATCH" || !strings.Contains(r.URL.Path, "/blobs/") {
			return false
		}
		limit := r.ContentLength
		if limit >= chunk {
			if large++; large == 1 || large == 4 { // the whole, and the third chunk
				cut, limit = cut+1, 5<<20
			}
		}
		body, err := io.ReadAll(io.LimitReader(r.Body, limit))
		came.Add(int64(len(body)))
		if err != nil || limit < r.ContentLength {
			panic(http.ErrAbortHandler)
		}
		resp, err := s.Forward(r, bytes.NewReader(body))
		if err != nil {
			t.Error(err)
			panic(http.ErrAbortHandler)
		}
		defer resp.Body.Close()
		for k, v := range resp.Header {
			w.Header()[k] = v
		}
		w.WriteHeader(resp.StatusCode)
		io.Copy(w, resp.Body)
		return true
	})
	var done, total int64
	r := open(t, s.Host+"/team/churn:1", Options{Parallel: 1, Progress: func(d, n int64) { done, total = d, n }})
	if _, err := Push(t.Context(), d, a, r); err != nil || cut != 2 {
		t.Fatal(cut, err)
	}
	if n := came.Load() - size; n > 10<<20+1<<20 {
		t.Errorf("%d MiB went again, of 2 cuts after 5 MiB each", n>>20)
	}
	if done != total || total < size {
		t.Errorf("told %d of %d bytes", done, total)
	}
	s.Spoil(nil)
	dir := t.TempDir()
	if _, err := Pull(t.Context(), r, dir); err != nil {
		t.Fatal(err)
	}
	same(t, d, m, dir)
}
