package forge

import "fmt"

// Mode says when a report is worth a comment.
type Mode string

// The modes. In each of them a comment that is there and no longer true is
// brought up to date, except in Never.
const (
	Always    Mode = "always"     // each run
	Changed   Mode = "changed"    // a first comment if there is something to tell, then only when it says something else
	OnFailure Mode = "on-failure" // a first comment only for a failure
	Never     Mode = "never"
)

// Modes lists the modes, for help and error messages.
func Modes() []Mode { return []Mode{Changed, Always, OnFailure, Never} }

// ParseMode reads a mode.
func ParseMode(s string) (Mode, error) {
	for _, m := range Modes() {
		if string(m) == s {
			return m, nil
		}
	}
	return "", fmt.Errorf("%q is no mode of comments; write changed, always, on-failure or never", s)
}

// Wants decides whether a post is made where old is the marker of the comment
// that is there, nil if there is none. why says in a few words why not. The
// zero Mode is Always.
func (p Post) Wants(old *Marker) (yes bool, why string) {
	switch p.Mode {
	case Never:
		return false, "comments are off"
	case OnFailure:
		if old == nil && !p.Failed {
			return false, "nothing failed"
		}
	case Changed:
		if old == nil && !p.Failed && !p.Notable {
			return false, "there is nothing to tell"
		}
		if old != nil && p.sameAs(*old) {
			return false, "it says what the comment says already"
		}
	}
	return true, ""
}

// sameAs reports whether the post says what the comment with that marker says.
// The commit and the run may differ: those are no news. Without a digest
// nothing is known to be the same.
func (p Post) sameAs(old Marker) bool {
	return old.Digest != "" && old.Digest == p.Marker.Digest && old.Verdict == p.Marker.Verdict
}
