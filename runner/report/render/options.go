package render

import (
	"fmt"
	"net/url"
	"strings"
)

// Options are what a rendering needs beside the report. The zero value works.
type Options struct {
	// Color adds colours to the terminal's form, ASCII keeps it to ASCII.
	Color, ASCII bool

	// Budget is how many bytes Markdown may have, Trailer and line ends
	// included; 0 means any number. It must be at least [MinBudget].
	Budget int
	// Trailer is the last line of Markdown, as it is: the marker by which the
	// caller finds its comment again. It must be one line.
	Trailer string

	Links     Links
	Reproduce []string // commands that repeat the run; nil for what the report knows
	Version   string   // of mlops
}

// Links are where a reader may go on. They come from the caller, because the
// report may not be trusted; "" for none.
type Links struct {
	Report string // the full report: an address, or a path, which is only named
	Run    string // page of the CI run
	Commit string // address that a commit's hash is appended to
	Fetch  string // what to fetch from origin to have the commit: pull/42/head
}

// MinBudget is the smallest budget, with a Trailer of up to 1,000 bytes.
const MinBudget = 4000

// The budgets of the places that reports are written to, in bytes, with some
// room below the limits of the forges.
const (
	GitHubComment    = 60_000
	GitLabComment    = 900_000
	BitbucketComment = 30_000
	JobSummary       = 1_000_000
)

// maxAddress is how long an address may be, in bytes.
const maxAddress = 400

// address returns a link that may be written anywhere, or "".
func address(s string) string {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil {
		return ""
	}
	if s = encode(u.String()); len(s) > maxAddress {
		return ""
	}
	return s
}

// encode replaces the bytes that end or change an address in Markdown, in a
// table's cell or in HTML.
func encode(s string) string {
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; alnumASCII(c) || strings.IndexByte("-._~:/?#@!$&+,;=%", c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// hash reports whether s is a commit's hash.
func hash(s string) bool {
	return len(s) >= minCommit && len(s) <= 64 && strings.Trim(s, "0123456789abcdef") == ""
}

// shortHash is how many digits of a hash are shown.
const shortHash = 7

// commitText names a commit, linked if the caller knows where.
func (l Links) commitText(s string) text {
	if !hash(s) {
		return nameIn(s, maxField/2)
	}
	t := text{{text: s[:shortHash], style: code}}
	if l.Commit != "" {
		t[0].link = address(l.Commit + s)
	}
	return t
}

// reference returns what to fetch if it is harmless in a shell, else "".
func reference(s string) string {
	if strings.HasPrefix(s, "-") || len(s) > 200 {
		return ""
	}
	for i := range len(s) {
		if !alnumASCII(s[i]) && !strings.ContainsRune("/._-", rune(s[i])) {
			return ""
		}
	}
	return s
}

func alnumASCII(c byte) bool { return c < 0x80 && alnum(c) }
