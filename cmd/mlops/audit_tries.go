package main

import (
	"bytes"
	"os"
	"slices"
	"strings"

	"github.com/mlops-runner/mlops/runner/plan"
	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/repro"
)

// settings are what a job is run with to find the cause of differences.
var settings = []struct {
	cause string
	vars  []plan.Var
}{
	{"hash order", []plan.Var{{Name: "PYTHONHASHSEED", Value: "0"}}},
	{"time of day", []plan.Var{{Name: "SOURCE_DATE_EPOCH", Value: "315532800"}}}, // 1980-01-01, where zip begins
	{"threads", []plan.Var{{Name: "OMP_NUM_THREADS", Value: "1"}, {Name: "OPENBLAS_NUM_THREADS", Value: "1"}, {Name: "MKL_NUM_THREADS", Value: "1"}}},
}

// tries runs the job twice with each setting, and notes what it cures.
func (r *reproduction) tries(a *reproAnswer) error {
	for _, s := range settings {
		if slices.ContainsFunc(r.env, func(v plan.Var) bool { return v.Name == s.vars[0].Name }) {
			continue // the file says so already
		}
		t := reproTry{Setting: s.vars[0].Name + "=" + s.vars[0].Value}
		r.app.say("running %s twice with %s", r.node.ID, t.Setting)
		one, err := r.once(s.vars...)
		var two *record.Job
		if err == nil {
			two, err = r.once(s.vars...)
		}
		switch {
		case r.soft.Err() != nil:
			return err
		case err != nil:
			t.Error = err.Error()
		default:
			t.Cured = r.cured(a, []*record.Job{one, two})
		}
		if len(t.Cured) > 0 {
			a.Causes = append(a.Causes, reproCause{s.cause, "identical with " + t.Setting + ": " + strings.Join(t.Cured, ", "), "set it in env:"})
		}
		a.Tried = append(a.Tried, t)
	}
	return nil
}

// places are what differs between machines, and not between two runs on one of
// them: with these variables a job is as it would be elsewhere.
var places = []struct {
	cause string
	fix   string
	vars  []plan.Var
}{
	{"time zone", "set TZ in env:, or write times in UTC", []plan.Var{{Name: "TZ", Value: "XXX-13:37"}}},
	{"locale", "set LC_ALL: C.UTF-8 in env:", []plan.Var{{Name: "LC_ALL", Value: "C"}, {Name: "LANG", Value: "C"}}},
	{"locale", "set LC_ALL: C.UTF-8 in env:", []plan.Var{{Name: "LC_ALL", Value: "C.UTF-8"}, {Name: "LANG", Value: "C.UTF-8"}}},
	{"host name", "write no host name into outputs", []plan.Var{{Name: "HOSTNAME", Value: "elsewhere"}}},
	{"user", "write no name of a user into outputs", []plan.Var{{Name: "USER", Value: "somebody"}, {Name: "LOGNAME", Value: "somebody"}}},
	{"hash order", "set PYTHONHASHSEED in env:", []plan.Var{{Name: "PYTHONHASHSEED", Value: "4711"}}},
}

// elsewhere runs the job once in each other place, and notes what of its outputs
// and metrics is the same here each time and not there.
func (r *reproduction) elsewhere(a *reproAnswer, here *record.Job) error {
	for _, p := range places {
		if slices.ContainsFunc(r.env, func(v plan.Var) bool { return v.Name == p.vars[0].Name }) {
			continue // the file says so already
		}
		t := reproTry{Setting: p.vars[0].Name + "=" + p.vars[0].Value}
		r.app.say("running %s once with %s", r.node.ID, t.Setting)
		there, err := r.once(p.vars...)
		switch {
		case r.soft.Err() != nil:
			return err
		case err != nil:
			t.Error = err.Error()
		default:
			t.Changed = r.changed(a, here, there)
		}
		if t.Elsewhere = true; len(t.Changed) > 0 {
			a.Verdict = reproDifferent
			a.Causes = append(a.Causes, reproCause{p.cause, "other results with " + t.Setting + ": " + strings.Join(t.Changed, ", "), p.fix})
		}
		a.Tried = append(a.Tried, t)
	}
	return r.hostNames(a, here)
}

