package datacheck

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/mlops-runner/mlops/actions/action"
	"github.com/mlops-runner/mlops/schemas"
)

// What the action keeps is as the schema says, whether checks pass or not, and
// the same bytes each time.
func TestOutcome(t *testing.T) {
	t.Parallel()
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(schemas.Checks()))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("checks.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("checks.json")
	if err != nil {
		t.Fatal(err)
	}
	root := t.TempDir()
	if err := os.WriteFile(filepath.Join(root, "data.csv"), []byte("id,age\n1,20\n2,\n2,300\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, inputs := range []m{
		{"data": "data.csv"},
		{"data": "data.csv", "key": "id", "columns": m{"age": "int 0..120", "gone": "int"}, "rules": "age > 0", "drift": m{"against": "data.csv"}},
	} {
		call := action.Call{Inputs: inputs, Root: root, Log: io.Discard, Now: noon}
		first, err := Run(t.Context(), call)
		if err != nil {
			t.Fatal(err)
		}
		again, err := Run(t.Context(), call)
		if err != nil {
			t.Fatal(err)
		}
		for name, text := range first.Files {
			if string(text) != string(again.Files[name]) {
				t.Errorf("%s differs between two runs", name)
			}
		}
		var v any
		if err := json.Unmarshal(first.Files[ChecksFile], &v); err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(v); err != nil {
			t.Errorf("%v\n%s", err, first.Files[ChecksFile])
		}
		if first.Failed != (inputs["key"] != nil) {
			t.Errorf("failed: %v", first.Failed)
		}
	}
}

// The schema has the fields of the Go types, no other ones, and requires those that
// are always written.
func TestSchemaHasTheFields(t *testing.T) {
	t.Parallel()
	var root schemaNode
	if err := json.Unmarshal([]byte(schemas.Checks()), &root); err != nil {
		t.Fatal(err)
	}
	w := schemaWalk{t, root.Defs}
	w.same("checks", reflect.TypeFor[Checked](), root)
}

type schemaNode struct {
	Ref        string                `json:"$ref"`
	Type       any                   `json:"type"`
	Const      any                   `json:"const"`
	Enum       []string              `json:"enum"`
	Required   []string              `json:"required"`
	Properties map[string]schemaNode `json:"properties"`
	Additional *bool                 `json:"additionalProperties"`
	Items      *schemaNode           `json:"items"`
	Defs       map[string]schemaNode `json:"$defs"`
}

type schemaWalk struct {
	t    *testing.T
	defs map[string]schemaNode
}

func (w schemaWalk) same(at string, typ reflect.Type, s schemaNode) {
	w.t.Helper()
	if s.Ref != "" {
		s = w.defs[strings.TrimPrefix(s.Ref, "#/$defs/")]
	}
	if typ.Kind() == reflect.Pointer {
		typ = typ.Elem()
	}
	word := map[reflect.Kind]string{reflect.String: "string", reflect.Int: "integer", reflect.Int64: "integer", reflect.Bool: "boolean", reflect.Float64: "number", reflect.Slice: "array", reflect.Struct: "object"}[typ.Kind()]
	if said := fmt.Sprint(s.Type); !strings.Contains(said, word) && s.Const == nil && (s.Enum == nil || word != "string") {
		w.t.Errorf("%s is %s, and the schema says %s", at, word, said)
	}
	switch typ.Kind() {
	case reflect.Slice:
		w.same(at+"[]", typ.Elem(), *s.Items)
	case reflect.Struct:
		w.fields(at, typ, s)
	}
}

func (w schemaWalk) fields(at string, typ reflect.Type, s schemaNode) {
	w.t.Helper()
	var names, always []string
	for f := range typ.Fields() {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if !f.IsExported() || name == "-" {
			continue
		}
		names = append(names, name)
		if options == "" {
			always = append(always, name)
		}
		if p, ok := s.Properties[name]; ok {
			w.same(at+"."+name, f.Type, p)
		}
	}
	slices.Sort(names)
	slices.Sort(always)
	if d := cmp.Diff(names, slices.Sorted(maps.Keys(s.Properties))); d != "" {
		w.t.Errorf("%s: fields (-types +schema)\n%s", at, d)
	}
	if d := cmp.Diff(always, slices.Sorted(slices.Values(s.Required))); d != "" {
		w.t.Errorf("%s: required (-types +schema)\n%s", at, d)
	}
	if s.Additional == nil || *s.Additional {
		w.t.Errorf("%s: the schema lets others stand", at)
	}
}
