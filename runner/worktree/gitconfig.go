package worktree

import (
	"iter"
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

// A setting is one line of git's configuration. Section and key are in lower case.
type setting struct{ section, name, key, value string }

// config returns the settings of the repository itself. Includes, and what the
// user or the system has configured, are left out.
func (r *repository) config() iter.Seq[setting] {
	b, err := os.ReadFile(filepath.Join(r.common, "config"))
	if err != nil {
		b = nil
	}
	return func(yield func(setting) bool) {
		var s setting
		for line := range strings.Lines(string(b)) {
			line = strings.TrimSpace(line)
			if strings.HasPrefix(line, "[") {
				s.section, s.name = sectionOf(line)
				continue
			}
			key, value, _ := strings.Cut(line, "=")
			s.key, s.value = strings.ToLower(strings.TrimSpace(key)), strings.Trim(strings.TrimSpace(value), `"`)
			if s.key != "" && s.key[0] != '#' && s.key[0] != ';' && !yield(s) {
				return
			}
		}
	}
}

// sectionOf reads [section] or [section "name"].
func sectionOf(line string) (section, name string) {
	line, _, _ = strings.Cut(line[1:], "]")
	section, name, _ = strings.Cut(line, " ")
	return strings.ToLower(section), strings.Trim(name, `" `)
}

// remote returns the address of origin, or else of the first remote, without
// credentials.
func (r *repository) remote() string {
	found := ""
	for s := range r.config() {
		if s.section != "remote" || s.key != "url" {
			continue
		}
		if s.name == "origin" {
			return withoutCredentials(s.value)
		}
		if found == "" {
			found = withoutCredentials(s.value)
		}
	}
	return found
}

// withoutCredentials drops user and password of a URL. The user of ssh is
// always git, so it tells nothing; addresses like git@host:path are left alone.
func withoutCredentials(s string) string {
	if !strings.Contains(s, "://") {
		return s
	}
	u, err := url.Parse(s)
	if err != nil { // it may hold a password in a form that we cannot see
		return ""
	}
	if u.Scheme == "ssh" && u.User != nil {
		u.User = url.User(u.User.Username())
	} else {
		u.User = nil
	}
	return u.String()
}
