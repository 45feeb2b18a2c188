package mlflow

import (
	"crypto/sha256"
	"crypto/subtle"
	"net"
	"net/http"
	"net/url"
	"strings"
)

// Access says who may do what, by token: MLFLOW_TRACKING_TOKEN of a client, or its
// MLFLOW_TRACKING_PASSWORD with any user name. Without tokens everybody on this
// machine may do everything, but no page of a browser.
type Access struct {
	Read  []string // tokens that may read
	Write []string // tokens that may read and write
}

// Guard asks for a token where there are some, before next answers.
func (a Access) Guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := a.check(r); err != nil {
			if err.Code == codeNobody {
				w.Header().Set("WWW-Authenticate", `Basic realm="mlops"`)
			}
			refuse(w, err)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (a Access) check(r *http.Request) *Error {
	if len(a.Read)+len(a.Write) == 0 {
		return ours(r)
	}
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok {
		_, token, _ = r.BasicAuth()
	}
	switch {
	case among(a.Write, token), among(a.Read, token) && reads(r):
		return nil
	case among(a.Read, token):
		return failure(codeForbidden, "this token may only read")
	}
	return failure(codeNobody, "a token is needed: set MLFLOW_TRACKING_TOKEN")
}

// ours refuses what a web page sends by the browser of somebody on this machine: its
// name resolves to this machine (DNS rebinding), or it has an origin elsewhere.
func ours(r *http.Request) *Error {
	host, _, err := net.SplitHostPort(r.Host)
	if err != nil {
		host = r.Host
	}
	if ip := net.ParseIP(strings.Trim(host, "[]")); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return failure(codeForbidden, "%s is no name of this machine alone", r.Host)
	}
	origin := r.Header.Get("Origin")
	if u, err := url.Parse(origin); origin != "" && (err != nil || u.Host != r.Host) {
		return failure(codeForbidden, "pages of %s may not use this server", origin)
	}
	return nil
}

// reads reports whether a request changes nothing.
func reads(r *http.Request) bool {
	return r.Method == http.MethodGet || r.Method == http.MethodHead || r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/search")
}

// among takes the same time whichever token is asked for.
func among(tokens []string, token string) bool {
	got, found := sha256.Sum256([]byte(token)), 0
	for _, t := range tokens {
		want := sha256.Sum256([]byte(t))
		found |= subtle.ConstantTimeCompare(got[:], want[:])
	}
	return found == 1
}
