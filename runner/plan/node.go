package plan

import (
	"slices"
	"strings"

	"github.com/mlops-runner/mlops/spec"
	"github.com/mlops-runner/mlops/spec/expression"
)

// node makes the Run node of one leg (nil for a job without a matrix).
func (b *builder) node(j *spec.Job, id string, leg spec.Leg) (*Node, source) {
	src := source{job: j}
	n := &Node{
		ID: id, Job: j.ID.Value, Leg: leg, Pos: j.Pos, If: j.If.Value,
		Tracked: !j.HasInputs && !b.onlyActions(j), Publish: true,
		Image: b.string(j.Image, leg), Pull: j.Pull, Platform: j.Platform,
		Network: network(j), User: j.User, Isolate: j.Isolate,
		Resources: j.Resources, Timeout: j.Timeout, Grace: j.StopGrace,
		ContinueOnError: j.ContinueOnError.Value,
		FailFast:        j.Strategy.FailFast == nil || *j.Strategy.FailFast,
		MaxParallel:     j.Strategy.MaxParallel, Retry: j.Retry, NoCache: j.Cache.Value == "false",
		Verify: j.CI.Value == "verify",
		Group:  group(j.Concurrency),
	}
	n.Inputs, src.inputs = b.inputs(j, leg)
	n.Outputs, src.outputs = b.paths(j.Outputs, leg)
	n.Metrics, src.metrics = b.paths(j.Metrics, leg)
	for _, c := range j.Caches {
		n.Caches = append(n.Caches, Cache{c.Name.Value, b.string(c.Path, leg)})
	}
	n.Services = b.services(j, leg)
	n.Env = append(vars(b.file.Env), vars(j.Env)...)
	for _, s := range j.Steps {
		n.Steps = append(n.Steps, b.step(j, s))
	}
	if j.Build != nil {
		n.Build = b.build(j.Build, leg)
	}
	n.Secrets = b.secrets(j)
	n.Later = b.later(j)
	b.condition(n)
	b.actionInputs(n, j)
	b.define(n)
	return n, src
}

// group is what concurrency says; it changes nothing that a job produces, so it
// is in no line of the definition.
func group(c *spec.Concurrency) Group {
	if c == nil {
		return Group{}
	}
	return Group{Name: c.Group.Value, Cancel: c.CancelInProgress.Value}
}

// condition notes what the job's condition means for the plan: whether it reads
// the github context, and that a job which asks how others ended (to clean up,
// to tell somebody) runs each time, because it is not for its outputs.
func (b *builder) condition(n *Node) {
	if n.If == "" {
		return
	}
	x, err := expression.Parse(n.If)
	if err != nil {
		return // reported by the parser of the file
	}
	b.noteContexts(x)
	n.NoCache = n.NoCache || asksHowOthersEnded(x)
}

func asksHowOthersEnded(x *expression.Expr) bool {
	return slices.ContainsFunc(x.Calls(), func(name string) bool { return name == "always" || name == "failure" || name == "cancelled" })
}

// Uncached says why a job runs each time, for people; "" if it may be cached.
func (n *Node) Uncached() string {
	if !n.NoCache {
		return ""
	}
	if x, err := expression.Parse(n.If); err == nil && asksHowOthersEnded(x) {
		return "runs each time: its condition asks how other jobs ended: " + n.If
	}
	return "cache: false"
}

// later lists the keys of a job that are part of the language and not carried out yet.
func (b *builder) later(j *spec.Job) []string {
	var keys []string
	for _, s := range j.Steps {
		if name := s.Uses.Value; name != "" && b.options.Actions[name].Version == 0 {
			keys = append(keys, "uses: "+name)
		}
	}
	return keys
}

// network is on for commands and off for built-in actions unless the file says so.
func network(j *spec.Job) bool {
	switch j.Network {
	case "none":
		return false
	case "on":
		return true
	}
	for _, s := range j.Steps {
		if s.Run.Value != "" {
			return true
		}
	}
	return false
}

func (b *builder) build(s *spec.Build, leg spec.Leg) *Build {
	out := &Build{Context: clean(b.string(s.Context, leg)), File: b.string(s.File, leg), Target: b.string(s.Target, leg)}
	for _, v := range s.Args {
		out.Args = append(out.Args, Var{v.Name.Value, b.string(v.Value, leg)})
	}
	return out
}

