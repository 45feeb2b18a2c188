package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

// MaxSize is how many bytes a report in JSON may have.
const MaxSize = 16 << 20

// An InvalidError reports what is wrong with a report in JSON.
type InvalidError struct {
	Path string // of the value: metrics[3].head; "" for the report itself
	Text string
}

func (e *InvalidError) Error() string {
	if e.Path == "" {
		return "report: " + e.Text
	}
	return "report: " + e.Path + ": " + e.Text
}

// Decode reads a report that [record.Canonical] wrote, or whoever could write a
// bundle: it trusts nothing. What it takes is valid by the JSON Schema, fits the
// bounds there, is at most [MaxSize] long and does not contradict itself; fields
// that it does not know are left out. That its numbers are true nobody can tell
// from it, and its texts are still as people and programs wrote them. It fails
// with *[InvalidError], or with the error of r.
func Decode(r io.Reader) (*Report, error) {
	data, err := io.ReadAll(io.LimitReader(r, MaxSize+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("report: %w", err)
	case len(data) > MaxSize:
		return nil, &InvalidError{Text: fmt.Sprintf("is longer than %d bytes", MaxSize)}
	case !utf8.Valid(data):
		return nil, &InvalidError{Text: "is not UTF-8"}
	}
	if err := checkJSON(data); err != nil {
		return nil, err
	}
	var out Report
	if err := json.Unmarshal(data, &out); err != nil {
		return nil, &InvalidError{Text: err.Error()}
	}
	return &out, out.check()
}

// checkJSON holds a document against the rules, reading it once and keeping
// nothing, so that a list that is too long costs no more than its bytes.
func checkJSON(data []byte) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	c := checker{dec: dec}
	if err := c.value(rules()); err != nil {
		return err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return c.wrong("something follows its end")
	}
	return nil
}

// A checker walks through a document by its tokens.
type checker struct {
	dec  *json.Decoder
	path []string
}

func (c *checker) wrong(format string, args ...any) error {
	return &InvalidError{Path: strings.TrimPrefix(strings.Join(c.path, ""), "."), Text: fmt.Sprintf(format, args...)}
}

func (c *checker) token() (json.Token, error) {
	t, err := c.dec.Token()
	if err != nil {
		return nil, c.wrong("is no JSON: %v", err)
	}
	return t, nil
}

// at runs f with one more step of the path.
func (c *checker) at(step string, f func() error) error {
	c.path = append(c.path, step)
	err := f()
	c.path = c.path[:len(c.path)-1]
	return err
}

// value checks the next value.
func (c *checker) value(r *rule) error {
	t, err := c.token()
	if err != nil {
		return err
	}
	switch r.kind {
	case object, mapping:
		if t != json.Delim('{') {
			return c.wrong("is no object")
		}
		return c.members(r)
	case list, pair:
		if t != json.Delim('[') {
			return c.wrong("is no list")
		}
		return c.items(r)
	case boolean:
		if _, ok := t.(bool); !ok {
			return c.wrong("is neither true nor false")
		}
		return nil
	case text:
		s, ok := t.(string)
		if !ok {
			return c.wrong("is no text")
		}
		return c.text(r, s)
	}
	return c.number(r, t)
}

func (c *checker) text(r *rule, s string) error {
	switch {
	case len(s) > r.max:
		return c.wrong("has %d bytes; at most %d", len(s), r.max)
	case r.enum != nil && !r.takes(s):
		return c.wrong("is %q; known are %s", clip(s, 40), quoted(r.enum))
	case !r.takes(s):
		return c.wrong("%q has not the form %s", clip(s, 80), r.form.text)
	}
	return nil
}

func quoted(words []string) string {
	var out []string
	for _, w := range words {
		out = append(out, strconv.Quote(w))
	}
	return strings.Join(out, ", ")
}

func (c *checker) number(r *rule, t json.Token) error {
	if s, ok := t.(string); ok && r.kind == anyfloat && (s == "NaN" || s == "Infinity" || s == "-Infinity") {
		return nil
	}
	n, ok := t.(json.Number)
	if !ok {
		return c.wrong("is no number")
	}
	if r.kind == integer {
		i, err := strconv.ParseInt(string(n), 10, 64)
		switch {
		case err != nil:
			return c.wrong("%s is no whole number", clip(string(n), 40))
		case i < r.least:
			return c.wrong("%d is less than %d", i, r.least)
		}
		return nil
	}
	if _, err := strconv.ParseFloat(string(n), 64); err != nil {
		return c.wrong("%s is beyond what a number can be", clip(string(n), 40))
	}
	return nil
}

