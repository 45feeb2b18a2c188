package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/mlops-runner/mlops/cmd/mlops/view"
	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/registry"
)

func newModelShow(a *app) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:     "show MODEL[@REF]",
		Short:   "List a model's versions, or show what is known of one",
		Example: "  mlops model show churn\n  mlops model show churn@production",
		Args:    cobra.ExactArgs(1),
		RunE:    func(_ *cobra.Command, args []string) error { return a.modelShow(args[0], asJSON) },

		ValidArgsFunction: a.completeModels(true),
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

func (a *app) modelShow(name string, asJSON bool) error {
	if !strings.Contains(name, "@") {
		return a.modelVersions(name, asJSON)
	}
	p, err := a.pickModel(name)
	if err != nil {
		return err
	}
	v, err := p.read()
	if err != nil {
		return err
	}
	if asJSON {
		return a.printJSON(shownVersion{v, p.model.Named(v.Version), p.model.IsRetired(v.Version), p.model.Removals(v.Version), p.model.Notes(v.Version)})
	}
	return showVersion(a.stdout, p.model, v)
}

// shownVersion is a version with what the journal says of it now.
type shownVersion struct {
	*registry.Version
	Aliases []string         `json:"aliases"`
	Retired bool             `json:"retired,omitempty"`
	Removed []registry.Entry `json:"removed,omitempty"` // lines that took away aliases, which it has not got again
	Notes   []registry.Entry `json:"notes,omitempty"`
}

// modelVersions lists the versions of a model, newest first.
func (a *app) modelVersions(name string, asJSON bool) error {
	r, err := a.openModels()
	if err != nil {
		return err
	}
	m, err := r.Model(name)
	if err != nil {
		return cured(err)
	}
	var all []shownVersion
	var rows [][]string
	for n := m.Versions(); n > 0; n-- {
		v, err := r.Version(m, n)
		if err != nil {
			return cured(err)
		}
		all = append(all, shownVersion{v, m.Named(n), m.IsRetired(n), m.Removals(n), m.Notes(n)})
		rows = append(rows, []string{fmt.Sprintf("@%d", n), standing(m, n), v.Digest.Short(), v.Time.Local().Format(time.DateTime), v.Actor,
			short(v.Source.Commit, v.Source.Dirty), shortID(v.Run), view.Bytes(v.Size), metricText(v.Metrics, 3)})
	}
	if asJSON {
		return a.printJSON(all)
	}
	return view.Table(a.stdout, []string{"version", "aliases", "digest", "registered", "who", "commit", "run", "size", "metrics"}, rows, a.color())
}

// standing are a version's aliases, or that it is retired.
func standing(m *registry.Model, version int) string {
	if m.IsRetired(version) {
		return "retired"
	}
	return strings.Join(m.Named(version), ", ")
}

// showVersion writes what is known of a version.
func showVersion(w io.Writer, m *registry.Model, v *registry.Version) error {
	var b strings.Builder
	row := func(label, format string, args ...any) {
		fmt.Fprintf(&b, "  %-11s %s\n", label, foreign(fmt.Sprintf(format, args...)))
	}
	fmt.Fprintf(&b, "%s@%d  %s\n", v.Model, v.Version, standing(m, v.Version))
	row("digest", "%s", v.Digest)
	row("files", "%s, %s, from %s", view.Count(len(v.Files)), view.Bytes(v.Size), v.Path)
	for _, f := range v.Files {
		row("", "%s  %s  %s", f.Digest.Short(), f.Path, view.Bytes(f.Size))
	}
	row("registered", "%s by %s", v.Time.UTC().Format(time.RFC3339), v.Actor)
	row("run", "%s, job %s of %s", v.Run, v.Job, v.Pipeline)
	if v.RunDigest.IsZero() {
		row("", "which had not ended")
	} else {
		row("", "%s", v.RunDigest)
	}
	row("commit", "%s", commitText(v.Source))
	if v.Checked != nil {
		row("checked", "%s: %s", v.Checked.Format, strings.Join(v.Checked.Found, ", "))
	}
	for _, d := range v.Departs {
		row("departs", "%s", d)
	}
	for i, name := range slices.Sorted(maps.Keys(v.Params)) {
		row(labelled(i, "params"), "%s = %v", name, v.Params[name])
	}
	for i, line := range metricLines(v.Metrics) {
		row(labelled(i, "metrics"), "%s", line)
	}
	for i, g := range v.Gates {
		row(labelled(i, "gates"), "%s  %s", g.Outcome, g.Gate)
	}
	for i, e := range m.Removals(v.Version) {
		row(labelled(i, "removed"), "%s %s by %s: %s", e.Time.UTC().Format(time.RFC3339), e.Alias, e.Actor, orNothing(e.Reason))
	}
	for i, e := range m.Notes(v.Version) {
		row(labelled(i, "notes"), "%s %s: %s", e.Time.UTC().Format(time.RFC3339), e.Actor, e.Reason)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// labelled is the label of the first of several rows.
func labelled(i int, label string) string {
	if i > 0 {
		return ""
	}
	return label
}

func commitText(s record.Source) string {
	if s.Commit == "" {
		return "none"
	}
	text := s.Commit
	if s.Dirty {
		text += " with changes that are in no commit"
	}
	for _, part := range []string{s.Branch, s.Subject} {
		if part != "" {
			text += ", " + part
		}
	}
	return text
}

// metricLines are the metrics over all rows, each once a job, and how many there
// are of slices.
func metricLines(ms []record.Metric) (lines []string) {
	slicesOf := 0
	for _, m := range ms {
		if len(m.Slice) > 0 {
			slicesOf++
			continue
		}
		lines = append(lines, fmt.Sprintf("%s = %v %s", m.Name, m.Value, strings.TrimSpace(m.Unit+" ("+m.Job+")")))
	}
	if slicesOf > 0 {
		lines = append(lines, fmt.Sprintf("and %s of slices (--json)", view.Count(slicesOf)))
	}
	return lines
}
