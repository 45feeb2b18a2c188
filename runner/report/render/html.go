package render

import (
	"html"
	"io"
	"strings"

	"github.com/mlops-runner/mlops/runner/report"
)

// HTML writes the report as one page that needs nothing else: no script, no
// request, colours for light and dark, and every drawing also in words. It is
// well-formed XML too.
func HTML(w io.Writer, r *report.Report, o Options) error {
	h := &sheet{page: newPage(r, o, 0, true)}
	h.b.Grow(len(css) + 1500*len(r.Metrics)) // about what the rows of the table take
	h.write()
	_, err := io.WriteString(w, h.b.String())
	return err
}

// A sheet is a page as HTML.
type sheet struct {
	page *page
	b    strings.Builder
}

func (h *sheet) raw(ss ...string) {
	for _, s := range ss {
		h.b.WriteString(s)
	}
}

// policy forbids the page to load anything, should a foreign text ever get out of its place.
const policy = `default-src 'none'; style-src 'unsafe-inline'`

func (h *sheet) write() {
	p := h.page
	title := cat(foreignIn(p.report.Pipeline, maxField), say(" "), decided(p.report)).plain()
	h.raw("<!DOCTYPE html>\n<html lang=\"en\" xmlns=\"http://www.w3.org/1999/xhtml\">\n<head>\n<meta charset=\"utf-8\"/>\n",
		`<meta name="viewport" content="width=device-width, initial-scale=1"/>`, "\n",
		`<meta http-equiv="Content-Security-Policy" content="`, policy, `"/>`, "\n",
		`<meta name="color-scheme" content="light dark"/>`, "\n",
		"<title>", html.EscapeString(title), "</title>\n<style>\n", css, "</style>\n</head>\n<body>\n")
	h.raw("<header class=\"", lookOf(p.report).tone, "\">\n")
	h.top("top", "key")
	h.raw("</header>\n<main>\n")
	for _, s := range p.sections {
		switch s.id {
		case "top", "key", "footer":
		default:
			h.section(s)
		}
	}
	h.raw("</main>\n<footer>\n")
	h.top("footer")
	h.raw("</footer>\n</body>\n</html>\n")
}

// top writes the contents of some sections without their headings.
func (h *sheet) top(ids ...string) {
	for _, s := range h.page.sections {
		for _, id := range ids {
			if s.id == id {
				h.blocks(s.forms[0]())
			}
		}
	}
}

// section writes a section; what is flat has a heading for those who cannot see.
func (h *sheet) section(s section) {
	class := "section"
	if s.open {
		class = "section bad"
	}
	h.raw(`<section class="`, class, `" id="`, s.id, `">`, "\n")
	switch {
	case !s.flat:
		h.put("<h2>", s.title, "</h2>\n")
		if len(s.summary) > 0 {
			h.put(`<p class="summary">`, s.summary, "</p>\n")
		}
	case len(s.title) > 0:
		h.put(`<h2 class="unseen">`, s.title, "</h2>\n")
	}
	h.blocks(s.forms[0]())
	h.raw("</section>\n")
}

func (h *sheet) blocks(bs []block) {
	for _, b := range bs {
		h.block(b)
	}
}

func (h *sheet) block(b block) {
	switch b := b.(type) {
	case heading:
		h.put("<h1>", b.text, "</h1>\n")
	case paragraph:
		h.paragraph(b.text)
	case small:
		h.paragraph(b.text)
	case items:
		h.items(b.texts)
	case alert:
		h.raw(`<div class="alert `, b.kind, `" role="note">`, "\n")
		h.paragraph(b.lead)
		h.items(b.texts)
		h.raw("</div>\n")
	case table:
		h.table(b)
	case fence:
		h.fence(b)
	case rest:
		h.paragraph(say(plural(b.n, "more "+b.noun)))
	case figure:
		h.figure(b)
	}
}

func (h *sheet) paragraph(t text) {
	if len(t) > 0 {
		h.put("<p>", t, "</p>\n")
	}
}

func (h *sheet) items(ts []text) {
	if len(ts) == 0 {
		return
	}
	h.raw("<ul>\n")
	for _, t := range ts {
		h.put("<li>", t, "</li>\n")
	}
	h.raw("</ul>\n")
}

// fence writes literal lines; those of a diff have the tones of what they say.
func (h *sheet) fence(f fence) {
	h.raw(`<pre tabindex="0"><code>`)
	for i, l := range f.lines {
		if i > 0 {
			h.raw("\n")
		}
		line := html.EscapeString(inert(l))
		switch {
		case f.language == "diff" && strings.HasPrefix(l, "+"):
			line = "<ins>" + line + "</ins>"
		case f.language == "diff":
			line = "<del>" + line + "</del>"
		}
		h.raw(line)
	}
	h.raw("</code></pre>\n")
}

func (h *sheet) table(t table) {
	if len(t.columns) == 0 {
		return
	}
	h.raw(`<div class="wide" tabindex="0"><table>`, "\n<thead><tr>")
	for _, c := range t.columns {
		h.put(`<th scope="col"`+align(c)+">", c.title, "</th>")
	}
	h.raw("</tr></thead>\n<tbody>\n")
	cells := make([]string, len(t.columns)) // how those of a column begin
	for i, c := range t.columns {
		cells[i] = "<td" + align(c) + ">"
	}
	for _, r := range t.rows {
		h.raw("<tr>")
		for i, c := range r {
			if i == 0 {
				h.put(`<th scope="row">`, c, "</th>")
			} else {
				h.put(cells[i], c, "</td>")
			}
		}
		h.raw("</tr>\n")
	}
	h.raw("</tbody>\n</table></div>\n")
}

func align(c column) string {
	switch {
	case c.right:
		return ` class="number"`
	case c.center:
		return ` class="center"`
	}
	return ""
}

// figure is a drawing with what it shows below it.
func (h *sheet) figure(f figure) {
	h.raw("<figure>\n")
	f.svg(&h.b)
	h.put("<figcaption>", f.caption(), "</figcaption>\n")
	h.table(f.table())
	h.raw("</figure>\n")
}

// put writes a line of text between tags.
func (h *sheet) put(before string, t text, after string) {
	h.b.WriteString(before)
	for i := range t {
		h.span(&t[i])
	}
	h.b.WriteString(after)
}

func (h *sheet) span(s *span) {
	if s.tone != "" {
		h.raw(`<span class="`, s.tone, `">`)
		defer h.raw("</span>")
	}
	if s.link != "" {
		h.raw(`<a href="`, html.EscapeString(s.link), `" rel="noreferrer">`)
		defer h.raw("</a>")
	}
	if s.bold {
		h.raw("<b>")
		defer h.raw("</b>")
	}
	switch {
	case s.bar != nil:
		s.bar.svg(&h.b)
	case s.style == code:
		h.raw("<code>", html.EscapeString(s.text), "</code>")
	case s.style == sign:
		h.raw(`<span aria-hidden="true">`, html.EscapeString(s.text), "</span>")
	default:
		h.raw(html.EscapeString(minus(*s)))
	}
}