func (b *builder) inputs(j *spec.Job, leg spec.Leg) (out []Input, at []spec.Pos) {
	for _, s := range j.Inputs {
		text, ok := b.text(s, leg)
		if !ok {
			continue
		}
		in := Input{Pattern: clean(text)}
		if name, ok := strings.CutPrefix(text, "data."); ok {
			if d, ok := b.dataset(name); ok {
				in = d
			}
		}
		if in.Data != "" || b.usable(s.Pos, text, false) {
			out, at = append(out, in), append(at, s.Pos)
		}
	}
	return out, at
}

// dataset finds a dataset as expressions do, whatever the case of its name.
func (b *builder) dataset(name string) (Input, bool) {
	for _, d := range b.plan.Data {
		if strings.EqualFold(d.Name, name) {
			return d.input(), true
		}
	}
	return Input{}, false
}

func (b *builder) step(j *spec.Job, s *spec.Step) Step {
	out := Step{
		ID: s.ID.Value, Name: s.Name.Value, Pos: s.Pos, If: s.If.Value,
		Shell: s.Shell.Value, Dir: s.Dir.Value, Uses: s.Uses.Value,
		Env: vars(s.Env), Timeout: s.Timeout,
		ContinueOnError: s.ContinueOnError.Value, Background: s.Background,
		Wait: texts(s.Wait), Cancel: texts(s.Cancel), WaitAll: s.WaitAll,
	}
	if out.Shell == "" {
		out.Shell = j.Shell.Value
	}
	if out.Dir == "" {
		out.Dir = j.Dir.Value
	}
	if s.Run.Value != "" {
		text, exprs, err := s.Script()
		if err != nil {
			b.report(s.Run.Pos, spec.CodeScript, err.Error(), "")
		}
		out.Run = text
		for _, e := range exprs {
			out.Exprs = append(out.Exprs, Var{e.Var, e.Expr})
		}
	}
	if out.Name == "" {
		out.Name = stepName(s)
	}
	for _, w := range s.With {
		if out.With == nil {
			out.With = map[string]any{}
		}
		out.With[w.Name.Value] = w.Value
	}
	return out
}

// stepName is what a step without a name is called: its first line, its action, or what
// it does to others.
func stepName(s *spec.Step) string {
	switch {
	case s.Uses.Value != "":
		return s.Uses.Value
	case s.WaitAll:
		return "wait for all"
	case len(s.Wait) > 0:
		return "wait for " + strings.Join(texts(s.Wait), ", ")
	case len(s.Cancel) > 0:
		return "cancel " + strings.Join(texts(s.Cancel), ", ")
	}
	line, _, _ := strings.Cut(strings.TrimSpace(s.Run.Value), "\n")
	if r := []rune(line); len(r) > 60 {
		return string(r[:59]) + "…"
	}
	return line
}

func texts(list []spec.Str) []string {
	var out []string
	for _, s := range list {
		out = append(out, s.Value)
	}
	return out
}

func vars(list []spec.Var) []Var {
	if len(list) == 0 {
		return nil
	}
	out := make([]Var, len(list))
	for i, v := range list {
		out[i] = Var{v.Name.Value, v.Value.Value}
	}
	return out
}

// selectNode is the node that takes the place of legs of a job, by its `select`:
// it has the outputs of the leg that wins, and declares those of all.
func (b *builder) selectNode(j *spec.Job, id string, legs []int) *Node {
	rule, metric := j.Select.Value, ""
	if name, rest, ok := strings.Cut(rule, "("); ok {
		rule, metric = strings.TrimSpace(name), strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), ")"))
	}
	metric = strings.TrimPrefix(metric, "metrics.")
	highest := b.better(metric) != "lower"
	if rule == "worst" {
		highest = !highest
	}
	n := &Node{
		ID: id, Job: j.ID.Value, Kind: Select, Pos: j.Select.Pos, Publish: true,
		Select: Selection{Metric: metric, Highest: highest},
	}
	for _, i := range legs { // which leg wins is not known
		n.Outputs = union(n.Outputs, b.plan.Nodes[i].Outputs)
		n.Metrics = union(n.Metrics, b.plan.Nodes[i].Metrics)
	}
	n.Definition = Define(Line{"select", id, j.Select.Value})
	return n
}

func union(a, b []string) []string {
	for _, s := range b {
		if !slices.Contains(a, s) {
			a = append(a, s)
		}
	}
	return a
}

func (b *builder) better(metric string) string {
	for _, m := range b.file.Metrics {
		if m.Name.Value == metric {
			return m.Better
		}
	}
	return ""
}
