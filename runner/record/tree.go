package record

import (
	"errors"
	"slices"
	"strconv"
	"strings"
)

// Bounds of a tree of values, of whichever format.
const (
	maxTreeDepth  = 64
	maxTreeValues = 1_000_000
)

var (
	errDepth  = errors.New("nested deeper than 64; is this a metrics file?")
	errValues = errors.New("more than 1,000,000 values; is this a metrics file?")
)

// kind of a node. Booleans are numbers: true is 1 and false is 0, as in
// Python, so that a gate can ask for converged == 1.
type kind uint8

const (
	nullNode kind = iota
	numberNode
	textNode
	listNode
	objectNode
)

// node is a value of a JSON, YAML or TOML file.
type node struct {
	key   string // in its object
	kind  kind
	line  int
	num   float64
	bool  bool // num was written as true or false
	text  string
	items []node
}

func boolNode(b bool) node {
	n := node{kind: numberNode, bool: true}
	if b {
		n.num = 1
	}
	return n
}

// child returns the last child with that key, or nil.
func (n *node) child(key string) *node {
	for i := range slices.Backward(n.items) {
		if n.items[i].key == key {
			return &n.items[i]
		}
	}
	return nil
}

// stepKeys are the names of counters, in the order in which they are
// preferred as the place of a point. They are compared in lower case.
func stepKeys() []string { return []string{"step", "global_step", "iteration", "iter", "epoch"} }

func isStepKey(key string) bool { return slices.Contains(stepKeys(), strings.ToLower(key)) }

// stepOf returns the step of a record, or nil.
func stepOf(n *node) *float64 {
	for _, want := range stepKeys() {
		for i := range n.items {
			if c := &n.items[i]; c.kind == numberNode && strings.ToLower(c.key) == want {
				step := c.num // a copy: a pointer would keep the whole tree in memory
				return &step
			}
		}
	}
	return nil
}

// root takes the metrics of a whole value: an object is one record.
func (c *collector) root(n *node) error {
	switch n.kind {
	case objectNode:
		return c.row("", n)
	case listNode:
		c.begin(nil)
		return c.list("", n)
	}
	return c.errorf(n.line, "want an object or a list of objects, such as {\"auc\": 0.91}")
}

// row takes an object as a record of its own; prefix is the name of its list.
func (c *collector) row(prefix string, n *node) error {
	c.begin(stepOf(n))
	if named(n) {
		return c.named(prefix, n)
	}
	for i := range n.items {
		child := &n.items[i]
		if c.step != nil && child.kind == numberNode && isStepKey(child.key) {
			continue
		}
		if err := c.take(join(prefix, child.key), child); err != nil {
			return err
		}
	}
	return nil
}

func join(prefix, key string) string {
	if prefix == "" {
		return key
	}
	return prefix + "." + key
}

// take takes everything below n.
func (c *collector) take(name string, n *node) error {
	switch n.kind {
	case numberNode:
		m := Metric{Name: name}
		if n.bool {
			m.Kind = Bool
		}
		return c.add(m, n.num, n.line)
	case listNode:
		return c.list(name, n)
	case objectNode:
		for i := range n.items {
			if err := c.take(join(name, n.items[i].key), &n.items[i]); err != nil {
				return err
			}
		}
	case textNode:
		if f, ok := specialNumber(n.text); ok {
			return c.add(Metric{Name: name}, f, n.line)
		}
		c.ignore(name, Text, strconv.Quote(n.text), n.line)
	case nullNode:
		c.ignore(name, Null, "null", n.line)
	}
	return nil
}

// list takes a list: rows with a step are a history, objects with name and
// value are metrics, all else goes by index.
func (c *collector) list(name string, n *node) error {
	if len(n.items) > 0 && (every(n, hasStep) || every(n, named)) {
		record, step := c.record, c.step
		for i := range n.items {
			if err := c.row(name, &n.items[i]); err != nil {
				return err
			}
		}
		c.record, c.step = record, step
		return nil
	}
	for i := range n.items {
		if err := c.take(join(name, strconv.Itoa(i)), &n.items[i]); err != nil {
			return err
		}
	}
	return nil
}

func every(n *node, is func(*node) bool) bool {
	for i := range n.items {
		if !is(&n.items[i]) {
			return false
		}
	}
	return true
}

func hasStep(n *node) bool { return n.kind == objectNode && stepOf(n) != nil }

// named reports whether an object spells a metric out: {"name": "auc",
// "value": 0.91, "unit": …, "better": …, "slice": {…}, "history": […]}.
func named(n *node) bool {
	if n.kind != objectNode {
		return false
	}
	name, value := n.child("name"), n.child("value")
	return name != nil && name.kind == textNode && value != nil && numeric(value)
}

func numeric(n *node) bool {
	if n.kind == textNode {
		_, ok := specialNumber(n.text)
		return ok
	}
	return n.kind == numberNode
}

// value is for nodes that are numeric.
func (n *node) value() float64 {
	if n.kind == textNode {
		f, _ := specialNumber(n.text)
		return f
	}
	return n.num
}

// named takes a metric that is spelled out.
func (c *collector) named(prefix string, n *node) error {
	m := Metric{Name: join(prefix, n.child("name").text)}
	var history *node
	for i := range n.items {
		x := &n.items[i]
		switch {
		case x.key == "name" || x.key == "value" || x.key == "points" || isStepKey(x.key) || x.key == "job" || x.key == "file" || x.key == "kind":
		case x.key == "unit" && x.kind == textNode:
			m.Unit = x.text
		case x.key == "better" && x.kind == textNode && x.text != "":
			if x.text != "higher" && x.text != "lower" {
				return c.errorf(x.line, "metric %s: better is %q; write higher or lower", m.Name, clip(x.text))
			}
			m.Better = x.text
		case x.key == "slice" && x.kind == objectNode:
			m.Slice = sliceOf(x)
		case x.key == "history" && x.kind == listNode:
			history = x
		default:
			c.ignore(join(m.Name, x.key), Text, strconv.Quote(x.text), x.line)
		}
	}
	value := n.child("value")
	if history == nil {
		return c.add(m, value.value(), value.line)
	}
	return c.history(m, value, history)
}

// sliceOf reads column → value; numbers are kept as JSON prints them.
func sliceOf(n *node) map[string]string {
	if len(n.items) == 0 {
		return nil
	}
	slice := map[string]string{}
	for _, x := range n.items {
		slice[x.key] = x.text
		if x.kind == numberNode {
			slice[x.key] = strings.Trim(string(appendFloat(nil, x.num)), `"`)
		}
	}
	return slice
}

// history takes points written as [step, value], and the metric's value, which
// is not a point again.
func (c *collector) history(m Metric, value, history *node) error {
	s, _, err := c.set(m, value.value(), value.line)
	if err != nil {
		return err
	}
	for i := range history.items {
		p := &history.items[i]
		if p.kind != listNode || len(p.items) != 2 || !every(p, numeric) {
			return c.errorf(p.line, "metric %s: point %d of its history is not [step, value]", m.Name, i)
		}
		step := p.items[0].value()
		c.point(s, Point{step, p.items[1].value()})
		if c.step == nil {
			s.Step = &step
		}
	}
	return nil
}
