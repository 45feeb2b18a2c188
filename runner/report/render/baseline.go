package render

import (
	"cmp"
	"time"
)

// baseline says what the run was compared with and how that was chosen.
func (p *page) baseline() section {
	return section{id: "baseline", flat: true, keep: true, rank: rankBaseline, forms: []func() []block{
		form(paragraph{cat(strong("Baseline"), say(": "), p.provenance(p.options.Links, maxField))}),
		form(paragraph{cat(strong("Baseline"), say(": "), p.provenance(Links{}, maxField/2))}),
	}}
}

// provenance says on one line which run is the baseline, how old it is, how far
// behind, and why it is this one; names and reasons have at most n bytes.
func (p *page) provenance(l Links, n int) text {
	r := p.report
	b := r.Baseline
	why := foreignIn(b.Why, n)
	asked := text(nil)
	if b.Asked != "" {
		asked = nameIn(b.Asked, n)
	}
	if r.Base == nil {
		return list("; ", list(": ", asked, say("none")), why)
	}
	parts := []text{p.side(l, n)}
	if b.Age > 0 {
		parts = append(parts, say(duration(b.Age)+" old"))
	}
	if b.Behind > 0 {
		parts = append(parts, cat(say(plural(b.Behind, "commit")+" before "), l.commitText(b.Wanted), say(", which has no run")))
	}
	if b.Tip > 0 {
		parts = append(parts, say(plural(b.Tip, "commit")+" behind the tip of the base branch"))
	}
	if r.Base.Dirty {
		parts = append(parts, say("with uncommitted changes"))
	}
	return list(": ", list(", ", parts...), why)
}

// side names the run that was compared with.
func (p *page) side(l Links, n int) text {
	s := p.report.Base
	var id, commit, run text
	if s.Name != "" {
		id = nameIn(s.Name, n/2)
	}
	if c := cmp.Or(s.Commit, p.report.Baseline.Found); c != "" {
		commit = l.commitText(c)
	}
	if s.Run != "" {
		run = cat(say("(run "), nameIn(shortRun(s.Run), n/2), say(")"))
	}
	if all := list(" ", list(" at ", id, commit), run); len(all) > 0 {
		return all
	}
	return say("given as values")
}

// shortRun is as much of a run's id as finds it: the millisecond of its start.
func shortRun(id string) string {
	const millisecond = 13 // bytes
	if len(id) > millisecond && id[millisecond] == '-' {
		return id[:millisecond]
	}
	return id
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// footer leads on.
func (p *page) footer() section {
	r, l := p.report, p.options.Links
	report := text(nil)
	if a := address(l.Report); a != "" {
		report = linked("Full report", a)
	} else if l.Report != "" {
		report = cat(say("full report "), name(l.Report))
	}
	run := text(nil)
	if r.Head.Run != "" {
		run = cat(say("run "), nameIn(r.Head.Run, maxField/2))
	}
	if a := address(l.Run); a != "" {
		run = list(", ", run, linked("CI run", a))
	}
	if r.Head.Attempt > 1 {
		run = list(", ", run, say("attempt "+count(r.Head.Attempt)))
	}
	parts := []text{report, run, p.commit(l), p.cached(), p.when(), p.version()}
	short := []text{report, p.commit(Links{}), p.cached()}
	return section{id: "footer", flat: true, keep: true, rank: rankFooter, forms: []func() []block{
		form(small{list(" · ", parts...)}), form(small{list(" · ", short...)}),
	}}
}

// commit names the commit that ran.
func (p *page) commit(l Links) text {
	h := p.report.Head
	if h.Commit == "" {
		return nil
	}
	t := cat(say("commit "), l.commitText(h.Commit))
	if h.Dirty {
		t = cat(t, say(" with uncommitted changes"))
	}
	return t
}

func (p *page) when() text {
	if t := p.report.Head.Started; !t.IsZero() {
		return say(t.UTC().Format("2006-01-02 15:04 UTC"))
	}
	return nil
}

func (p *page) version() text {
	if p.options.Version == "" {
		return nil
	}
	return cat(say("mlops "), foreignIn(p.options.Version, maxWord))
}
