package render

import (
	"cmp"
	"slices"
	"strings"

	"github.com/mlops-runner/mlops/runner/report"
)

// headline answers by itself whether the run may be promoted, and why.
func (p *page) headline() section {
	r := p.report
	h := cat(mark(lookOf(r).symbol), foreignIn(r.Pipeline, maxField), say(" · "), decided(r))
	if r.Why != "" {
		h = cat(h, say(": "), foreignIn(r.Why, maxField))
	}
	return section{id: "top", flat: true, keep: true, rank: rankHeadline, forms: []func() []block{form(heading{h})}}
}

// keyLine says in one line what one would look for first.
func (p *page) keyLine() section {
	key, outputs, failing := p.keyMetric().bold(), p.outputs(), p.failing()
	full := list(" · ", key, outputs, failing, p.cost())
	if len(full) == 0 {
		return section{}
	}
	forms := []func() []block{form(paragraph{full})}
	for _, shorter := range []text{list(" · ", key, outputs), outputs} {
		forms = append(forms, form(paragraph{shorter}))
	}
	return section{id: "key", flat: true, keep: true, rank: rankKey, forms: forms}
}

// keyMetric returns the metric that matters most: the first that a gate reads,
// else the first that moved, else the first; nil if the headline tells of it
// with its values.
func (p *page) keyMetric() text {
	i, why := p.key(), p.report.Why
	if i < 0 || strings.Contains(why, "→") && strings.Contains(why, p.rows[i].key) {
		return nil
	}
	return p.rows[i].sentence()
}

func (p *page) key() int {
	has := func(ok func(row) bool) int { return slices.IndexFunc(p.rows, ok) }
	for _, ok := range []func(row) bool{
		func(r row) bool { return r.metric.Gated && r.metric.Change != nil },
		func(r row) bool { return r.metric.Verdict == report.Worse || r.metric.Verdict == report.Better },
		func(r row) bool { return r.metric.Gated },
		func(row) bool { return true },
	} {
		if i := has(ok); i >= 0 {
			return i
		}
	}
	return -1
}

// outputs counts the outputs that did not change, and says so if that is all.
func (p *page) outputs() text {
	s := p.report.Outputs
	if s.All == 0 || p.report.Base == nil {
		return nil
	}
	t := say(count(s.Same) + " of " + plural(s.All, "output") + " identical")
	moved := func(r row) bool { return r.metric.Verdict != report.Same && r.metric.Verdict != "" }
	if s.Same == s.All && p.report.Decision != report.Broken && !slices.ContainsFunc(p.rows, moved) {
		t = cat(t, say(": this change altered no result"))
	}
	return t
}

// failing names the sections of actions that failed.
func (p *page) failing() text {
	var all []text
	for _, s := range p.report.Sections {
		if s.Failing {
			all = append(all, cat(say("failing: "), list(", ", foreignIn(cmp.Or(s.Title, s.ID), maxField/4), foreignIn(s.Summary, maxField))))
		}
	}
	if more := len(all) - maxFailing; more > 0 {
		all = append(all[:maxFailing], say(plural(more, "more failing section")))
	}
	return list(" · ", all...)
}

// maxFailing is how many failing sections the key line names.
const maxFailing = 2

// cost says what the run took.
func (p *page) cost() text {
	c := p.report.Cost
	var all []text
	if c.Wall > 0 {
		all = append(all, say("took "+duration(c.Wall)))
	}
	if c.GPUSeconds > 0 {
		all = append(all, say("GPU "+duration(seconds(c.GPUSeconds))))
	}
	if c.Price > 0 {
		all = append(all, cat(say("price "), num(lone(c.Price, changeDigits))))
	}
	return list(", ", all...)
}

// cached counts the jobs that were reused.
func (p *page) cached() text {
	c := p.report.Cost
	if c.Jobs == 0 {
		return nil
	}
	return say(count(c.Cached) + " of " + plural(c.Jobs, "job") + " cached")
}

// changedGates warns of gates that the change itself changes.
func (p *page) changedGates() section {
	changes := p.report.Changed
	if len(changes) == 0 {
		return section{}
	}
	what := strong("changes " + plural(len(changes), "gate"))
	first := cat(say("This change also "), what, say(". Gates are judged as the base has them."))
	var texts []text
	for _, c := range changes {
		texts = append(texts, gateChange(c))
	}
	var forms []func() []block
	for _, n := range []int{len(changes), 10, 2} {
		if n < len(changes) || len(forms) == 0 {
			forms = append(forms, changedForm(first, texts, n))
		}
	}
	forms = append(forms, form(alert{"caution", first, nil}))
	return section{id: "changed-gates", flat: true, keep: true, rank: rankChanged, forms: forms}
}

func changedForm(lead text, changes []text, n int) func() []block {
	shown := changes[:n]
	if n < len(changes) {
		shown = append(slices.Clone(shown), say(plural(len(changes)-n, "more gate")))
	}
	return form(alert{"caution", lead, shown})
}

// gateChange says how a gate changes.
func gateChange(c report.GateChange) text {
	switch {
	case c.Old == "":
		return cat(say("new: "), name(c.New))
	case c.New == "":
		return cat(say("removed: "), name(c.Old))
	}
	return cat(name(c.Old), say(" → "), name(c.New))
}

// notes are what a reader must know beside.
func (p *page) notes() section {
	var texts []text
	for _, n := range p.report.Notes {
		if t := foreign(n); len(t) > 0 {
			texts = append(texts, t)
		}
	}
	if len(texts) == 0 {
		return section{}
	}
	s := section{id: "notes", title: say("Notes"), summary: say(plural(len(texts), "note")), flat: true, rank: rankNotes}
	s.forms = shorter(texts, 5, "note", func(ts []text) block { return alert{"note", nil, ts} })
	return s
}

// shorter returns the form of all texts and, if there are more than n, that of
// the first n with how many are left.
func shorter(texts []text, n int, noun string, make func([]text) block) []func() []block {
	forms := []func() []block{form(make(texts))}
	if len(texts) > n {
		forms = append(forms, form(make(texts[:n]), rest{len(texts) - n, noun}))
	}
	return forms
}
