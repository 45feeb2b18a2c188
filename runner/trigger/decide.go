package trigger

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/mlops-runner/mlops/spec"
)

// Options are what a decision may need beside the file and the event. With the
// zero value only the payload tells which files changed.
type Options struct {
	Changes Changes // nil if there is no repository
	Folder  string  // of the mlops.yaml in the repository, with slashes; "" for its root
}

// A Verdict says whether an event starts a run, and which filter said so.
type Verdict struct {
	Start bool   `json:"start"`
	Event string `json:"event"`
	// Why, in words: the filter that said no; or of a run that starts, what could
	// not be known ("" if everything was).
	Why     string   `json:"why,omitempty"`
	Filters []Filter `json:"filters"` // all that were asked, in the order of the file's documentation
}

// A Filter is what one filter said of an event.
type Filter struct {
	Name string `json:"name"` // on.push.branches
	Pass bool   `json:"pass"`
	Open bool   `json:"open,omitempty"` // it passes because nobody can tell
	Why  string `json:"why"`            // in words
}

// Decide says whether `on:` of a file starts a run for an event. It fails with
// spec.Diagnostics for patterns that mean nothing. Unless Options.Changes
// says otherwise it reads nothing and may be called at once by several.
func Decide(ctx context.Context, f *spec.File, e *Event, o Options) (*Verdict, error) {
	d := &decision{ctx: ctx, file: f, event: e, options: o}
	switch {
	case !f.On.Set:
		d.say("on", false, "the file has no on:, so no event starts it")
	case e.Name == Schedule:
		d.schedule()
	case e.Name == Dispatch:
		d.named("on.workflow_dispatch", f.On.Dispatch != nil)
	case e.Name == Data:
		d.data()
	default:
		d.git()
	}
	if len(d.diagnostics) > 0 {
		return nil, d.diagnostics
	}
	return d.verdict(), nil
}

// decision collects what the filters say.
type decision struct {
	ctx         context.Context
	file        *spec.File
	event       *Event
	options     Options
	filters     []Filter
	diagnostics spec.Diagnostics
}

func (d *decision) say(name string, pass bool, format string, args ...any) {
	d.filters = append(d.filters, Filter{Name: name, Pass: pass, Why: fmt.Sprintf(format, args...)})
}

// named says whether `on:` names the event at all.
func (d *decision) named(name string, is bool) bool {
	if is {
		d.say(name, true, "is given")
	} else {
		d.say(name, false, "on: names %s, not %s", listing(d.file.On), d.event.Name)
	}
	return is
}

func (d *decision) verdict() *Verdict {
	v := &Verdict{Start: true, Event: d.event.Name, Filters: d.filters}
	for _, f := range d.filters {
		switch {
		case !f.Pass && v.Start:
			v.Start, v.Why = false, f.Name+" "+f.Why
			if f.Name == "on" || strings.HasPrefix(f.Why, "on: ") {
				v.Why = f.Why // it names the key itself
			}
		case f.Open && v.Start:
			v.Why = f.Name + " " + f.Why
		}
	}
	return v
}

func (d *decision) schedule() {
	if !d.named("on.schedule", len(d.file.On.Schedule) > 0) {
		return
	}
	cron := d.event.Cron
	if cron == "" {
		d.filters = append(d.filters, Filter{Name: "on.schedule", Pass: true, Open: true, Why: "the event does not say which time has come"})
		return
	}
	same := func(s spec.Str) bool { return slices.Equal(strings.Fields(s.Value), strings.Fields(cron)) }
	if slices.ContainsFunc(d.file.On.Schedule, same) {
		d.say("on.schedule", true, "has %q", cron)
		return
	}
	d.say("on.schedule", false, "has no %q", cron)
}

func (d *decision) data() {
	names := values(d.file.On.Data)
	if !d.named("on.data", len(names) > 0) {
		return
	}
	if slices.Contains(names, d.event.Dataset) {
		d.say("on.data", true, "%s has %q", bracketed(names), d.event.Dataset)
		return
	}
	d.say("on.data", false, "%s has no %q", bracketed(names), d.event.Dataset)
}

// git decides about the events that have filters.
func (d *decision) git() {
	on := map[string]*spec.GitFilter{Push: d.file.On.Push, PullRequest: d.file.On.PullRequest, MergeGroup: d.file.On.MergeGroup}[d.event.Name]
	name := "on." + d.event.Name
	if !d.named(name, on != nil) {
		return
	}
	if d.event.Deleted {
		d.say(name, false, "starts nothing for what is gone, and %s was deleted", d.event.Ref)
		return
	}
	switch d.event.Name {
	case Push:
		d.refs(name, on)
	case PullRequest:
		d.types(name, on, []string{"opened", "synchronize", "reopened"})
		d.names(name, "branches", "the base branch", d.event.Base, on.Branches, on.BranchesIgnore)
	case MergeGroup:
		d.types(name, on, []string{"checks_requested"})
		d.names(name, "branches", "the base branch", d.event.Base, on.Branches, on.BranchesIgnore)
	}
	if d.event.Tag() == "" || d.event.Name != Push {
		d.paths(name, on)
	}
}

func (d *decision) types(name string, on *spec.GitFilter, otherwise []string) {
	types, origin := values(on.Types), ""
	if len(types) == 0 {
		types, origin = otherwise, ", as nothing else is given,"
	}
	pass := slices.Contains(types, d.event.Action)
	verb := "has no"
	if pass {
		verb = "has"
	}
	d.say(name+".types", pass, "%s%s %s %q", bracketed(types), origin, verb, d.event.Action)
}

// listing are the events that the file starts for, for people.
func listing(on spec.Triggers) string {
	var names []string
	for _, e := range []struct {
		name string
		set  bool
	}{
		{Push, on.Push != nil}, {PullRequest, on.PullRequest != nil}, {MergeGroup, on.MergeGroup != nil},
		{Schedule, len(on.Schedule) > 0}, {Data, len(on.Data) > 0}, {Dispatch, on.Dispatch != nil},
	} {
		if e.set {
			names = append(names, e.name)
		}
	}
	if len(names) == 0 {
		return "no event"
	}
	return "only " + strings.Join(names, ", ")
}

func values(list []spec.Str) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = s.Value
	}
	return out
}

// bracketed shows a list as the file has it, the first few of it.
func bracketed(list []string) string {
	const few = 5
	if len(list) > few {
		return fmt.Sprintf("[%s, … %d more]", strings.Join(list[:few], ", "), len(list)-few)
	}
	return "[" + strings.Join(list, ", ") + "]"
}
