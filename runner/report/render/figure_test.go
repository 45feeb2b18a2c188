package render

import (
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/mlops-runner/mlops/runner/report"
)

// Whatever an action calls its plots and whatever it measured, Mermaid can draw
// the charts, with a value within the axis for each label.
func TestMermaidReadsPlots(t *testing.T) {
	t.Parallel()
	charts := 0
	for seed := range uint64(150) {
		for _, s := range newWorld(seed, 8).report().Sections {
			for _, f := range figures(s.Plots) {
				lines := f.mermaid()
				if lines == nil {
					continue
				}
				charts++
				chart := strings.Join(lines, "\n")
				p, err := parseMermaid(chart)
				if err != nil {
					t.Fatalf("seed %d: %v in\n%s", seed, err, chart)
				}
				if problems := checkMermaid(chart); problems != nil {
					t.Fatalf("seed %d: %s\n%s", seed, strings.Join(problems, "\n"), chart)
				}
				for _, vs := range p.lines {
					if len(vs) != p.bands || slices.Min(vs) < p.low || slices.Max(vs) > p.high {
						t.Fatalf("seed %d: %d values of %d labels, axis from %v to %v:\n%s", seed, len(vs), p.bands, p.low, p.high, chart)
					}
				}
			}
		}
	}
	if charts < 20 {
		t.Errorf("only %d charts were drawn", charts)
	}
}

// A line is read off between its points, and at a step it has the last value there.
func TestBetween(t *testing.T) {
	t.Parallel()
	roc := []report.Point{{Step: 0, Value: 0}, {Step: 0, Value: 0.4}, {Step: 0.5, Value: 0.8}, {Step: 1, Value: 0.9}, {Step: 1, Value: 1}}
	for x, want := range map[float64]float64{0: 0.4, 0.25: 0.6, 0.5: 0.8, 0.75: 0.85, 1: 1} {
		if got := between(roc, x); math.Abs(got-want) > 1e-12 {
			t.Errorf("at %v: %v, want %v", x, got, want)
		}
	}
	if got := between(roc, 1.1); !math.IsNaN(got) {
		t.Errorf("outside: %v", got)
	}
}

// Bars stand on 0, those of values below it hang from it, and they fill the
// drawing's height between the lowest and the highest.
func TestBarsStandOnZero(t *testing.T) {
	t.Parallel()
	p := report.Plot{Kind: report.Bars, Labels: []string{"a", "b"}, Series: []report.Series{{Name: "x", Values: []report.Number{3, -1}}}}
	var b strings.Builder
	newFigure(&p).svg(&b)
	inner := chartHeight - marginTop - marginBottom
	for _, want := range []string{
		`y="` + px(marginTop) + `"`, `height="` + px(inner*3/4) + `"`, // from 3 down to 0
		`y="` + px(marginTop+inner*3/4) + `"`, `height="` + px(inner/4) + `"`, // from 0 down to -1
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %s in %s", want, b.String())
		}
	}
}

// What is a reference is a line across the bars of its label, which are as wide as
// without it.
func TestBarsHaveLinesAcross(t *testing.T) {
	t.Parallel()
	drawn := func(series ...report.Series) string {
		var b strings.Builder
		newFigure(&report.Plot{Kind: report.Bars, Labels: []string{"a", "b"}, Series: series}).svg(&b)
		return b.String()
	}
	x := report.Series{Name: "x", Values: []report.Number{3, 1}}
	limit := report.Series{Name: "limit", Role: report.RoleReference, Values: []report.Number{2, 2}}
	got := drawn(x, limit)
	if n := strings.Count(got, `<line class="guide"`); n != 2 {
		t.Errorf("%d lines across in %s", n, got)
	}
	wide := regexp.MustCompile(`class="head bar" [^>]*width="([0-9.]+)"`)
	if a, b := wide.FindStringSubmatch(drawn(x)), wide.FindStringSubmatch(got); a == nil || b == nil || a[1] != b[1] {
		t.Errorf("bars are as wide as %v, and %v with lines", a, b)
	}
}

// Labels beside a drawing never cover each other, however many end at one height.
func TestLabelsAreApart(t *testing.T) {
	t.Parallel()
	var taken []float64
	for i := range 12 {
		y := apart(taken, 100+float64(i%3))
		for _, o := range taken {
			if math.Abs(o-y) < labelHeight {
				t.Fatalf("%v is too near to %v", y, o)
			}
		}
		taken = append(taken, y)
	}
}

// Two labels that Mermaid would take for one are no chart.
func TestMermaidNeedsDistinctLabels(t *testing.T) {
	t.Parallel()
	p := report.Plot{Title: "t", X: "x", Kind: report.Bars, Labels: []string{"a|b", "a#b"}, Series: []report.Series{{Name: "s", Values: []report.Number{1, 2}}}}
	if lines := newFigure(&p).mermaid(); lines != nil {
		t.Errorf("drawn: %q", lines)
	}
	p.Labels[1] = "c"
	if newFigure(&p).mermaid() == nil {
		t.Error("distinct labels are not drawn")
	}
}