// changed are the outputs and metrics that do not differ between runs here, but
// between here and there.
func (r *reproduction) changed(a *reproAnswer, here, there *record.Job) (out []string) {
	for _, o := range a.Outputs {
		if o.Verdict == reproIdentical && !sameOutput(outputOf(here, o.Path), outputOf(there, o.Path)) {
			out = append(out, o.Path)
		}
	}
	for i, m := range noiseOf([]*record.Job{here, there}) {
		if m.Spread != 0 && i < len(a.Metrics) && a.Metrics[i].Spread == 0 {
			out = append(out, m.Name)
		}
	}
	return out
}

// hostNames finds outputs with this machine's name in them: a program that asks the
// system for it, and no variable, is told nothing else here.
func (r *reproduction) hostNames(a *reproAnswer, here *record.Job) error {
	name, err := os.Hostname()
	if err != nil || len(name) < 4 || r.options.executor != "host" { // containers have one name everywhere
		return nil
	}
	var with []string
	for i := range here.Outputs {
		o := &here.Outputs[i]
		if o.Link != "" || o.Files > 0 || o.Size > maxLook {
			continue
		}
		text, err := r.read(o)
		if err != nil {
			return err
		}
		if bytes.Contains(text, []byte(name)) {
			with = append(with, o.Path)
		}
	}
	if len(with) > 0 {
		a.Verdict = reproDifferent
		a.Causes = append(a.Causes, reproCause{"host name", "this machine's name stands in " + strings.Join(with, ", "), "write no host name into outputs"})
	}
	return nil
}

// cured are the outputs and metrics that differed before and do not now.
func (r *reproduction) cured(a *reproAnswer, jobs []*record.Job) (out []string) {
	for _, o := range a.Outputs {
		if o.Verdict == reproDifferent && sameOutput(outputOf(jobs[0], o.Path), outputOf(jobs[1], o.Path)) {
			out = append(out, o.Path)
		}
	}
	still := noiseOf(jobs)
	for i, m := range a.Metrics {
		if m.Spread != 0 && i < len(still) && still[i].Spread == 0 {
			out = append(out, m.Name)
		}
	}
	return out
}

// traitFixes say what helps against what differing bytes look like.
var traitFixes = map[repro.Trait]string{
	repro.Timestamp: "write no times into outputs, or take them from the inputs",
	repro.Address:   "write no object by its default text; pickles may hold such texts",
	repro.Place:     "write paths relative to the working directory",
	repro.Process:   "write no process ids into outputs",
	repro.RandomID:  "make ids from the content, or from the seed",
	repro.Order:     "sort files, keys and rows before they are written",
	repro.Rounding:  "add in a fixed order: one thread, deterministic kernels; or allow it with --tolerance",
}

// causes adds what the bytes and the file say.
func (a *reproAnswer) causes(n *plan.Node) {
	by := map[repro.Trait][]string{}
	numbers := slices.ContainsFunc(a.Metrics, func(m noiseMetric) bool { return m.Spread != 0 })
	for _, o := range a.Outputs {
		if o.Difference == nil {
			continue
		}
		numbers = numbers || slices.Contains(o.Traits, repro.Numbers)
		for _, t := range o.Traits {
			by[t] = append(by[t], o.Path)
		}
	}
	for _, t := range []repro.Trait{repro.Timestamp, repro.Address, repro.Place, repro.Process, repro.RandomID, repro.Order, repro.Rounding} {
		if len(by[t]) > 0 {
			a.Causes = append(a.Causes, reproCause{string(t), strings.Join(by[t], ", "), traitFixes[t]})
		}
	}
	seeded := slices.ContainsFunc(n.Env, func(v plan.Var) bool {
		return strings.Contains(strings.ToUpper(v.Name), "SEED") && v.Name != "PYTHONHASHSEED"
	})
	if numbers && !seeded {
		a.Causes = append(a.Causes, reproCause{"no seed", "numbers differ, and neither seeds: nor a variable with SEED in its name gives the job one", "seeds: 3, and read MLOPS_SEED"})
	}
	if numbers && n.Resources.GPUs != 0 {
		a.Causes = append(a.Causes, reproCause{"GPU", "the job has one, and many of its kernels add in no fixed order", "ask the framework for deterministic algorithms"})
	}
}
