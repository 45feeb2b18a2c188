package spec

import (
	"maps"
	"strconv"
	"strings"

	"github.com/mlops-runner/mlops/spec/expression"
)

// A scope is a family of keys whose expressions see the same contexts.
type scope uint8

const (
	scopeNone       scope = iota // no expressions
	scopeWorkflow                // keys of the file, evaluated when a run starts
	scopeData                    // paths of datasets
	scopeMatrix                  // matrix values, evaluated when the run is planned
	scopePlan                    // keys of a job that its definition is made of
	scopeServiceEnv              // variables of a service
	scopeJob                     // keys of a job, evaluated when it starts
	scopeJobEnv                  // variables of a job
	scopeJobIf
	scopeStep
	scopeStepValue // what a step is given: env, with and run
	scopeStepIf
	scopeGate
)

// scopeContexts lists the contexts of each scope.
var scopeContexts = [...][]string{
	scopeNone:       nil,
	scopeWorkflow:   {"github", "params", "inputs"},
	scopeData:       {"github", "params", "inputs"},
	scopeMatrix:     {"github", "params", "inputs"},
	scopePlan:       {"github", "params", "inputs", "matrix"},
	scopeServiceEnv: {"github", "params", "inputs", "matrix", "secrets"},
	scopeJob:        {"github", "params", "inputs", "matrix", "needs", "data", "env"},
	scopeJobEnv:     {"github", "params", "inputs", "matrix", "needs", "data", "env", "secrets"},
	scopeJobIf:      {"github", "params", "inputs", "matrix", "needs", "data"},
	scopeStep:       {"github", "params", "inputs", "matrix", "needs", "data", "env", "steps", "job"},
	scopeStepValue:  {"github", "params", "inputs", "matrix", "needs", "data", "env", "steps", "job", "secrets"},
	scopeStepIf:     {"github", "params", "inputs", "matrix", "needs", "data", "env", "steps", "job"},
	scopeGate:       {"github", "params", "metrics", "baseline", "jobs"},
}

// contextPlaces says where a context can be read; it ends the sentence
// "... is not available here, only in". github and params are known everywhere.
var contextPlaces = map[string]string{
	"inputs":   "jobs, env, concurrency and data of files that have on.workflow_dispatch",
	"matrix":   "jobs that have strategy.matrix or seeds",
	"needs":    "if, env, run and with of jobs that have needs",
	"data":     "if, env, run and with of jobs in files that have data",
	"env":      "env, run, with and if of steps, and env of jobs",
	"steps":    "later steps of the same job",
	"job":      "keys of steps",
	"secrets":  "env of jobs and services, and env, with and run of steps",
	"metrics":  "gates",
	"baseline": "gates",
	"jobs":     "gates",
}

// gateNames are the names in gates that metrics cannot take.
var gateNames = []string{"github", "params", "metrics", "baseline", "jobs", "slices", "true", "false", "null", "nan", "infinity"}

// environments makes the typed environment of each scope from the file, once
// for all jobs that look alike.
type environments struct {
	shared    map[string]*expression.Env
	elsewhere map[string]string
	github    expression.Type
	params    expression.Type
	inputs    expression.Type
	data      expression.Type
	ready     bool
	steps     map[*Job]map[string]int // index of each step with an id, in lower case
	// open is set when the params could not be read: one problem is said, and
	// not another one for each parameter that is used.
	open bool
}

// prepare makes the types that all environments share.
func (e *environments) prepare(f *File) {
	if e.ready {
		return
	}
	e.ready, e.shared, e.elsewhere = true, map[string]*expression.Env{}, elsewhere()
	e.github = githubType()
	e.params = expression.TypeOf(map[string]any(f.Params.Tree))
	if e.open {
		e.params = expression.AnyType()
	}
	e.inputs, e.data = inputsType(f.On.Dispatch), dataType(f.Data)
}

// of returns the environment of a check and a key that names it: checks with
// equal keys have the same environment.
func (e *environments) of(f *File, c *check) (*expression.Env, string) {
	e.prepare(f)
	key := c.signature(e.steps[c.job] != nil)
	env := e.shared[key]
	if env == nil {
		env = e.build(f, c)
		e.shared[key] = env
	}
	return env, key
}

// signature tells all that an environment depends on beside the file: the
// matrix, the needs and the steps of the job, if they have ids.
func (c *check) signature(ids bool) string {
	if c.job == nil || c.form.scope == scopeGate {
		return strconv.Itoa(int(c.form.scope))
	}
	b := append(make([]byte, 0, 64), byte('0'+c.form.scope))
	if c.job.legged() {
		b = append(append(b, " matrix "...), c.job.ID.Value...)
	}
	if c.form.scope < scopeJob {
		return string(b)
	}
	const few = 4 // needs, whose names are worth comparing
	if len(c.job.Needs) > few || c.form.scope >= scopeStep && ids {
		return string(append(append(b, " job "...), c.job.ID.Value...))
	}
	for _, n := range c.job.Needs {
		b = append(append(b, " needs "...), n.Value...)
	}
	return string(b)
}

