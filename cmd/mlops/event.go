package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"strings"

	"github.com/spf13/pflag"

	"github.com/mlops-runner/mlops/cmd/mlops/view"
	"github.com/mlops-runner/mlops/runner"
	"github.com/mlops-runner/mlops/runner/trigger"
	"github.com/mlops-runner/mlops/runner/worktree"
	"github.com/mlops-runner/mlops/spec"
)

// eventOptions are the flags that say what started a run.
type eventOptions struct {
	event  string   // file, - for standard input, auto, or "" for a run by hand
	name   string   // of the event; "" means that its payload tells
	inputs []string // NAME=VALUE

	known *trigger.Event // as it was read before: standard input is there once
}

func (o *eventOptions) register(f *pflag.FlagSet) {
	f.StringVar(&o.event, "event", "", "run only if on: starts a run for the event whose payload is in `FILE`; auto takes that of GitHub Actions, - standard input, data:NAME is a new version of a dataset")
	f.StringVar(&o.name, "event-name", "", "`name` of the event: push, pull_request, ... (default: as the payload looks)")
	f.StringArrayVar(&o.inputs, "input", nil, "set an input of on.workflow_dispatch: `NAME=VALUE`")
}

// readEvent reads the event that the flags name; nil for a run by hand.
func (a *app) readEvent(o eventOptions) (*trigger.Event, error) {
	var e *trigger.Event
	var err error
	switch {
	case o.known != nil:
		return o.known, nil
	case o.event == "" && o.name != "":
		return nil, usagef("--event-name %s says nothing without --event FILE", o.name)
	case o.event == "":
		return nil, nil
	case o.event == "auto" && o.name != "":
		return nil, usagef("--event auto takes the name from GITHUB_EVENT_NAME; leave --event-name out")
	case o.event == "auto":
		e, err = trigger.Environ(os.LookupEnv, readPayload)
	default:
		e, err = a.parseEvent(o)
	}
	return e, eventFault(err)
}

// readPayload reads the file of a payload.
func readPayload(path string) ([]byte, error) { return readLimited(path, trigger.MaxPayload) }

func (a *app) parseEvent(o eventOptions) (*trigger.Event, error) {
	if name, ok := strings.CutPrefix(o.event, "data:"); ok {
		return &trigger.Event{Name: trigger.Data, Dataset: name}, nil
	}
	payload, err := a.readArgument(o.event)
	if err != nil {
		return nil, err
	}
	e, err := trigger.Parse(o.name, payload)
	if err != nil {
		return nil, fmt.Errorf("--event %s: %w", o.event, err)
	}
	return e, nil
}

// eventFault adds the cure to what is wrong with an event.
func eventFault(err error) error {
	var unknown *trigger.UnknownEventError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &unknown):
		return usageError{fixError{err, unknown.Fix()}}
	case errors.Is(err, trigger.ErrShape):
		return usageError{fixError{err, "name it with --event-name"}}
	case errors.Is(err, trigger.ErrNoEvent):
		return usageError{fixError{err, "name a file with --event FILE, or leave --event out"}}
	}
	return usageError{err}
}

// takeInputs makes the inputs context: of a run by hand and of the event
// workflow_dispatch the typed values, of every other event the defaults. GitHub
// has null there, which a typed expression could do nothing with.
func (p *project) takeInputs(given map[string]string) error {
	on := p.spec.On.Dispatch
	if p.event != nil && p.event.Name != trigger.Dispatch {
		if len(given) > 0 {
			return usagef("--input is for workflow_dispatch, and the event is %s", p.event.Name)
		}
		p.setInputs(trigger.Defaults(on))
		return nil
	}
	all := map[string]string{}
	if p.event != nil {
		maps.Copy(all, p.event.Inputs)
	}
	maps.Copy(all, given)
	values, err := trigger.Inputs(on, all)
	if err != nil {
		return inputFault(err)
	}
	p.setInputs(values)
	return nil
}

// setInputs makes the inputs context. A file without inputs has none.
func (p *project) setInputs(values map[string]any) {
	if len(values) == 0 {
		return
	}
	if p.contexts == nil {
		p.contexts = map[string]any{}
	}
	p.contexts["inputs"] = values
}

