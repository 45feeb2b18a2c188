package datacheck

import (
	"strings"

	"github.com/mlops-runner/mlops/actions/drift"
	"github.com/mlops-runner/mlops/spec"
)

//go:generate go test . -run TestGenerated -update

// ActionVersion is part of the fingerprint of jobs that check data. It is raised
// when a check would come to something else with the same data.
const ActionVersion = 2

// A Check is one thing that can be asked of a table: an input of the action.
type Check struct {
	spec.ActionInput
	Level Level // if it does not pass and nothing else is said; "" for inputs that check nothing
	More  string
	probe func(*setup) ([]probe, error)
}

// Checks returns all inputs of the action, in the order in which they are
// documented. The inputs in the schema, action.yml and the reference are made of it.
func Checks() []Check {
	return []Check{
		{ActionInput: spec.ActionInput{Name: "data", Type: "dataset", Required: true, Example: "${{ data.customers }}", Doc: "The table: a dataset, file, glob or folder; several files of one table are read as one."}},
		{ActionInput: spec.ActionInput{Name: "columns", Type: "columns", Example: "{age: int 0..120, plan: '[free, pro]'}",
			Doc: "One line for each column: type, range, list or /pattern/, then clauses. A column that is missing fails."},
			Level: Fail, probe: columnProbes},
		{ActionInput: spec.ActionInput{Name: "rows", Type: "range", Example: "5_000..", Doc: "How many rows there may be."}, Level: Fail, probe: rowsProbe},
		{ActionInput: spec.ActionInput{Name: "key", Type: "list", Example: "customer_id", Doc: "Columns that together are unique, and none of them null."}, Level: Fail, probe: keyProbe},
		{ActionInput: spec.ActionInput{Name: "fresh", Type: "freshness", Example: "created_at within 36h", Doc: "How old the newest time of a column may be."},
			More: "The result of the job is reused just until the data would become too old. Days are written 7d.", Level: Fail, probe: freshProbe},
		{ActionInput: spec.ActionInput{Name: "rules", Type: "entries", Example: "[end >= start, {check: amount < 1e6, allow: 0.1%, level: warn}]",
			Doc: "Conditions that each row must meet: expressions over the columns.", Keys: []spec.ActionInput{
				{Name: "check", Type: "expression", Required: true, Doc: "The condition."},
				{Name: "allow", Type: "share", Doc: "The share of rows that need not meet it."},
				{Name: "level", Type: "word", Words: levelWords(), Doc: "How grave it is."},
			}}, More: "Rows in which a column that the rule reads is null are not judged, unless the rule names null. A column whose name is no word is read as row['unit price'].",
			Level: Fail, probe: ruleProbes},
		{ActionInput: spec.ActionInput{Name: "refs", Type: "references", Example: "{user_id: users.id}", Doc: "Columns whose values, but nulls, must stand in a column of another table."}, Level: Fail, probe: refProbes},
		{ActionInput: spec.ActionInput{Name: "disjoint", Type: "entries", Example: "[data.test, {with: data.valid, by: user_id, time: created_at}]",
			Doc: "Tables that must share no row with this one, and no key if there is one.", Keys: []spec.ActionInput{
				{Name: "with", Type: "dataset", Required: true, Doc: "The other table."},
				{Name: "by", Type: "list", Doc: "Columns that together must not be equal in both, such as a user; by default the key, else all that both have."},
				{Name: "time", Type: "string", Doc: "A column whose newest value here must be older than its oldest there."},
			}}, Level: Fail, probe: disjointProbes},
		{ActionInput: spec.ActionInput{Name: "unknown", Type: "word", Words: []string{"fail", "warn", "off"}, Example: "fail",
			Doc: "What a column is that no line of columns names; warn by default, if there are lines."}, Level: Warn, probe: unknownProbe},
		{ActionInput: spec.ActionInput{Name: "drift", Type: "map", Example: "{against: baseline, warn: 10%, fail: 20%}", Doc: "How far columns may move; how the form of the table changed is told too (level: {schema: fail} lets that fail).", Keys: []spec.ActionInput{
			{Name: "against", Type: "dataset", Required: true, Words: []string{"baseline"}, Kept: ProfileFile, Doc: "What to compare with: the same data of the run that this one is compared with, or another table."},
			{Name: "warn", Type: "share", Doc: "The share of rows that must move for a warning; 10% by default."},
			{Name: "fail", Type: "share", Doc: "The share of rows that must move for a failure, also where a column moves that far by itself; never by default."},
			{Name: "skip", Type: "list", Doc: "Columns to leave out."},
			{Name: "tests", Type: "map", Doc: "Columns to judge as other tools do: " + testNames() + "; behind the name from where on it warns and fails, as {age: psi 0.1 0.25}, by default where it is usual."},
		}}, Level: Warn},
		{ActionInput: spec.ActionInput{Name: "label", Type: "string", Example: "churned", Doc: "The column that a model is to predict; columns that give it away are hinted at."}},
		{ActionInput: spec.ActionInput{Name: "level", Type: "map", Example: "{rows: warn}", Doc: "How grave the checks are, by name, where their lines do not say.", Keys: levelKeys()}},
		{ActionInput: spec.ActionInput{Name: "as", Type: "string", Example: "customers", Doc: "What the names of the metrics begin with; check by default."}},
		{ActionInput: spec.ActionInput{Name: "now", Type: "string", Example: "2026-01-31T12:00:00Z", Doc: "The time for fresh, instead of the clock's."}},
	}
}

