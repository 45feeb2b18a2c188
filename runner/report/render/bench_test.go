package render

import (
	"fmt"
	"io"
	"math"
	"testing"

	"github.com/mlops-runner/mlops/runner/report"
)

// thousand is a report of 1,000 metrics, a third of them with curves, as thin as
// a comparison of so many leaves them.
func thousand() *report.Report {
	number := func(v float64) *report.Number { n := report.Number(v); return &n }
	r := &report.Report{Pipeline: "churn", Decision: report.Promote, Why: "auc is better", Base: &report.Side{Name: "main"}}
	for i := range 1000 {
		v := 0.5 + math.Sin(float64(i))/3
		m := report.Metric{Name: fmt.Sprintf("by_class.c%03d.recall", i), Better: "higher", Head: number(v + 0.01), Base: number(v), Change: number(0.01), Verdict: report.Same, Job: "evaluate"}
		if i%2 == 0 {
			m.Verdict, m.Interval = report.Better, &report.Interval{Low: 0.004, High: 0.016, Level: 0.95, P: number(0.01), Method: "DeLong", N: 4000}
		}
		if i%3 == 0 {
			for step := range report.MaxCurve / 2 {
				m.HeadCurve = append(m.HeadCurve, report.Point{Step: float64(step), Value: v / float64(step+1)})
			}
			m.BaseCurve, m.Past = m.HeadCurve, m.HeadCurve[:20]
		}
		r.Metrics = append(r.Metrics, m)
	}
	for i := range 50 {
		r.Gates = append(r.Gates, report.Judged{Gate: fmt.Sprintf("by_class.c%03d.recall >= 0.1", i), Outcome: report.Passed})
	}
	return r
}

// BenchmarkRender renders 1,000 metrics in each format, Markdown both whole and
// within the budget of a comment.
func BenchmarkRender(b *testing.B) {
	r := thousand()
	for _, f := range Formats() {
		b.Run(f.Name, func(b *testing.B) { benchmark(b, f.Render, r, Options{}) })
	}
	b.Run("comment", func(b *testing.B) { benchmark(b, Markdown, r, Options{Budget: GitHubComment}) })
	b.Run("smallest", func(b *testing.B) { benchmark(b, Markdown, r, Options{Budget: MinBudget}) })
}

func benchmark(b *testing.B, f Func, r *report.Report, o Options) {
	b.ReportAllocs()
	for b.Loop() {
		if err := f(io.Discard, r, o); err != nil {
			b.Fatal(err)
		}
	}
}
