package spec

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// A walker turns the node tree of one file into a File and collects problems.
type walker struct {
	src    *source
	what   string // what the source is called in messages: "the file"
	opts   Options
	file   *File
	found  Diagnostics
	hidden int // problems beyond maxDiagnostics

	job    *Job // the job being read, or nil
	step   int  // index of the step being read, or noStep
	depth  int  // of the free value being read
	checks []check

	declared  map[string]bool // job ids, once asked for
	dataSet   map[string]bool // names of datasets
	metricSet map[string]bool // names of metrics
	withs     map[*Step]*yaml.Node
	wants     map[*yaml.Node]want // of expressions in typed inputs of actions
	types     environments
	lastMap   *SourceMap    // many problems of one scalar need one map
	script    scriptScanner // its buffers serve one script after another

	paramsNode *yaml.Node // value of params:, or nil
}

// noStep is walker.step outside of steps.
const noStep = -1

// add keeps a problem unless there are too many already.
func (w *walker) add(d Diagnostic) {
	if len(w.found) >= maxDiagnostics {
		w.hidden++
		return
	}
	if d.File == "" {
		d.File, d.Line = w.src.name, w.src.line(d.Pos.Line)
	}
	w.found = append(w.found, d)
}

// full reports that further problems would not be shown, so that callers can
// save the work of describing them.
func (w *walker) full() bool {
	if len(w.found) < maxDiagnostics {
		return false
	}
	w.hidden++
	return true
}

// at reports an error at a node.
func (w *walker) at(n *yaml.Node, code Code, fix, format string, args ...any) {
	w.about(n, Error, code, fix, format, args...)
}

// warn reports a warning at a node.
func (w *walker) warn(n *yaml.Node, code Code, fix, format string, args ...any) {
	w.about(n, Warning, code, fix, format, args...)
}

func (w *walker) about(n *yaml.Node, s Severity, code Code, fix, format string, args ...any) {
	if w.full() {
		return
	}
	from, to := w.span(n)
	w.add(Diagnostic{Pos: from, End: to, Severity: s, Code: code, Fix: fix, Message: fmt.Sprintf(format, args...)})
}

// point reports an error at a place.
func (w *walker) point(p Pos, code Code, fix, format string, args ...any) {
	if !w.full() {
		w.add(Diagnostic{Pos: p, End: p, Code: code, Fix: fix, Message: fmt.Sprintf(format, args...)})
	}
}

// span returns where a node starts and ends; of mappings and lists, where they start.
func (w *walker) span(n *yaml.Node) (from, to Pos) {
	from = nodePos(n)
	if n.Kind != yaml.ScalarNode {
		return from, from
	}
	if m := w.mapOf(n); n.Value != "" {
		return m.Pos(0), m.End()
	}
	return from, from
}

// nodePos is where the YAML library says a node starts: before its anchor and tag.
func nodePos(n *yaml.Node) Pos { return Pos{max(n.Line, 1), max(n.Column, 1)} }

func (w *walker) mapOf(n *yaml.Node) *SourceMap {
	if m := w.lastMap; m != nil && m.start == nodePos(n) && m.value == n.Value && m.style == n.Style {
		return m
	}
	w.lastMap = &SourceMap{src: w.src, start: nodePos(n), style: n.Style, value: n.Value}
	return w.lastMap
}

// str returns a scalar as text with its place.
func str(n *yaml.Node) Str { return Str{n.Value, nodePos(n)} }

// strs returns a scalar, or the scalars of a list, as texts.
func strs(n *yaml.Node) []Str {
	if n.Kind == yaml.ScalarNode {
		return []Str{str(n)}
	}
	list := make([]Str, len(n.Content))
	for i, c := range n.Content {
		list[i] = str(c)
	}
	return list
}

func isNull(n *yaml.Node) bool {
	return n.Kind == yaml.ScalarNode && n.Tag == "!!null"
}

// A place says in messages where a key stands: `step "fit" of job "train"`.
type place struct {
	kind  string
	name  string // "" if it has none
	index int    // counts from 1; shown if there is no name
	job   string // the job it belongs to, or ""
	node  *yaml.Node
}

func (p place) String() string {
	s := p.kind
	switch {
	case p.name != "":
		s += " " + strconv.Quote(p.name)
	case p.index > 0:
		s += " " + strconv.Itoa(p.index)
	}
	if p.job != "" {
		s += " of job " + strconv.Quote(p.job)
	}
	return s
}

// walk reads a mapping into t by the table of its keys. It returns the value
// nodes by index in the table; absent keys are nil.
func walk[T any](w *walker, n *yaml.Node, o *object[T], t *T, in place) (seen [maxKeys]*yaml.Node) {
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		at := o.find(k)
		switch {
		case at < 0:
			w.unknownKey(o, k, v, in)
		case seen[at] != nil:
			w.duplicateKey(k, seen[at], in)
		default:
			seen[at] = k
			key, before := &o.keys[at], len(w.found)
			if w.fits(v, &key.form, key.name, in) {
				key.set(w, t, v)
			} else {
				w.exemplify(before, &key.keyDoc)
			}
		}
	}
	for i := range o.keys {
		if o.keys[i].required && seen[i] == nil && !meant(n, o, o.keys[i].name) {
			w.at(in.node, CodeMissingKey, "write "+o.keys[i].name+": "+o.keys[i].example, "%s has no %q", in, o.keys[i].name)
		}
	}
	return seen
}

