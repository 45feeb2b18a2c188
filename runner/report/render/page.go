package render

import (
	"cmp"
	"slices"

	"github.com/mlops-runner/mlops/runner/report"
)

// A page is all that is said of a report, in the order in which it is read.
type page struct {
	report   *report.Report
	options  Options
	plots    bool // for HTML, which can draw
	rows     []row
	gates    gateList
	sections []section
}

// A section is a part of a page. Sections are folded where the format can fold,
// unless they are open.
type section struct {
	id      string
	title   text
	summary text   // what is in it, with counts, so that it need not be unfolded
	brief   []text // lines for the terminal; nil for the summary
	open    bool   // something failed: shown open
	flat    bool   // part of the text above the sections: no heading, never folded
	keep    bool   // never dropped, only shortened

	rank             int // higher is shortened later
	priority, second int // among equal ranks

	// forms are the contents, from all to the shortest. A section that is not
	// kept has a last form beside: one line with the summary.
	forms []func() []block
	// screen is what an open section shows on a terminal; nil for the first form.
	screen func() []block
}

// The ranks, lowest first: what is shortened first when space is short.
const (
	rankCurves = iota
	rankJobs
	rankLogs
	rankReproduce
	rankCode
	rankParams
	rankInputs
	rankOther    // metrics that no gate reads and that did not move
	rankSections // of actions: drift, then slices, then data checks
	rankNotes
	rankPromotions
	rankGates
	rankMetrics
	rankKey
	rankChanged
	rankFooter
	rankBaseline
	rankHeadline
)

// newPage says all that there is to say. top is how many metrics stand in the
// table at the top, 0 for all; plots adds what only HTML can draw.
func newPage(r *report.Report, o Options, top int, plots bool) *page {
	p := &page{report: r, options: o, plots: plots}
	p.gates = newGateList(r)
	p.rows = newRows(r, p.gates)
	first, others := split(p.rows, top)
	p.add(p.headline(), p.keyLine(), p.changedGates(), p.failedGates(), p.metrics(first, others, plots), p.looseGates(), p.promotions(), p.notes(), p.baseline())
	failing, fine := p.failures(), []section(nil)
	for i, s := range r.Sections {
		if s := p.action(s, i); s.open {
			failing = append(failing, s)
		} else {
			fine = append(fine, s)
		}
	}
	p.add(failing...)
	p.add(fine...)
	p.add(p.otherMetrics(others, plots), p.inputs(), p.params(), p.code(), p.curves(), p.jobs(), p.reproduce(), p.footer())
	return p
}

// add appends the sections that say anything.
func (p *page) add(ss ...section) {
	for _, s := range ss {
		if len(s.forms) > 0 {
			p.sections = append(p.sections, s)
		}
	}
}

// byRank returns the indexes of the sections, those to be shortened first in front.
func (p *page) byRank() []int {
	order := make([]int, len(p.sections))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		x, y := p.sections[a], p.sections[b]
		return cmp.Or(cmp.Compare(x.rank, y.rank), cmp.Compare(x.priority, y.priority), cmp.Compare(x.second, y.second), cmp.Compare(b, a))
	})
	return order
}

// A block is what a section is made of: one of the types below.
type block any

type (
	heading   struct{ text text }    // of the whole page
	paragraph struct{ text text }    //
	small     struct{ text text }    // a footer
	items     struct{ texts []text } // a list
	table     struct {
		columns []column
		rows    [][]text // each as long as columns
	}
	fence struct { // literal lines
		language string // diff, console, text
		lines    []string
	}
	alert struct {
		kind  string // caution, warning, note
		lead  text   // may be nil
		texts []text // a list below it
	}
	// rest says how much a shorter form leaves out.
	rest struct {
		n    int
		noun string
	}
)

// A column heads a table.
type column struct {
	title  text
	right  bool // numbers
	center bool
}

// form makes a form of blocks that are at hand.
func form(bs ...block) func() []block { return func() []block { return bs } }
