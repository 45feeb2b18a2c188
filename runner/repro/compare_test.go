package repro

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"
)

var noon = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

func TestCompare(t *testing.T) {
	t.Parallel()
	when := Span{noon, noon.Add(time.Minute)}
	zipped := func(at time.Time) string {
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		w.ModTime = at
		fmt.Fprint(w, "the same")
		w.Close()
		return b.String()
	}
	for _, c := range []struct {
		name, a, b string
		line       int
		traits     []Trait
		relative   float64 // -1 for none
	}{
		{"seconds since 1970", "x\nat 1777896000\n", "x\nat 1777896001\n", 2, []Trait{Timestamp}, -1},
		{"thousandths of them", "1777896000123", "1777896001001", 1, []Trait{Timestamp}, -1},
		{"a number of that size at another time", "1577896000\n", "1577896001\n", 1, []Trait{Numbers}, 1.0 / 1577896001},
		{"a date", "2026-05-04T12:00:00Z", "2026-05-04T12:00:01Z", 1, []Trait{Timestamp}, -1},
		{"lines in another order", "a\nb\n", "b\na\n", 1, []Trait{Order}, -1},
		{"an address", "<model at 0x7f12345678>", "<model at 0x7f12345699>", 1, []Trait{Address}, -1},
		{"a folder", "read /tmp/a1/x.csv", "read /tmp/b2/x.csv", 1, []Trait{Place}, -1},
		{"a process", "pid 12", "pid 19", 1, []Trait{Process}, -1},
		{"rounding", "a,b\n0.30000000000000004,1\n", "a,b\n0.3,1\n", 2, []Trait{Rounding}, 0.00000000000000004 / 0.3},
		{"numbers", `{"w": [1.0, -2e3]}`, `{"w": [1.0, -1e3]}`, 1, []Trait{Numbers}, 0.5},
		{"words", "cat", "dog", 1, nil, -1},
		{"a longer one", "a\n", "a\nb\n", 2, nil, -1},
		{"gzip", zipped(noon.Add(-90 * 24 * time.Hour)), zipped(noon), 0, []Trait{Timestamp}, -1},
		{"other bytes", "\x00\x01", "\x00\x02", 0, nil, -1},
	} {
		d := Compare([]byte(c.a), []byte(c.b), when)
		got := -1.0
		if d.Relative != nil {
			got = *d.Relative
		}
		if d.Line != c.line || !slices.Equal(d.Traits, c.traits) || math.Abs(got-c.relative) > 1e-16 {
			t.Errorf("%s: line %d, %v, relative %g; want %d, %v, %g", c.name, d.Line, d.Traits, got, c.line, c.traits, c.relative)
		}
	}
	if d := Compare([]byte("a"), []byte("a"), when); d != nil {
		t.Errorf("equal files: %+v", d)
	}
}

// A file as numpy.save writes it.
func TestArrays(t *testing.T) {
	t.Parallel()
	file := func(values ...float64) []byte {
		head := fmt.Sprintf("{'descr': '<f8', 'fortran_order': False, 'shape': (%d,), }", len(values))
		head += string(bytes.Repeat([]byte(" "), 117-len(head))) + "\n"
		b := append([]byte("\x93NUMPY\x01\x00\x76\x00"), head...)
		for _, v := range values {
			for i := range 8 {
				b = append(b, byte(math.Float64bits(v)>>(8*i)))
			}
		}
		return b
	}
	d := Compare(file(1, 2, 3), file(1, 2, 3.003), Span{noon, noon})
	if d.Relative == nil || math.Abs(*d.Relative-0.003/3.003) > 1e-12 {
		t.Errorf("%+v", d)
	}
}

func FuzzCompare(f *testing.F) {
	f.Add([]byte("1 2\n3"), []byte("1 2\n4"))
	f.Add([]byte("\x93NUMPY\x01\x00\xff\xff'<f8'"), []byte("\x93NUMPY\x01\x00\xff\xff'<f4'"))
	f.Fuzz(func(t *testing.T, a, b []byte) {
		x, y := Compare(a, b, Span{noon, noon}), Compare(b, a, Span{noon, noon})
		if (x == nil) != bytes.Equal(a, b) || (x == nil) != (y == nil) {
			t.Fatal("equal and different")
		}
		if x != nil && (x.Offset != y.Offset || x.Line != y.Line || x.Reordered != y.Reordered) {
			t.Errorf("%+v one way, %+v the other", x, y)
		}
	})
}
