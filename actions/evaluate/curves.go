package evaluate

import (
	"fmt"
	"math"
	"slices"

	"github.com/mlops-runner/mlops/actions/metric"
	"github.com/mlops-runner/mlops/runner/report"
)

// curves draws what explains the metrics. A curve that the rows do not define is
// left out.
func (f *Frame) curves() []report.Plot {
	switch f.rows.Task {
	case metric.Binary:
		if f.rows.Score != nil {
			return f.binaryCurves()
		}
		return f.confusionPlot()
	case metric.Multiclass:
		return f.confusionPlot()
	case metric.Regression, metric.Forecast:
		return f.residualPlot()
	}
	return nil
}

func (f *Frame) binaryCurves() (out []report.Plot) {
	if c, err := metric.ROC(f.rows); err == nil {
		out = append(out, report.Plot{
			Title: "ROC", Kind: report.Lines, X: "false positive rate", Y: "true positive rate",
			Series: []report.Series{{Name: "now", Points: points(c.X, c.Y)}, diagonal("chance")},
		})
	}
	if c, err := metric.PR(f.rows); err == nil {
		out = append(out, report.Plot{
			Title: "Precision and recall", Kind: report.Lines, X: "recall", Y: "precision",
			Series: []report.Series{{Name: "now", Points: points(c.X, c.Y)}},
		})
	}
	if bins, err := metric.Calibration(f.rows, 10); err == nil {
		var ps []report.Point
		for _, b := range bins {
			ps = append(ps, report.Point{Step: b.Score, Value: b.Rate})
		}
		out = append(out, report.Plot{
			Title: "Calibration", Kind: report.Lines, X: "predicted probability", Y: "share that came true",
			Series: []report.Series{{Name: "now", Points: ps}, diagonal("perfect")},
		})
	}
	return append(out, f.confusionPlot()...)
}

func diagonal(name string) report.Series {
	return report.Series{Name: name, Role: report.RoleReference, Points: []report.Point{{Step: 0, Value: 0}, {Step: 1, Value: 1}}}
}

func points(x, y []float64) []report.Point {
	out := make([]report.Point, len(x))
	for i := range x {
		out[i] = report.Point{Step: x[i], Value: y[i]}
	}
	return out
}

// shownClasses is how many classes a confusion matrix is drawn of.
const shownClasses = 20

func (f *Frame) confusionPlot() []report.Plot {
	matrix, err := metric.Matrix(f.rows)
	if err != nil || len(matrix) > shownClasses {
		return nil
	}
	names := f.rows.Classes
	if len(names) != len(matrix) {
		names = []string{"negative", "positive"}
	}
	p := report.Plot{Title: "Confusion matrix", Kind: report.Grid, X: "predicted", Y: "true", Labels: slices.Clone(names)}
	for i, row := range matrix {
		s := report.Series{Name: names[i]}
		for _, x := range row {
			s.Values = append(s.Values, report.Number(x))
		}
		p.Series = append(p.Series, s)
	}
	return []report.Plot{p}
}

func (f *Frame) residualPlot() []report.Plot {
	bins, err := metric.Residuals(f.rows, 20)
	if err != nil {
		return nil
	}
	series := []report.Series{{Name: "median"}, {Name: "5 %"}, {Name: "95 %"}}
	low, high := math.Inf(1), math.Inf(-1)
	for _, b := range bins {
		at := (b.Low + b.High) / 2
		low, high = min(low, at), max(high, at)
		for i, y := range []float64{b.Q50, b.Q05, b.Q95} {
			series[i].Points = append(series[i].Points, report.Point{Step: at, Value: y})
		}
	}
	series = append(series, report.Series{Name: "none", Role: report.RoleReference, Points: []report.Point{{Step: low}, {Step: high}}})
	return []report.Plot{{Title: "Residuals", Kind: report.Lines, X: "prediction", Y: "prediction - truth", Series: series}}
}

// Curves is the section with the curves of a result and, where there is one, of
// the baseline's beside them.
func Curves(now, base *Result) (report.Section, bool) {
	s := report.Section{ID: sectionID("plots", now.as()), Title: titled("Model plots", now.as()), Priority: 4}
	for _, p := range now.Plots {
		if base != nil {
			p = beside(p, base.Plots)
		}
		s.Plots = append(s.Plots, p)
	}
	s.Summary = fmt.Sprintf("%d drawn", len(s.Plots))
	return s, len(s.Plots) > 0
}

// beside adds the first line of the baseline's plot of the same title, unless it
// is a grid, which has no room for two.
func beside(p report.Plot, others []report.Plot) report.Plot {
	i := slices.IndexFunc(others, func(o report.Plot) bool { return o.Title == p.Title && o.Kind == p.Kind })
	if i < 0 || p.Kind == report.Grid || len(others[i].Series) == 0 {
		return p
	}
	b := others[i].Series[0]
	b.Name, b.Role = "baseline", report.RoleBaseline
	p.Series = append(slices.Clone(p.Series), b)
	return p
}
