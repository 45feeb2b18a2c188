package render

import (
	"cmp"
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/mlops-runner/mlops/runner/report"
)

// A Block is one pipeline's part of a comment that several share: its report
// as Markdown, already rendered.
type Block struct {
	Key      string // of the pipeline
	Decision report.Decision
	Text     string // Markdown; its first line says what the report comes to
	Trailer  string // the block's own marker: one line, kept in every form; "" for none
}

// Blocks joins the blocks of several pipelines, the worst first and else by
// key, in at most o.Budget bytes (0 for any number). Where space is short, the
// blocks that matter least become their first line and their trailer; where it
// still is, they are only counted. o gives the address of the full report too,
// and the trailer of the whole. It fails with [ErrBudget] if not even that fits.
func Blocks(blocks []Block, o Options) (string, error) {
	sorted := slices.Clone(blocks)
	sort.SliceStable(sorted, func(i, j int) bool {
		a, b := &sorted[i], &sorted[j]
		return cmp.Or(badness(b.Decision)-badness(a.Decision), strings.Compare(a.Key, b.Key)) < 0
	})
	texts := make([]string, len(sorted))
	total := 0
	for i, b := range sorted {
		texts[i] = b.full()
		total += len(texts[i])
	}
	m := markdown{html: true, full: address(o.Links.Report)}
	left := 0
	end := func() string { return ending(m, left, o.Trailer) }
	line := func(b Block) string { return b.line(m) }
	for _, shorter := range []func(Block) string{line, func(Block) string { left++; return "" }} {
		for i := len(sorted) - 1; i >= 0 && o.Budget > 0 && total+len(end()) > o.Budget; i-- {
			total -= len(texts[i])
			texts[i] = shorter(sorted[i])
			total += len(texts[i])
		}
	}
	if all := total + len(end()); o.Budget > 0 && all > o.Budget {
		return "", fmt.Errorf("%w: %d bytes, %d are needed", ErrBudget, o.Budget, all)
	}
	return strings.Join(texts, "") + end(), nil
}

// ending says how many blocks were dropped, and has the trailer.
func ending(m markdown, left int, trailer string) string {
	out := ""
	if left > 0 {
		out = m.line(m.rest(rest{left, "pipeline"})) + "\n"
	}
	if trailer != "" {
		out += trailer + "\n"
	}
	return out
}

// badness orders decisions, the worst greatest.
func badness(d report.Decision) int {
	return slices.Index([]report.Decision{report.Promote, report.Unjudged, report.NoComparison, report.Inconclusive, report.Blocked, report.Broken}, d)
}

func (b Block) full() string { return joined(strings.TrimRight(b.Text, "\n"), b.Trailer) }

// line is the block's first line, and where the rest is.
func (b Block) line(m markdown) string {
	first, more, _ := strings.Cut(b.Text, "\n")
	if strings.TrimSpace(more) != "" {
		first += "\n\n" + m.line(cat(say("More: "), m.fullReport()))
	}
	return joined(strings.TrimRight(first, "\n"), b.Trailer)
}

// joined ends a block with its trailer and an empty line.
func joined(text, trailer string) string {
	if trailer != "" {
		text += "\n\n" + trailer
	}
	return text + "\n\n"
}
