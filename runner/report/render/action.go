package render

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/mlops-runner/mlops/runner/report"
)

// action is a section that an action has written.
func (p *page) action(a report.Section, index int) section {
	s := section{
		id: "section-" + strconv.Itoa(index+1), title: foreignIn(a.Title, maxField/2), summary: foreignIn(a.Summary, 2*maxField),
		open: a.Failing, rank: rankSections, priority: a.Priority, second: sectionOrder(a.ID),
	}
	if len(s.title) == 0 {
		s.title = foreignIn(cmp.Or(a.ID, "section"), maxField/2)
	}
	p.actionForms(&s, a)
	return s
}

// screenRows is how many rows of an action's table a terminal shows.
const screenRows = 10

// actionForms gives a section its contents: all of it; its plots as lines and no
// patch; its table; and the first rows of that.
func (p *page) actionForms(s *section, a report.Section) {
	patch, all, figs := actionPatch(a), actionRows(a, len(a.Rows)), figures(a.Plots)
	most := markdownPlots
	if p.plots {
		most = len(figs)
	}
	s.forms = []func() []block{func() []block { return slices.Concat(all, drawnFigures(figs, most), patch) }}
	if len(figs) > 0 {
		s.forms = append(s.forms, func() []block { return slices.Concat(all, listedFigures(figs, most), patch) })
		s.brief = append([]text{s.summary}, figureLines(figs, briefPlots)...)
	}
	if len(all) > 0 && (patch != nil || len(figs) > 0) {
		s.forms = append(s.forms, form(all...))
	}
	for _, n := range []int{10, 3} {
		if n < len(a.Rows) && len(all) > 0 {
			s.forms = append(s.forms, form(actionRows(a, n)...))
		}
	}
	s.screen = func() []block { return slices.Concat(actionRows(a, screenRows), listedFigures(figs, briefPlots)) }
	if len(all) == 0 && len(figs) == 0 {
		s.screen = form(patch...)
	}
}

// actionRows is the table of a section with its first n rows, if it has any.
func actionRows(a report.Section, n int) []block {
	if len(a.Columns) == 0 || len(a.Rows) == 0 {
		return nil
	}
	n = min(n, len(a.Rows))
	return withRest([]block{actionTable(a, n)}, len(a.Rows)-n, "row")
}

// actionPatch is the patch of a section, if it has one.
func actionPatch(a report.Section) []block {
	if len(a.Patch) == 0 {
		return nil
	}
	f := fence{language: "diff"}
	for _, l := range a.Patch {
		f.lines = append(f.lines, clip(cleanPatch(l), maxLine))
	}
	return []block{f}
}

// sectionOrder orders sections of one priority: which is shortened later.
func sectionOrder(id string) int {
	switch id {
	case "drift":
		return 0
	case "slices":
		return 2
	case "data":
		return 3
	}
	return 1
}

// actionTable is the first n rows of a section; rows that are too short are filled up.
func actionTable(a report.Section, n int) table {
	t := table{rows: make([][]text, n)}
	for _, c := range a.Columns {
		t.columns = append(t.columns, column{title: foreignIn(c.Name, maxField/2), right: c.Numeric})
	}
	for i, r := range a.Rows[:n] {
		cells := make([]text, len(a.Columns))
		for k := range cells {
			if k < len(r) {
				cells[k] = actionCell(r[k], k == 0, a.Columns[k].Numeric)
			}
		}
		t.rows[i] = cells
	}
	return t
}

func actionCell(s string, first, numeric bool) text {
	switch {
	case strings.TrimSpace(s) == "":
		return nil
	case numeric && digits(s) && !risky(s):
		return num(clip(clean(s), maxField))
	case first:
		return name(s)
	}
	return foreignIn(s, maxField)
}

// digits reports whether s can only be numbers.
func digits(s string) bool {
	switch s {
	case "NaN", "Infinity", "-Infinity":
		return true
	}
	return strings.Trim(s, "0123456789+-.,% …−–eE") == ""
}
