package spec

import (
	"fmt"
	"slices"

	"gopkg.in/yaml.v3"
)

// actions lets `with:` of whatever may use an action be what that action takes.
func (m *schemaMaker) actions(all []Action) {
	var users []*schema
	for _, s := range m.defs {
		if s.Properties["uses"] != nil && s.Properties["with"] != nil {
			users = append(users, s)
		}
	}
	for _, a := range all {
		name := "with-" + a.Name
		with := m.inputs(a.Inputs)
		with.Description = a.Doc
		m.defs[name] = with
		then := &schema{Properties: map[string]*schema{"with": {Ref: "#/$defs/" + name}}}
		if len(with.Required) > 0 {
			then.Required = []string{"with"}
		}
		for _, s := range users {
			named := &schema{Properties: map[string]*schema{"uses": {Const: a.Name}}, Required: []string{"uses"}}
			s.AllOf = append(s.AllOf, &schema{If: named, Then: then})
		}
	}
}

// inputs returns the schema of a mapping of inputs, or of keys of one.
func (m *schemaMaker) inputs(list []ActionInput) *schema {
	s := &schema{Type: "object", Properties: map[string]*schema{}, Additional: false}
	for i := range list {
		in := &list[i]
		p := m.input(in)
		p.Description = in.Doc
		m.exampleOf(p, in)
		s.Properties[in.Name] = p
		if in.Required {
			s.Required = append(s.Required, in.Name)
		}
	}
	return s
}

// exampleOf gives an input an example: its own, or a word that it may be.
func (m *schemaMaker) exampleOf(s *schema, in *ActionInput) {
	if in.Example == "" {
		for _, w := range in.Words[:min(1, len(in.Words))] {
			s.Examples = []any{w}
		}
		return
	}
	var node yaml.Node
	if err := yaml.Unmarshal([]byte(in.Example), &node); err != nil || len(node.Content) == 0 {
		m.fail(fmt.Errorf("example of input %q: %q is no YAML: %v", in.Name, in.Example, err))
		return
	}
	s.Examples = []any{plainValue(node.Content[0])}
}

// input returns the schema of an input's value. Of texts with a form of their own
// the parser knows more.
func (m *schemaMaker) input(in *ActionInput) *schema {
	text := func() *schema { return &schema{Type: scalarTypes} }
	i := slices.IndexFunc(inputShapes, func(s inputShape) bool { return s.name == in.Type })
	switch {
	case in.Type == "word":
		return &schema{AnyOf: []*schema{{Enum: in.Words}, expressionSchema}}
	case in.Type == "entries":
		entry := []*schema{m.inputs(in.Keys), m.input(&in.Keys[0])}
		return &schema{AnyOf: append(entry, &schema{Type: "array", Items: &schema{AnyOf: entry}})}
	case in.Type == "map" && in.Keys != nil:
		return &schema{AnyOf: []*schema{m.inputs(in.Keys), expressionSchema}}
	case i < 0:
		return &schema{}
	}
	switch inputShapes[i].kind {
	case kindBool:
		return &schema{AnyOf: []*schema{{Type: "boolean"}, expressionSchema}}
	case kindNumber:
		return &schema{AnyOf: []*schema{{Type: "number"}, expressionSchema}}
	case kindInt:
		return &schema{AnyOf: []*schema{{Type: "integer"}, expressionSchema}}
	case kindTexts:
		return &schema{AnyOf: []*schema{text(), {Type: "array"}}}
	case kindMap:
		return &schema{AnyOf: []*schema{{Type: "object"}, expressionSchema}}
	}
	return text()
}
