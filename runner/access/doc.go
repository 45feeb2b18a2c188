// Package access says who may send what to a server of this program: by tokens, or,
// where there are none, by being a program of this machine. It holds the tokens, reads
// files of them, finds the one that a request brings, and tells requests that a page in
// a browser made. It answers no request: each protocol has errors and challenges of its
// own.
//
// A token is taken from a request's header alone, as a bearer's or as the password of
// any user, and never from its address, which proxies and shells write down.
package access
