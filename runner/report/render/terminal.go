package render

import (
	"io"
	"strings"

	"github.com/mlops-runner/mlops/runner/report"
)

// Terminal writes the report for a terminal or a plain text file: what it comes
// to, the metrics, a line for each other thing, and in full what failed.
func Terminal(w io.Writer, r *report.Report, o Options) error {
	t := &terminal{page: newPage(r, o, terminalRows, false), color: o.Color, ascii: o.ASCII}
	t.write()
	_, err := io.WriteString(w, t.b.String())
	return err
}

// A terminal lays a page out in columns of characters.
type terminal struct {
	page  *page
	color bool
	ascii bool
	b     strings.Builder
}

// indent stands before all lines but the first and the last.
const indent = "  "

func (t *terminal) write() {
	t.top()
	for _, s := range t.page.sections {
		switch s.id {
		case "changed-gates", "notes":
			t.gap()
			t.open(s)
		case "metrics":
			t.gap()
			t.metrics()
		case "gates":
			t.gap()
			t.open(s)
		}
	}
	t.gap()
	t.lines()
	for _, s := range t.page.sections {
		if s.open {
			t.gap()
			t.put(indent + t.text(list(": ", s.title.bold(), s.summary)))
			t.open(s)
		}
	}
	t.gap()
	t.foot()
}

func (t *terminal) put(line string) { t.b.WriteString(inert(strings.TrimRight(line, " ")) + "\n") }

// gap writes an empty line, but not two.
func (t *terminal) gap() {
	if !strings.HasSuffix(t.b.String(), "\n\n") {
		t.b.WriteByte('\n')
	}
}

// top is the first line.
func (t *terminal) top() {
	r := t.page.report
	line := t.text(foreignIn(r.Pipeline, maxField)) + indent + t.paint(lookOf(r).tone, decided(r).plain())
	if r.Why != "" {
		line += indent + t.text(foreign(r.Why))
	}
	t.put(line)
}

// lines are the sections that are not open, each on a line or a few.
func (t *terminal) lines() {
	var rows [][]text
	for _, s := range t.page.sections {
		if s.open || s.flat && s.id != "other-gates" || s.id == "reproduce" || s.id == "other-metrics" {
			continue
		}
		lines := s.brief
		if lines == nil {
			lines = []text{s.summary}
		}
		title := text{{text: strings.ToLower(s.title.plain())}}
		for i, l := range lines {
			if i > 0 {
				title = nil
			}
			rows = append(rows, []text{title, l})
		}
	}
	if out := t.page.outputs(); len(out) > 0 {
		rows = append(rows, []text{say("outputs"), out})
	}
	t.rows(rows, indent)
}

// foot says what the run was compared with and where to read on.
func (t *terminal) foot() {
	p := t.page
	rows := [][]text{{say("baseline"), p.provenance(Links{}, maxSentence)}}
	if l := p.options.Links.Report; l != "" {
		rows = append(rows, []text{say("report"), nameIn(l, maxAddress)})
	}
	for _, one := range p.report.Promotions {
		rows = append(rows, []text{say("promotion"), promotion(one)})
	}
	run := text(nil)
	if p.report.Head.Run != "" {
		run = name(p.report.Head.Run)
	}
	if ran := list(", ", run, p.commit(Links{}), p.cached()); len(ran) > 0 {
		rows = append(rows, []text{say("run"), ran})
	}
	t.rows(rows, "")
}

// rows writes a label and a text on each line.
func (t *terminal) rows(rows [][]text, before string) {
	most := 0
	for _, r := range rows {
		most = max(most, width(t.text(r[0])))
	}
	for _, r := range rows {
		label := t.text(r[0])
		t.put(before + label + pad(most-width(label)) + indent + t.text(r[1]))
	}
}

// open writes the contents of a section, of a long one only what a screen holds.
func (t *terminal) open(s section) {
	form := s.forms[0]
	if s.screen != nil {
		form = s.screen
	}
	for _, b := range form() {
		t.block(b)
	}
}

func (t *terminal) block(b block) {
	switch b := b.(type) {
	case paragraph:
		t.put(indent + t.text(b.text))
	case items:
		t.items(b.texts)
	case alert:
		if len(b.lead) > 0 {
			t.put(indent + t.paint(unsure, b.lead.plain()))
		}
		t.items(b.texts)
	case table:
		t.table(b)
	case rest:
		t.put(indent + plural(b.n, "more "+b.noun))
	case fence:
		for _, l := range b.lines {
			t.put(indent + indent + t.chars(l))
		}
	}
}

func (t *terminal) items(ts []text) {
	for _, i := range ts {
		t.put(indent + "- " + t.text(i))
	}
}

// text writes a text with its colours.
func (t *terminal) text(x text) string {
	if !t.color {
		return t.chars(x.plain())
	}
	var b strings.Builder
	for _, s := range x {
		tone := s.tone
		if s.bold {
			tone += bold
		}
		if s.style != sign {
			b.WriteString(t.paint(tone, s.text))
		}
	}
	return b.String()
}

// chars keeps s to the characters that the terminal knows.
func (t *terminal) chars(s string) string {
	if t.ascii {
		return ascii(s)
	}
	return s
}

// The tones of a terminal beside those of meaning.
const (
	bold = " bold"
	dim  = "dim"
)

// paint colours s.
func (t *terminal) paint(tone, s string) string {
	s = t.chars(s)
	codes := map[string]string{
		good: "32", bad: "31", unsure: "33", neutral: "1", dim: "2", bold: "1",
		good + bold: "1;32", bad + bold: "1;31", unsure + bold: "1;33", neutral + bold: "1",
	}
	if c := codes[tone]; t.color && c != "" && s != "" {
		return "\x1b[" + c + "m" + s + "\x1b[0m"
	}
	return s
}
