package docker

import (
	"fmt"
	"path"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
)

// An ignore is a .dockerignore file: patterns in order, the last that matches
// a path or one of its parents decides.
type ignore []ignorePattern

type ignorePattern struct {
	pattern string
	keep    bool // a line that began with !
}

// parseIgnore reads the format of .dockerignore: one pattern a line, # begins
// a comment, ! an exception; leading and trailing slashes mean nothing.
func parseIgnore(text string) (ignore, error) {
	var ig ignore
	for line := range strings.SplitSeq(strings.TrimPrefix(text, "\ufeff"), "\n") {
		if strings.HasPrefix(line, "#") {
			continue
		}
		p := strings.TrimSpace(line)
		p, keep := strings.CutPrefix(p, "!")
		p = strings.TrimSpace(p)
		if p == "" {
			continue
		}
		p = strings.TrimPrefix(path.Clean("/"+p), "/")
		if p == "" { // the folder itself: docker takes that as nothing
			continue
		}
		if !doublestar.ValidatePattern(p) {
			return nil, fmt.Errorf("pattern %q: %w", line, doublestar.ErrBadPattern)
		}
		ig = append(ig, ignorePattern{p, keep})
	}
	return ig, nil
}

// match tells whether a slash-separated path is left out.
func (ig ignore) match(name string) bool {
	out := false
	for _, p := range ig {
		if p.keep != out { // it would change nothing
			continue
		}
		if p.matches(name) {
			out = !p.keep
		}
	}
	return out
}

// matches tells whether the pattern covers a path or a folder above it.
func (p ignorePattern) matches(name string) bool {
	for ; name != "." && name != "/"; name = path.Dir(name) {
		if ok, err := doublestar.Match(p.pattern, name); ok && err == nil {
			return true
		}
	}
	return false
}

// mayHaveExceptions tells whether something below a folder that is left out
// could be kept, so that it must be walked.
func (ig ignore) mayHaveExceptions(dir string) bool {
	for _, p := range ig {
		if !p.keep {
			continue
		}
		base := literal(p.pattern)
		if base == "." || strings.HasPrefix(p.pattern, dir+"/") || strings.HasPrefix(dir+"/", base+"/") {
			return true
		}
	}
	return false
}

// literal returns the part of a pattern before its first wildcard: a whole
// path, "." if the pattern begins with one.
func literal(pattern string) string {
	if !strings.ContainsAny(pattern, "*?[{\\") {
		return pattern
	}
	base, _ := doublestar.SplitPattern(pattern)
	return base
}
