package checkout

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"unicode"
)

// A source is where a repository is, checked.
type source struct {
	address string // as git gets it: an absolute path or a URL
	local   bool
}

// Split parts REPO@REF, as people write it, into its halves. Without a ref it
// is HEAD. A user's name in an address is no ref.
func Split(text string) (repo, ref string) {
	from := 0
	if i := strings.Index(text, "://"); i >= 0 {
		from = len(text)
		if j := strings.IndexByte(text[i+3:], '/'); j >= 0 {
			from = i + 3 + j
		}
	}
	if i := strings.LastIndexByte(text[from:], '@'); i >= 0 && from+i > 0 {
		return text[:from+i], text[from+i+1:]
	}
	return text, "HEAD"
}

// newSource checks an address. relative paths start from the working directory.
func newSource(address string) (source, error) {
	if err := plain(address); err != nil {
		return source{}, fmt.Errorf("repository %q: %w", address, err)
	}
	scheme, rest, isURL := strings.Cut(address, "://")
	switch {
	case strings.Contains(strings.Split(address, "/")[0], "::"):
		return source{}, refused(address, "is for a transport program")
	case isURL && scheme == "https":
		u, err := url.Parse(address)
		if err != nil || u.Host == "" || strings.HasPrefix(u.Host, "-") {
			return source{}, refused(address, "is no valid address")
		}
		return source{address: address}, nil
	case isURL && scheme == "file":
		if !strings.HasPrefix(rest, "/") {
			return source{}, refused(address, "names another machine")
		}
		return source{address: address, local: true}, nil
	case isURL:
		return source{}, refused(address, scheme+":// is not allowed")
	}
	abs, err := filepath.Abs(address)
	if err != nil {
		return source{}, err
	}
	if _, err := os.Stat(abs); err != nil {
		if strings.Contains(address, ":") {
			return source{}, refused(address, "is neither a folder nor an https address")
		}
		return source{}, fmt.Errorf("repository %s: %w", address, errors.Unwrap(err))
	}
	return source{address: abs, local: true}, nil
}

func refused(address, why string) error {
	return &Error{Fix: "write a path, or a file:// or https:// address", Err: fmt.Errorf("repository %s %s", redact(address), why)}
}

// plain refuses text that a program could take for an option, or that would
// not show as it is.
func plain(s string) error {
	switch {
	case s == "":
		return errors.New("is empty")
	case s[0] == '-':
		return errors.New("starts with -, as options do")
	case strings.ContainsFunc(s, unicode.IsControl):
		return errors.New("holds a control character")
	}
	return nil
}

// checkRef refuses what is not the name of a branch, a tag or a commit.
func checkRef(ref string) error {
	err := plain(ref)
	switch {
	case err != nil:
	case strings.ContainsAny(ref, " :*?[\\~^") || strings.HasPrefix(ref, "+"):
		err = errors.New("holds a character that names of refs do not have")
	case strings.Contains(ref, "..") || strings.Contains(ref, "@{") || strings.HasSuffix(ref, ".lock"):
		err = errors.New("is not the name of a ref")
	case isShort(ref):
		err = errors.New("looks like the beginning of a commit id")
	default:
		return nil
	}
	return &Error{Fix: "write a branch, a tag or a whole commit id", Err: fmt.Errorf("ref %q %w", ref, err)}
}

func isShort(ref string) bool { return regexp.MustCompile(`^[0-9a-f]{7,39}$`).MatchString(ref) }

// isCommit reports whether ref is a whole commit id.
func isCommit(ref string) bool {
	return regexp.MustCompile(`^([0-9a-f]{40}|[0-9a-f]{64})$`).MatchString(ref)
}

// transports is what GIT_ALLOW_PROTOCOL says: a repository of another machine
// leads to none of this one.
func (s source) transports() string {
	if s.local {
		return "file:https"
	}
	return "https"
}

// resolve is the address of a submodule, as .gitmodules has it.
func (s source) resolve(address string) (source, error) {
	if !strings.HasPrefix(address, "./") && !strings.HasPrefix(address, "../") {
		sub, err := newSource(address)
		if err == nil && !strings.Contains(address, "://") && !path.IsAbs(address) {
			err = refused(address, "is relative to no repository; write ./ or ../")
		}
		if err == nil && sub.local && !s.local {
			err = refused(address, "lies on this machine, and the repository that names it does not")
		}
		return sub, err
	}
	if scheme, rest, ok := strings.Cut(s.address, "://"); ok {
		host, p, _ := strings.Cut(rest, "/")
		return newSource(scheme + "://" + host + path.Join("/", p, address))
	}
	return newSource(path.Join(s.address, address))
}

// redact takes user names and passwords out of addresses in a text.
func redact(text string) string {
	return regexp.MustCompile(`(://)[^/\s@]+@`).ReplaceAllString(text, "$1***@")
}
