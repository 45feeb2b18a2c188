package render

import (
	"slices"

	"github.com/mlops-runner/mlops/runner/report"
	"github.com/mlops-runner/mlops/runner/store"
)

// inputs are the files and datasets that the runs read in different versions.
func (p *page) inputs() section {
	all := p.report.Inputs
	if len(all) == 0 {
		return section{}
	}
	s := section{id: "inputs", title: say("Inputs"), rank: rankInputs, summary: say(plural(len(all), "input") + " changed")}
	t := table{columns: []column{
		{title: say("input")}, {title: say("baseline")}, {title: say("candidate")}, {title: say("files"), right: true}, {title: say("size"), right: true},
	}}
	for _, i := range all {
		t.rows = append(t.rows, []text{inputName(i), digest(i.Old), digest(i.New), moved(i.OldFiles, i.NewFiles, count[int64]), moved(i.OldSize, i.NewSize, size)})
		s.brief = append(s.brief, cat(inputName(i), say(" "), digest(i.Old), say(" → "), digest(i.New)))
	}
	s.brief = briefly(s.brief)
	s.forms = tables(t, "input", 10)
	return s
}

func inputName(i report.InputChange) text {
	path := name(i.Path)
	if i.OldPath != "" {
		path = cat(name(i.OldPath), say(" → "), path)
	}
	if i.Name == "" || i.Name == i.Path {
		return path
	}
	return cat(name(i.Name), say(" "), path)
}

func digest(d store.Digest) text {
	if d.IsZero() {
		return say(missing)
	}
	return name(d.Short())
}

// moved writes old and new where they differ.
func moved(old, new int64, write func(int64) string) text {
	switch {
	case old == 0 && new == 0:
		return say(missing)
	case old == new:
		return num(write(new))
	}
	return cat(num(write(old)), say(" → "), num(write(new)))
}

// tables are a table's forms: all rows, and the first n.
func tables(t table, noun string, sizes ...int) []func() []block {
	forms := []func() []block{form(t)}
	for _, n := range sizes {
		if n < len(t.rows) {
			forms = append(forms, form(table{t.columns, t.rows[:n]}, rest{len(t.rows) - n, noun}))
		}
	}
	return forms
}

// params are the parameters that differ, as a diff.
func (p *page) params() section {
	all := p.report.Params
	if len(all) == 0 {
		return section{}
	}
	summary := plural(len(all), "parameter") + " changed"
	if p.report.ParamCount > 0 {
		summary = count(len(all)) + " of " + plural(p.report.ParamCount, "parameter") + " changed"
	}
	s := section{id: "params", title: say("Parameters"), rank: rankParams, summary: say(summary)}
	s.forms = []func() []block{form(diff(all))}
	for _, n := range []int{20, 5} {
		if n < len(all) {
			s.forms = append(s.forms, form(diff(all[:n]), rest{len(all) - n, "parameter"}))
		}
	}
	for _, c := range all {
		s.brief = append(s.brief, changeText(c))
	}
	s.brief = briefly(s.brief)
	return s
}

// diff writes changes as a diff, a line for each side.
func diff(changes []report.Change) fence {
	f := fence{language: "diff"}
	for _, c := range changes {
		id := clip(clean(c.Name), maxField)
		if c.Old != nil {
			f.lines = append(f.lines, "- "+id+": "+clip(clean(*c.Old), maxField))
		}
		if c.New != nil {
			f.lines = append(f.lines, "+ "+id+": "+clip(clean(*c.New), maxField))
		}
	}
	return f
}

// changeText writes a change in a line: lr 0.1 → 0.2.
func changeText(c report.Change) text {
	side := func(s *string) text {
		if s == nil {
			return say(missing)
		}
		return nameIn(*s, maxField/2)
	}
	return cat(name(c.Name), say(" "), side(c.Old), say(" → "), side(c.New))
}

// maxBrief is how many lines of a section the terminal shows.
const maxBrief = 6

// briefly keeps the first lines and counts the others.
func briefly(lines []text) []text {
	if len(lines) <= maxBrief {
		return lines
	}
	return append(slices.Clone(lines[:maxBrief]), say(count(len(lines)-maxBrief)+" more"))
}

// code names the files that differ.
func (p *page) code() section {
	c := p.report.Code
	if c.Count == 0 && len(c.Files) == 0 {
		return section{}
	}
	all := max(c.Count, len(c.Files))
	summary := plural(all, "file") + " changed"
	if c.Commits > 0 {
		summary += " in " + plural(c.Commits, "commit")
	}
	s := section{id: "code", title: say("Code"), rank: rankCode, summary: say(summary)}
	sizes := []int{len(c.Files), 20, 5}
	for i, n := range sizes {
		if i == 0 || n < len(c.Files) {
			s.forms = append(s.forms, form(files(c.Files[:n], all)...))
		}
	}
	return s
}

func files(names []string, all int) []block {
	f := fence{language: "text"}
	for _, n := range names {
		f.lines = append(f.lines, clip(clean(n), maxField))
	}
	var bs []block
	if len(names) > 0 {
		bs = append(bs, f)
	}
	if all > len(names) {
		bs = append(bs, rest{all - len(names), "file"})
	}
	return bs
}
