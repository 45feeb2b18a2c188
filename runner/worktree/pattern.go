package worktree

import (
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/bmatcuk/doublestar/v4"
)

// A pattern names files: one by its path, all below a folder, or what a glob
// matches. A glob names files only, unless it ends in a slash; then it names
// folders, and so all files below them. A file or folder that is called exactly
// like the pattern, brackets and all, is meant too.
type pattern struct {
	text  string      // as it was written
	clean string      // without ./ and the last slash; "." is the whole tree
	slash bool        // it ended in a slash: folders only
	glob  string      // for doublestar; "" if there is nothing to expand
	segs  []string    // of clean, and ** if everything below is meant
	whole bool        // braces hold a slash, so that segments mean nothing
	hit   atomic.Bool // whether something matched; set by all who list folders
}

func newPattern(text string) (*pattern, error) {
	slashed := filepath.ToSlash(text)
	p := &pattern{text: text, clean: path.Clean(slashed), slash: strings.HasSuffix(slashed, "/")}
	if text == "" || !fs.ValidPath(p.clean) {
		return nil, &OutsideError{Pattern: text, Path: text}
	}
	p.segs = strings.Split(p.clean, "/")
	if !strings.ContainsAny(p.clean, `*?[{\`) {
		return p, nil
	}
	if !doublestar.ValidatePattern(p.clean) {
		return nil, fmt.Errorf("%q: %w; write a backslash before a bracket that is part of the name", text, doublestar.ErrBadPattern)
	}
	p.glob = p.clean
	if p.slash {
		p.glob += "/**/*"
		p.segs = append(p.segs, "**")
	}
	p.whole = strings.Contains(p.clean, "{") && bracedSlash(p.clean)
	return p, nil
}

// bracedSlash reports whether a slash stands between braces.
func bracedSlash(s string) bool {
	depth := 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '{':
			depth++
		case '}':
			depth--
		case '/':
			if depth > 0 {
				return true
			}
		}
	}
	return false
}

// match reports whether the pattern names the file.
func (p *pattern) match(file string) bool {
	if p.clean == "." {
		return true
	}
	if within(file, p.clean) && (len(file) > len(p.clean) || !p.slash) {
		return true
	}
	return p.glob != "" && doublestar.MatchUnvalidated(p.glob, file)
}

// reaches reports whether the pattern may name something below the folder, so
// that it has to be looked into.
func (p *pattern) reaches(folder string) bool {
	if p.clean == "." || within(folder, p.clean) || within(p.clean, folder) {
		return true
	}
	if p.glob == "" {
		return false
	}
	if p.whole {
		base, _ := doublestar.SplitPattern(p.clean)
		return base == "." || within(folder, base) || within(base, folder)
	}
	return p.reachesStepwise(folder)
}

func (p *pattern) reachesStepwise(folder string) bool {
	i := 0
	for name := range strings.SplitSeq(folder, "/") {
		if i < len(p.segs) && p.segs[i] == "**" {
			return true
		}
		if i >= len(p.segs)-1 || !doublestar.MatchUnvalidated(p.segs[i], name) {
			return false
		}
		i++
	}
	return true
}

// step returns the only name below a folder of the given depth that the
// pattern can go through, so that the folder need not be listed.
func (p *pattern) step(depth int) (name string, ok bool) {
	last := len(p.segs)
	if p.glob != "" {
		last-- // the last segment names files
	}
	if p.clean == "." || p.whole || depth >= last || strings.ContainsAny(p.segs[depth], `*?[{\`) {
		return "", false
	}
	return p.segs[depth], true
}

// Match reports whether the patterns name the path, by the rules of
// [Tree.Entries], apart from Options.Skip. A pattern that is not valid names
// nothing.
func Match(patterns []string, file string) bool {
	file = path.Clean(file)
	if file == "." || !fs.ValidPath(file) || ours(file) {
		return false
	}
	return slices.ContainsFunc(patterns, func(text string) bool {
		p, err := newPattern(text)
		return err == nil && p.match(file)
	})
}
