package access

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
)

// A PageError is that a page in a browser made a request, or may have.
type PageError struct{ text string }

// Error says what gave it away, and what to do if there is no browser.
func (e *PageError) Error() string { return e.text }

// Foreign fails with a [*PageError] for a request that a page elsewhere makes the browser
// of somebody send who reaches this server: such a page has no token, yet whoever has
// logged in sends theirs along, and where no token is asked for it needs none. Programs
// send none of the headers by which it is told.
//
// Where there are no tokens, a request has to name this machine too, by any port: else a page
// whose name was made to resolve to here (DNS rebinding) would count as this server's own.
// Servers without tokens are for this machine's programs alone.
func (t Tokens) Foreign(r *http.Request) error {
	if t.Empty() && !Loopback(r.Host) {
		return &PageError{fmt.Sprintf("%q is no name of this machine alone, and no tokens are asked for: send requests to localhost or 127.0.0.1, or name a file by --tokens", r.Host)}
	}
	switch site := r.Header.Get("Sec-Fetch-Site"); site {
	case "same-origin", "none": // a page of this address, as the browser itself says; or the person
		return nil
	case "":
	default:
		return &PageError{fmt.Sprintf("pages elsewhere (%.20s) may not use this server", site)}
	}
	origins := r.Header.Values("Origin")
	if len(origins) == 0 {
		return nil
	}
	if u, err := url.Parse(origins[0]); len(origins) > 1 || err != nil || u.Host == "" || !strings.EqualFold(u.Host, r.Host) {
		return &PageError{fmt.Sprintf("pages of %.100q may not use this server", origins[0])}
	}
	return nil
}

// Loopback reports whether a host, with a port or without, is this machine for whoever
// says it, so that nobody elsewhere is meant or reaches it. No resolver is asked.
func Loopback(hostport string) bool {
	host, port, err := net.SplitHostPort(hostport)
	if err != nil {
		host, port = hostport, "0"
		if strings.HasPrefix(host, "[") && strings.HasSuffix(host, "]") {
			host = host[1 : len(host)-1]
		}
	}
	if port == "" || strings.Trim(port, "0123456789") != "" {
		return false
	}
	if strings.EqualFold(host, "localhost") || strings.EqualFold(host, "localhost.") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Zone() == "" && ip.Unmap().IsLoopback()
}
