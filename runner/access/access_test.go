package access

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestForeign goes through what programs, pages and people at a browser send.
func TestForeign(t *testing.T) {
	some := New(nil, []string{"writes"})
	origin := func(all ...string) http.Header { return http.Header{"Origin": all} }
	site := func(s, origin string) http.Header {
		return http.Header{"Sec-Fetch-Site": {s}, "Origin": {origin}}
	}
	cases := []struct {
		name   string
		tokens Tokens
		host   string
		header http.Header
		ok     bool
	}{
		{"the name", Tokens{}, "localhost", nil, true},
		{"the name with a port", Tokens{}, "localhost:5001", nil, true},
		{"the name in capitals", Tokens{}, "LOCALHOST:5001", nil, true},
		{"the whole name", Tokens{}, "localhost.:5001", nil, true},
		{"the usual address", Tokens{}, "127.0.0.1:5001", nil, true},
		{"without a port", Tokens{}, "127.0.0.1", nil, true},
		{"another port, as of a tunnel", Tokens{}, "127.0.0.1:80", nil, true},
		{"another address of this machine alone", Tokens{}, "127.1.2.3:5001", nil, true},
		{"version 6", Tokens{}, "[::1]:5001", nil, true},
		{"version 6 without a port", Tokens{}, "[::1]", nil, true},
		{"version 4 in 6", Tokens{}, "[::ffff:127.0.0.1]:5001", nil, true},

		{"no host", Tokens{}, "", nil, false},
		{"a port alone", Tokens{}, ":5001", nil, false},
		{"a name that resolves here", Tokens{}, "evil.example:5001", nil, false},
		{"one that looks like it", Tokens{}, "127.0.0.1.evil.example:5001", nil, false},
		{"one below it", Tokens{}, "evil.localhost:5001", nil, false},
		{"one that begins like it", Tokens{}, "localhost.evil.example", nil, false},
		{"an address of the network", Tokens{}, "192.168.0.7:5001", nil, false},
		{"all addresses", Tokens{}, "0.0.0.0:5001", nil, false},
		{"a user in it", Tokens{}, "evil.example@127.0.0.1:5001", nil, false},
		{"a port that is none", Tokens{}, "127.0.0.1:5001.evil.example", nil, false},
		{"a path in it", Tokens{}, "localhost/evil.example", nil, false},

		{"a page elsewhere", Tokens{}, "127.0.0.1:5001", origin("http://evil.example"), false},
		{"a page on another port", Tokens{}, "127.0.0.1:5001", origin("http://127.0.0.1:8888"), false},
		{"a page by another name of here", Tokens{}, "127.0.0.1:5001", origin("http://localhost:5001"), false},
		{"a page on disk", Tokens{}, "127.0.0.1:5001", origin("null"), false},
		{"an empty origin", Tokens{}, "127.0.0.1:5001", origin(""), false},
		{"two origins", Tokens{}, "127.0.0.1:5001", origin("http://127.0.0.1:5001", "http://evil.example"), false},
		{"its own page", Tokens{}, "127.0.0.1:5001", origin("http://127.0.0.1:5001"), true},
		{"an image on a page elsewhere", Tokens{}, "127.0.0.1:5001", http.Header{"Sec-Fetch-Site": {"cross-site"}}, false},
		{"a page on another port, as the browser says", Tokens{}, "127.0.0.1:5001", http.Header{"Sec-Fetch-Site": {"same-site"}}, false},
		{"an address that was typed", Tokens{}, "127.0.0.1:5001", http.Header{"Sec-Fetch-Site": {"none"}}, true},
		{"its own page, rebound", Tokens{}, "evil.example:5001", site("same-origin", "http://evil.example:5001"), false},

		{"any name where a token is asked for", some, "mlops.example", nil, true},
		{"a page elsewhere with a login", some, "mlops.example", origin("http://evil.example"), false},
		{"behind a proxy that names the server otherwise", some, "10.0.0.2:5001", site("same-origin", "https://mlops.example"), true},
	}
	for _, c := range cases {
		r := httptest.NewRequest(http.MethodPost, "/", nil)
		r.Host = c.host
		for k, v := range c.header {
			r.Header[k] = v
		}
		err := c.tokens.Foreign(r)
		var page *PageError
		if (err == nil) != c.ok || err != nil && !errors.As(err, &page) {
			t.Errorf("%s: %v, want ok %v", c.name, err, c.ok)
		}
	}
}

