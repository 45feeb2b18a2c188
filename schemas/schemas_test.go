package schemas

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"gopkg.in/yaml.v3"

	"github.com/mlops-runner/mlops/spec"
)

var update = flag.Bool("update", false, "rewrite mlops.schema.json")

func TestPipelineIsGenerated(t *testing.T) {
	t.Parallel()
	want, err := spec.Schema()
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile("mlops.schema.json", want, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if Pipeline() != string(want) {
		t.Error(`mlops.schema.json is older than the parser's table; run "make generate"`)
	}
}

// compile returns the schema, or a part of it.
func compile(t testing.TB, fragment string) *jsonschema.Schema {
	t.Helper()
	s, err := compiler(t).Compile(spec.SchemaID + fragment)
	if err != nil {
		t.Fatalf("%s: %v", fragment, err)
	}
	return s
}

// compiler knows the schema by its address; it refuses what is not draft 2020-12.
func compiler(t testing.TB) *jsonschema.Compiler {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(Pipeline()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource(spec.SchemaID, doc); err != nil {
		t.Fatal(err)
	}
	return c
}

// instance reads a file as editors do, whose YAML is JSON. ok is false if it is no YAML.
func instance(t *testing.T, src []byte) (v any, ok bool) {
	t.Helper()
	if err := yaml.Unmarshal(src, &v); err != nil {
		return nil, false
	}
	return plain(v), true
}

// plain turns what JSON does not have into what editors make of it.
func plain(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k := range v {
			v[k] = plain(v[k])
		}
		return v
	case map[any]any:
		m := make(map[string]any, len(v))
		for k, item := range v {
			m[fmt.Sprint(k)] = plain(item)
		}
		return m
	case []any:
		for i := range v {
			v[i] = plain(v[i])
		}
		return v
	case time.Time:
		return v.Format(time.DateOnly)
	}
	return v
}

func files(t *testing.T, patterns ...string) []string {
	t.Helper()
	var all []string
	for _, p := range patterns {
		found, err := filepath.Glob(p)
		if err != nil || len(found) == 0 {
			t.Fatalf("%s: no files (%v)", p, err)
		}
		all = append(all, found...)
	}
	return all
}

func TestFilesWithoutMistakesAreValid(t *testing.T) {
	t.Parallel()
	s := compile(t, "")
	for _, path := range files(t, "../examples/*/mlops.yaml", "../spec/testdata/ok/*.yaml") {
		src, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		v, ok := instance(t, src)
		if err := s.Validate(v); err != nil || !ok {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// structural are the mistakes that a schema can see. Not all files with such a
// code must be invalid: the parser says some of them of things that no schema knows.
var structural = []spec.Code{
	spec.CodeUnknownKey, spec.CodeMissingKey, spec.CodeWrongType, spec.CodeBadValue, spec.CodeConflict, spec.CodeUnknownEvent,
	spec.CodeBadName, spec.CodeSelect, spec.CodeExpressionPlace,
}

// seenByParserOnly are the files in testdata/err whose structural mistakes lie in what a
// schema leaves open: the values of an action's inputs, the params file,
// events without their filters.
var seenByParserOnly = []string{"bad-path", "params-file_list", "typed-input", "unknown-event"}

func TestStructuralMistakesAreInvalid(t *testing.T) {
	t.Parallel()
	s := compile(t, "")
	checked := 0
	for _, path := range files(t, "../spec/testdata/err/*.yaml") {
		name := strings.TrimSuffix(filepath.Base(path), ".yaml")
		src, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		v, ok := instance(t, src)
		if !ok || !hasStructural(src) {
			continue
		}
		checked++
		if valid := s.Validate(v) == nil; valid != slices.Contains(seenByParserOnly, name) {
			t.Errorf("%s: valid by the schema is %v", name, valid)
		}
	}
	if checked < 15 {
		t.Errorf("only %d files were checked", checked)
	}
}

func hasStructural(src []byte) bool {
	_, ds := spec.Parse(spec.FileName, src, spec.Options{})
	return slices.ContainsFunc(ds, func(d spec.Diagnostic) bool { return slices.Contains(structural, d.Code) })
}

// Every example in the schema is valid where it stands.
func TestExamplesAreValid(t *testing.T) {
	t.Parallel()
	var doc struct {
		Properties map[string]example
		Defs       map[string]struct{ Properties map[string]example } `json:"$defs"`
	}
	if err := json.Unmarshal([]byte(Pipeline()), &doc); err != nil {
		t.Fatal(err)
	}
	c := compiler(t)
	checkExamples(t, c, "#/properties/", doc.Properties)
	for name, def := range doc.Defs {
		checkExamples(t, c, "#/$defs/"+name+"/properties/", def.Properties)
	}
}

type example struct {
	Description string
	Examples    []any
}

func checkExamples(t *testing.T, c *jsonschema.Compiler, at string, properties map[string]example) {
	t.Helper()
	for name, p := range properties {
		if p.Description == "" || len(p.Examples) == 0 {
			t.Errorf("%s%s has no description or no example", at, name)
			continue
		}
		s, err := c.Compile(spec.SchemaID + at + name)
		if err == nil {
			err = s.Validate(p.Examples[0])
		}
		if err != nil {
			t.Errorf("%s%s: %v", at, name, err)
		}
	}
}

// FuzzParserAgrees: what the parser accepts is valid by the schema.
func FuzzParserAgrees(f *testing.F) {
	for _, pattern := range []string{"../spec/testdata/ok/*.yaml", "../spec/testdata/err/*.yaml"} {
		paths, err := filepath.Glob(pattern)
		if err != nil || len(paths) == 0 {
			f.Fatalf("%s: no files (%v)", pattern, err)
		}
		for _, path := range paths {
			src, err := os.ReadFile(path)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(src)
		}
	}
	s := compile(f, "")
	f.Fuzz(func(t *testing.T, src []byte) {
		if len(src) > 16<<10 {
			return
		}
		if _, ds := spec.Parse(spec.FileName, src, spec.Options{ReadFile: func(string) ([]byte, error) { return []byte("a: 1\n"), nil }}); ds.HasErrors() {
			return
		}
		v, ok := instance(t, src)
		if !ok {
			return // such as a number too large for a Go integer type
		}
		if err := s.Validate(v); err != nil {
			t.Fatalf("the parser accepts %q, and the schema says %v", src, err)
		}
	})
}
