package columns

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gopkg.in/yaml.v3"
)

// Columns between braces change where they stand; the patch is applied by git.
func TestFlowDiff(t *testing.T) {
	t.Parallel()
	age, gone, fresh := Change{Name: "age", Old: "int", New: "int 0..9, null ..1%"}, Change{Name: "gone", Old: "float"}, Change{Name: "new", New: "[a, b]"}
	for name, c := range map[string]struct {
		before, after string
		changes       []Change
	}{
		"one line":          {"columns: {age: int, plan: [free, pro]} # all\n", "columns: {age: 'int 0..9, null ..1%', plan: [free, pro], new: [a, b]} # all\n", []Change{age, fresh}},
		"the first goes":    {"columns: {gone: float, age: int}\n", "columns: {age: int}\n", []Change{gone}},
		"the last goes":     {"columns: {age: int, gone: float}\n", "columns: {age: int}\n", []Change{gone}},
		"another takes it":  {"columns: {gone: float}\n", "columns: {new: [a, b]}\n", []Change{gone, fresh}},
		"the last ones go":  {"columns: {age: int, gone: float, old: int}\n", "columns: {age: int, new: [a, b], }\n", []Change{gone, {Name: "old", Old: "int"}, fresh}},
		"none yet":          {"columns: {}\n", "columns: {new: [a, b]}\n", []Change{fresh}},
		"within another":    {"check: {uses: x, with: {columns: {age: int}, key: id}}\n", "check: {uses: x, with: {columns: {age: 'int 0..9, null ..1%'}, key: id}}\n", []Change{age}},
		"quotes and commas": {"columns: {é: 'a, ''b}', \"x\\\"}\": \"y, }\", age: int , it's: text}\n", "columns: {é: 'a, ''b}', \"x\\\"}\": \"y, }\", age: 'int 0..9, null ..1%' , it's: text, new: [a, b]}\n", []Change{age, fresh}},
		"over lines":        {"columns: {\n  age: int, # years\n  gone: float,\n  plan: [free,\n    pro]\n  }\n", "columns: {\n  age: 'int 0..9, null ..1%', # years\n  \n  plan: [free,\n    pro], new: [a, b]\n  }\n", []Change{age, gone, fresh}},
		"nothing":           {"columns: {age: int}\n", "columns: {age: int}\n", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			patch, err := FlowDiff("mlops.yaml", []byte(c.before), braces(t, c.before), c.changes)
			if err != nil {
				t.Fatal(err)
			}
			if patch == "" {
				if c.changes != nil {
					t.Error("there is no patch")
				}
				return
			}
			if d := cmp.Diff(c.after, applied(t, c.before, patch)); d != "" {
				t.Errorf("%s\n%s", d, patch)
			}
		})
	}
	for _, text := range []string{"columns: {age: &a int, other: *a}\n", "columns: {age: !!str int}\n", "columns: {? age : int}\n"} {
		patch, err := FlowDiff("mlops.yaml", []byte(text), braces(t, text), []Change{age})
		if err == nil {
			var doc map[string]map[string]string
			if err := yaml.Unmarshal([]byte(applied(t, text, patch)), &doc); err != nil || doc["columns"]["age"] != age.New {
				t.Errorf("%s: %v\n%s", text, err, patch)
			}
		} else if !errors.Is(err, ErrShared) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// braces finds the columns of a text.
func braces(t *testing.T, text string) *yaml.Node {
	t.Helper()
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(text), &doc); err != nil {
		t.Fatal(err)
	}
	var find func(n *yaml.Node) *yaml.Node
	find = func(n *yaml.Node) *yaml.Node {
		for i, c := range n.Content {
			if n.Kind == yaml.MappingNode && i%2 == 1 && n.Content[i-1].Value == "columns" {
				return c
			}
			if found := find(c); found != nil {
				return found
			}
		}
		return nil
	}
	return find(&doc)
}
