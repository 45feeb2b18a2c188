package plan

import (
	"path"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
)

// clean brings a path of the file into the form in which paths are compared:
// slash-separated, no ./ and no //, a trailing slash kept for folders.
func clean(p string) string {
	if p == "" {
		return ""
	}
	negated := strings.HasPrefix(p, "!")
	c := path.Clean(strings.TrimPrefix(p, "!"))
	if strings.HasSuffix(p, "/") && c != "." {
		c += "/"
	}
	if negated {
		return "!" + c
	}
	return c
}

func cleanAll(ps []string) []string {
	for i, p := range ps {
		ps[i] = clean(p)
	}
	return ps
}

// Glob reports whether a path of `inputs` or `outputs` is a pattern.
func Glob(p string) bool { return strings.ContainsAny(p, "*?[{") }

// Reads reports whether an input pattern covers any file that an output may
// hold: the file itself, one below the output's folder, or the output inside
// the input's folder.
func Reads(input, output string) bool {
	in, out := strings.TrimSuffix(input, "/"), strings.TrimSuffix(output, "/")
	if in == "." {
		return true
	}
	switch {
	case Glob(in) && Glob(out):
		return within(Fixed(in), Fixed(out)) || within(Fixed(out), Fixed(in))
	case Glob(in):
		return globReads(in, out, out != output)
	case Glob(out):
		return globReads(out, in, true)
	}
	return within(in, out) || within(out, in)
}

// within reports whether p is dir or lies below it. The empty dir holds all.
func within(p, dir string) bool {
	return dir == "" || p == dir || strings.HasPrefix(p, dir) && p[len(dir)] == '/'
}

// Fixed is the leading part of a pattern that has no wildcard, a folder; "" for
// the top.
func Fixed(pattern string) string {
	base, _ := doublestar.SplitPattern(pattern)
	if base == "." {
		return ""
	}
	return base
}

// globReads reports whether pattern matches p, something below p (if p is or
// may be a folder), or a folder above p.
func globReads(pattern, p string, folder bool) bool {
	for dir := p; dir != "."; dir = path.Dir(dir) {
		if ok, _ := doublestar.Match(pattern, dir); ok {
			return true
		}
	}
	return folder && matchesBelow(strings.Split(pattern, "/"), strings.Split(p, "/"))
}

// matchesBelow reports whether a pattern's segments can match a path that
// begins with the segments of dir and goes on.
func matchesBelow(pattern, dir []string) bool {
	for i, seg := range dir {
		if i >= len(pattern) {
			return false
		}
		if pattern[i] == "**" {
			return true
		}
		if ok, _ := doublestar.Match(pattern[i], seg); !ok {
			return false
		}
	}
	return len(pattern) > len(dir)
}
