package access

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"strings"
)

// A Right is what a token, or a request that brings it, may do. A greater one
// includes the lesser.
type Right int

// The rights there are.
const (
	None  Right = iota // nothing
	Read               // see everything
	Write              // see and change everything
)

// maxToken is how long a token is at most, in bytes: nobody sends a longer one to
// get in.
const maxToken = 1024

// Tokens are what lets requests in. The zero value has none, which asks for none. They
// keep digests, not the tokens themselves. They do not change and are safe for
// concurrent use.
type Tokens struct{ all []token }

type token struct {
	sum   [sha256.Size]byte
	right Right
}

// New makes tokens of those that may only read and those that may write too. One that
// is in both may write.
func New(read, write []string) Tokens {
	var t Tokens
	for _, r := range read {
		t.all = append(t.all, token{sha256.Sum256([]byte(r)), Read})
	}
	for _, w := range write {
		t.all = append(t.all, token{sha256.Sum256([]byte(w)), Write})
	}
	return t
}

// Empty reports whether there is no token, and so nobody to be let in by one.
func (t Tokens) Empty() bool { return len(t.all) == 0 }

// Right is that of a token, [None] of one that is unknown. How long it takes depends on
// the length of the token that was sent and on how many there are, and on nothing else.
func (t Tokens) Right(sent string) Right {
	if sent == "" || len(sent) > maxToken {
		return None
	}
	sum, right := sha256.Sum256([]byte(sent)), 0
	for _, known := range t.all {
		is := subtle.ConstantTimeCompare(sum[:], known.sum[:])
		more := 1 - subtle.ConstantTimeLessOrEq(int(known.right), right)
		right = subtle.ConstantTimeSelect(is&more, int(known.right), right)
	}
	return Right(right)
}

// Of returns the token that a request brings, as a bearer's or as the password of any
// user; ok is false if it brings none.
func Of(r *http.Request) (sent string, ok bool) {
	if sent, ok = Bearer(r); ok {
		return sent, true
	}
	_, sent, ok = r.BasicAuth()
	return sent, ok
}

// Bearer returns the token that a request brings as a bearer's.
func Bearer(r *http.Request) (sent string, ok bool) {
	const scheme = "Bearer "
	head := r.Header.Get("Authorization")
	if len(head) < len(scheme) || !strings.EqualFold(head[:len(scheme)], scheme) {
		return "", false
	}
	return head[len(scheme):], true
}
