package plan

import (
	"cmp"
	"fmt"
	"slices"
	"sort"
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
	before, after := byName(only(old, new)), byName(only(new, old))
	var cs []Change
	for k, now := range after {
		was := before[k]
		for i, v := range now {
			if i < len(was) {
				cs = append(cs, Change{Kind: k.kind, Name: k.name, Old: was[i], New: v})
			} else {
				cs = append(cs, Change{Kind: k.kind, Name: k.name, New: v, Added: true})
			}
		}
	}
	for k, was := range before {
		for _, v := range was[min(len(was), len(after[k])):] {
			cs = append(cs, Change{Kind: k.kind, Name: k.name, Old: v, Removed: true})
		}
	}
	sort.Slice(cs, func(i, j int) bool { return compareChanges(cs[i], cs[j]) < 0 })
	return cs
}

// only returns the lines that are not among the others.
func only(lines, others []string) []string {
	there := make(map[string]bool, len(others))
	for _, s := range others {
		there[s] = true
	}
	var out []string
	for _, s := range lines {
		if !there[s] {
			out = append(out, s)
		}
	}
	return out
}

type lineKey struct{ kind, name string }

// byName groups the values of lines. A line that cannot be split is its own name.
func byName(lines []string) map[lineKey][]string {
	m := make(map[lineKey][]string, len(lines))
	for _, s := range lines {
		l, ok := ParseLine(s)
		if !ok {
			l = Line{Name: s}
		}
		k := lineKey{l.Kind, l.Name}
		m[k] = append(m[k], l.Value)
	}
	return m
}

var kindOrder = []string{"params", "matrix", "data", "input", "value", "step", "env", "github", "inputs", "image"}

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
	return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Old, b.Old), strings.Compare(a.New, b.New))
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
