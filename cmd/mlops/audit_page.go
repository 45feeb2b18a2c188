package main

import (
	"fmt"
	"html/template"
	"io"
	"strings"

	"github.com/mlops-runner/mlops/cmd/mlops/view"
)

// writeAudit shows an answer.
func (a *app) writeAudit(w *auditAnswer, o auditOptions) error {
	if o.json {
		return a.printJSON(w)
	}
	if o.html {
		t, err := template.New("audit").Parse(auditPage)
		if err != nil {
			return err
		}
		return t.Execute(a.stdout, w)
	}
	var out strings.Builder
	fmt.Fprintf(&out, "%s: %s\n", foreign(w.Title()), w.Verdict)
	width := 0
	for _, l := range w.Links {
		width = max(width, view.Width(l.Link))
	}
	for _, l := range w.Links {
		fmt.Fprintf(&out, "  %-6s  %-*s  %s\n", l.Status, width, l.Link, foreign(l.Text()))
	}
	if r := w.Rerun; r != nil {
		fmt.Fprintf(&out, "  %-6s  %-*s  %s\n", r.Status(), width, "rerun", foreign(r.Text()))
	}
	_, err := io.WriteString(a.stdout, out.String())
	return err
}

// Title says what was audited.
func (w *auditAnswer) Title() string {
	switch {
	case w.Version == 0:
		return w.Model + "@" + w.Ref
	case w.Digest.IsZero():
		return fmt.Sprintf("%s@%s is %s", w.Model, w.Ref, versionName(w.Model, w.Version))
	}
	return fmt.Sprintf("%s@%s is %s, %s", w.Model, w.Ref, versionName(w.Model, w.Version), w.Digest)
}

// Text is the link in words.
func (l auditLink) Text() string {
	text := l.What
	if l.Key != "" {
		text += "; signed by " + l.Key
	}
	if l.Note != "" {
		text += "; " + l.Note
	}
	return text
}

// auditPage is one page without scripts or addresses; the template escapes all values.
const auditPage = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Audit of {{.Model}}@{{.Ref}}: {{.Verdict}}</title>
<style>
body{font:15px/1.4 system-ui,sans-serif;margin:2rem;color:#222;background:#fff}
table{border-collapse:collapse}td,th{padding:.25rem .7rem;text-align:left;border-bottom:1px solid #ddd;vertical-align:top}
code{font-size:.8em;color:#666;overflow-wrap:anywhere}.failed{color:#b00020;font-weight:bold}.ok{color:#00703c}.note{color:#8a5a00}
@media(prefers-color-scheme:dark){body{color:#ddd;background:#16181c}td,th{border-color:#333}code{color:#999}.failed{color:#ff7b8a}.ok{color:#6fd39a}.note{color:#e0b060}}
</style></head><body>
<h1>Audit: <span class="{{.Verdict}}">{{.Verdict}}</span></h1><p>{{.Title}}</p>
<table><thead><tr><th>link<th>result<th>what<th>digest</tr></thead><tbody>
{{range .Links}}<tr><td>{{.Link}}<td class="{{.Status}}">{{.Status}}<td>{{.Text}}<td><code>{{.Digest}}</code></tr>
{{end}}{{with .Rerun}}<tr><td>rerun<td class="{{.Status}}">{{.Status}}<td>{{.Text}}<td></tr>
{{end}}</tbody></table></body></html>
`
