package spec

import (
	"testing"

	"gopkg.in/yaml.v3"
)

// Every example in the table has the form of its key.
func TestExamplesOfKeys(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	var object func(o describer)
	var visit func(f *form)
	visit = func(f *form) {
		if f.object != nil {
			object(f.object)
		}
		if f.elem != nil {
			visit(f.elem)
		}
		for i := range f.alts {
			visit(&f.alts[i])
		}
	}
	object = func(o describer) {
		if seen[o.id()] {
			return
		}
		seen[o.id()] = true
		d := o.describe()
		if d.doc == "" || len(d.keys) == 0 || len(d.keys) > maxKeys {
			t.Errorf("%s: %q, %d keys", d.name, d.doc, len(d.keys))
		}
		for _, k := range d.keys {
			checkExample(t, d.name, k)
			visit(&k.form)
		}
	}
	object(&fileTable)
	if len(seen) < 15 {
		t.Errorf("%d objects are reached", len(seen))
	}
}

func checkExample(t *testing.T, object string, k keyDoc) {
	t.Helper()
	var n yaml.Node
	if err := yaml.Unmarshal([]byte(k.example), &n); err != nil || len(n.Content) == 0 {
		t.Errorf("%s.%s: example %q: %v", object, k.name, k.example, err)
		return
	}
	w := &walker{src: newSource("example", k.example), file: &File{}, step: noStep}
	if !w.fits(n.Content[0], &k.form, k.name, place{kind: object}) || len(w.found) > 0 || k.doc == "" {
		t.Errorf("%s.%s: %v; doc %q", object, k.name, w.found, k.doc)
	}
}