// build makes the environment of a check.
func (e *environments) build(f *File, c *check) *expression.Env {
	env := &expression.Env{Names: map[string]expression.Type{}, Elsewhere: e.elsewhere}
	for _, name := range scopeContexts[c.form.scope] {
		if t, ok := e.context(f, c, name); ok {
			env.Names[name] = t
		}
	}
	switch c.form.scope {
	case scopeJobIf:
		env.Funcs = StatusFunctions()
	case scopeStep, scopeStepValue:
		env.Funcs = StepFunctions()
	case scopeStepIf:
		env.Funcs = StepFunctions()
		maps.Copy(env.Funcs, StatusFunctions())
	case scopeGate:
		env.Funcs = GateFunctions()
		env.Names["slices"] = expression.AnyType()
		maps.Copy(env.Names, metricTree(f.Metrics, expression.MetricType()))
	}
	return env
}

// context returns the type of one context for a check; ok is false if the
// file gives it no meaning there.
func (e *environments) context(f *File, c *check, name string) (t expression.Type, ok bool) {
	switch name {
	case "github":
		return e.github, true
	case "params":
		return e.params, true
	case "inputs":
		return e.inputs, f.On.Dispatch != nil
	case "data":
		return e.data, len(f.Data) > 0
	case "env", "secrets":
		return expression.MapOf(expression.StringType()), true
	case "matrix":
		return matrixType(c.job), c.job != nil && c.job.legged()
	case "needs":
		return needsType(c.job), c.job != nil && len(c.job.Needs) > 0
	case "steps":
		return stepsType(c.job, e.steps[c.job]), c.job != nil
	case "job":
		return expression.ObjectOf(map[string]expression.Type{"status": expression.StringType()}), true
	case "jobs":
		return jobsType(f.Jobs), true
	}
	return metricsType(f.Metrics, name == "metrics"), true
}

// githubType is the github context: what a run knows of its commit and event,
// by GitHub's names.
func githubType() expression.Type {
	fields := map[string]expression.Type{"event": expression.AnyType()}
	for _, name := range strings.Fields(`action action_path action_ref action_repository action_status actor actor_id
		api_url base_ref env event_name event_path graphql_url head_ref job path ref ref_name ref_protected ref_type
		repository repository_id repository_owner repository_owner_id repositoryUrl retention_days run_attempt run_id
		run_number server_url sha token triggering_actor workflow workflow_ref workflow_sha workspace`) {
		fields[name] = expression.StringType()
	}
	fields["ref_protected"] = expression.BooleanType()
	for _, number := range []string{"run_attempt", "run_id", "run_number"} {
		fields[number] = expression.ScalarType()
	}
	return expression.ObjectOf(fields)
}

func inputsType(d *Dispatch) expression.Type {
	fields := map[string]expression.Type{}
	if d != nil {
		for _, in := range d.Inputs {
			switch in.Type {
			case "number":
				fields[in.Name.Value] = expression.NumberType()
			case "boolean":
				fields[in.Name.Value] = expression.BooleanType()
			default:
				fields[in.Name.Value] = expression.StringType()
			}
		}
	}
	return expression.ObjectOf(fields)
}

// dataType is the data context: the path of each dataset by its name.
func dataType(ds []Dataset) expression.Type {
	fields := make(map[string]expression.Type, len(ds))
	for _, d := range ds {
		fields[d.Name.Value] = expression.StringType()
	}
	return expression.ObjectOf(fields)
}

// matrixType is the matrix context of a job: the union of each key's values.
func matrixType(j *Job) expression.Type {
	if j == nil {
		return expression.AnyType()
	}
	m := &j.Strategy.Matrix
	values := map[string][]any{}
	open := map[string]bool{}
	for _, a := range m.Axes {
		values[a.Name.Value] = append(values[a.Name.Value], a.Values...)
		open[a.Name.Value] = a.Expr.Value != ""
	}
	for _, leg := range m.Include {
		for _, v := range leg {
			values[v.Name] = append(values[v.Name], v.Value)
		}
	}
	fields := make(map[string]expression.Type, len(values))
	for name, vs := range values {
		fields[name] = valuesType(vs, open[name])
	}
	if j.Seeds != nil {
		fields[SeedKey] = expression.NumberType()
	}
	return expression.ObjectOf(fields)
}

// valuesType is a type that all values have; values with expressions in them
// may become anything.
func valuesType(vs []any, open bool) expression.Type {
	for _, v := range vs {
		if s, ok := v.(string); ok && strings.Contains(s, "${{") {
			open = true
		}
	}
	if open || len(vs) == 0 {
		return expression.AnyType()
	}
	return expression.TypeOf(vs).Elem()
}

