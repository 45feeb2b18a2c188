package render

import (
	"encoding/xml"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/mlops-runner/mlops/runner/report"
)

// elements are all that a page may hold, with their attributes.
var elements = map[string]string{
	"html": "lang xmlns", "head": "", "meta": "charset name content http-equiv", "title": "", "style": "", "body": "", "header": "class", "main": "", "footer": "",
	"section": "class id", "h1": "", "h2": "class", "p": "class", "ul": "", "li": "", "b": "", "code": "", "pre": "tabindex", "ins": "", "del": "", "span": "aria-hidden class",
	"a": "href rel", "div": "class tabindex role", "table": "", "thead": "", "tbody": "", "tr": "", "th": "scope class", "td": "class", "figure": "", "figcaption": "",
	"svg": "class xmlns role viewBox width height", "line": "class x1 y1 x2 y2", "text": "class text-anchor x y", "rect": "class fill-opacity x y width height",
	"circle": "class fill-opacity r cx cy", "path": "class stroke-dasharray stroke-width d",
}

// checkPage parses a page strictly as XML and returns what is wrong with it.
func checkPage(page string) (problems []string) {
	d := xml.NewDecoder(strings.NewReader(page))
	d.Entity = map[string]string{}
	var open []string
	counts, ids := map[string]int{}, map[string]bool{}
	for {
		tok, err := d.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			return append(problems, err.Error())
		}
		switch e := tok.(type) {
		case xml.StartElement:
			name := e.Name.Local
			counts[name]++
			problems = append(problems, checkElement(e, ids)...)
			if name == "title" && len(open) > 0 && open[len(open)-1] == "svg" {
				counts["svg title"]++
			}
			open = append(open, name)
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.Comment, xml.ProcInst:
			problems = append(problems, fmt.Sprintf("%T", e))
		}
	}
	for what, ok := range map[string]bool{
		"one h1": counts["h1"] == 1, "one main": counts["main"] == 1, "a title for each svg": counts["svg"] == counts["svg title"],
		"heads for tables": counts["thead"] == counts["table"], "no @import or url()": !strings.Contains(css, "@import") && !strings.Contains(css, "url("),
	} {
		if !ok {
			problems = append(problems, "not "+what)
		}
	}
	return problems
}

func checkElement(e xml.StartElement, ids map[string]bool) (problems []string) {
	allowed, ok := elements[e.Name.Local]
	if !ok {
		problems = append(problems, "element "+e.Name.Local)
	}
	for _, a := range e.Attr {
		switch {
		case !slices.Contains(strings.Fields(allowed), a.Name.Local):
			problems = append(problems, "attribute "+e.Name.Local+" "+a.Name.Local)
		case a.Name.Local == "href":
			problems = append(problems, checkLink(a.Value)...)
		case a.Name.Local == "id" && ids[a.Value]:
			problems = append(problems, "id twice: "+a.Value)
		case a.Name.Local == "id":
			ids[a.Value] = true
		}
		if strings.Contains(a.Value, "NaN") || strings.Contains(a.Value, "Inf") {
			problems = append(problems, "no number: "+a.Value)
		}
	}
	return problems
}

func TestHTMLIsOurs(t *testing.T) {
	t.Parallel()
	for _, name := range cases(t) {
		page := rendered(t, HTML, load(t, name), options())
		for _, p := range checkPage(page) {
			t.Errorf("%s: %s", name, p)
		}
	}
	for seed := range uint64(60) {
		page := rendered(t, HTML, newWorld(seed, 6).report(), options())
		if problems := checkPage(page); len(problems) > 0 {
			t.Fatalf("seed %d: %s", seed, strings.Join(problems[:min(5, len(problems))], "\n"))
		}
	}
}

// A page loads nothing and runs nothing, and names where it leads only in links.
func TestHTMLIsSelfContained(t *testing.T) {
	t.Parallel()
	for _, name := range cases(t) {
		page := rendered(t, HTML, load(t, name), Options{})
		for _, s := range []string{"<script", "<img", "<link", "<iframe", "src=", "href=", "url(", "@import", " style="} {
			if strings.Contains(strings.ReplaceAll(page, "&lt;", ""), s) && name != "hostile" {
				t.Errorf("%s has %q", name, s)
			}
		}
	}
}

// All metrics are on the page, and each curve is drawn.
func TestHTMLIsComplete(t *testing.T) {
	t.Parallel()
	r := load(t, "many")
	page := rendered(t, HTML, r, options())
	for _, m := range r.Metrics {
		if !strings.Contains(page, "<code>"+m.Name+"</code>") {
			t.Fatalf("%s is not on the page", m.Name)
		}
	}
	page = rendered(t, HTML, load(t, "promote"), options())
	for _, s := range []string{"<path class=\"base\" stroke-dasharray", "<path class=\"head\"", "this run", "prefers-color-scheme:dark"} {
		if !strings.Contains(page, s) {
			t.Errorf("no %q on the page", s)
		}
	}
}

func TestChartsOfHugeNumbers(t *testing.T) {
	t.Parallel()
	w := newWorld(7, 1)
	for range 100 {
		m := report.Metric{Name: "loss"}
		for range w.rng.IntN(80) {
			m.HeadCurve = append(m.HeadCurve, report.Point{Step: w.number(), Value: w.number()})
			m.BaseCurve = append(m.BaseCurve, report.Point{Step: w.number(), Value: w.number()})
			m.Past = append(m.Past, report.Point{Step: w.number(), Value: w.number()})
		}
		r := &report.Report{Metrics: []report.Metric{m}}
		if problems := checkPage(rendered(t, HTML, r, Options{})); len(problems) > 0 {
			t.Fatalf("%v\n%+v", problems, m)
		}
		md := rendered(t, Markdown, r, Options{})
		for _, bad := range []string{"[NaN", " NaN]", "Inf,"} {
			if _, mermaid, _ := strings.Cut(md, "```mermaid"); strings.Contains(strings.Split(mermaid, "```")[0], bad) {
				t.Fatalf("%q in Mermaid:\n%s", bad, md)
			}
		}
	}
}
