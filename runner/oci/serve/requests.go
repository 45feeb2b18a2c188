package serve

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"path"
	"strings"

	"cuelabs.dev/go/oci/ociregistry"
)

// tidy answers what ociserver would answer otherwise than clients expect: it reads
// manifests of any length, calls bad JSON an error of the server's, which clients
// send again and again, takes the range 0-0 for no byte, and fails where a blob cannot be
// mounted. The specification asks for an upload instead then, and clients such as
// containerd's rely on it.
func (r *Registry) tidy(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		switch {
		case req.Method == http.MethodPut && path.Base(path.Dir(req.URL.Path)) == "manifests":
			if !takeManifest(w, req) {
				return
			}
		case req.Method == http.MethodPost && strings.HasSuffix(strings.TrimSuffix(req.URL.Path, "/"), "/blobs/uploads"):
			r.uploadInstead(req)
		case req.ContentLength == 1 && req.Header.Get("Content-Range") == "0-0":
			req.ContentLength = -1 // it is then not compared with that range
		}
		next.ServeHTTP(w, req)
	})
}

// takeManifest reads the manifest, and refuses one that cannot be one.
func takeManifest(w http.ResponseWriter, req *http.Request) bool {
	data, err := io.ReadAll(http.MaxBytesReader(w, req.Body, maxManifest))
	var long *http.MaxBytesError
	switch {
	case errors.As(err, &long):
		refuse(w, http.StatusRequestEntityTooLarge, "MANIFEST_INVALID", "the manifest has more than 4 MiB")
		return false
	case err != nil:
		return false // the client has gone
	}
	if err := json.Unmarshal(data, new(fields)); err != nil || !bytes.HasPrefix(bytes.TrimSpace(data), []byte("{")) {
		refuse(w, http.StatusBadRequest, "MANIFEST_INVALID", "the manifest is no JSON of one")
		return false
	}
	req.Body = io.NopCloser(bytes.NewReader(data))
	return true
}

// uploadInstead makes an upload of a mount that cannot be.
func (r *Registry) uploadInstead(req *http.Request) {
	q := req.URL.Query()
	if !q.Has("mount") {
		return
	}
	if _, _, err := r.blob(req.Context(), q.Get("from"), ociregistry.Digest(q.Get("mount"))); err == nil {
		return
	}
	q.Del("mount")
	q.Del("from")
	req.URL.RawQuery = q.Encode()
}
