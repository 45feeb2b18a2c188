package datacheck

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/mlops-runner/mlops/actions/action"
	"github.com/mlops-runner/mlops/actions/drift"
	"github.com/mlops-runner/mlops/spec"
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

// parseConfig reads the inputs. All that is wrong is in the error.
func parseConfig(in map[string]any) (*config, error) {
	p := inputs{&action.Inputs{Values: in}}
	c := &config{
		data: p.Text("data"), key: p.List("key"), rows: p.Text("rows"), fresh: p.Text("fresh"), unknown: Level(p.Text("unknown")),
		label: p.Text("label"), as: cmp.Or(p.Text("as"), "check"), levels: map[string]Level{},
	}
	if c.data == "" {
		p.Wrong("data", "it is missing; name a dataset, file, glob or folder")
	}
	for name, v := range p.Map("level") {
		c.levels[name] = p.level("level."+name, v)
	}
	if now := p.Text("now"); now != "" {
		var err error
		if c.now, err = time.Parse(time.RFC3339, now); err != nil {
			p.Wrong("now", "%q is no time such as 2026-01-31T12:00:00Z", now)
		}
	}
	c.columns, c.rules, c.refs, c.disjoint, c.drift = p.columns(), p.rules(), p.refs(), p.disjoint(), p.drift()
	return c, p.Err()
}

// level is how grave a check is, where its line does not say.
func (c *config) level(name string) Level {
	return cmp.Or(c.levels[name], check(name).Level, Fail)
}

// inputs reads what columns, rules and the like say.
type inputs struct{ *action.Inputs }

func (p inputs) level(input string, v any) Level {
	l := Level(action.TextOf(v))
	if !slices.Contains(levelWords(), string(l)) {
		p.Wrong(input, "%q is none of %s", l, strings.Join(levelWords(), ", "))
	}
	return l
}

func (p inputs) columns() (out []columnLine) {
	given := p.Map("columns")
	for _, name := range slices.Sorted(maps.Keys(given)) {
		c := columnLine{name: name}
		if values, ok := given[name].([]any); ok {
			c.Values, c.text = action.ListOf(values), "["+strings.Join(action.ListOf(values), ", ")+"]"
		} else {
			c.text = action.TextOf(given[name])
			var err error
			if c.Column, err = spec.ParseColumn(c.text, nil); err != nil {
				p.Wrong("columns."+name, "%v", err)
			}
		}
		if c.Type == "text" {
			c.Type = "string"
		}
		out = append(out, c)
	}
	return out
}

func (p inputs) rules() (out []rule) {
	for i, m := range p.Entries("rules", "check") {
		at := fmt.Sprintf("rules[%d]", i)
		r := rule{check: action.TextOf(m["check"]), allow: p.Share(at+".allow", m["allow"])}
		if m["level"] != nil {
			r.level = p.level(at+".level", m["level"])
		}
		out = append(out, r)
	}
	return out
}

func (p inputs) refs() (out []reference) {
	given := p.Map("refs")
	for _, column := range slices.Sorted(maps.Keys(given)) {
		r := reference{column: column}
		if m, ok := given[column].(map[string]any); ok {
			r.data, r.key = action.TextOf(m["data"]), action.TextOf(m["column"])
		} else {
			r.data, r.key = spec.SplitReference(action.TextOf(given[column]), func(string) bool { return false })
		}
		if r.data == "" || r.key == "" {
			p.Wrong("refs."+column, "write DATASET.COLUMN, such as users.id")
		}
		out = append(out, r)
	}
	return out
}

func (p inputs) disjoint() (out []disjoint) {
	for i, m := range p.Entries("disjoint", "with") {
		d := disjoint{action.TextOf(m["with"]), action.ListOf(m["by"]), action.TextOf(m["time"])}
		if d.with == "" {
			p.Wrong(fmt.Sprintf("disjoint[%d]", i), "with is missing")
		}
		out = append(out, d)
	}
	return out
}

func (p inputs) drift() *driftInput {
	m := p.Map("drift")
	if m == nil {
		return nil
	}
	d := &driftInput{against: action.TextOf(m["against"]), warn: p.Share("drift.warn", m["warn"]), fail: p.Share("drift.fail", m["fail"])}
	if d.against == "" {
		p.Wrong("drift", "against is missing")
	}
	if m["warn"] == nil {
		d.warn = 0.1
	}
	d.skip, d.tests = action.ListOf(m["skip"]), p.tests(m["tests"])
	return d
}

// tests reads the measures by which columns are judged.
func (p inputs) tests(given any) map[string]drift.Test {
	m, ok := given.(map[string]any)
	if given != nil && !ok {
		p.Wrong("drift.tests", "it must be a mapping of columns to tests")
	}
	tests := map[string]drift.Test{}
	for _, column := range slices.Sorted(maps.Keys(m)) {
		test, err := drift.ParseTest(action.TextOf(m[column]))
		if err != nil {
			p.Wrong("drift.tests."+column, "%v", err)
		}
		tests[column] = test
	}
	return tests
}
