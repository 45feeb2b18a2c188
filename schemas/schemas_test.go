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

	"github.com/rogpeppe/go-internal/txtar"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"gopkg.in/yaml.v3"

	"github.com/mlops-runner/mlops/actions"
	"github.com/mlops-runner/mlops/spec"
)

var update = flag.Bool("update", false, "rewrite mlops.schema.json")

func TestPipelineIsGenerated(t *testing.T) {
	t.Parallel()
	want, err := spec.Schema(actions.Specs()...)
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
	return compilerOf(t, Pipeline())
}

func compilerOf(t testing.TB, schema string) *jsonschema.Compiler {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(schema))
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
	text, err := spec.Schema()
	if err != nil {
		t.Fatal(err)
	}
	plain, err := compilerOf(t, string(text)).Compile(spec.SchemaID)
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range files(t, "../examples/*/mlops.yaml", "../spec/testdata/ok/*.yaml") {
		src, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		v, ok := instance(t, src)
		if err := plain.Validate(v); err != nil || !ok {
			t.Errorf("%s: %v", path, err)
		}
		if _, ds := parse(src); ds.HasErrors() && strings.HasPrefix(path, "../spec/") {
			continue // it was written for other actions
		}
		if err := s.Validate(v); err != nil {
			t.Errorf("%s: with actions: %v", path, err)
		}
	}
}

// parse parses a file with the built-in actions.
func parse(src []byte) (*spec.File, spec.Diagnostics) {
	return spec.Parse(spec.FileName, src, spec.Options{Actions: actions.Table(), ReadFile: func(string) ([]byte, error) { return []byte("a: 1\n"), nil }})
}

// What stories run is valid if the parser has nothing against it.
func TestStoriesAreValid(t *testing.T) {
	t.Parallel()
	s := compile(t, "")
	withs := 0
	for _, path := range files(t, "../cmd/mlops/testdata/script/*.txtar") {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range archive.Files {
			if _, ds := parse(f.Data); !strings.HasSuffix(f.Name, ".yaml") || ds.HasErrors() {
				continue
			}
			v, ok := instance(t, f.Data)
			if err := s.Validate(v); err != nil || !ok {
				t.Errorf("%s: %s: %v", path, f.Name, err)
			}
			withs += strings.Count(string(f.Data), "uses: data-check")
		}
	}
	if withs < 20 {
		t.Errorf("only %d data checks were looked at", withs)
	}
}

// Of inputs of actions the schema knows what the parser knows, where that can be
// seen in one value.
func TestInputs(t *testing.T) {
	t.Parallel()
	s := compile(t, "")
	for with, valid := range map[string]bool{
		"{data: a.csv}": true,
		"{data: a.csv, columns: {a: 'int 0..1', b: [x, y]}, rows: 5_000.., unknown: fail, key: [a, b]}":                true,
		"{data: a.csv, drift: {against: baseline, warn: 10%, tests: {a: psi}}, level: {rows: warn}}":                   true,
		"{data: a.csv, rules: [a > 1, {check: b < 2, allow: 0.1, level: warn}], disjoint: b.csv, refs: {u: b.csv.id}}": true,
		"{data: \"${{ params.x }}\", unknown: \"${{ params.u }}\", level: \"${{ params.l }}\"}":                        true,
		"{key: a}":                                             false, // no data
		"{data: a.csv, kee: a}":                                false,
		"{data: [a.csv]}":                                      false,
		"{data: a.csv, unknown: never}":                        false,
		"{data: a.csv, columns: [a]}":                          false,
		"{data: a.csv, drift: {warn: 10%}}":                    false,
		"{data: a.csv, drift: {against: baseline, wurn: 10%}}": false,
		"{data: a.csv, rules: {allow: 1%}}":                    false,
		"{data: a.csv, disjoint: [{with: b.csv, buy: id}]}":    false,
		"{data: a.csv, level: {rose: warn}}":                   false,
	} {
		src := []byte("name: x\nparams: {x: 1, u: fail, l: {rows: warn}}\njobs:\n  job: {uses: data-check, with: " + with + "}\n  step: {steps: [{uses: data-check, with: " + with + "}]}\n")
		_, ds := parse(src)
		v, _ := instance(t, src)
		if err := s.Validate(v); (err == nil) != valid || ds.HasErrors() == valid {
			t.Errorf("%s: the schema says %v, the parser %v", with, err, ds)
		}
	}
	if v, _ := instance(t, []byte("jobs: {job: {uses: data-check}}\n")); s.Validate(v) == nil {
		t.Error("a data check without inputs is valid")
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
		if _, ds := parse(src); ds.HasErrors() {
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
