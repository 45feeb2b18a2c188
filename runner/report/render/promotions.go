package render

import (
	"github.com/mlops-runner/mlops/runner/record"
)

// promotions say what became of the models that the run made.
func (p *page) promotions() section {
	var told []text
	for _, one := range p.report.Promotions {
		told = append(told, promotion(one))
	}
	if len(told) == 0 {
		return section{}
	}
	s := section{id: "promotions", title: say("Promotions"), summary: say(plural(len(told), "model")), flat: true, rank: rankPromotions}
	s.forms = shorter(told, 5, "promotion", func(ts []text) block { return items{ts} })
	for i := range told {
		told[i] = cat(strong("Promotion"), say(": "), told[i])
	}
	if len(told) == 1 {
		s.forms = []func() []block{form(paragraph{told[0]})}
	}
	return s
}

// promotion says it in words: churn@3 (new) is production now, which was churn@2.
func promotion(p record.Promotion) text {
	model := nameIn(versionOf(p.Model, p.Version), maxField/2)
	if p.New {
		model = cat(model, say(" (new)"))
	}
	alias, was := text(nil), say("nothing")
	if p.Alias != "" {
		alias = nameIn(p.Alias, maxField/2)
	}
	if p.Was > 0 {
		was = nameIn(versionOf(p.Model, p.Was), maxField/2)
	}
	var t text
	switch p.Outcome {
	case record.Moved:
		t = cat(model, say(" is "), alias, say(" now, which was "), was)
	case record.Registered:
		t = cat(model, say(" is registered"))
	case record.Unchanged:
		t = cat(model, say(" is "), alias, say(" already"))
		if p.Alias == "" {
			t = cat(model, say(" is registered already"))
		}
	case record.Refused:
		t = cat(alias, say(" stays at "), was, say(", "), model, say(" is not promoted"))
	default:
		t = cat(model, say(" is not promoted"))
	}
	if p.DryRun {
		t = cat(say("in a dry run, "), t)
	}
	return list(": ", t, foreignIn(p.Why, maxField))
}

func versionOf(model string, version int) string {
	if version == 0 {
		return model
	}
	return model + "@" + count(version)
}

// Promotion is what became of a model in one line of plain text.
func Promotion(p record.Promotion) string { return promotion(p).plain() }
