package runner

import (
	"fmt"
	"slices"
	"strings"

	"github.com/mlops-runner/mlops/runner/agent"
	"github.com/mlops-runner/mlops/runner/mask"
	"github.com/mlops-runner/mlops/runner/plan"
	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/spec"
	"github.com/mlops-runner/mlops/spec/expression"
)

// A MissingSecret is one that a selected job names and nobody gave.
type MissingSecret struct {
	Name string
	Job  string
	Pos  spec.Pos // where the job names it, in the plan's file
}

// MissingSecretsError reports secrets without a value. It has at least one.
type MissingSecretsError struct {
	File    string
	Secrets []MissingSecret
}

func (e *MissingSecretsError) Error() string {
	var b strings.Builder
	for i, s := range e.Secrets {
		if i > 0 {
			b.WriteString("\n  and ")
		}
		fmt.Fprintf(&b, "job %s needs the secret %s (%s:%d:%d)", s.Job, s.Name, e.File, s.Pos.Line, s.Pos.Col)
	}
	return b.String() + ", which nobody gave"
}

// CheckSecrets fails with a *[MissingSecretsError] if a selected job names
// secrets that Secrets does not have. Run does the same before anything starts.
func (r *Runner) CheckSecrets() error {
	missing := &MissingSecretsError{File: r.Plan.File}
	for i, n := range r.Plan.Nodes {
		if _, withheld := r.Options.Withheld[n.ID]; withheld || !r.selected(i) {
			continue
		}
		for _, s := range n.Secrets {
			m := MissingSecret{s.Name, n.Job, s.Pos}
			if _, ok := r.Secrets[s.Name]; !ok && !slices.Contains(missing.Secrets, m) {
				missing.Secrets = append(missing.Secrets, m)
			}
		}
	}
	if len(missing.Secrets) == 0 {
		return nil
	}
	return missing
}

// masks is the set of all that is secret in a run. What is too short was said
// by whoever read it.
func (r *Runner) masks() *mask.Set {
	set := &mask.Set{}
	for _, v := range r.Secrets {
		_ = set.Add(v)
	}
	return set
}

// confide returns what an attempt is told beside its Spec, nil if nothing: the
// secrets that the job names; and to be masked those of its services, which may
// repeat them to it, and of all jobs that it builds on, as their outputs may hold
// them.
func (x *execution) confide(n *plan.Node, d decision) (*agent.Secrets, error) {
	s := &agent.Secrets{}
	if len(x.Secrets) > 0 {
		s.Masks = x.inherited(n)
	}
	if len(n.Services) > 0 {
		s.Key = x.key
	}
	if len(n.Secrets) == 0 {
		if len(s.Masks) == 0 && s.Key == nil {
			return nil, nil
		}
		return s, nil
	}
	s.Values = make(map[string]string, len(n.Secrets))
	for _, secret := range n.Secrets {
		if secret.Beside {
			s.Masks = append(s.Masks, x.Secrets[secret.Name])
		} else {
			s.Values[secret.Name] = x.Secrets[secret.Name]
		}
	}
	var err error
	if s.Env, err = environment(n, x.trueScope(n, d.needs)); err != nil {
		return nil, &jobError{"", fmt.Errorf("env: %s", x.secret.Text(err.Error()))}
	}
	return s, nil
}

// trueScope is what the job's expressions read when it starts; the scope of its
// fingerprint has no secrets.
func (x *execution) trueScope(n *plan.Node, needs map[string]any) *expression.Scope {
	scope := x.contexts.scope(n, needs)
	values := expression.NewObject(len(n.Secrets))
	for _, s := range n.Secrets {
		values.Set(s.Name, x.Secrets[s.Name])
	}
	scope.Names["secrets"] = values
	return scope
}

// inherited returns the secrets of the jobs that a job builds on.
func (x *execution) inherited(n *plan.Node) (values []string) {
	seen := map[*plan.Node]bool{n: true}
	for queue := []*plan.Node{n}; len(queue) > 0; queue = queue[1:] {
		for _, need := range queue[0].Needs {
			if m := x.Plan.Nodes[need.Node]; !seen[m] {
				seen[m] = true
				queue = append(queue, m)
				for _, s := range m.Secrets {
					values = append(values, x.Secrets[s.Name])
				}
			}
		}
	}
	slices.Sort(values)
	return slices.Compact(values)
}

// readsSecrets reports whether a text's expressions name a secret.
func readsSecrets(text string) bool {
	if !strings.Contains(text, "${{") {
		return false
	}
	t, err := expression.ParseTemplate(text)
	return err == nil && slices.ContainsFunc(t.References(), func(r expression.Reference) bool {
		return len(r.Path) > 0 && strings.EqualFold(r.Path[0], "secrets")
	})
}

// conceal masks what the runner itself says of a job. What the job says was
// masked by its agent.
func (x *execution) conceal(o *outcome, job *record.Job) {
	if x.secret.Empty() {
		return
	}
	o.err, o.fix = x.secret.Text(o.err), x.secret.Text(o.fix)
	job.Error = x.secret.Text(job.Error)
	for i := range job.Attempts {
		job.Attempts[i].Error = x.secret.Text(job.Attempts[i].Error)
	}
	for i, why := range job.Why {
		job.Why[i] = x.secret.Text(why)
	}
}

// concealEvent masks an event.
func concealEvent(e Event, secret *mask.Set) Event {
	if secret.Empty() {
		return e
	}
	e.Text, e.Error, e.Fix, e.File, e.Data = secret.Text(e.Text), secret.Text(e.Error), secret.Text(e.Fix), secret.Text(e.File), secret.Bytes(e.Data)
	why := make([]string, len(e.Why))
	for i := range e.Why {
		why[i] = secret.Text(e.Why[i])
	}
	e.Why = why
	return e
}
