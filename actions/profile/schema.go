package profile

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"

	"github.com/mlops-runner/mlops/actions/table"
	"github.com/mlops-runner/mlops/runner/store"
)

// SchemaID is the address of the published schema.
const SchemaID = "https://raw.githubusercontent.com/mlops-runner/mlops/main/schemas/profile.schema.json"

// Schema returns the JSON Schema (draft 2020-12) of profiles, made of the types
// of this package. It cannot say that counts add up; [Decode] checks that. docs
// are descriptions, by type and by type and field: Column, Column.nulls.
func Schema(docs map[string]string) ([]byte, error) {
	m := schemaMaker{docs: docs, defs: map[string]any{}}
	m.object(reflect.TypeFor[Profile]())
	s := m.defs["Profile"].(map[string]any)
	delete(m.defs, "Profile")
	s["$schema"], s["$id"], s["title"], s["$defs"] = "https://json-schema.org/draft/2020-12/schema", SchemaID, "Profile of a table", m.defs
	s["properties"].(map[string]any)["version"] = map[string]any{"const": Version}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	if err := e.Encode(s); err != nil {
		return nil, fmt.Errorf("schema of profiles: %w", err)
	}
	return b.Bytes(), nil
}

type schemaMaker struct {
	docs map[string]string
	defs map[string]any
}

// of returns the schema of a type.
func (m *schemaMaker) of(t reflect.Type) map[string]any {
	switch t {
	case reflect.TypeFor[table.Kind]():
		var names []any
		for k := table.Unknown; k <= table.Text; k++ {
			names = append(names, k.String())
		}
		return map[string]any{"enum": names}
	case reflect.TypeFor[store.Digest]():
		return map[string]any{"type": "string", "pattern": "^sha256:[0-9a-f]{64}$"}
	case reflect.TypeFor[Sketch]():
		return map[string]any{"type": "string", "contentEncoding": "base64", "maxLength": registers}
	case reflect.TypeFor[Histogram]():
		return map[string]any{"type": "array", "items": m.of(reflect.TypeFor[Cell]())}
	case reflect.TypeFor[Cell]():
		return map[string]any{"description": m.docs["Cell"], "type": "array", "items": map[string]any{"type": "number"}, "minItems": 2, "maxItems": 3}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return m.of(t.Elem())
	case reflect.Struct:
		m.object(t)
		return map[string]any{"$ref": "#/$defs/" + t.Name()}
	case reflect.Slice:
		return map[string]any{"type": "array", "items": m.of(t.Elem())}
	case reflect.Int, reflect.Int64:
		return map[string]any{"type": "integer", "minimum": 0}
	case reflect.Float64:
		return map[string]any{"type": "number"}
	case reflect.Bool:
		return map[string]any{"type": "boolean"}
	}
	return map[string]any{"type": "string"}
}

// object defines a struct.
func (m *schemaMaker) object(t reflect.Type) {
	if m.defs[t.Name()] != nil {
		return
	}
	s := map[string]any{"type": "object", "additionalProperties": false}
	m.defs[t.Name()] = s
	fields := map[string]any{}
	var required []any
	for i := range t.NumField() {
		name, options, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		field := m.of(t.Field(i).Type)
		if doc := m.docs[t.Name()+"."+name]; doc != "" {
			field["description"] = doc
		}
		fields[name] = field
		if !strings.Contains(options, "omit") {
			required = append(required, name)
		}
	}
	s["properties"], s["required"] = fields, required
	if doc := m.docs[t.Name()]; doc != "" {
		s["description"] = doc
	}
}
