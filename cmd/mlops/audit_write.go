package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/mlops-runner/mlops/cmd/mlops/view"
)

// writeRepro shows an answer.
func (a *app) writeRepro(r *reproAnswer, asJSON bool) error {
	if asJSON {
		return a.printJSON(r)
	}
	var out strings.Builder
	fmt.Fprintf(&out, "%s: %s", r.Job, r.Verdict)
	if r.Verdict != reproDifferent {
		fmt.Fprintf(&out, " in %d runs", r.Runs)
		if r.Recorded != "" {
			fmt.Fprintf(&out, ", and as recorded in run %s", r.Recorded)
		}
	}
	out.WriteByte('\n')
	var rows [][2]string
	for _, o := range r.Outputs {
		rows = append(rows, [2]string{foreign(o.Path), o.text()})
	}
	for _, m := range r.Metrics {
		rows = append(rows, [2]string{m.Name, fmt.Sprintf("mean %s, sd %s of %d runs", view.Number(float64(m.Mean)), view.Number(float64(m.SD)), m.N)})
	}
	for _, t := range r.Tried {
		rows = append(rows, [2]string{"tried", t.text()})
	}
	if r.Verdict != reproIdentical {
		writeRows(&out, rows)
	}
	for _, c := range r.Causes {
		fmt.Fprintf(&out, "%s: %s\n", c.Cause, foreign(c.Evidence))
		if c.Fix != "" {
			fmt.Fprintf(&out, "  fix: %s\n", c.Fix)
		}
	}
	_, err := io.WriteString(a.stdout, out.String())
	return err
}

func writeRows(out *strings.Builder, rows [][2]string) {
	width := 0
	for _, r := range rows {
		width = max(width, view.Width(r[0]))
	}
	for _, r := range rows {
		fmt.Fprintf(out, "  %s%s  %s\n", r[0], strings.Repeat(" ", width-view.Width(r[0])), r[1])
	}
}

func (o reproOutput) text() string {
	d := o.Difference
	switch {
	case o.Verdict == reproIdentical:
		return "identical"
	case d == nil:
		return o.Why
	}
	text := fmt.Sprintf("byte %d", d.Offset+1)
	if d.Line > 0 {
		text = fmt.Sprintf("line %d: %q and %q", d.Line, d.A, d.B)
	}
	if d.Reordered {
		text += ", the same lines in another order"
	}
	if d.Relative != nil {
		text += fmt.Sprintf(", largest relative difference %.2g", *d.Relative)
	}
	return text
}

func (t reproTry) text() string {
	switch {
	case t.Error != "":
		return t.Setting + ": " + foreign(t.Error)
	case len(t.Changed) > 0:
		return t.Setting + ": " + strings.Join(t.Changed, ", ") + " came out otherwise"
	case t.Elsewhere:
		return t.Setting + ": nothing else"
	case len(t.Cured) > 0:
		return t.Setting + ": " + strings.Join(t.Cured, ", ") + " no longer differ"
	}
	return t.Setting + ": still different"
}