// items checks the rest of a list.
func (c *checker) items(r *rule) error {
	item, most := r.item, r.max
	if r.kind == pair {
		item, most = &rule{kind: anyfloat}, 2
	}
	n := 0
	for ; c.dec.More(); n++ {
		if n == most {
			return c.wrong("has more than %d items", most)
		}
		if err := c.at("["+strconv.Itoa(n)+"]", func() error { return c.value(item) }); err != nil {
			return err
		}
	}
	if _, err := c.token(); err != nil {
		return err
	}
	if r.kind == pair && n != 2 {
		return c.wrong("is no pair of a step and a value")
	}
	return nil
}

// members checks the rest of an object or map.
func (c *checker) members(r *rule) error {
	seen := map[string]bool{}
	for c.dec.More() {
		t, err := c.token()
		if err != nil {
			return err
		}
		key, _ := t.(string) // the decoder takes nothing else
		if err := c.at("."+clip(key, 80), func() error { return c.member(r, key, seen) }); err != nil {
			return err
		}
	}
	if _, err := c.token(); err != nil {
		return err
	}
	for _, f := range r.fields {
		if !f.optional && !seen[f.name] {
			return c.wrong("lacks %s", f.name)
		}
	}
	return nil
}

func (c *checker) member(r *rule, key string, seen map[string]bool) error {
	item := r.item
	if f := r.field(key); f != nil {
		item = f.rule
	}
	if item == nil {
		return c.unknown(r, key)
	}
	switch {
	case seen[key]:
		return c.wrong("stands there twice")
	case r.kind == mapping && len(seen) == r.max:
		return c.wrong("more than %d names", r.max)
	case len(key) > maxText:
		return c.wrong("a name of %d bytes; at most %d", len(key), maxText)
	}
	seen[key] = true
	return c.value(item)
}

// unknown passes over a member that a newer mlops may have written. One that
// encoding/json would take for another, as it ignores case, must not be there.
func (c *checker) unknown(r *rule, key string) error {
	for _, f := range r.fields {
		if strings.EqualFold(f.name, key) {
			return c.wrong("is unknown; write %s", f.name)
		}
	}
	for depth := 0; ; {
		t, err := c.token()
		if err != nil {
			return err
		}
		switch t {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
		if depth == 0 {
			return nil
		}
	}
}

// check finds what contradicts itself.
func (r *Report) check() error {
	wrong := func(path, format string, args ...any) error {
		return &InvalidError{Path: path, Text: fmt.Sprintf(format, args...)}
	}
	if r.Version != Version {
		return wrong("version", "is %d; this mlops reads %d", r.Version, Version)
	}
	if want := decisionOf(r.Gates); r.Decision != want && r.Decision != Broken {
		return wrong("decision", "is %q, but the gates say %q", r.Decision, want)
	}
	for i, s := range r.Sections {
		for k, row := range s.Rows {
			if len(row) != len(s.Columns) {
				return wrong(fmt.Sprintf("sections[%d].rows[%d]", i, k), "has %d cells for %d columns", len(row), len(s.Columns))
			}
		}
		for k := range s.Plots {
			if err := s.Plots[k].check(); err != nil {
				return wrong(fmt.Sprintf("sections[%d].plots[%d]", i, k), "%v", err)
			}
		}
	}
	for i, m := range r.Metrics {
		for name, in := range map[string]*Interval{"interval": m.Interval, "own": m.Own} {
			if in != nil && !in.sound() {
				return wrong(fmt.Sprintf("metrics[%d].%s", i, name), "is none: %v to %v at level %v", in.Low, in.High, in.Level)
			}
		}
		if m.Change != nil && (m.Head == nil || m.Base == nil) {
			return wrong(fmt.Sprintf("metrics[%d].change", i), "is there without both values")
		}
	}
	for i, j := range r.Jobs {
		if j.Outputs.Same > j.Outputs.All {
			return wrong(fmt.Sprintf("jobs[%d].outputs", i), "has %d equal of %d", j.Outputs.Same, j.Outputs.All)
		}
	}
	if r.Outputs.Same > r.Outputs.All {
		return wrong("outputs", "has %d equal of %d", r.Outputs.Same, r.Outputs.All)
	}
	return nil
}
