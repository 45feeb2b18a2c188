package draw

import (
	"encoding/xml"
	"io"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/mlops-runner/mlops/actions/profile"
	"github.com/mlops-runner/mlops/actions/table"
)

func column(v table.Vector, rows int) *profile.Column {
	b := profile.NewBuilder([]table.Column{{Name: "x", Kind: v.Kind}})
	b.Add(&table.Batch{Rows: rows, Columns: []table.Vector{v}})
	return &b.Profile().Columns[0]
}

func floats(xs ...float64) *profile.Column {
	return column(table.Vector{Kind: table.Float, Floats: xs}, len(xs))
}

func texts(xs ...string) *profile.Column {
	v := table.Vector{Kind: table.Text}
	for _, x := range xs {
		v.Texts = append(v.Texts, []byte(x))
	}
	return column(v, len(xs))
}

func TestOf(t *testing.T) {
	t.Parallel()
	nulls := column(table.Vector{Kind: table.Float, Floats: []float64{0}, Nulls: []bool{true}}, 1)
	for _, c := range []struct {
		name           string
		now, reference *profile.Column
		want           Bars
	}{
		{"numbers", floats(0, 1, 1, 4), nil, Bars{Low: 0, High: 4, Now: []float64{.25, .5, 0, .25}}},
		{"one number", floats(7, 7), nil, Bars{Low: 7, High: 7, Now: []float64{0, 0, 1, 0}}},
		{"a pair", floats(0, 1), floats(3, 4, 4, 4), Bars{Low: 0, High: 4, Now: []float64{.5, .5, 0, 0}, Reference: []float64{0, 0, 0, 1}}},
		{"nulls and numbers", nulls, floats(0, 4), Bars{Low: 0, High: 4, Now: []float64{0, 0, 0, 0}, Reference: []float64{.5, 0, 0, .5}}},
		{"numbers and nulls", floats(0, 4), nulls, Bars{Low: 0, High: 4, Now: []float64{.5, 0, 0, .5}, Reference: []float64{0, 0, 0, 0}}},
		{"values", texts("a", "b", "b", "c", "c", "c", "d", "d", "d", "d"), texts("e", "b"),
			Bars{Labels: []string{"d", "c", "b", "a"}, Now: []float64{.4, .3, .2, .1}, Reference: []float64{0, 0, .5, 0}}},
		{"new values", texts("a"), texts("e", "e", "a"), Bars{Labels: []string{"a", "e"}, Now: []float64{1, 0}, Reference: []float64{1. / 3, 2. / 3}}},
		{"nothing", texts(), nil, Bars{}},
	} {
		got := Of(c.now, c.reference, 4)
		if diff := cmp.Diff(c.want, got, cmpopts.EquateApprox(1e-9, 0), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s:\n%s", c.name, diff)
		}
		var total float64
		for _, s := range got.Now {
			total += s
		}
		if got.Labels == nil && total > 0 && math.Abs(total-1) > 1e-9 {
			t.Errorf("%s: shares add up to %v", c.name, total)
		}
		wellFormed(t, SVG(c.name, got))
	}
}

// An outlier is in the last bin and does not flatten the others.
func TestOfTail(t *testing.T) {
	t.Parallel()
	var xs []float64
	for i := range 1000 {
		xs = append(xs, float64(i%10))
	}
	b := Of(floats(append(xs, 1e9)...), nil, 10)
	if b.High > 20 || b.Now[0] > .2 || math.Abs(b.Now[9]-101./1001) > 1e-9 {
		t.Errorf("%+v", b)
	}
}

func TestBlocks(t *testing.T) {
	t.Parallel()
	if got, want := Blocks([]float64{0, .01, .5, 1, .25}), " ▁▅█▃"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got := Blocks([]float64{0, 0}); got != "  " {
		t.Errorf("%q", got)
	}
}

func TestSVGEscapes(t *testing.T) {
	t.Parallel()
	got := SVG(`<script>"`, Of(texts("<b>&", "\x00"), nil, 3))
	if strings.Contains(got, "<script") || strings.Contains(got, "<b>") {
		t.Error(got)
	}
	wellFormed(t, got)
}

func wellFormed(t *testing.T, svg string) {
	t.Helper()
	for d := xml.NewDecoder(strings.NewReader(svg)); ; {
		if _, err := d.Token(); err == io.EOF {
			return
		} else if err != nil {
			t.Fatalf("%v in %s", err, svg)
		}
	}
}