// exemplify adds an example to the problems of a value for which nobody knows
// a better cure: those found since there were so many.
func (w *walker) exemplify(before int, k *keyDoc) {
	if k.example == "" {
		return
	}
	for i := range w.found[before:] {
		if d := &w.found[before+i]; d.Fix == "" {
			d.Fix = "write it like this: " + k.name + ": " + k.example
		}
	}
}

// meant reports whether an unknown key of a mapping stands for one of the missing ones:
// telling of both would be telling twice.
func meant(n *yaml.Node, o describer, missing ...string) bool {
	for i := 0; i+1 < len(n.Content); i += 2 {
		k := n.Content[i].Value
		if strings.HasPrefix(k, "x-") && o.extends() {
			continue
		}
		near, cure := Nearest(k, o.names()), o.cure(k)
		for _, m := range missing {
			if near == m || strings.Contains(cure, m+":") {
				return true
			}
		}
	}
	return false
}

func (w *walker) duplicateKey(k, first *yaml.Node, in place) {
	if w.full() {
		return
	}
	from, to := w.span(k)
	w.add(Diagnostic{
		Pos: from, End: to, Code: CodeDuplicateKey, Fix: "remove one of them, or join them",
		Message: fmt.Sprintf("duplicate key %q in %s", k.Value, in),
		Related: []Related{{w.src.name, nodePos(first), "the first one stands here"}},
	})
}

func (w *walker) unknownKey(o describer, k, v *yaml.Node, in place) {
	if w.full() {
		return
	}
	if k.Kind != yaml.ScalarNode {
		w.at(k, CodeWrongType, "write a word", "a key of %s is %s", in, describeNode(k))
		return
	}
	if strings.HasPrefix(k.Value, "x-") && o.extends() {
		return
	}
	fix := o.cure(k.Value)
	switch {
	case fix != "":
	case likeJob(v) && slices.Contains(o.names(), "jobs") && Nearest(k.Value, o.names()) == "":
		fix = "move it below jobs:, and indent it as the jobs there"
	default:
		fix = suggest(k.Value, o.names())
	}
	w.at(k, CodeUnknownKey, fix, "unknown key %q in %s", k.Value, in)
}

// likeJob reports whether a mapping looks like a job.
func likeJob(n *yaml.Node) bool {
	if n.Kind != yaml.MappingNode {
		return false
	}
	for i := 0; i < len(n.Content); i += 2 {
		switch n.Content[i].Value {
		case "run", "steps", "uses":
			return true
		}
	}
	return false
}

// entries calls f for each name and value of a mapping whose names are free,
// and reports names that stand twice.
func (w *walker) entries(n *yaml.Node, in place, f func(k, v *yaml.Node)) {
	var seen keySet
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		if k.Kind != yaml.ScalarNode {
			w.at(k, CodeWrongType, "write a word", "a key of %s is %s", in, describeNode(k))
			continue
		}
		if first := seen.add(k, n.Content[:i]); first != nil {
			w.duplicateKey(k, first, in)
			continue
		}
		f(k, v)
	}
}

// A keySet finds repeated keys. Most mappings are small, and comparing a few
// keys is quicker than making a map.
type keySet struct{ byName map[string]*yaml.Node }

// add returns the first of the keys and values before k that is equal to k, or nil.
func (s *keySet) add(k *yaml.Node, before []*yaml.Node) *yaml.Node {
	const few = 2 * 8
	if len(before) <= few {
		for i := 0; i < len(before); i += 2 {
			if before[i].Value == k.Value && before[i].Kind == yaml.ScalarNode {
				return before[i]
			}
		}
		return nil
	}
	if s.byName == nil {
		s.byName = make(map[string]*yaml.Node, len(before))
		for i := 0; i < len(before); i += 2 {
			if s.byName[before[i].Value] == nil && before[i].Kind == yaml.ScalarNode {
				s.byName[before[i].Value] = before[i]
			}
		}
	}
	first := s.byName[k.Value]
	if first == nil {
		s.byName[k.Value] = k
	}
	return first
}

// describeNode says what a node is, for messages.
func describeNode(n *yaml.Node) string {
	switch {
	case n.Kind == yaml.MappingNode:
		return "a mapping"
	case n.Kind == yaml.SequenceNode:
		return "a list"
	case isNull(n):
		return "empty"
	}
	return clip(n.Value)
}

// clip quotes a text for a message, shortened to one short line.
func clip(s string) string {
	const limit = 60
	if i := strings.IndexAny(s, "\r\n"); i >= 0 {
		s = s[:i] + "…"
	}
	if utf8.RuneCountInString(s) > limit {
		s = string([]rune(s[:min(len(s), 4*limit)])[:limit-1]) + "…"
	}
	return strconv.Quote(s)
}