func needsType(j *Job) expression.Type {
	fields := map[string]expression.Type{}
	if j != nil {
		for _, n := range j.Needs {
			fields[n.Value] = jobResultType()
		}
	}
	return expression.ObjectOf(fields)
}

func jobsType(jobs []*Job) expression.Type {
	fields := make(map[string]expression.Type, len(jobs))
	for _, j := range jobs {
		fields[j.ID.Value] = jobResultType()
	}
	return expression.ObjectOf(fields)
}

// jobResultType is what is known of a job that has ended.
func jobResultType() expression.Type {
	return expression.ObjectOf(map[string]expression.Type{
		"result": expression.StringType(), "outputs": expression.MapOf(expression.StringType()),
	})
}

// stepsType has all steps of a job, so that they need one environment; that a
// step is read only behind it is checked for each reference.
func stepsType(j *Job, ids map[string]int) expression.Type {
	fields := map[string]expression.Type{}
	for _, at := range ids {
		fields[j.Steps[at].ID.Value] = expression.ObjectOf(map[string]expression.Type{
			"outputs": expression.MapOf(expression.StringType()), "outcome": expression.StringType(), "conclusion": expression.StringType(),
		})
	}
	return expression.ObjectOf(fields)
}

// metricsType is the metrics or the baseline context of gates.
func metricsType(ms []Metric, current bool) expression.Type {
	leaf := expression.NumberType()
	if current {
		leaf = expression.MetricType()
	}
	return expression.ObjectOf(metricTree(ms, leaf))
}

// metricTree is the types of metrics by the parts of their dotted names: val.auc is
// auc of val. A name that others begin with, val beside val.auc, may be either.
func metricTree(ms []Metric, leaf expression.Type) map[string]expression.Type {
	inner := map[string][]Metric{}
	fields := make(map[string]expression.Type, len(ms))
	for _, m := range ms {
		first, rest, dotted := strings.Cut(m.Name.Value, ".")
		if !dotted {
			fields[first] = leaf
			continue
		}
		m.Name.Value = rest
		inner[first] = append(inner[first], m)
	}
	for first, list := range inner {
		if _, both := fields[first]; both {
			fields[first] = expression.AnyType()
		} else {
			fields[first] = expression.ObjectOf(metricTree(list, leaf))
		}
	}
	return fields
}

// StatusFunctions returns the types of success(), failure(), always() and
// cancelled(), which `if:` can call. Who evaluates sets Call.
func StatusFunctions() map[string]expression.Func {
	return map[string]expression.Func{
		"success": {Result: expression.BooleanType()}, "failure": {Result: expression.BooleanType()},
		"always": {Result: expression.BooleanType()}, "cancelled": {Result: expression.BooleanType()},
	}
}

// StepFunctions returns the type of hashFiles(pattern, …), which keys of steps
// can call. Who evaluates sets Call.
func StepFunctions() map[string]expression.Func {
	pattern := expression.Param{Type: expression.StringType()}
	return map[string]expression.Func{
		"hashFiles": {Params: []expression.Param{pattern, pattern}, Variadic: true, Result: expression.StringType()},
	}
}

// GateFunctions returns the types of the functions that gates can call; Call is
// for those who evaluate to set. Their first parameter is a metric, passed by name:
//
//	better(auc), better(auc, 0.002)       the interval of the difference lies on the better side, beyond a margin
//	worse(auc), worse(auc, 0.002)         … on the worse side
//	same(auc, 0.002)                      … within the margin
//	not_worse(auc, 0.02)                  … not beyond the margin on the worse side
//	not_worse(auc, 0.02, slices)          the same in each slice
//	worst_slice(auc)                      value in the worst slice
//	ci_low(auc), ci_high(auc)             bounds of the interval of the metric
func GateFunctions() map[string]expression.Func {
	metric := expression.Param{Type: expression.MetricType(), ByName: true}
	margin := expression.Param{Type: expression.NumberType()}
	free := expression.Param{Type: expression.NumberType(), Optional: true}
	slices := expression.Param{Type: expression.AnyType(), ByName: true, Optional: true}
	yes, number := expression.BooleanType(), expression.NumberType()
	return map[string]expression.Func{
		"better":      {Params: []expression.Param{metric, free, slices}, Result: yes},
		"worse":       {Params: []expression.Param{metric, free, slices}, Result: yes},
		"same":        {Params: []expression.Param{metric, margin, slices}, Result: yes},
		"not_worse":   {Params: []expression.Param{metric, margin, slices}, Result: yes},
		"worst_slice": {Params: []expression.Param{metric}, Result: number},
		"ci_low":      {Params: []expression.Param{metric}, Result: number},
		"ci_high":     {Params: []expression.Param{metric}, Result: number},
	}
}
