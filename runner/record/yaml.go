package record

import (
	"bytes"
	"errors"
	"io"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/BurntSushi/toml"
	"gopkg.in/yaml.v3"
)

// readYAML takes the one document of a YAML file.
func (c *collector) readYAML(data []byte) error {
	if err := checkNesting(data); err != nil {
		return c.errorf(0, "%w", err)
	}
	d := yaml.NewDecoder(bytes.NewReader(data))
	var doc yaml.Node
	if err := d.Decode(&doc); errors.Is(err, io.EOF) {
		return c.errorf(0, "is empty")
	} else if err != nil {
		return c.yamlError(err)
	}
	if err := d.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		if err != nil {
			return c.yamlError(err)
		}
		return c.errorf(0, "holds several documents; write one file for each")
	}
	var t yamlTree
	if len(doc.Content) == 0 {
		return c.errorf(0, "is empty")
	}
	n, err := t.node(doc.Content[0], 0)
	if err != nil {
		return c.errorf(t.line, "%w", err)
	}
	return c.root(&n)
}

// yamlError finds the line in the text of a yaml error, which is not typed.
func (c *collector) yamlError(err error) error {
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	m := regexp.MustCompile(`^line (\d+): (did not find expected (?:<|node content|'-'|key|','))?(.*)$`).FindStringSubmatch(text)
	if m == nil {
		return c.errorf(0, "%s", text)
	}
	line, _ := strconv.Atoi(m[1])
	if m[2] != "" {
		line++ // the library's parser counts from 0, unlike its scanner
	}
	return c.errorf(line, "%s", m[2]+m[3])
}

// checkNesting refuses flow collections nested absurdly deep before a parser
// recurses into them. Brackets inside strings count too, which at this depth
// is no loss.
func checkNesting(data []byte) error {
	depth := 0
	for _, b := range data {
		switch b {
		case '[', '{':
			if depth++; depth > 1000 {
				return errDepth
			}
		case ']', '}':
			depth = max(0, depth-1)
		}
	}
	return nil
}

// yamlTree turns YAML nodes into ours. The bound on values holds after aliases
// are resolved, so a short file cannot stand for a large tree.
type yamlTree struct {
	values int
	line   int // last seen
}

func (t *yamlTree) node(y *yaml.Node, depth int) (node, error) {
	t.line = y.Line
	if t.values++; t.values > maxTreeValues {
		return node{}, errValues
	}
	if depth > maxTreeDepth {
		return node{}, errDepth
	}
	switch y.Kind {
	case yaml.AliasNode:
		return t.node(y.Alias, depth+1)
	case yaml.MappingNode:
		return t.object(y, depth)
	case yaml.SequenceNode:
		n := node{kind: listNode, line: y.Line}
		for _, x := range y.Content {
			child, err := t.node(x, depth+1)
			if err != nil {
				return n, err
			}
			n.items = append(n.items, child)
		}
		return n, nil
	}
	return yamlScalar(y), nil
}

func yamlScalar(y *yaml.Node) node {
	n := node{kind: textNode, line: y.Line, text: y.Value}
	switch y.ShortTag() {
	case "!!null":
		n.kind = nullNode
	case "!!bool":
		var b bool
		if y.Decode(&b) == nil {
			n.kind, n.num, n.bool = numberNode, boolNode(b).num, true
		}
	case "!!int", "!!float":
		if y.Decode(&n.num) == nil {
			n.kind = numberNode
		}
	}
	return n
}

// object reads a mapping; what it merges (<<) comes behind its own keys and
// only where it has none.
func (t *yamlTree) object(y *yaml.Node, depth int) (node, error) {
	n := node{kind: objectNode, line: y.Line}
	var merged []node
	for i := 0; i+1 < len(y.Content); i += 2 {
		k := y.Content[i]
		child, err := t.node(y.Content[i+1], depth+1)
		if err != nil {
			return n, err
		}
		if k.ShortTag() == "!!merge" {
			merged = append(merged, sources(child)...)
			continue
		}
		if k.Kind == yaml.AliasNode {
			k = k.Alias
		}
		if k.Kind != yaml.ScalarNode {
			return n, errors.New("a key that is no text")
		}
		child.key = k.Value
		n.items = append(n.items, child)
	}
	return t.merge(n, merged)
}

// sources returns what a merge key merges: one mapping or a list of them.
func sources(n node) []node {
	if n.kind == listNode {
		return n.items
	}
	return []node{n}
}

func (t *yamlTree) merge(n node, merged []node) (node, error) {
	if len(merged) == 0 {
		return n, nil
	}
	have := map[string]bool{}
	for _, x := range n.items {
		have[x.key] = true
	}
	for _, m := range merged {
		if m.kind != objectNode {
			return n, errors.New("<< merges what is no mapping")
		}
		for _, x := range m.items {
			if !have[x.key] {
				have[x.key] = true
				n.items = append(n.items, x)
			}
		}
	}
	return n, nil
}

// readTOML takes a TOML file. The library tells the line of an error only, so
// the metrics have none.
func (c *collector) readTOML(data []byte) error {
	if err := checkNesting(data); err != nil {
		return c.errorf(0, "%w", err)
	}
	var v map[string]any
	if _, err := toml.Decode(string(data), &v); err != nil {
		var p toml.ParseError
		if errors.As(err, &p) {
			return c.errorf(p.Position.Line, "%s", p.Message)
		}
		return c.errorf(0, "%w", err)
	}
	values := 0
	n, err := goNode(v, 0, &values)
	if err != nil {
		return c.errorf(0, "%w", err)
	}
	return c.root(&n)
}

// goNode turns what the TOML library decodes into a node.
func goNode(v any, depth int, values *int) (node, error) {
	if *values++; *values > maxTreeValues {
		return node{}, errValues
	}
	if depth > maxTreeDepth {
		return node{}, errDepth
	}
	switch v := v.(type) {
	case float64:
		return node{kind: numberNode, num: v}, nil
	case int64:
		return node{kind: numberNode, num: float64(v)}, nil
	case bool:
		return boolNode(v), nil
	case string:
		return node{kind: textNode, text: v}, nil
	case time.Time:
		return node{kind: textNode, text: v.String()}, nil
	case []any:
		return goList(v, depth, values)
	case []map[string]any:
		return goList(v, depth, values)
	case map[string]any:
		return goObject(v, depth, values)
	}
	return node{}, nil
}

func goList[T any](list []T, depth int, values *int) (node, error) {
	n := node{kind: listNode}
	for _, x := range list {
		child, err := goNode(x, depth+1, values)
		if err != nil {
			return n, err
		}
		n.items = append(n.items, child)
	}
	return n, nil
}

func goObject(m map[string]any, depth int, values *int) (node, error) {
	n := node{kind: objectNode}
	for k, x := range m {
		child, err := goNode(x, depth+1, values)
		if err != nil {
			return n, err
		}
		child.key = k
		n.items = append(n.items, child)
	}
	sort.Slice(n.items, func(i, j int) bool { return n.items[i].key < n.items[j].key })
	return n, nil
}