// inputFault shows all wrong inputs, each with its cure.
func inputFault(err error) error {
	list := []error{err}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		list = joined.Unwrap()
	}
	var only *trigger.InputError
	if len(list) == 1 && errors.As(list[0], &only) {
		return usageError{fixError{errors.New(foreign(only.Error())), only.Fix}}
	}
	var lines []string
	for _, one := range list {
		line := foreign(one.Error())
		if in := (*trigger.InputError)(nil); errors.As(one, &in) && in.Fix != "" {
			line += " (" + in.Fix + ")"
		}
		lines = append(lines, line)
	}
	return usagef("%d inputs cannot be taken:\n  %s", len(list), strings.Join(lines, "\n  "))
}

// A skippedError is an event that starts no run.
type skippedError struct{ *trigger.Verdict }

func (e skippedError) Error() string { return "skipped: " + e.Why }

// admit fails with a skippedError if the event starts no run of the project.
func (a *app) admit(ctx context.Context, p *project, tree *worktree.Tree, folder string) error {
	if p.event == nil {
		return nil
	}
	v, err := trigger.Decide(ctx, p.spec, p.event, trigger.Options{Changes: changes{tree}, Folder: folder})
	switch {
	case err != nil:
		return p.quoted(err)
	case !v.Start:
		return skippedError{v}
	case p.event.Name == trigger.Data:
		return a.admitData(ctx, p, tree, v)
	case v.Why != "":
		a.say("%s", foreign(v.Why))
	}
	return nil
}

// admitData fails with a skippedError if a dataset is what the last run read.
func (a *app) admitData(ctx context.Context, p *project, tree *worktree.Tree, v *trigger.Verdict) error {
	all, err := a.dataVersions(ctx, p, tree)
	if err != nil {
		return err
	}
	for _, d := range all {
		if d.Name == p.event.Dataset && !d.Changed {
			v.Start, v.Why = false, d.Name+" is "+d.text()
			if d.Error != "" {
				v.Why = d.Name + ": " + d.Error
			}
			return skippedError{v}
		}
	}
	return nil
}

// quoted adds the lines of the file to diagnostics.
func (p *project) quoted(err error) error {
	var ds spec.Diagnostics
	if errors.As(err, &ds) {
		return ds.Quote(p.path, p.source)
	}
	return err
}

// skip says that nothing is run, where err is that the event starts no run; any
// other error comes back.
func (a *app) skip(err error, out view.View, pipeline string) error {
	var skipped skippedError
	if !errors.As(err, &skipped) {
		return err
	}
	out.Event(runner.Event{Kind: runner.RunSkipped, Pipeline: pipeline, Text: skipped.Why})
	a.say("%s", foreign(skipped.Error()))
	return nil
}

// foreign is text that quotes what an event says, such as the name of a branch,
// on one line and without anything that a terminal would obey.
func foreign(s string) string { return view.Clean(strings.ReplaceAll(s, "\n", " "), false) }

// changes are what git knows of a project.
type changes struct{ tree *worktree.Tree }

var _ trigger.Changes = changes{}

// Changed implements [trigger.Changes].
func (c changes) Changed(ctx context.Context, r trigger.Range) ([]string, error) {
	base := map[trigger.Base]worktree.ChangeBase{
		trigger.Itself: worktree.ChangedFrom, trigger.MergeBase: worktree.ChangedMerge, trigger.Parent: worktree.ChangedOnParent,
	}[r.Base]
	paths, err := c.tree.Changed(ctx, r.From, r.To, base)
	if err == nil || r.Trial == "" {
		return paths, err
	}
	// A checkout of GitHub Actions with fetch-depth: 2 has the trial merge and its
	// parents, and nothing before them.
	if paths, trialErr := c.tree.Changed(ctx, r.Trial, r.Trial, worktree.ChangedOnParent); trialErr == nil {
		return paths, nil
	}
	return nil, err
}

// name is what the pipeline is called.
func (p *project) name() string {
	if p.spec == nil {
		return ""
	}
	return p.spec.Name.Value
}
