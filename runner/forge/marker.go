package forge

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
)

// A Marker is the last line of a report's comment: whose it is, and what it
// tells about. Values have letters, digits and : . _ / - only; see [Key].
type Marker struct {
	Key     string // of the pipeline
	Run     string // id of the CI's run: a number, or an id that sorts by time
	Attempt int    // of that run, from 1
	Head    string // commit that was judged
	Base    string // commit that it was compared with; may be empty
	Digest  string // sha256:…, equal for reports that say the same; may be empty
	Verdict string // promote, blocked, …
}

const (
	markerStart = "<!-- mlops:report v=1 "
	markerEnd   = " -->"
	// Where HTML is shown as text, a link that nobody refers to is what nobody sees.
	referenceStart = "[//]: # (mlops:report v=1 "
	referenceEnd   = ")"
	maxMarker      = 1024 // bytes
)

// String returns the marker as an HTML comment.
func (m Marker) String() string { return markerStart + m.fields() + markerEnd }

// Reference returns the marker as a Markdown link definition, for forges that
// show HTML as text.
func (m Marker) Reference() string { return referenceStart + m.fields() + referenceEnd }

func (m Marker) fields() string {
	var b strings.Builder
	for _, f := range m.pairs() {
		if f.value != "" {
			fmt.Fprintf(&b, "%s=%s ", f.name, f.value)
		}
	}
	return strings.TrimSuffix(b.String(), " ")
}

type pair struct{ name, value string }

// pairs are the fields in the order in which they are written.
func (m Marker) pairs() []pair {
	return []pair{
		{"key", m.Key}, {"run", m.Run}, {"attempt", strconv.Itoa(m.Attempt)},
		{"head", m.Head}, {"base", m.Base}, {"digest", m.Digest}, {"verdict", m.Verdict},
	}
}

// optional are the fields that may be missing.
func optional(name string) bool { return name == "base" || name == "digest" }

// Check returns an error that names what of the marker cannot be written.
func (m Marker) Check() error {
	for _, f := range m.pairs() {
		switch {
		case f.value == "" && !optional(f.name):
			return fmt.Errorf("marker: %s is empty", f.name)
		case !plainValue(f.value):
			return fmt.Errorf("marker: %s is %q, which has other characters than A-Z a-z 0-9 : . _ / -", f.name, f.value)
		}
	}
	if m.Attempt < 1 {
		return fmt.Errorf("marker: attempt is %d", m.Attempt)
	}
	if n := len(m.Reference()); n > maxMarker {
		return fmt.Errorf("marker: %d bytes, more than %d", n, maxMarker)
	}
	return nil
}

// ParseMarker reads a marker as String and Reference write it, and nothing else.
func ParseMarker(line string) (Marker, bool) {
	text, ok := between(line, markerStart, markerEnd)
	if !ok {
		text, ok = between(line, referenceStart, referenceEnd)
	}
	if !ok || len(line) > maxMarker {
		return Marker{}, false
	}
	m, ok := parseFields(strings.Split(text, " "))
	return m, ok && m.fields() == text && m.Check() == nil
}

// parseFields takes known fields in any order; that what it makes is written as
// it was read is for the caller to see.
func parseFields(fields []string) (m Marker, ok bool) {
	for _, field := range fields {
		name, value, _ := strings.Cut(field, "=")
		switch name {
		case "key":
			m.Key = value
		case "run":
			m.Run = value
		case "attempt":
			m.Attempt, _ = strconv.Atoi(value)
		case "head":
			m.Head = value
		case "base":
			m.Base = value
		case "digest":
			m.Digest = value
		case "verdict":
			m.Verdict = value
		default:
			return m, false
		}
	}
	return m, true
}

// FindMarker returns the marker that ends a comment.
func FindMarker(body string) (Marker, bool) {
	body = strings.TrimRight(body, " \t\r\n")
	return ParseMarker(body[strings.LastIndexByte(body, '\n')+1:])
}

func between(s, start, end string) (string, bool) {
	s, ok := strings.CutPrefix(s, start)
	if !ok {
		return "", false
	}
	return strings.CutSuffix(s, end)
}

func plainValue(s string) bool {
	for i := range len(s) {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && !strings.ContainsRune(":._/-", rune(c)) {
			return false
		}
	}
	return true
}

// Key returns what stands for a pipeline's name in a marker: the name itself if
// it has no other characters than a marker allows, else the rest of it with the
// start of its digest, so that different names have different keys.
func Key(name string) string {
	const room = 60 // characters of the name
	if name != "" && len(name) <= room && plainValue(name) {
		return name
	}
	sum := sha256.Sum256([]byte(name))
	plain := strings.Map(func(r rune) rune {
		if r < 128 && plainValue(string(r)) {
			return r
		}
		return '-'
	}, name)
	return strings.TrimLeft(plain[:min(len(plain), room)]+"-"+hex.EncodeToString(sum[:6]), "-")
}

// Newer reports whether m tells of a later run, or a later attempt of the same
// run, than o. Numbers are compared as such, other ids as texts; of a number and
// another id, as after a change of CI, neither is newer.
func (m Marker) Newer(o Marker) bool {
	a, b := number(m.Run), number(o.Run)
	switch {
	case (a == "") != (b == ""):
		return false
	case m.Run == o.Run:
		return m.Attempt > o.Attempt
	case a == "":
		return m.Run > o.Run
	}
	return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b), cmp.Compare(m.Attempt, o.Attempt)) > 0
}

// number returns the digits of a decimal number without leading zeros, "" for
// anything else.
func number(s string) string {
	if s == "" || strings.Trim(s, "0123456789") != "" {
		return ""
	}
	if s = strings.TrimLeft(s, "0"); s == "" {
		return "0"
	}
	return s
}
