package serve

import (
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/mlops-runner/mlops/runner/access"
)

// Access says who may do what. The zero value lets every program on this machine do
// everything, and no page of a browser.
type Access struct {
	Tokens access.Tokens // without any, only this machine's programs are answered
	Public bool          // everybody may read; nothing without tokens
}

// anyone is the bearer's token that the public gets.
const anyone = "anyone"

// guard asks for a token where one is needed. Clients take the challenge to the
// token endpoint, with a login or without one: docker reads a public registry so,
// and would give up at a challenge for a password (distribution's token
// specification: docs/content/spec/auth/token.md). A token of the registry is its
// own answer; a password in the request itself will do as well.
func (a Access) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if err := a.Tokens.Foreign(req); err != nil {
			refuse(w, http.StatusForbidden, "DENIED", err.Error())
			return
		}
		switch {
		case a.Tokens.Empty():
			next.ServeHTTP(w, req)
		case req.URL.Path == "/token":
			a.token(w, req)
		default:
			a.ask(w, req, next)
		}
	})
}

// ask lets a request through whose token has the right to it.
func (a Access) ask(w http.ResponseWriter, req *http.Request, next http.Handler) {
	need := access.Write
	if req.Method == http.MethodGet || req.Method == http.MethodHead {
		need = access.Read
	}
	switch has := a.right(req); {
	case has >= need:
		next.ServeHTTP(w, req)
	case has > access.None && !a.public(req):
		refuse(w, http.StatusForbidden, "DENIED", "this token may only read")
	default:
		w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Bearer realm=%q,service="mlops"`, base(req)+"/token"))
		refuse(w, http.StatusUnauthorized, "UNAUTHORIZED", "log in with a token of this registry as the password")
	}
}

// token changes a login for what the client is to send.
func (a Access) token(w http.ResponseWriter, req *http.Request) {
	_, token, ok := req.BasicAuth()
	switch {
	case !ok && a.Public:
		token = anyone
	case !ok || a.Tokens.Right(token) == access.None:
		w.Header().Set("WWW-Authenticate", `Basic realm="mlops"`)
		refuse(w, http.StatusUnauthorized, "UNAUTHORIZED", "the password is none of this registry's tokens")
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	json.NewEncoder(w).Encode(map[string]string{"token": token, "access_token": token})
}

func base(req *http.Request) string {
	if req.TLS != nil || req.Header.Get("X-Forwarded-Proto") == "https" {
		return "https://" + req.Host
	}
	return "http://" + req.Host
}

// right is what a request may do.
func (a Access) right(req *http.Request) access.Right {
	token, _ := access.Of(req)
	has := a.Tokens.Right(token)
	if a.public(req) {
		has = max(has, access.Read)
	}
	return has
}

// public reports whether a request comes as one of the public.
func (a Access) public(req *http.Request) bool {
	token, ok := access.Bearer(req)
	return a.Public && ok && token == anyone
}

func refuse(w http.ResponseWriter, status int, code, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	type wireError struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	}
	json.NewEncoder(w).Encode(struct {
		Errors []wireError `json:"errors"`
	}{[]wireError{{code, message}}})
}
