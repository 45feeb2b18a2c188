package serve

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// Access says who may do what. The zero value lets everybody do everything.
type Access struct {
	Read   []string // tokens that may read
	Write  []string // tokens that may read and write
	Public bool     // everybody may read
}

// Open reports whether somebody without a token may write.
func (a Access) Open() bool { return len(a.Read)+len(a.Write) == 0 && !a.Public }

// right is what a request may do.
type right int

const (
	nothing right = iota
	reading
	writing
)

// anyone is the bearer's token that the public gets.
const anyone = "anyone"

// guard asks for a token where one is needed. Clients take the challenge to the
// token endpoint, with a login or without one: docker reads a public registry so,
// and would give up at a challenge for a password (distribution's token
// specification: docs/content/spec/auth/token.md). A token of the registry is its
// own answer; a password in the request itself will do as well.
func (a Access) guard(next http.Handler) http.Handler {
	if a.Open() {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if req.URL.Path == "/token" {
			a.token(w, req)
			return
		}
		need := writing
		if req.Method == http.MethodGet || req.Method == http.MethodHead {
			need = reading
		}
		switch has := a.right(req); {
		case has >= need:
			next.ServeHTTP(w, req)
		case has > nothing && !a.public(req):
			refuse(w, http.StatusForbidden, "DENIED", "this token may only read")
		default:
			w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Bearer realm=%q,service="mlops"`, base(req)+"/token"))
			refuse(w, http.StatusUnauthorized, "UNAUTHORIZED", "log in with a token of this registry as the password")
		}
	})
}

// token changes a login for what the client is to send.
func (a Access) token(w http.ResponseWriter, req *http.Request) {
	_, token, ok := req.BasicAuth()
	switch {
	case !ok && a.Public:
		token = anyone
	case !ok || !among(a.Read, token) && !among(a.Write, token):
		w.Header().Set("WWW-Authenticate", `Basic realm="mlops"`)
		refuse(w, http.StatusUnauthorized, "UNAUTHORIZED", "the password is none of this registry's tokens")
		return
	}
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(map[string]string{"token": token, "access_token": token})
}

func base(req *http.Request) string {
	if req.TLS != nil || req.Header.Get("X-Forwarded-Proto") == "https" {
		return "https://" + req.Host
	}
	return "http://" + req.Host
}

// right is that of the request's token, as a bearer's or as the password of any user.
func (a Access) right(req *http.Request) right {
	token, ok := bearer(req)
	if !ok {
		_, token, ok = req.BasicAuth()
	}
	switch {
	case ok && among(a.Write, token):
		return writing
	case ok && among(a.Read, token), a.public(req):
		return reading
	}
	return nothing
}

// public reports whether a request comes as one of the public.
func (a Access) public(req *http.Request) bool {
	token, ok := bearer(req)
	return a.Public && ok && token == anyone
}

func bearer(req *http.Request) (string, bool) {
	return strings.CutPrefix(req.Header.Get("Authorization"), "Bearer ")
}

// among compares in a time that tells nothing of the tokens.
func among(tokens []string, token string) bool {
	sum, found := sha256.Sum256([]byte(token)), 0
	for _, t := range tokens {
		want := sha256.Sum256([]byte(t))
		found |= subtle.ConstantTimeCompare(sum[:], want[:])
	}
	return found == 1
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
