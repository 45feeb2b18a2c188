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
	if strings.HasSuffix(p, "/") && c != "." && c != "/" {
		c += "/"
	}
	if negated {
		return "!" + c
	}
	return c
}

// Glob reports whether a path of `inputs` or `outputs` is a pattern.
func Glob(p string) bool { return strings.ContainsAny(p, "*?[{") }

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

// prefix is the path at or below which all lies that a path or pattern names.
func prefix(p string) string {
	switch {
	case p == ".":
		return ""
	case Glob(p):
		return Fixed(p)
	}
	return strings.TrimSuffix(p, "/")
}

// remote reports whether the path of a dataset is an address.
func remote(p string) bool { return strings.Contains(p, "://") }
