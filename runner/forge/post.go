package forge

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"
)

// A Post is a report on its way to a pull request.
type Post struct {
	Number int // of the pull request
	// Change is the pull request if it has just been read; nil = it is asked for.
	Change *Change
	Marker Marker // whose report it is; Head decides whether it is still wanted
	Text   string // Markdown; the marker is added if it does not end with it
	// Mode decides, with the two facts below, whether it is made; "" = always.
	Mode    Mode
	Notable bool // it tells of something: metrics, data or gates that moved
	Failed  bool // a job or gate failed
	// Fresh makes a new comment, because an edit notifies nobody, and takes the old
	// one out of use. One that this very run has made is edited.
	Fresh bool
}

// An Outcome is what became of a post.
type Outcome string

// The outcomes. The last four mean that the forge was left as it was.
const (
	Created    Outcome = "created"
	Updated    Outcome = "updated"
	Unchanged  Outcome = "unchanged"  // the comment says this already
	Unwanted   Outcome = "unwanted"   // by its mode
	Superseded Outcome = "superseded" // a newer run has reported
	Moved      Outcome = "moved"      // the pull request has another head by now
	Ended      Outcome = "ended"      // the pull request is closed or merged
)

// A Result is what became of a post.
type Result struct {
	Outcome Outcome
	URL     string // of the comment, "" if there is none
	Why     string // one line for people; "" if the post was made
	// Known is whether the comment is left as it is because it says the same of this
	// very commit: then whoever wrote it has told the forge the rest, too.
	Known bool
}

// Subject returns the pull request of a post, which it asks s for unless the post
// has it or is not to be made.
func (p Post) Subject(ctx context.Context, s Source) (Change, error) {
	switch {
	case p.Mode == Never:
		return Change{}, nil
	case p.Change != nil && p.Change.Number == p.Number:
		return *p.Change, nil
	}
	return s.Change(ctx, Ref{Number: p.Number})
}

// body returns the text with its marker.
func (p Post) body(marker string) string {
	text := strings.TrimRight(p.Text, " \t\r\n")
	if strings.HasSuffix(text, "\n"+marker) || text == marker {
		return text
	}
	return text + "\n\n" + marker
}

// refuse tells whether a post must not be made on a pull request in this state.
func (p Post) refuse(c Change) (Result, bool) {
	switch {
	case c.State == Closed || c.State == Merged:
		return Result{Outcome: Ended, Why: fmt.Sprintf("pull request %d is %s", c.Number, c.State)}, true
	case !SameCommit(c.Head, p.Marker.Head):
		return Result{Outcome: Moved, Why: fmt.Sprintf("pull request %d is at %.12s by now, and this report is about %.12s", c.Number, c.Head, p.Marker.Head)}, true
	}
	return Result{}, false
}

// SameCommit reports whether two commit ids, one of which may be cut to no less
// than 7 digits, mean the same commit.
func SameCommit(a, b string) bool {
	a, b = strings.ToLower(a), strings.ToLower(b)
	n := min(len(a), len(b))
	return n >= 7 && a[:n] == b[:n]
}

// Clip cuts s to n bytes, n ≥ 3, at the end of a character, and says so with "…".
func Clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	n -= len("…")
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "…"
}

// oneLine is foreign text on one line, without control characters.
func oneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
			return ' '
		}
		return r
	}, s)
	return Clip(strings.Join(strings.Fields(s), " "), 300)
}
