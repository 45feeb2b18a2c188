package spec

import (
	"bytes"
	"fmt"

	"gopkg.in/yaml.v3"
)

// SchemaID is the address of the published schema, for the first line of a file:
//
//	# yaml-language-server: $schema=https://raw.githubusercontent.com/…/mlops.schema.json
const SchemaID = "https://raw.githubusercontent.com/mlops-runner/mlops/main/schemas/mlops.schema.json"

// Schema returns the JSON Schema (draft 2020-12) of mlops.yaml, indented and
// with a line break at its end. It is made of the table that Parse walks by, so
// both know the same keys, types, words and bounds. What needs more than one
// value is Parse's alone: references, expressions, paths. A file that Parse accepts
// with these actions is valid, with one exception: the schema knows no
// repeated keys and no YAML tags, as they are gone when it sees the values.
//
// It fails only if an example in the table or of an input is not YAML.
func Schema(actions ...Action) ([]byte, error) {
	s := schemaMaker{defs: map[string]*schema{}}
	root := s.object(&fileTable)
	delete(s.defs, fileTable.name)
	s.actions(actions)
	root.Schema, root.ID, root.Title, root.Defs = "https://json-schema.org/draft/2020-12/schema", SchemaID, FileName, s.defs
	if s.err != nil {
		return nil, s.err
	}
	var b bytes.Buffer
	if err := writeIndented(&b, root); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// schema is the part of JSON Schema that Schema uses, in the order it is written.
type schema struct {
	Schema        string             `json:"$schema,omitempty"`
	ID            string             `json:"$id,omitempty"`
	Title         string             `json:"title,omitempty"`
	Description   string             `json:"description,omitempty"`
	Ref           string             `json:"$ref,omitempty"`
	Type          any                `json:"type,omitempty"` // a word or a list of words
	Enum          []string           `json:"enum,omitempty"`
	Const         any                `json:"const,omitempty"`
	Pattern       string             `json:"pattern,omitempty"`
	Not           *schema            `json:"not,omitempty"`
	Minimum       *float64           `json:"minimum,omitempty"`
	Maximum       *float64           `json:"maximum,omitempty"`
	Items         *schema            `json:"items,omitempty"`
	MinItems      int                `json:"minItems,omitempty"`
	PropertyNames *schema            `json:"propertyNames,omitempty"`
	MinProperties int                `json:"minProperties,omitempty"`
	Required      []string           `json:"required,omitempty"`
	Properties    map[string]*schema `json:"properties,omitempty"`
	PatternProps  map[string]any     `json:"patternProperties,omitempty"`
	Additional    any                `json:"additionalProperties,omitempty"` // a schema or false
	AnyOf         []*schema          `json:"anyOf,omitempty"`
	OneOf         []*schema          `json:"oneOf,omitempty"`
	If            *schema            `json:"if,omitempty"`
	Then          *schema            `json:"then,omitempty"`
	AllOf         []*schema          `json:"allOf,omitempty"`
	Examples      []any              `json:"examples,omitempty"`
	Defs          map[string]*schema `json:"$defs,omitempty"`
}

// schemaMaker collects the definitions of objects.
type schemaMaker struct {
	defs map[string]*schema
	err  error // the first
}

// Texts may be written as numbers or booleans: `name: 2026` is a name.
var scalarTypes = []string{"string", "number", "boolean"}

// expressionSchema is a text with an expression in the place of a value.
var expressionSchema = &schema{Type: "string", Pattern: `\$\{\{`}

const (
	sizePattern     = `^\s*\+?([0-9][0-9_]*(\.([0-9][0-9_]*)?)?|\.[0-9][0-9_]*)\s*([KMGT]iB|[kKMGT]?B)$`
	durationPattern = `^\+?(0|(([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))+)$`
)

// object returns the schema of an object and makes it a definition.
func (m *schemaMaker) object(o describer) *schema {
	if s := m.defs[o.id()]; s != nil {
		return s
	}
	d := o.describe()
	s := &schema{Description: d.doc, Type: "object", Properties: map[string]*schema{}, Additional: false}
	m.defs[o.id()] = s
	for _, k := range d.keys {
		s.Properties[k.name] = m.key(&k)
		if k.required {
			s.Required = append(s.Required, k.name)
		}
	}
	for _, name := range d.choose {
		s.OneOf = append(s.OneOf, &schema{Required: []string{name}})
	}
	if d.extensions {
		s.PatternProps = map[string]any{"^x-": true}
	}
	return s
}

// key returns the schema of a key's value with its documentation.
func (m *schemaMaker) key(k *keyDoc) *schema {
	s := m.form(&k.form)
	s.Description = k.doc
	if k.def != "" {
		s.Description += " Default: " + k.def + "."
	}
	var node yaml.Node
	if err := yaml.Unmarshal([]byte(k.example), &node); err != nil || len(node.Content) == 0 {
		m.fail(fmt.Errorf("example of key %q: %q is no YAML: %v", k.name, k.example, err))
		return s
	}
	s.Examples = []any{plainValue(node.Content[0])}
	return s
}

func (m *schemaMaker) fail(err error) {
	if m.err == nil {
		m.err = err
	}
}

// plainValue is a value as a schema sees it.
func plainValue(n *yaml.Node) any {
	switch n.Kind {
	case yaml.SequenceNode:
		list := make([]any, len(n.Content))
		for i, c := range n.Content {
			list[i] = plainValue(c)
		}
		return list
	case yaml.MappingNode:
		m := make(map[string]any, len(n.Content)/2)
		for i := 0; i+1 < len(n.Content); i += 2 {
			m[n.Content[i].Value] = plainValue(n.Content[i+1])
		}
		return m
	}
	return scalarValue(n)
}

// form returns the schema of a form, for the caller to complete.
func (m *schemaMaker) form(f *form) *schema {
	s := m.kind(f)
	alternatives := []*schema{s}
	if f.scope != scopeNone && (f.kind == kindBool || f.kind == kindNumber || f.kind == kindInt || f.kind == kindWord) {
		alternatives = append(alternatives, expressionSchema)
	}
	if f.null {
		alternatives = append(alternatives, &schema{Type: "null"})
	}
	if len(alternatives) == 1 {
		return s
	}
	if len(s.AnyOf) > 0 {
		alternatives = append(s.AnyOf, alternatives[1:]...)
	}
	return &schema{AnyOf: alternatives}
}

func (m *schemaMaker) kind(f *form) *schema {
	switch f.kind {
	case kindBool:
		return &schema{Type: "boolean"}
	case kindNumber, kindInt:
		return numberSchema(f)
	case kindWord:
		return &schema{Enum: f.words}
	case kindSize:
		return &schema{Type: "string", Pattern: sizePattern}
	case kindDuration:
		return &schema{AnyOf: []*schema{{Type: "string", Pattern: durationPattern}, {Type: "integer", Minimum: new(float64), Maximum: new(float64)}}}
	case kindExpr:
		return &schema{Type: scalarTypes}
	case kindAny:
		return &schema{}
	case kindUnion:
		return m.union(f)
	case kindObject:
		m.object(f.object)
		return &schema{Ref: "#/$defs/" + f.object.id()}
	}
	return m.container(f)
}

// container returns the schema of texts, lists and maps.
func (m *schemaMaker) container(f *form) *schema {
	least := 0
	if f.nonEmpty {
		least = 1
	}
	switch f.kind {
	case kindList:
		return &schema{Type: "array", Items: m.form(f.elem), MinItems: least}
	case kindTexts:
		text := form{kind: kindText, scope: f.scope}
		return &schema{AnyOf: []*schema{m.form(&text), {Type: "array", Items: m.form(&text), MinItems: least}}}
	case kindMap:
		s := &schema{Type: "object", Additional: m.form(f.elem), MinProperties: least}
		if f.names != "" {
			s.PropertyNames = &schema{Pattern: f.names}
		}
		return s
	}
	return textSchema(f)
}

func numberSchema(f *form) *schema {
	s := &schema{Type: "number"}
	if f.kind == kindInt {
		s.Type = "integer"
	}
	if f.min != 0 || f.max != 0 {
		low, high := f.min, f.max
		s.Minimum, s.Maximum = &low, &high
	}
	return s
}

// textSchema is any scalar, with a pattern for those that are strings, and no
// expression where none is evaluated.
func textSchema(f *form) *schema {
	s := &schema{Type: scalarTypes, Pattern: f.pattern}
	if f.scope == scopeNone {
		s.Not = &schema{Type: "string", Pattern: expressionSchema.Pattern}
	}
	return s
}

func (m *schemaMaker) union(f *form) *schema {
	s := &schema{}
	for i := range f.alts {
		alt := m.form(&f.alts[i])
		if len(alt.AnyOf) > 0 && alt.Description == "" {
			s.AnyOf = append(s.AnyOf, alt.AnyOf...)
			continue
		}
		s.AnyOf = append(s.AnyOf, alt)
	}
	return s
}
