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
	title := cat(foreignIn(p.report.Pipeline, maxField), say(" "), decisionText(p.report.Decision)).plain()
	h.raw("<!DOCTYPE html>\n<html lang=\"en\" xmlns=\"http://www.w3.org/1999/xhtml\">\n<head>\n<meta charset=\"utf-8\"/>\n",
		`<meta name="viewport" content="width=device-width, initial-scale=1"/>`, "\n",
		`<meta http-equiv="Content-Security-Policy" content="`, policy, `"/>`, "\n",
		`<meta name="color-scheme" content="light dark"/>`, "\n",
		"<title>", html.EscapeString(title), "</title>\n<style>\n", css, "</style>\n</head>\n<body>\n")
	h.raw("<header class=\"", decisionLook(p.report.Decision).tone, "\">\n")
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
		h.raw("<h2>", h.text(s.title), "</h2>\n")
		if len(s.summary) > 0 {
			h.raw(`<p class="summary">`, h.text(s.summary), "</p>\n")
		}
	case len(s.title) > 0:
		h.raw(`<h2 class="unseen">`, h.text(s.title), "</h2>\n")
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
		h.raw("<h1>", h.text(b.text), "</h1>\n")
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
	case chart:
		h.figure(cat(name(b.row.key), say(" by step")), b.svg(), b.table())
	case history:
		h.figure(b.line(), b.svg(), table{})
	}
}

func (h *sheet) paragraph(t text) {
	if len(t) > 0 {
		h.raw("<p>", h.text(t), "</p>\n")
	}
}

func (h *sheet) items(ts []text) {
	if len(ts) == 0 {
		return
	}
	h.raw("<ul>\n")
	for _, t := range ts {
		h.raw("<li>", h.text(t), "</li>\n")
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
		h.raw(`<th scope="col"`, align(c), ">", h.text(c.title), "</th>")
	}
	h.raw("</tr></thead>\n<tbody>\n")
	for _, r := range t.rows {
		h.raw("<tr>")
		for i, c := range r {
			if i == 0 {
				h.raw(`<th scope="row">`, h.text(c), "</th>")
			} else {
				h.raw("<td", align(t.columns[i]), ">", h.text(c), "</td>")
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
func (h *sheet) figure(caption text, svg string, t table) {
	h.raw("<figure>\n", svg, "<figcaption>", h.text(caption), "</figcaption>\n")
	h.table(t)
	h.raw("</figure>\n")
}

// text writes a line of text.
func (h *sheet) text(t text) string {
	var b strings.Builder
	for _, s := range t {
		out := html.EscapeString(minus(s))
		switch {
		case s.bar != nil:
			out = s.bar.svg()
		case s.style == code:
			out = "<code>" + out + "</code>"
		case s.style == sign:
			out = `<span aria-hidden="true">` + out + "</span>"
		}
		if s.bold {
			out = "<b>" + out + "</b>"
		}
		if s.link != "" {
			out = `<a href="` + html.EscapeString(s.link) + `" rel="noreferrer">` + out + "</a>"
		}
		if s.tone != "" {
			out = `<span class="` + s.tone + `">` + out + "</span>"
		}
		b.WriteString(out)
	}
	return b.String()
}
