package report

import (
	"math"
	"strings"

	"github.com/mlops-runner/mlops/runner/record"
)

// SchemaID is the address of the published schema.
const SchemaID = "https://raw.githubusercontent.com/mlops-runner/mlops/main/schemas/report.schema.json"

// Schema returns the JSON Schema (draft 2020-12) of reports, made of the rules
// that [Decode] checks by: what Decode takes is valid. The schema cannot say
// that texts are measured in bytes, that whole numbers are written without a
// point, and what contradicts itself. docs are descriptions, by type and by type
// and field: Metric, Metric.head.
func Schema(docs map[string]string) ([]byte, error) {
	m := schemaMaker{docs: docs, defs: map[string]any{}}
	root := rules()
	m.of(root)
	s := m.defs[root.name].(map[string]any)
	delete(m.defs, root.name)
	s["$schema"], s["$id"], s["title"], s["$defs"] = "https://json-schema.org/draft/2020-12/schema", SchemaID, "Report of a run", m.defs
	return record.Canonical(s)
}

type schemaMaker struct {
	docs map[string]string
	defs map[string]any
}

// of returns the schema of a rule. Objects are definitions of their own.
func (m *schemaMaker) of(r *rule) map[string]any {
	special := []any{"NaN", "Infinity", "-Infinity"}
	number := map[string]any{"anyOf": []any{map[string]any{"type": "number"}, map[string]any{"enum": special}}}
	switch r.kind {
	case object:
		m.define(r)
		return map[string]any{"$ref": "#/$defs/" + r.name}
	case list:
		return map[string]any{"type": "array", "items": m.of(r.item), "maxItems": r.max}
	case pair:
		return map[string]any{"type": "array", "items": number, "minItems": 2, "maxItems": 2}
	case mapping:
		return map[string]any{"type": "object", "additionalProperties": m.of(r.item), "maxProperties": r.max, "propertyNames": map[string]any{"maxLength": maxText}}
	case integer:
		s := map[string]any{"type": "integer"}
		if r.least != math.MinInt64 {
			s["minimum"] = r.least
		}
		return s
	case finite:
		return map[string]any{"type": "number"}
	case anyfloat:
		return number
	case boolean:
		return map[string]any{"type": "boolean"}
	}
	return m.text(r)
}

func (m *schemaMaker) text(r *rule) map[string]any {
	s := map[string]any{"type": "string", "maxLength": r.max}
	if r.enum != nil {
		s = map[string]any{"enum": r.enum}
	}
	if r.form != nil {
		s["pattern"] = r.form.text
	}
	if r.format != "" {
		s["format"] = r.format
	}
	return s
}

func (m *schemaMaker) define(r *rule) {
	if m.defs[r.name] != nil {
		return
	}
	s := map[string]any{"type": "object"}
	m.defs[r.name] = s
	fields := map[string]any{}
	var required []any
	for _, f := range r.fields {
		field := m.of(f.rule)
		if doc := m.docs[r.name+"."+f.name]; doc != "" {
			field["description"] = doc
		}
		fields[f.name] = field
		if !f.optional {
			required = append(required, f.name)
		}
	}
	s["properties"] = fields
	if required != nil {
		s["required"] = required
	}
	if doc := m.docs[r.name]; doc != "" {
		s["description"] = strings.TrimSpace(doc)
	}
}
