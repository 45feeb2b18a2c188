package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/mlops-runner/mlops/runner/trigger"
	"github.com/mlops-runner/mlops/runner/worktree"
	"github.com/mlops-runner/mlops/spec"
)

type triggersOptions struct {
	eventOptions
	json bool
}

func newTriggers(a *app) *cobra.Command {
	var o triggersOptions
	c := &cobra.Command{
		Use:   "triggers",
		Short: "List what starts this pipeline, and what an event would do",
		Long: `List the events that on: names, the next times of schedules, and which datasets have
a new version since they were last read by a recorded run. With --event, say what
each filter makes of that event. Nothing is run.`,
		Example: "  mlops triggers\n  mlops triggers --event payload.json",
		Args:    cobra.NoArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return a.triggers(c.Context(), o) },
	}
	c.Flags().StringVar(&o.event, "event", "", "say what on: makes of the event whose payload is in `FILE`; auto takes that of GitHub Actions, - standard input")
	c.Flags().StringVar(&o.name, "event-name", "", "`name` of the event (default: as the payload looks)")
	c.Flags().BoolVar(&o.json, "json", false, "print JSON")
	return c
}

// triggerList is what the command shows; its JSON is what --json prints.
type triggerList struct {
	Pipeline  string                         `json:"pipeline"`
	Events    map[string]map[string][]string `json:"events"` // event → filter → patterns
	Schedules []scheduleTimes                `json:"schedules"`
	Data      []dataVersion                  `json:"data"`
	Inputs    []inputFacts                   `json:"inputs"` // of workflow_dispatch
	Event     *trigger.Event                 `json:"event,omitempty"`
	Verdict   *trigger.Verdict               `json:"verdict,omitempty"`
}

type scheduleTimes struct {
	Cron string      `json:"cron"`
	Next []time.Time `json:"next"` // UTC
}

type inputFacts struct {
	Name        string   `json:"name"`
	Type        string   `json:"type"`
	Description string   `json:"description,omitempty"`
	Required    bool     `json:"required"`
	Default     any      `json:"default,omitempty"`
	Options     []string `json:"options,omitempty"`
}

func (a *app) triggers(ctx context.Context, o triggersOptions) (err error) {
	p, err := a.openProject("", nil)
	if err != nil {
		return err
	}
	if p.event, err = a.readEvent(o.eventOptions); err != nil {
		return err
	}
	tree, err := worktree.Open(p.root, worktree.Options{Index: p.indexPath(), Counters: a.counters, Skip: p.storeInside()})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, tree.Close()) }()
	src := tree.Source(ctx)
	p.contexts = map[string]any{"github": githubContext(src, os.LookupEnv, p.event)}
	list := &triggerList{
		Pipeline: p.name(), Events: gitEvents(p.spec.On), Schedules: nextTimes(p.spec.On, time.Now()), Data: []dataVersion{},
		Inputs: inputList(p.spec.On.Dispatch), Event: p.event,
	}
	if len(p.spec.On.Data) > 0 {
		if list.Data, err = a.dataVersions(ctx, p, tree); err != nil {
			return err
		}
	}
	if p.event != nil {
		list.Verdict, err = trigger.Decide(ctx, p.spec, p.event, trigger.Options{Changes: changes{tree}, Folder: src.Directory})
		if err != nil {
			return p.quoted(err)
		}
	}
	if o.json {
		return a.printJSON(list)
	}
	return a.printTriggers(list)
}

// gitEvents are the events with filters, and those without any, by name.
func gitEvents(on spec.Triggers) map[string]map[string][]string {
	out := map[string]map[string][]string{}
	for name, f := range map[string]*spec.GitFilter{trigger.Push: on.Push, trigger.PullRequest: on.PullRequest, trigger.MergeGroup: on.MergeGroup} {
		if f == nil {
			continue
		}
		out[name] = map[string][]string{}
		for key, list := range map[string][]spec.Str{
			"branches": f.Branches, "branches-ignore": f.BranchesIgnore, "tags": f.Tags, "tags-ignore": f.TagsIgnore,
			"paths": f.Paths, "paths-ignore": f.PathsIgnore, "types": f.Types,
		} {
			for _, s := range list {
				out[name][key] = append(out[name][key], s.Value)
			}
		}
	}
	if on.Dispatch != nil {
		out[trigger.Dispatch] = map[string][]string{}
	}
	return out
}

