package datacheck

import (
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

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
