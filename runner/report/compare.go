package report

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/mlops-runner/mlops/runner/plan"
	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/spec"
)

// CompareOptions is what a comparison rests on beside the two records. The zero
// value compares metrics by their values and judges nothing.
type CompareOptions struct {
	Metrics  []plan.Metric  // declared: their direction and unit beat those of the record
	Gates    []spec.Str     // that judge the run
	OwnGates []spec.Str     // of the run's own file, if others judge it: what differs is told; nil means Gates
	Contexts map[string]any // what gates may read beside metrics: github, params, jobs; values as [expression.FromGo] takes them

	Baseline Baseline // how base was chosen
	HeadName string   // as people call the runs
	BaseName string

	// History are earlier runs on the baseline's branch, oldest first, base among
	// them or not. They show where a metric comes from, and how much it moves by itself.
	History []*record.Run
	// MinHistory is how many measured values an interval from History needs; 0
	// means [DefaultMinHistory].
	MinHistory int
	// Intervals of changes by [record.Metric.Key], such as those of rows that
	// both models were tried on. They beat what seeds and history tell.
	Intervals map[string]Interval
	// Rows are intervals of changes by the rows that both models were tried on, of one
	// of several seeds: they are added to what the seeds tell.
	Rows map[string]Interval
	// Values are intervals of the run's own values, by key, for ci_low and ci_high.
	Values map[string]Interval
	// ValueRows are intervals of the run's own values by its rows, of one of several
	// seeds, by key: they are added to what the seeds tell.
	ValueRows map[string]Interval
	// Noise is how metrics move when nothing changes, by key, as repeated runs of
	// their jobs showed. It stands in where there are neither seeds nor enough history.
	Noise map[string]Noise
	Level float64 // of confidence of the intervals that Compare makes; 0 means 0.95

	// SeedLevels are the levels of intervals over the seeds of jobs, by their keys in
	// mlops.yaml, where it is not Level: who looks several times asks each time for more.
	SeedLevels map[string]float64

	Code       Code
	Logs       map[string][]string // last lines of failed jobs, by id
	Sections   []Section           // beside those of the jobs, and in the place of those of the same id
	Promotions []record.Promotion
	Notes      []string
}

// DefaultMinHistory is how many earlier values tell how much a metric moves by
// itself: with five, the interval is 1.4 times as wide as with very many.
const DefaultMinHistory = 5

// Compare returns what is to be told of head beside base, which may be nil. It
// is pure, changes neither record, and keeps parts of them in the report.
func Compare(head, base *record.Run, o CompareOptions) *Report {
	o.Level = cmp.Or(o.Level, 0.95)
	o.MinHistory = cmp.Or(o.MinHistory, DefaultMinHistory)
	c := &comparison{CompareOptions: o, head: head, base: base, quantiles: map[[2]float64]float64{}}
	r := &Report{
		Version: Version, Pipeline: head.Pipeline, Head: side(head, o.HeadName), Baseline: o.Baseline,
		Metrics: c.metrics(), Changed: gateChanges(o.Gates, o.OwnGates),
		ParamCount: len(head.Params), Code: clipCode(o.Code), Jobs: c.jobs(), Cost: cost(head),
		Sections: together(sectionsOf(head.Jobs), o.Sections), Promotions: o.Promotions,
	}
	if base != nil {
		b, spent := side(base, o.BaseName), cost(base)
		r.Base, r.BaseCost = &b, &spent
		r.Params, r.Inputs, r.Outputs = params(base.Params, head.Params), inputs(base, head), outputs(r.Jobs)
	}
	own := c.valueIntervals()
	for i := range r.Metrics {
		if v, ok := own[r.Metrics[i].key()]; ok && r.Metrics[i].Head != nil && v.sound() {
			r.Metrics[i].Own = &v
		}
	}
	r.Notes = append(c.notes(), o.Notes...)
	if r.Baseline.Why == "" && base == nil {
		r.Baseline.Why = "there is no run to compare with"
	}
	if !unfinished(head) {
		r.Gates = Judge(o.Gates, Evidence{Metrics: r.Metrics, Compared: base != nil, Contexts: o.Contexts, Values: own, Absent: absent(head)})
	}
	r.Decision = decide(head, r.Gates)
	r.Why = why(head, r)
	r.tidy()
	return r
}

// A comparison is the work of one [Compare].
type comparison struct {
	CompareOptions
	head, base *record.Run
	here       []reading              // of head
	past       *past                  // of History
	now        standing               // of head; nil until somebody asks
	before     standing               // of base
	curve      int                    // points of a curve
	quantiles  map[[2]float64]float64 // of Student's t, by level and degrees of freedom
}

// earlier is the history without the run itself.
func (c *comparison) earlier() []*record.Run {
	return slices.DeleteFunc(slices.Clone(c.History), func(r *record.Run) bool { return r.ID != "" && r.ID == c.head.ID })
}

func side(r *record.Run, name string) Side {
	s := Side{
		Run: r.ID, Digest: r.Digest, Name: name, Commit: r.Source.Commit, Branch: r.Source.Branch, Subject: r.Source.Subject,
		Dirty: r.Source.Dirty, Started: r.Started.UTC(), Status: r.Status,
	}
	if ci := r.Environment.CI; ci != nil {
		s.URL, s.Attempt = ci.URL, ci.Attempt
	}
	return s
}

// cost adds up what the executed jobs took. The price is that of the machine
// for as long as the run took.
func cost(r *record.Run) Cost {
	c := Cost{Jobs: len(r.Jobs)}
	if r.Ended.After(r.Started) {
		c.Wall = r.Ended.Sub(r.Started)
	}
	for _, j := range r.Jobs {
		if j.Cached {
			c.Cached++
			continue
		}
		c.CPU += j.CPU
		c.GPUSeconds += j.GPUSeconds
	}
	c.Price = max(0, r.Environment.Cost*(float64(c.Wall)/float64(time.Hour)))
	return c
}

func clipCode(c Code) Code {
	c.Count = max(c.Count, len(c.Files))
	c.Files = slices.Clip(c.Files[:min(len(c.Files), MaxFiles)])
	return c
}

// notes are what makes the two runs less comparable than they seem.
func (c *comparison) notes() (notes []string) {
	if c.base == nil {
		return nil
	}
	a, b := c.base, c.head
	if a.Source.Dirty {
		notes = append(notes, "the baseline ran on changes that were in no commit")
	}
	if a.Status != record.Success && a.Status != "" {
		notes = append(notes, "the baseline's run did not succeed: "+strings.TrimSpace(string(a.Status)+" "+a.Reason))
	}
	if what := places(a.Environment, b.Environment); what != "" {
		notes = append(notes, "the runs had different places: "+what)
	}
	return notes
}

// places says where two environments differ in what changes results and times.
func places(a, b record.Environment) string {
	var parts []string
	for _, p := range []struct{ name, old, now string }{
		{"platform", a.OS + "/" + a.Arch, b.OS + "/" + b.Arch}, {"executor", a.Executor, b.Executor},
		{"CPU", a.Host.CPU, b.Host.CPU}, {"GPU", strings.Join(a.Host.GPUs, " "), strings.Join(b.Host.GPUs, " ")},
	} {
		if p.old != p.now {
			parts = append(parts, p.name+" "+cmp.Or(p.old, "none")+" → "+cmp.Or(p.now, "none"))
		}
	}
	return strings.Join(parts, ", ")
}
