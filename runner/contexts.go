package runner

import (
	"maps"
	"strings"

	"github.com/mlops-runner/mlops/runner/agent"
	"github.com/mlops-runner/mlops/runner/plan"
	"github.com/mlops-runner/mlops/spec/expression"
)

// contexts are what expressions may read.
type contexts struct {
	plan *plan.Plan
	base map[string]any // the same for every job, as plain Go values
	lang map[string]any // the same as values of the language
}

func newContexts(p *plan.Plan, given map[string]any) *contexts {
	data := map[string]any{}
	for _, d := range p.Data {
		data[d.Name] = d.Path
	}
	c := &contexts{plan: p, base: map[string]any{"params": p.ParamTree, "data": data}, lang: map[string]any{}}
	if p.ParamTree == nil {
		c.base["params"] = map[string]any{}
	}
	maps.Copy(c.base, given)
	for k, v := range c.base {
		c.lang[k] = expression.FromGo(v)
	}
	return c
}

// scope is what the job's own expressions read when all it needs has ended.
func (c *contexts) scope(n *plan.Node, needs map[string]any) *expression.Scope {
	names := maps.Clone(c.lang)
	names["matrix"] = expression.FromGo(legMap(n))
	names["needs"] = expression.FromGo(needs)
	return &expression.Scope{Names: names, Funcs: expression.Builtins()}
}

// forAgent is the same as plain values for the agent, with the variables of the
// file and the job, as steps read them.
func (c *contexts) forAgent(n *plan.Node, needs map[string]any, env []agent.Var) map[string]any {
	declared := make(map[string]any, len(env))
	for _, v := range env {
		declared[v.Name] = v.Value
	}
	all := maps.Clone(c.base)
	all["matrix"], all["needs"], all["env"] = legMap(n), needs, declared
	return all
}

func legMap(n *plan.Node) map[string]any {
	m := make(map[string]any, len(n.Leg))
	for _, v := range n.Leg {
		m[v.Name] = v.Value
	}
	return m
}

// needs is the needs context of a node: by job, its result and its outputs.
// The outputs of a matrix' legs are merged in the order of the plan.
func (x *execution) needs(n *plan.Node) map[string]any {
	out := map[string]any{}
	for _, need := range n.Needs {
		x.addNeed(out, x.Plan.Nodes[need.Node], x.outcomes[need.Node])
	}
	return out
}

func (x *execution) addNeed(out map[string]any, n *plan.Node, o *outcome) {
	job, ok := out[n.Job].(map[string]any)
	if !ok {
		job = map[string]any{"result": o.word(), "outputs": map[string]any{}}
		out[n.Job] = job
	}
	job["result"] = worse(job["result"].(string), o.word())
	if o.product == nil {
		return
	}
	for k, v := range o.product.values {
		job["outputs"].(map[string]any)[k] = v
	}
}

// worse returns the result that counts for a job of several legs, as in
// GitHub Actions: a failure before a cancellation, success only if all succeeded.
func worse(a, b string) string {
	for _, s := range []agent.Status{agent.Failure, agent.Canceled, agent.Skipped} {
		if a == string(s) || b == string(s) {
			return string(s)
		}
	}
	return string(agent.Success)
}

// text evaluates a template to a string.
func evalText(text string, s *expression.Scope) (string, error) {
	if !strings.Contains(text, "${{") {
		return text, nil
	}
	t, err := expression.ParseTemplate(text)
	if err != nil {
		return "", err
	}
	v, err := t.Eval(s)
	if err != nil {
		return "", err
	}
	return expression.Format(v), nil
}

// environment evaluates the variables of a job; later ones win. Without secrets
// in the scope, a variable that needs one is the text that names it: what the
// text reads beside it is in the fingerprint anyway.
func environment(n *plan.Node, s *expression.Scope) ([]agent.Var, error) {
	var out []agent.Var
	at := map[string]int{}
	env := expression.NewObject(len(n.Env))
	s.Names["env"] = env
	for _, v := range n.Env {
		value, err := evalText(v.Value, s)
		if len(n.Secrets) > 0 && s.Names["secrets"] == nil && (err != nil || readsSecrets(v.Value)) {
			value, err = v.Value, nil
		}
		if err != nil {
			return nil, err
		}
		env.Set(v.Name, value)
		if i, ok := at[v.Name]; ok {
			out[i].Value = value
			continue
		}
		at[v.Name] = len(out)
		out = append(out, agent.Var{Name: v.Name, Value: value})
	}
	return out, nil
}