// howMany times of a schedule are shown.
const howMany = 3

func nextTimes(on spec.Triggers, now time.Time) []scheduleTimes {
	out := []scheduleTimes{}
	for _, s := range on.Schedule {
		c, err := spec.ParseCron(s.Value)
		if err != nil {
			continue // the parser has refused it
		}
		times := []time.Time{}
		for t := c.Next(now); !t.IsZero() && len(times) < howMany; t = c.Next(t) {
			times = append(times, t)
		}
		out = append(out, scheduleTimes{s.Value, times})
	}
	return out
}

func inputList(d *spec.Dispatch) []inputFacts {
	out := []inputFacts{}
	if d == nil {
		return out
	}
	for _, in := range d.Inputs {
		f := inputFacts{Name: in.Name.Value, Type: in.Type, Description: in.Description, Required: in.Required, Default: in.Default}
		for _, o := range in.Options {
			f.Options = append(f.Options, o.Value)
		}
		out = append(out, f)
	}
	return out
}

func (a *app) printTriggers(l *triggerList) error {
	rows := triggerRows(l)
	if len(rows) == 0 {
		a.say("no event starts %s; its mlops.yaml has no on:", l.Pipeline)
	}
	for _, r := range rows {
		fmt.Fprintf(a.stdout, "%-18s %s\n", r[0], r[1])
	}
	if l.Verdict == nil {
		return nil
	}
	fmt.Fprintf(a.stdout, "\nevent %s\n", foreign(strings.Join(strings.Fields(l.Event.Name+" "+l.Event.Action+" "+l.Event.Ref), " ")))
	for _, f := range l.Verdict.Filters {
		word := map[bool]string{true: "yes", false: "no"}[f.Pass]
		if f.Open {
			word = "open"
		}
		fmt.Fprintf(a.stdout, "  %-5s%s  %s\n", word, f.Name, foreign(f.Why))
	}
	_, err := fmt.Fprintln(a.stdout, map[bool]string{true: "starts a run", false: "starts no run"}[l.Verdict.Start])
	return err
}

// triggerRows are the lines of the list: what starts a run, and when.
func triggerRows(l *triggerList) [][2]string {
	var rows [][2]string
	for _, event := range []string{trigger.Push, trigger.PullRequest, trigger.MergeGroup} {
		if filters, ok := l.Events[event]; ok {
			rows = append(rows, [2]string{event, cmp.Or(filterText(filters), "every")})
		}
	}
	for _, s := range l.Schedules {
		text := fmt.Sprintf("%q never comes", s.Cron)
		for i, t := range s.Next {
			if i == 0 {
				text = fmt.Sprintf("%q next ", s.Cron)
			} else {
				text += ", "
			}
			text += t.Format("2006-01-02 15:04")
		}
		if len(s.Next) > 0 {
			text += " UTC"
		}
		rows = append(rows, [2]string{trigger.Schedule, text})
	}
	for _, d := range l.Data {
		rows = append(rows, [2]string{trigger.Data, d.Name + ": " + d.text()})
	}
	if _, ok := l.Events[trigger.Dispatch]; ok {
		rows = append(rows, [2]string{trigger.Dispatch, cmp.Or(inputText(l.Inputs), "no inputs")})
	}
	return rows
}

func filterText(filters map[string][]string) string {
	var parts []string
	for _, key := range []string{"types", "branches", "branches-ignore", "tags", "tags-ignore", "paths", "paths-ignore"} {
		if list := filters[key]; len(list) > 0 {
			parts = append(parts, key+" ["+strings.Join(list, ", ")+"]")
		}
	}
	return strings.Join(parts, "; ")
}

func inputText(inputs []inputFacts) string {
	var parts []string
	for _, in := range inputs {
		facts := in.Type
		if len(in.Options) > 0 {
			facts += " of " + strings.Join(in.Options, ", ")
		}
		switch {
		case in.Default != nil:
			facts += fmt.Sprintf(", default %v", in.Default)
		case in.Required:
			facts += ", required"
		}
		parts = append(parts, in.Name+" ("+facts+")")
	}
	return strings.Join(parts, "; ")
}
