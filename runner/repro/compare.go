// Package repro tells how the outputs of two runs of one job differ, and what the
// differing bytes say of the cause. It runs nothing and reads no file.
package repro

import (
	"bytes"
	"math"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// A Difference is how two files differ that should be the same.
type Difference struct {
	Offset int64  `json:"offset"`         // of the first byte that differs
	Line   int    `json:"line,omitempty"` // of the first line that differs, from 1; 0 in a binary file
	A      string `json:"a,omitempty"`    // these lines, shortened
	B      string `json:"b,omitempty"`
	// Reordered is whether the files have the same lines in another order.
	Reordered bool `json:"reordered,omitempty"`
	// Relative is the largest difference of two numbers at the same place, as a part
	// of the larger one, where nothing but numbers differs; nil else.
	Relative *float64 `json:"largestRelative,omitempty"`
	Traits   []Trait  `json:"traits,omitempty"`
}

// A Trait is what differing bytes look like.
type Trait string

// The traits.
const (
	Timestamp Trait = "timestamps"
	Address   Trait = "memory addresses"
	Place     Trait = "paths of temporary folders"
	Process   Trait = "process ids"
	RandomID  Trait = "random ids"
	Order     Trait = "order"
	Rounding  Trait = "rounding" // numbers that differ by less than MaxRounding
	Numbers   Trait = "numbers"
)

// MaxRounding is up to which relative difference numbers look like sums that were
// added in another order: a few thousand times the 2^-53 of one operation.
const MaxRounding = 1e-11

// A Span is when the runs were at work; times in files that lie in it or an hour
// around it are timestamps.
type Span struct{ From, To time.Time }

// Compare returns how a and b differ, nil if they are equal.
func Compare(a, b []byte, when Span) *Difference {
	if bytes.Equal(a, b) {
		return nil
	}
	d := &Difference{Offset: firstByte(a, b)}
	if !text(a) || !text(b) {
		d.binary(a, b, when)
		return d
	}
	la, lb := strings.Split(string(a), "\n"), strings.Split(string(b), "\n")
	at := 0
	for at < min(len(la), len(lb)) && la[at] == lb[at] {
		at++
	}
	d.Line, d.A, d.B = at+1, lineAt(la, at), lineAt(lb, at)
	d.Reordered = sameLines(la, lb)
	d.traits(la, lb, when)
	if len(d.Traits) == 0 { // what is a name or a time is no measured number
		d.number(numbersIn(string(a), string(b)))
	}
	return d
}

// number notes the largest relative difference, if nothing but numbers differs.
func (d *Difference) number(relative float64, ok bool) {
	if !ok {
		return
	}
	d.Relative = &relative
	if relative <= MaxRounding {
		d.add(Rounding)
	} else {
		d.add(Numbers)
	}
}

func (d *Difference) add(t Trait) {
	if !slices.Contains(d.Traits, t) {
		d.Traits = append(d.Traits, t)
	}
}

func firstByte(a, b []byte) int64 {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return int64(i)
		}
	}
	return int64(min(len(a), len(b)))
}

func text(b []byte) bool { return utf8.Valid(b) && bytes.IndexByte(b, 0) < 0 }

// maxLine is how much of a line is told, in characters.
const maxLine = 80

func lineAt(lines []string, i int) string {
	if i >= len(lines) {
		return ""
	}
	r := []rune(strings.TrimSuffix(lines[i], "\r"))
	if len(r) > maxLine {
		return string(r[:maxLine-1]) + "…"
	}
	return string(r)
}

func sameLines(a, b []string) bool {
	return len(a) == len(b) && slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}

// relative is the difference of two numbers as a part of the larger one.
func relative(a, b float64) float64 {
	if a == b || math.IsNaN(a) && math.IsNaN(b) {
		return 0
	}
	r := math.Abs(a-b) / max(math.Abs(a), math.Abs(b))
	if math.IsNaN(r) {
		return math.Inf(1)
	}
	return r
}
