package report

import (
	"fmt"
	"math"
	"slices"

	"github.com/mlops-runner/mlops/runner/record"
)

// A Plot is a small drawing of a section: data and words, no layout. HTML draws it,
// other formats write it as a chart, a table or block characters. What its
// kind does not read is left alone; a plot with nothing to draw is not shown.
type Plot struct {
	Title string   `json:"title"`
	Kind  PlotKind `json:"kind"`
	X     string   `json:"x,omitempty"` // what goes to the right: false positive rate
	Y     string   `json:"y,omitempty"` // what goes up: true positive rate
	// Labels name the bins of bars and the columns of a grid, from left to right.
	Labels []string `json:"labels,omitempty"`
	Series []Series `json:"series,omitempty"` // those of a grid are its rows, from the top
}

// PlotKind is how a plot is drawn.
type PlotKind string

// The kinds of plots.
const (
	Lines  PlotKind = "lines"  // a line through the points of each series: ROC, calibration
	Bars   PlotKind = "bars"   // a bar for each label and series, from 0: histograms over the same bins
	Points PlotKind = "points" // the points of each series alone: residuals
	Grid   PlotKind = "grid"   // a cell for each label and series, shaded by its value: a confusion matrix
)

// A Series is one line, one set of bars or points, or one row of a grid.
type Series struct {
	Name   string   `json:"name"`
	Role   Role     `json:"role,omitempty"`
	Points []Point  `json:"points,omitempty"` // of lines and points, as [x, y]; lines are drawn by x, at one x in this order
	Values []Number `json:"values,omitempty"` // of bars and grids; len == len(Labels), NaN where there is none
}

// Role is what a series is beside the others, from which its look follows.
type Role string

// The roles of series that are not the run's own.
const (
	RoleBaseline  Role = "baseline"  // what the run is compared with: dashed lines, grey bars
	RoleReference Role = "reference" // what nothing was measured for: the diagonal of a calibration, the bar that a share must not reach. It is drawn as a line
)

// The bounds of plots. An action that has more thins or sums it up itself: what is
// beyond them is cut.
const (
	MaxPlots      = 24  // of a section
	MaxSeries     = 32  // of a plot
	MaxLabels     = 64  // of a plot
	MaxPlotPoints = 400 // of a series
)

// Line returns the section as the line that steps write to MLOPS_REPORT, without
// its end. Numbers that JSON lacks are written by name.
func (s *Section) Line() ([]byte, error) {
	line, err := record.CanonicalLine(s)
	return line[:max(0, len(line)-1)], err
}

// tidyPlots gives each series a value for each label, and leaves out plots whose kind
// nobody knows.
func (s *Section) tidyPlots() {
	s.Plots = slices.DeleteFunc(s.Plots, func(p Plot) bool { return p.Kind == "" }) // the slice is a copy by now
	for i := range s.Plots {
		p := &s.Plots[i]
		if p.Kind != Bars && p.Kind != Grid {
			continue
		}
		for k := range p.Series {
			p.Series[k].Values = p.Row(k)
		}
	}
}

// Row returns the values of the i-th series, one for each label: those that are
// not there are NaN.
func (p *Plot) Row(i int) []Number {
	vs := p.Series[i].Values
	row := append(make([]Number, 0, len(p.Labels)), vs[:min(len(vs), len(p.Labels))]...)
	for len(row) < len(p.Labels) {
		row = append(row, Number(math.NaN()))
	}
	return row
}

// check finds what contradicts itself.
func (p *Plot) check() error {
	if p.Kind != Bars && p.Kind != Grid {
		return nil
	}
	for i, s := range p.Series {
		if len(s.Values) != len(p.Labels) {
			return fmt.Errorf("series[%d] has %d values for %d labels", i, len(s.Values), len(p.Labels))
		}
	}
	return nil
}
