package render

import (
	"strings"

	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/report"
)

// A look is how a word is repeated by a symbol and a colour.
type look struct{ symbol, tone string }

// The tones, which terminals and HTML have colours for.
const (
	good    = "good"
	bad     = "bad"
	unsure  = "unsure"
	neutral = "neutral"
)

func decisionLook(d report.Decision) look {
	switch d {
	case report.Promote:
		return look{"✅", good}
	case report.Blocked:
		return look{"❌", bad}
	case report.Broken:
		return look{"💥", bad}
	case report.Inconclusive:
		return look{"⚠️", unsure}
	}
	return look{"⚪", neutral}
}

// lookOf is the look of a report's decision. Nothing that only others say looks good.
func lookOf(r *report.Report) look {
	l := decisionLook(r.Decision)
	if r.Unverified != "" && l.tone == good {
		return look{"⚪", neutral}
	}
	return l
}

// decided is the decision, and whose word it rests on where that is not our own.
func decided(r *report.Report) text {
	if r.Unverified == "" {
		return decisionText(r.Decision)
	}
	return cat(decisionText(r.Decision), say(" ("), foreignIn(r.Unverified, maxClaim), say(")"))
}

// maxClaim is how long that may be, in bytes: behind it the line of a commit's
// status is to have room for why.
const maxClaim = 80

// decisionText is the decision in capitals.
func decisionText(d report.Decision) text {
	switch d {
	case report.Promote, report.Unjudged, report.NoComparison, report.Inconclusive, report.Blocked, report.Broken:
		return say(strings.ToUpper(string(d)))
	}
	return foreignIn(string(d), maxWord)
}

// maxWord is how long a word may be that comes from a closed set, in bytes: a
// report that was made elsewhere may hold others.
const maxWord = 40

func outcomeLook(o report.Outcome) look {
	switch o {
	case report.Passed:
		return look{"✅", good}
	case report.Failed, report.Errored:
		return look{"❌", bad}
	case report.Undecided:
		return look{"⚠️", unsure}
	}
	return look{"⚪", neutral}
}

// outcomeText is what became of a gate, as a verb.
func outcomeText(o report.Outcome) text {
	switch o {
	case report.Passed:
		return text{{text: "pass", tone: good}}
	case report.Failed:
		return text{{text: "fail", tone: bad, bold: true}}
	case report.Errored:
		return text{{text: "error", tone: bad, bold: true}}
	case report.NoBaseline, report.Undecided:
		return text{{text: string(o), tone: outcomeLook(o).tone}}
	}
	return foreignIn(string(o), maxWord)
}

func verdictText(v report.Verdict) text {
	switch v {
	case report.Worse, report.Gone:
		return text{{text: string(v), tone: bad, bold: true}}
	case report.Better, report.Same, report.CantTell, report.Different, report.Added:
		return text{{text: string(v), tone: verdictTone(v)}}
	}
	return foreignIn(string(v), maxWord)
}

func statusText(s record.Status) text {
	switch s {
	case record.Success:
		return say("ran")
	case record.Failure:
		return text{{text: "failed", tone: bad, bold: true}}
	case record.Cancelled, record.Skipped, record.Running, record.Interrupted:
		return say(string(s))
	}
	return foreignIn(string(s), maxWord)
}

func verdictTone(v report.Verdict) string {
	switch v {
	case report.Better:
		return good
	case report.Worse, report.Gone:
		return bad
	case report.CantTell:
		return unsure
	}
	return neutral
}
