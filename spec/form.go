package spec

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// A kind is what a value of the file may be.
type kind uint8

const (
	kindText     kind = iota // any scalar, read as the text it was written as
	kindWord                 // one of form.words
	kindBool                 // true or false
	kindNumber               // a number between min and max
	kindInt                  // a whole number between min and max
	kindSize                 // 4GiB
	kindDuration             // 1h30m
	kindExpr                 // an expression, with or without ${{ }}
	kindList                 // a list of elem
	kindTexts                // a text, or a list of texts
	kindMap                  // names that are free, with values of elem
	kindObject               // a mapping with the keys of object
	kindAny                  // anything
	kindUnion                // the first of alts that is written the same way: scalar, list or mapping
)

// A form is the type of a value: what the parser takes and the schema says.
type form struct {
	kind     kind
	elem     *form     // of kindList and kindMap
	object   describer // of kindObject
	alts     []form    // of kindUnion
	words    []string  // of kindWord
	pattern  string    // of texts, for the schema alone: the setter checks it
	names    string    // pattern of the names of a kindMap, for the schema alone
	min, max float64   // of numbers, when not both 0
	nonEmpty bool      // lists and mappings need an element
	null     bool      // the key may stand without a value
	scope    scope     // where ${{ }} is evaluated; none means it is an error
	want     want      // what an expression has to give
}

// A Key documents one key of the file; the parser's table and its schema and
// reference are made of them.
type keyDoc struct {
	name     string
	form     form
	doc      string // what it means, as sentences
	def      string // its default, in words or as a value
	example  string // a value
	required bool
}

// key is a row of the table: its documentation, and where its value goes.
type key[T any] struct {
	keyDoc
	set func(w *walker, t *T, n *yaml.Node)
}

// maxKeys is the largest number of keys an object can have.
const maxKeys = 40

// object is the table of a mapping with known keys.
type object[T any] struct {
	name    string // name of its definition in the schema
	doc     string
	keys    []key[T]
	foreign []foreignKey
	// extensions allows keys that start with "x-", for anchors.
	extensions bool
	// choose lists groups of keys of which exactly one must be there, for the schema.
	choose []string
}

// foreignKey is a key of another tool, or of another place, with what to write instead.
type foreignKey struct{ name, fix string }

// describer is an object whose Go type does not matter.
type describer interface {
	id() string
	describe() objectDoc
	names() []string
	cure(name string) string
	extends() bool
}

// objectDoc is what the schema and the reference need of an object.
type objectDoc struct {
	name, doc  string
	keys       []keyDoc
	extensions bool
	choose     []string
}

func (o *object[T]) id() string { return o.name }

func (o *object[T]) describe() objectDoc {
	d := objectDoc{name: o.name, doc: o.doc, extensions: o.extensions, choose: o.choose}
	for _, k := range o.keys {
		d.keys = append(d.keys, k.keyDoc)
	}
	return d
}

// extends reports whether keys that start with "x-" are allowed and ignored.
func (o *object[T]) extends() bool { return o.extensions }

func (o *object[T]) names() []string {
	names := make([]string, len(o.keys))
	for i := range o.keys {
		names[i] = o.keys[i].name
	}
	return names
}

func (o *object[T]) cure(name string) string {
	for _, f := range o.foreign {
		if strings.EqualFold(f.name, name) {
			return f.fix
		}
	}
	return ""
}

// find returns the index of the row for a key node, or -1.
func (o *object[T]) find(k *yaml.Node) int {
	if k.Kind != yaml.ScalarNode {
		return -1
	}
	for i := range o.keys {
		if o.keys[i].name == k.Value {
			return i
		}
	}
	return -1
}

// fits reports whether a value has the form its key wants, and if not, says so.
// It also queues the expressions of texts for checking. Objects are checked by
// their own walk.
func (w *walker) fits(n *yaml.Node, f *form, name string, in place) bool {
	if isNull(n) {
		if f.null || f.kind == kindAny {
			return true
		}
		w.at(n, CodeWrongType, "write "+f.expected()+", or remove the key", "%q in %s has no value", name, in)
		return false
	}
	switch f.kind {
	case kindUnion:
		return w.fitsUnion(n, f, name, in)
	case kindList:
		return w.fitsList(n, f, name, in)
	case kindTexts:
		if n.Kind == yaml.SequenceNode {
			return w.fitsItems(n, f, &textOf[f.scope], name, in)
		}
	case kindMap, kindObject:
		return w.fitsMap(n, f, name, in)
	case kindAny:
		return true
	}
	if n.Kind != yaml.ScalarNode {
		w.wrongType(n, f, name, in)
		return false
	}
	return w.fitsScalar(n, f, name, in)
}

// textOf holds the form of a list's texts by their scope.
var textOf = func() (forms [scopeGate + 1]form) {
	for s := range forms {
		forms[s] = form{kind: kindText, scope: scope(s)}
	}
	return forms
}()

func (w *walker) wrongType(n *yaml.Node, f *form, name string, in place) {
	fix := ""
	switch {
	case f.kind == kindList && n.Kind == yaml.ScalarNode:
		fix = "write it as a list: " + name + ": [" + n.Value + "]"
	case name == "outputs" && n.Kind == yaml.MappingNode: // as in GitHub Actions
		fix = "remove it, or list files: what steps write to $MLOPS_OUTPUT is needs.JOB.outputs by itself"
	}
	w.at(n, CodeWrongType, fix, "%q in %s must be %s, not %s", name, in, f.expected(), describeNode(n))
}

func (w *walker) fitsList(n *yaml.Node, f *form, name string, in place) bool {
	if n.Kind != yaml.SequenceNode {
		w.wrongType(n, f, name, in)
		return false
	}
	return w.fitsItems(n, f, f.elem, name, in)
}

