package datacheck

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/mlops-runner/mlops/actions/drift"
	"github.com/mlops-runner/mlops/spec"
	"github.com/mlops-runner/mlops/spec/expression"
)

// A config is what the inputs of the action say.
type config struct {
	data     string
	key      []string
	rows     string
	fresh    string
	now      time.Time // zero for the clock
	columns  []columnLine
	rules    []rule
	refs     []reference
	disjoint []disjoint
	unknown  Level
	drift    *driftInput
	label    string
	as       string
	levels   map[string]Level
}

// A columnLine is one element of columns.
type columnLine struct {
	name string
	text string // as written
	spec.Column
}

// A rule is one element of rules.
type rule struct {
	check string
	allow float64
	level Level // "" for that of all rules
}

// A reference is one element of refs: a column whose values stand in another.
type reference struct{ column, data, key string }

// A disjoint is one element of disjoint.
type disjoint struct {
	with string
	by   []string
	time string
}

type driftInput struct {
	against    string
	warn, fail float64 // shares; 0 for never
	skip       []string
	tests      map[string]drift.Test // by column
}

// An inputError says which input is wrong.
type inputError struct{ input, what string }

func (e *inputError) Error() string { return e.input + ": " + e.what }

// parseConfig reads the inputs. All that is wrong is in the error.
func parseConfig(in map[string]any) (*config, error) {
	p := &inputs{values: in}
	c := &config{
		data: p.text("data"), key: p.list("key"), rows: p.text("rows"), fresh: p.text("fresh"), unknown: Level(p.text("unknown")),
		label: p.text("label"), as: cmp.Or(p.text("as"), "check"), levels: map[string]Level{},
	}
	if c.data == "" {
		p.wrong("data", "it is missing; name a dataset, file, glob or folder")
	}
	for name, v := range p.dict("level") {
		c.levels[name] = p.level("level."+name, v)
	}
	if now := p.text("now"); now != "" {
		var err error
		if c.now, err = time.Parse(time.RFC3339, now); err != nil {
			p.wrong("now", fmt.Sprintf("%q is no time such as 2026-01-31T12:00:00Z", now))
		}
	}
	c.columns, c.rules, c.refs, c.disjoint, c.drift = p.columns(), p.rules(), p.refs(), p.disjoint(), p.drift()
	return c, errors.Join(p.errs...)
}

// level is how grave a check is, where its line does not say.
func (c *config) level(name string) Level {
	return cmp.Or(c.levels[name], check(name).Level, Fail)
}

// inputs reads values as JSON has them.
type inputs struct {
	values map[string]any
	errs   []error
}

func (p *inputs) wrong(input, what string) { p.errs = append(p.errs, &inputError{input, what}) }

func (p *inputs) text(name string) string { return textOf(p.values[name]) }

func textOf(v any) string {
	if v == nil {
		return ""
	}
	return expression.Format(expression.FromGo(v))
}

func (p *inputs) list(name string) []string { return listOf(p.values[name]) }

func listOf(v any) []string {
	switch v := v.(type) {
	case nil:
		return nil
	case []any:
		var out []string
		for _, e := range v {
			out = append(out, textOf(e))
		}
		return out
	}
	return []string{textOf(v)}
}

func (p *inputs) dict(name string) map[string]any {
	m, ok := p.values[name].(map[string]any)
	if p.values[name] != nil && !ok {
		p.wrong(name, "it must be a mapping")
	}
	return m
}

func (p *inputs) level(input string, v any) Level {
	l := Level(textOf(v))
	if !slices.Contains(levelWords(), string(l)) {
		p.wrong(input, fmt.Sprintf("%q is none of %s", l, strings.Join(levelWords(), ", ")))
	}
	return l
}

func (p *inputs) share(input string, v any) float64 {
	if v == nil {
		return 0
	}
	s, err := spec.ParseShare(textOf(v))
	if err != nil || s < 0 || s > 1 {
		p.wrong(input, fmt.Sprintf("%q is no share such as 10%%", textOf(v)))
	}
	return s
}

func (p *inputs) columns() (out []columnLine) {
	given := p.dict("columns")
	for _, name := range slices.Sorted(maps.Keys(given)) {
		c := columnLine{name: name}
		if values, ok := given[name].([]any); ok {
			c.Values, c.text = listOf(values), "["+strings.Join(listOf(values), ", ")+"]"
		} else {
			c.text = textOf(given[name])
			var err error
			if c.Column, err = spec.ParseColumn(c.text, nil); err != nil {
				p.wrong("columns."+name, err.Error())
			}
		}
		if c.Type == "text" {
			c.Type = "string"
		}
		out = append(out, c)
	}
	return out
}

// entries are one or several values, each a mapping or a text that stands for a key of it.
func (p *inputs) entries(name, key string) []map[string]any {
	v := p.values[name]
	if v == nil {
		return nil
	}
	list, ok := v.([]any)
	if !ok {
		list = []any{v}
	}
	var out []map[string]any
	for _, e := range list {
		if m, ok := e.(map[string]any); ok {
			out = append(out, m)
		} else {
			out = append(out, map[string]any{key: e})
		}
	}
	return out
}

func (p *inputs) rules() (out []rule) {
	for i, m := range p.entries("rules", "check") {
		at := fmt.Sprintf("rules[%d]", i)
		r := rule{check: textOf(m["check"]), allow: p.share(at+".allow", m["allow"])}
		if m["level"] != nil {
			r.level = p.level(at+".level", m["level"])
		}
		out = append(out, r)
	}
	return out
}

func (p *inputs) refs() (out []reference) {
	given := p.dict("refs")
	for _, column := range slices.Sorted(maps.Keys(given)) {
		r := reference{column: column}
		if m, ok := given[column].(map[string]any); ok {
			r.data, r.key = textOf(m["data"]), textOf(m["column"])
		} else {
			r.data, r.key = spec.SplitReference(textOf(given[column]), func(string) bool { return false })
		}
		if r.data == "" || r.key == "" {
			p.wrong("refs."+column, "write DATASET.COLUMN, such as users.id")
		}
		out = append(out, r)
	}
	return out
}

func (p *inputs) disjoint() (out []disjoint) {
	for i, m := range p.entries("disjoint", "with") {
		d := disjoint{textOf(m["with"]), listOf(m["by"]), textOf(m["time"])}
		if d.with == "" {
			p.wrong(fmt.Sprintf("disjoint[%d]", i), "with is missing")
		}
		out = append(out, d)
	}
	return out
}

func (p *inputs) drift() *driftInput {
	m := p.dict("drift")
	if m == nil {
		return nil
	}
	d := &driftInput{against: textOf(m["against"]), warn: p.share("drift.warn", m["warn"]), fail: p.share("drift.fail", m["fail"])}
	if d.against == "" {
		p.wrong("drift", "against is missing")
	}
	if m["warn"] == nil {
		d.warn = 0.1
	}
	d.skip, d.tests = listOf(m["skip"]), p.tests(m["tests"])
	return d
}

// tests reads the measures by which columns are judged.
func (p *inputs) tests(given any) map[string]drift.Test {
	m, ok := given.(map[string]any)
	if given != nil && !ok {
		p.wrong("drift.tests", "it must be a mapping of columns to tests")
	}
	tests := map[string]drift.Test{}
	for _, column := range slices.Sorted(maps.Keys(m)) {
		test, err := drift.ParseTest(textOf(m[column]))
		if err != nil {
			p.wrong("drift.tests."+column, err.Error())
		}
		tests[column] = test
	}
	return tests
}
