package render

import (
	"cmp"
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
	patch := actionPatch(a)
	if len(a.Columns) == 0 || len(a.Rows) == 0 {
		s.forms = []func() []block{func() []block { return patch }}
		return s
	}
	s.forms = append(s.forms, form(append([]block{actionTable(a, len(a.Rows))}, patch...)...))
	if patch != nil {
		s.forms = append(s.forms, form(actionTable(a, len(a.Rows))))
	}
	for _, n := range []int{10, 3} {
		if n < len(a.Rows) {
			s.forms = append(s.forms, func() []block {
				return []block{actionTable(a, n), rest{len(a.Rows) - n, "row"}}
			})
		}
	}
	return s
}

// actionPatch is the patch of a section, if it has one.
func actionPatch(a report.Section) []block {
	if len(a.Patch) == 0 {
		return nil
	}
	f := fence{language: "diff"}
	for _, l := range a.Patch {
		f.lines = append(f.lines, clip(cleanLine(l), maxLine))
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