func (w *walker) fitsItems(n *yaml.Node, f, elem *form, name string, in place) bool {
	if f.nonEmpty && len(n.Content) == 0 {
		w.at(n, CodeBadValue, "write at least one item, or remove the key", "the list %q in %s is empty", name, in)
		return false
	}
	if elem.kind == kindObject {
		return true // as in fitsMap
	}
	ok := true
	for _, c := range n.Content {
		ok = w.fits(c, elem, name, in) && ok
	}
	return ok
}

func (w *walker) fitsMap(n *yaml.Node, f *form, name string, in place) bool {
	if n.Kind != yaml.MappingNode {
		w.wrongType(n, f, name, in)
		return false
	}
	if f.nonEmpty && len(n.Content) == 0 {
		w.at(n, CodeBadValue, "write at least one entry, or remove the key", "the mapping %q in %s is empty", name, in)
		return false
	}
	if f.kind == kindObject || f.elem.kind == kindObject || f.elem.kind == kindUnion {
		return true // the setter checks each, so that one bad entry does not hide the others
	}
	ok := true
	for i := 1; i < len(n.Content); i += 2 {
		ok = w.fits(n.Content[i], f.elem, n.Content[i-1].Value, place{kind: strconv.Quote(name) + " of " + in.String()}) && ok
	}
	return ok
}

// fitsUnion picks the alternative that is written like the value.
func (w *walker) fitsUnion(n *yaml.Node, f *form, name string, in place) bool {
	for i := range f.alts {
		if f.alts[i].writtenLike(n) {
			if f.alts[i].kind == kindWord && !slices.Contains(f.alts[i].words, n.Value) && i > 0 {
				break // the word is not what was meant
			}
			return w.fits(n, &f.alts[i], name, in)
		}
	}
	w.wrongType(n, f, name, in)
	return false
}

func (f *form) writtenLike(n *yaml.Node) bool {
	switch f.kind {
	case kindList:
		return n.Kind == yaml.SequenceNode
	case kindMap, kindObject:
		return n.Kind == yaml.MappingNode
	case kindTexts:
		return n.Kind != yaml.MappingNode
	case kindBool:
		return n.Tag == "!!bool" || strings.Contains(n.Value, "${{")
	case kindInt, kindNumber:
		_, ok := number(n)
		return ok
	}
	return n.Kind == yaml.ScalarNode
}

// fitsScalar checks the scalar kinds. An expression stands for any of them
// where the key has a scope.
func (w *walker) fitsScalar(n *yaml.Node, f *form, name string, in place) bool {
	if f.kind == kindExpr {
		w.expression(n, f)
		return true
	}
	if strings.Contains(n.Value, "${{") {
		return w.fitsTemplate(n, f, name, in)
	}
	switch f.kind {
	case kindBool:
		if n.Tag != "!!bool" {
			w.at(n, CodeWrongType, boolFix(n.Value), "%q in %s must be true or false, not %s", name, in, clip(n.Value))
			return false
		}
	case kindNumber, kindInt:
		return w.fitsNumber(n, f, name, in)
	case kindWord:
		return w.fitsWord(n, f, name, in)
	}
	return true
}

func (w *walker) fitsTemplate(n *yaml.Node, f *form, name string, in place) bool {
	if f.scope == scopeNone {
		w.at(n, CodeExpressionPlace, "write the value itself", "%q in %s takes no ${{ }}", name, in)
		return false
	}
	w.template(n, f)
	return true
}

func (w *walker) fitsNumber(n *yaml.Node, f *form, name string, in place) bool {
	v, ok := number(n)
	if !ok || math.IsNaN(v) || f.kind == kindInt && v != float64(int64(v)) {
		w.at(n, CodeWrongType, "", "%q in %s must be %s, not %s", name, in, f.expected(), clip(n.Value))
		return false
	}
	if (f.min != 0 || f.max != 0) && (v < f.min || v > f.max) {
		w.at(n, CodeBadValue, "", "%q in %s must be between %s and %s, not %s", name, in,
			formatNumber(f.min), formatNumber(f.max), n.Value)
		return false
	}
	return true
}

func (w *walker) fitsWord(n *yaml.Node, f *form, name string, in place) bool {
	for _, word := range f.words {
		if word == n.Value {
			return true
		}
	}
	w.at(n, CodeBadValue, suggest(n.Value, f.words), "%q in %s cannot be %s", name, in, clip(n.Value))
	return false
}

// boolFix turns the booleans of YAML 1.1 into today's.
func boolFix(s string) string {
	switch strings.ToLower(s) {
	case "yes", "y", "on", "1", "true":
		return "write true"
	case "no", "n", "off", "0", "false":
		return "write false"
	}
	return "write true or false"
}

// expected names the form in messages.
func (f *form) expected() string {
	switch f.kind {
	case kindWord:
		if len(f.words) == 1 {
			return f.words[0]
		}
		return "one of " + strings.Join(f.words, ", ")
	case kindBool:
		return "true or false"
	case kindNumber:
		return "a number"
	case kindInt:
		return "a whole number"
	case kindSize:
		return "a size such as 4GiB"
	case kindDuration:
		return "a duration such as 30s"
	case kindExpr:
		return "an expression"
	case kindList:
		return "a list"
	case kindTexts:
		return "a text or a list of texts"
	case kindMap, kindObject:
		return "a mapping"
	case kindUnion:
		return f.expectedUnion()
	}
	return "a text"
}

func (f *form) expectedUnion() string {
	var names []string
	for i := range f.alts {
		names = append(names, f.alts[i].expected())
	}
	return strings.Join(names, " or ")
}