// ProfileFile and ChecksFile are the files that the action keeps with the record of
// the job, by the names of [spec.KeptName] where several steps use it.
const (
	ProfileFile = "profile.json"
	ChecksFile  = "checks.json"
)

func levelWords() []string { return []string{string(Fail), string(Warn), string(Off)} }

// testNames lists the measures of other tools.
func testNames() string {
	var names []string
	for _, m := range drift.Tests() {
		names = append(names, m.Name)
	}
	return strings.Join(names, ", ")
}

func levelKeys() []spec.ActionInput {
	var keys []spec.ActionInput
	for _, name := range []string{"columns", "rows", "key", "fresh", "rules", "refs", "disjoint", "schema"} {
		keys = append(keys, spec.ActionInput{Name: name, Type: "word", Words: levelWords()})
	}
	return keys
}

// A Clause is a part of a column line behind its first comma.
type Clause struct{ Example, Doc string }

// Clauses documents what column lines may say.
func Clauses() []Clause {
	return []Clause{
		{"int 0..120", "type and range, bounds included: int, float, bool, string (or text), date, datetime; dates as 2024-01-01.."},
		{"[free, pro, team]", "the only values; also behind a type"},
		{"text /^[^@]+@[^@]+$/", "a pattern (RE2) that must be found in the text; ^ and $ tie it to its ends"},
		{"null ..10%", "how many nulls: a share, or without % a count; without the clause there may be none"},
		{"unique", "no value twice"},
		{"distinct 2..50", "how many different values: a count, or a share of the values"},
		{"length 1..200", "characters of each text"},
		{"true 1%..60%", "share of true; false likewise"},
		{"mean 30..50", "of the numbers; std, min and max likewise"},
		{"warn", "what does not hold in this line is a warning; fail is the default"},
	}
}

// Name is what `uses:` calls the action.
const Name = "data-check"

// Action is what the parser has to know.
func Action() spec.Action {
	a := spec.Action{Name: Name, Version: ActionVersion, Doc: "Checks a table: schema, constraints, keys, references, freshness, drift."}
	for _, c := range Checks() {
		a.Inputs = append(a.Inputs, c.ActionInput)
	}
	return a
}

// check returns the row of the table called name.
func check(name string) Check {
	for _, c := range Checks() {
		if c.Name == name {
			return c
		}
	}
	return Check{}
}
