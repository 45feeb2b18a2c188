package plan

import (
	"crypto/sha256"
	"slices"
	"strconv"
	"strings"

	"github.com/mlops-runner/mlops/runner/store"
)

// A Line is one ingredient of a fingerprint: what it is, which one, its value.
//
//	params train.lr 0.1
//	input data/customers.csv sha256:…
//	step 2.run "python src/train.py\n"
type Line struct {
	Kind, Name, Value string
}

// String is the line as it is hashed and stored. Kinds and names keep no spaces
// and values no line breaks, so that a line can be split again.
func (l Line) String() string {
	return escapeName(l.Kind) + " " + escapeName(l.Name) + " " + escapeValue(l.Value)
}

// ParseLine is the inverse of [Line.String]; ok is false for what has no two spaces.
func ParseLine(s string) (l Line, ok bool) {
	kind, rest, ok := strings.Cut(s, " ")
	if !ok {
		return Line{}, false
	}
	name, value, ok := strings.Cut(rest, " ")
	if !ok {
		return Line{}, false
	}
	return Line{unescapeName(kind), unescapeName(name), unescapeValue(value)}, true
}

func escapeName(s string) string {
	if !strings.ContainsAny(s, " \n\r%") {
		return s
	}
	return strings.NewReplacer("%", "%25", " ", "%20", "\n", "%0A", "\r", "%0D").Replace(s)
}

func unescapeName(s string) string {
	if !strings.Contains(s, "%") {
		return s
	}
	return strings.NewReplacer("%25", "%", "%20", " ", "%0A", "\n", "%0D", "\r").Replace(s)
}

// escapeValue quotes a value that has line breaks or looks quoted itself.
func escapeValue(s string) string {
	if strings.ContainsAny(s, "\n\r") || strings.HasPrefix(s, `"`) {
		return strconv.Quote(s)
	}
	return s
}

func unescapeValue(s string) string {
	if strings.HasPrefix(s, `"`) {
		if u, err := strconv.Unquote(s); err == nil {
			return u
		}
	}
	return s
}

// Strings returns the lines as they are stored: sorted and without repetition.
func Strings(lines []Line) []string { return With(nil, lines...) }

// With returns stored lines and more of them as [Strings] does.
func With(stored []string, more ...Line) []string {
	out := slices.Grow(slices.Clone(stored), len(more))
	for _, l := range more {
		out = append(out, l.String())
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// A Definition is lines of a fingerprint as they are stored, with a line break
// behind each: one text, because a plan of many jobs has very many of them.
type Definition string

// Define returns the definition that holds the lines.
func Define(lines ...Line) Definition {
	var b strings.Builder
	for _, s := range Strings(lines) {
		b.WriteString(s + "\n")
	}
	return Definition(b.String())
}

// Parsed returns the lines taken apart.
func (d Definition) Parsed() []Line {
	var out []Line
	for _, s := range d.Lines() {
		if l, ok := ParseLine(s); ok {
			out = append(out, l)
		}
	}
	return out
}

// Lines returns the stored lines. They share the memory of d.
func (d Definition) Lines() []string {
	if d == "" {
		return nil
	}
	return strings.Split(strings.TrimSuffix(string(d), "\n"), "\n")
}

// Fingerprint is the SHA-256 of stored lines, each ended by a line break.
// lines must come from [Strings].
func Fingerprint(lines []string) store.Digest {
	h := sha256.New()
	var buf []byte
	for _, l := range lines {
		buf = append(append(buf[:0], l...), '\n')
		h.Write(buf)
	}
	return store.Digest(h.Sum(nil))
}
