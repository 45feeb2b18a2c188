package serve_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"

	"github.com/opencontainers/go-digest"

	"github.com/mlops-runner/mlops/runner/oci/serve"
	"github.com/mlops-runner/mlops/runner/store"
)

// kernel is an answer as a connection is one: what it is given to read from it may
// send without a copy, if that is a file.
type kernel struct {
	*httptest.ResponseRecorder
	files int
}

func (k *kernel) ReadFrom(r io.Reader) (int64, error) {
	if part, ok := r.(*io.LimitedReader); ok {
		if _, ok := part.R.(*os.File); ok {
			k.files++
		}
	}
	return io.Copy(k.ResponseRecorder, r)
}

// A blob, and a range of one, reaches the connection as the file that it is.
func TestBlobsAreSentAsFiles(t *testing.T) {
	t.Parallel()
	d, err := store.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	r, err := serve.New(t.Context(), d, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	blob := []byte("0123456789")
	h, of := r.Handler(serve.Access{}), "/v2/a/b/blobs/"
	up := httptest.NewRequest(http.MethodPost, "http://localhost"+of+"uploads/?digest="+digest.FromBytes(blob).String(), bytes.NewReader(blob))
	h.ServeHTTP(httptest.NewRecorder(), up)
	for asked, want := range map[string]string{"": "0123456789", "bytes=3-": "3456789", "bytes=3-5": "345"} {
		req := httptest.NewRequest(http.MethodGet, "http://localhost"+of+digest.FromBytes(blob).String(), nil)
		if asked != "" {
			req.Header.Set("Range", asked)
		}
		k := &kernel{ResponseRecorder: httptest.NewRecorder()}
		h.ServeHTTP(k, req)
		if got := k.Body.String(); got != want || k.files != 1 {
			t.Errorf("%q: %d %q, by %d files", asked, k.Code, got, k.files)
		}
	}
}
