package render

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/mlops-runner/mlops/runner/report"
)

// ErrBudget is returned for a budget below [MinBudget], or one that the lines
// which are never dropped do not fit into because the trailer is too long.
var ErrBudget = errors.New("the budget is too small")

// Markdown writes the report as Markdown for GitHub, Gitea and GitLab. The
// first line alone says what the run comes to, and why.
func Markdown(w io.Writer, r *report.Report, o Options) error {
	return writeMarkdown(w, r, o, true)
}

// Plain writes the report as Markdown for forges that know no HTML in it.
func Plain(w io.Writer, r *report.Report, o Options) error {
	return writeMarkdown(w, r, o, false)
}

func writeMarkdown(w io.Writer, r *report.Report, o Options, html bool) error {
	if strings.ContainsAny(o.Trailer, "\r\n") {
		return errors.New("the trailer has more than one line")
	}
	if o.Budget != 0 && o.Budget < MinBudget {
		return fmt.Errorf("%w: %d bytes, at least %d are needed", ErrBudget, o.Budget, MinBudget)
	}
	s := newShrinker(newPage(r, o, topRows, false), html)
	if !s.fit(o.Budget) {
		return fmt.Errorf("%w: %d bytes, %d are needed", ErrBudget, o.Budget, s.size)
	}
	_, err := io.WriteString(w, s.String())
	return err
}

// topRows is how many metrics the table at the top of a comment has.
const topRows = 25

// A shrinker writes the sections of a page and makes them shorter until they fit.
type shrinker struct {
	page    *page
	m       markdown
	texts   []string // of the sections, in the form they have now
	forms   []int
	dropped int
	size    int // bytes of all
}

func newShrinker(p *page, html bool) *shrinker {
	s := &shrinker{page: p, m: markdown{html, address(p.options.Links.Report)}}
	s.texts, s.forms = make([]string, len(p.sections)), make([]int, len(p.sections))
	for i := range p.sections {
		s.set(i, 0)
	}
	if p.options.Trailer != "" {
		s.size += len(p.options.Trailer) + 2 // a line end before it and one behind
	}
	return s
}

// set gives section i a form: one of its own, then one line, then nothing. A
// form that is no shorter than the one before is passed over.
func (s *shrinker) set(i, form int) {
	was, now := s.texts[i], s.text(s.page.sections[i], form)
	s.forms[i] = form
	if form > 0 && len(now) >= len(was) {
		return
	}
	s.texts[i] = now
	s.size += room(now) - room(was)
}

// text writes a section in a form.
func (s *shrinker) text(sec section, form int) string {
	switch n := len(sec.forms); {
	case form < n:
		return s.m.section(sec, sec.forms[form]())
	case form == n && !sec.keep:
		return s.m.short(sec)
	}
	return ""
}

// room is what a section takes, with the empty line behind it.
func room(text string) int {
	if text == "" {
		return 0
	}
	return len(text) + 1
}

// fit shortens sections, lowest rank first and each to one line before the
// next, until all fit into budget bytes; then it drops lines, and then it
// shortens what is never dropped. It reports whether that was enough.
func (s *shrinker) fit(budget int) bool {
	fits := func() bool { return budget == 0 || s.size+room(s.left()) <= budget }
	order := s.page.byRank()
	for _, i := range order {
		for sec := s.page.sections[i]; !sec.keep && s.forms[i] < len(sec.forms) && !fits(); {
			s.set(i, s.forms[i]+1)
		}
	}
	for _, i := range order {
		if !s.page.sections[i].keep && s.texts[i] != "" && !fits() {
			s.set(i, s.forms[i]+1)
			s.dropped++
		}
	}
	for _, i := range order {
		for sec := s.page.sections[i]; sec.keep && s.forms[i]+1 < len(sec.forms) && !fits(); {
			s.set(i, s.forms[i]+1)
		}
	}
	return fits()
}

// left says how many sections were dropped.
func (s *shrinker) left() string {
	if s.dropped == 0 {
		return ""
	}
	return s.m.line(s.m.rest(rest{s.dropped, "section"}))
}

// String joins the sections, with what was dropped before the footer and the
// trailer at the end.
func (s *shrinker) String() string {
	var b strings.Builder
	b.Grow(s.size + 200)
	for i, text := range s.texts {
		if i == len(s.texts)-1 && s.dropped > 0 {
			b.WriteString(s.left() + "\n")
		}
		if text != "" {
			b.WriteString(text + "\n")
		}
	}
	if s.page.options.Trailer != "" {
		b.WriteString(s.page.options.Trailer + "\n")
	}
	return b.String()
}
