package plan

import (
	"fmt"
	"slices"
	"strings"
)

// A Change is one difference between two fingerprints.
type Change struct {
	Kind, Name string
	Old, New   string // "" when the line is not there
	Added      bool
	Removed    bool
}

// Diff lists what differs between two stored fingerprints, in the order in
// which people look: parameters, inputs, steps, environment, image, the rest.
// It is empty exactly when the fingerprints are equal.
func Diff(old, new []string) []Change {
	before, after := byName(old), byName(new)
	var cs []Change
	for k, v := range after {
		was, ok := before[k]
		switch {
		case !ok:
			cs = append(cs, Change{Kind: k.kind, Name: k.name, New: v, Added: true})
		case was != v:
			cs = append(cs, Change{Kind: k.kind, Name: k.name, Old: was, New: v})
		}
	}
	for k, v := range before {
		if _, ok := after[k]; !ok {
			cs = append(cs, Change{Kind: k.kind, Name: k.name, Old: v, Removed: true})
		}
	}
	slices.SortFunc(cs, compareChanges)
	return cs
}

type lineKey struct{ kind, name string }

func byName(lines []string) map[lineKey]string {
	m := make(map[lineKey]string, len(lines))
	for _, s := range lines {
		if l, ok := ParseLine(s); ok {
			m[lineKey{l.Kind, l.Name}] = l.Value
		}
	}
	return m
}

var kindOrder = []string{"params", "matrix", "input", "value", "step", "env", "github", "image"}

func rank(kind string) int {
	if i := slices.Index(kindOrder, kind); i >= 0 {
		return i
	}
	return len(kindOrder)
}

func compareChanges(a, b Change) int {
	if d := rank(a.Kind) - rank(b.Kind); d != 0 {
		return d
	}
	if d := strings.Compare(a.Kind, b.Kind); d != 0 {
		return d
	}
	return strings.Compare(a.Name, b.Name)
}

// String tells the change to a person: params train.lr 0.1 → 0.2.
func (c Change) String() string {
	name := c.Kind + " " + c.Name
	switch {
	case c.Added:
		return fmt.Sprintf("%s added: %s", name, show(c.New))
	case c.Removed:
		return fmt.Sprintf("%s removed: was %s", name, show(c.Old))
	case c.Kind == "step":
		return fmt.Sprintf("%s changed: %s", name, lineDiff(c.Old, c.New))
	default:
		return fmt.Sprintf("%s %s → %s", name, show(c.Old), show(c.New))
	}
}

// show shortens a value to what fits a line; digests to twelve digits.
func show(v string) string {
	if hex, ok := strings.CutPrefix(v, "sha256:"); ok && len(hex) >= 12 {
		return hex[:12] + strings.TrimLeft(hex[12:], "0123456789abcdef")
	}
	v = strings.ReplaceAll(v, "\n", "⏎")
	if r := []rune(v); len(r) > 60 {
		return string(r[:57]) + "…"
	}
	if v == "" {
		return `""`
	}
	return v
}

// lineDiff shows the first line that differs between two scripts.
func lineDiff(old, new string) string {
	a, b := strings.Split(old, "\n"), strings.Split(new, "\n")
	i := 0
	for i < len(a) && i < len(b) && a[i] == b[i] {
		i++
	}
	at := func(lines []string) string {
		if i < len(lines) {
			return show(strings.TrimSpace(lines[i]))
		}
		return "(end)"
	}
	return at(a) + " → " + at(b)
}
