package repro

import (
	"bytes"
	"encoding/binary"
	"math"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
)

type pattern struct {
	trait Trait
	form  *regexp.Regexp
}

// patterns are what a trait looks like in a text.
var patterns = sync.OnceValue(func() []pattern {
	return []pattern{
		{Address, regexp.MustCompile(`0x[0-9a-fA-F]{6,}`)},
		{Place, regexp.MustCompile(`/[^\s"',]*(?:tmp|workspace)[^\s"',]*`)},
		{Process, regexp.MustCompile(`(?i)\bpid\b\D{0,4}\d+`)},
		{RandomID, regexp.MustCompile(`[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}`)},
	}
})

var (
	dates = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d)?|\b\d\d:\d\d:\d\d\b`)
	})
	epochs = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\b\d{10,19}(?:\.\d+)?\b`) })
	digits = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`[-+]?\d+(?:\.\d*)?(?:[eE][-+]?\d+)?`) })
)

// traits looks at the lines that differ.
func (d *Difference) traits(a, b []string, when Span) {
	if d.Reordered {
		d.add(Order)
		return
	}
	for i := range min(len(a), len(b)) {
		if a[i] == b[i] {
			continue
		}
		for _, p := range patterns() {
			if moved(p.form.FindAllString(a[i], -1), p.form.FindAllString(b[i], -1)) {
				d.add(p.trait)
			}
		}
		if moved(dates().FindAllString(a[i], -1), dates().FindAllString(b[i], -1)) || moved(when.epochsIn(a[i]), when.epochsIn(b[i])) {
			d.add(Timestamp)
		}
	}
}

// moved reports whether both lines have such a text, and another one.
func moved(a, b []string) bool {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return true
		}
	}
	return false
}

// epochsIn are the numbers of a line that are times of the span: seconds since
// 1970, or their thousandths, millionths and so on.
func (s Span) epochsIn(line string) (out []string) {
	for _, t := range epochs().FindAllString(line, -1) {
		v, err := strconv.ParseFloat(t, 64)
		for scale := 1.0; err == nil && scale <= 1e9; scale *= 1000 {
			if s.holds(v / scale) {
				out = append(out, t)
				break
			}
		}
	}
	return out
}

func (s Span) holds(seconds float64) bool {
	return seconds > float64(s.From.Add(-time.Hour).Unix()) && seconds < float64(s.To.Add(time.Hour).Unix())
}

// numbersIn returns the largest relative difference of numbers at the same place
// of two texts; ok is false if something else differs.
func numbersIn(a, b string) (largest float64, ok bool) {
	na, nb := digits().FindAllString(a, -1), digits().FindAllString(b, -1)
	if len(na) != len(nb) || digits().ReplaceAllString(a, "#") != digits().ReplaceAllString(b, "#") {
		return 0, false
	}
	for i := range na {
		x, errX := strconv.ParseFloat(na[i], 64)
		y, errY := strconv.ParseFloat(nb[i], 64)
		if errX != nil || errY != nil {
			return 0, false
		}
		largest = max(largest, relative(x, y))
	}
	return largest, true
}

// binary looks at the bytes of files that are no text.
func (d *Difference) binary(a, b []byte, when Span) {
	if when.stamped(a, b, d.Offset) {
		d.add(Timestamp)
		return
	}
	d.number(arrays(a, b))
}

// stamped reports whether the first bytes that differ are a time: the one in the
// head of a gzip file (RFC 1952), or four bytes anywhere that are seconds since 1970.
func (s Span) stamped(a, b []byte, at int64) bool {
	gzip := []byte{0x1f, 0x8b}
	if bytes.HasPrefix(a, gzip) && bytes.HasPrefix(b, gzip) && at >= 4 && at < 8 {
		return true
	}
	for i := max(0, at-3); i <= at && i+4 <= int64(min(len(a), len(b))); i++ {
		if s.holds(float64(binary.LittleEndian.Uint32(a[i:]))) && s.holds(float64(binary.LittleEndian.Uint32(b[i:]))) {
			return true
		}
	}
	return false
}

// arrays compares two NumPy files of floating-point numbers with equal heads.
// Format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
func arrays(a, b []byte) (largest float64, ok bool) {
	const magic = "\x93NUMPY\x01\x00"
	if len(a) != len(b) || len(a) < 10 || !strings.HasPrefix(string(a[:8]), magic) {
		return 0, false
	}
	from := 10 + int(binary.LittleEndian.Uint16(a[8:]))
	if from > len(a) || !bytes.Equal(a[:from], b[:from]) {
		return 0, false
	}
	head, x, y := string(a[10:from]), a[from:], b[from:]
	switch {
	case strings.Contains(head, "'<f8'"):
		for i := 0; i+8 <= len(x); i += 8 {
			largest = max(largest, relative(math.Float64frombits(binary.LittleEndian.Uint64(x[i:])), math.Float64frombits(binary.LittleEndian.Uint64(y[i:]))))
		}
	case strings.Contains(head, "'<f4'"):
		for i := 0; i+4 <= len(x); i += 4 {
			largest = max(largest, relative(float64(math.Float32frombits(binary.LittleEndian.Uint32(x[i:]))), float64(math.Float32frombits(binary.LittleEndian.Uint32(y[i:])))))
		}
	default:
		return 0, false
	}
	return largest, true
}