// TestRight takes tokens from where clients put them.
func TestRight(t *testing.T) {
	tokens := New([]string{"reads", "both"}, []string{"writes", "both", "with:colon"})
	long := strings.Repeat("x", maxToken+1)
	basic := func(password string) http.Header {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.SetBasicAuth("anybody", password)
		return r.Header
	}
	cases := []struct {
		name   string
		header http.Header
		target string
		want   Right
	}{
		{"nothing", nil, "/", None},
		{"a reader", http.Header{"Authorization": {"Bearer reads"}}, "/", Read},
		{"a writer", http.Header{"Authorization": {"bearer writes"}}, "/", Write},
		{"one in both lists", http.Header{"Authorization": {"Bearer both"}}, "/", Write},
		{"a password", basic("writes"), "/", Write},
		{"a password with a colon", basic("with:colon"), "/", Write},
		{"a stranger", basic("guess"), "/", None},
		{"an empty one", http.Header{"Authorization": {"Bearer "}}, "/", None},
		{"an empty password", basic(""), "/", None},
		{"without a scheme", http.Header{"Authorization": {"writes"}}, "/", None},
		{"a longer one", http.Header{"Authorization": {"Bearer writess"}}, "/", None},
		{"in the address", nil, "/?token=writes&access_token=writes", None},
		{"a very long one", basic(long), "/", None},
	}
	for _, c := range cases {
		r := httptest.NewRequest(http.MethodGet, c.target, nil)
		r.Header = c.header
		sent, _ := Of(r)
		if got := tokens.Right(sent); got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
	if New(nil, []string{long}).Right(long) != None || (Tokens{}).Right("") != None || !(Tokens{}).Empty() {
		t.Error("a token that is too long, or none at all, lets somebody in")
	}
}

// TestFile reads token files as people write them.
func TestFile(t *testing.T) {
	const a, b = "0123456789abcdef", "fedcba9876543210"
	cases := []struct{ name, text, problem string }{
		{"one of each", "read " + a + "\nwrite " + b + "\n", ""},
		{"as an editor of Windows leaves it", "\ufeffread " + a + "\r\nwrite " + b + "\r\n\r\n", ""},
		{"words for people", "# ours\n\n  read  " + a + " # kim's laptop\nwrite\t" + b, ""},
		{"nothing", "", "path has no token"},
		{"words alone", "# read " + a + "\n", "path has no token"},
		{"a right without a token", "read\n", `path:1: no "read TOKEN" or "write TOKEN"`},
		{"a token without a right", a, `path:1: no "read TOKEN" or "write TOKEN"`},
		{"a token behind #", "read " + a + "\nwrite #" + b, `path:2: no "read TOKEN" or "write TOKEN"`},
		{"another right", "admin " + a, `path:1: no "read TOKEN" or "write TOKEN"`},
		{"three words", "read " + a + " " + b, `path:1: no "read TOKEN" or "write TOKEN"`},
		{"a short one", "read abc", "path:1: the token is shorter than 16 characters; make one: openssl rand -hex 24"},
		{"a long one", "read " + strings.Repeat("a", 1025), "path:1: the token is longer than 1024 characters; make one: openssl rand -hex 24"},
		{"letters that are sent otherwise", "read schlüssel-0123456789", "path:1: the token has characters that clients do not send alike; take letters and digits: openssl rand -hex 24"},
		{"twice", "read " + a + "\n\nwrite " + a, "path:3: line 1 has this token already; say once what it may do"},
	}
	for _, c := range cases {
		path := filepath.Join(t.TempDir(), "tokens")
		if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		tokens, shown, err := File(path)
		var line *LineError
		switch {
		case c.problem == "" && (err != nil || tokens.Right(a) != Read || tokens.Right(b) != Write || tokens.Empty() || shown):
			t.Errorf("%s: %v %v", c.name, tokens, err)
		case c.problem != "" && (!errors.As(err, &line) || strings.ReplaceAll(err.Error(), path, "path") != c.problem || !tokens.Empty()):
			t.Errorf("%s: %v, want %s", c.name, err, c.problem)
		}
	}
}

// TestShown tells a file that others may read, or change.
func TestShown(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tokens")
	if err := os.WriteFile(path, []byte("read 0123456789abcdef"), 0o600); err != nil {
		t.Fatal(err)
	}
	for mode, want := range map[os.FileMode]bool{0o600: false, 0o640: false, 0o644: true, 0o602: true} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		if _, shown, err := File(path); err != nil || shown != want {
			t.Errorf("%o: shown %v, want %v (%v)", mode, shown, want, err)
		}
	}
	if _, _, err := File(path + "s"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
}
