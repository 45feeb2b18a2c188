package mlflow

import (
	"net/http"
	"slices"
	"strings"

	"github.com/mlops-runner/mlops/runner/access"
)

// Guard asks for a token where there are some, before next answers: MLFLOW_TRACKING_TOKEN
// of a client, or its MLFLOW_TRACKING_PASSWORD with any user name. Without tokens every
// program on this machine may do everything, but no page of a browser.
func Guard(t access.Tokens, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := refused(t, r); err != nil {
			if err.Code == codeNobody {
				w.Header().Set("WWW-Authenticate", `Basic realm="mlops"`)
			}
			refuse(w, err)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func refused(t access.Tokens, r *http.Request) *Error {
	if err := t.Foreign(r); err != nil {
		return failure(codeForbidden, "%v", err)
	}
	if t.Empty() {
		return nil
	}
	token, _ := access.Of(r)
	switch has := t.Right(token); {
	case has == access.Write, has == access.Read && reads(r):
		return nil
	case has == access.Read:
		return failure(codeForbidden, "this token may only read")
	}
	return failure(codeNobody, "a token is needed: set MLFLOW_TRACKING_TOKEN")
}

// reads reports whether a request changes nothing. An artifact may be called search, so
// whole paths are compared.
func reads(r *http.Request) bool {
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		return true
	case http.MethodPost:
		for _, api := range apis {
			path, ours := strings.CutPrefix(r.URL.Path, api+"mlflow/")
			if ours && slices.Contains(questions, path) {
				return true
			}
		}
	}
	return false
}

// questions are the endpoints that are asked by POST and change nothing.
var questions = []string{"experiments/search", "runs/search", "logged-models/search", "registered-models/get-latest-versions"}
