package table

import (
	"fmt"
	"slices"
	"strings"

	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/format"
)

// A leaf is a column of a Parquet file as it is stored, and how it is read.
type leaf struct {
	name                   string
	kind                   Kind
	index                  int // among the file's leaves
	physical               format.Type
	size                   int // bytes of a value of fixed length
	repetition, definition int // the largest levels
	list                   *list
	decode                 func(p stored, to *values) error
}

// A list says at which definition levels a row has a list and an element in it.
type list struct{ there, element int }

// leaves returns the columns of the schema that are read, in its order.
func (f *parquetFooter) leaves() ([]leaf, error) {
	w := schemaWalk{schema: f.meta.Schema, footer: f}
	if len(w.schema) == 0 {
		return nil, fmt.Errorf("footer without a schema")
	}
	root := w.schema[0]
	w.schema = w.schema[1:]
	if err := w.group(int(root.NumChildren.V), node{}); err != nil {
		return nil, err
	}
	if len(w.schema) > 0 {
		return nil, fmt.Errorf("schema with %d columns outside of it", len(w.schema))
	}
	seen := map[string]bool{}
	for _, l := range w.leaves {
		if seen[l.name] {
			return nil, &Error{Column: l.name, Reason: "is the name of two columns", Fix: "rename one"}
		}
		seen[l.name] = true
	}
	return w.leaves, nil
}

// A node is a place in the schema.
type node struct {
	path                   []string
	repetition, definition int
	listed                 bool  // the node itself is marked as a list or map
	list                   *list // the outermost list around it
	listName               string
	depth                  int
}

type schemaWalk struct {
	schema []format.SchemaElement // what was not seen yet
	footer *parquetFooter
	count  int
	leaves []leaf
}

const maxSchemaDepth = 100

// group goes over the children of a node.
func (w *schemaWalk) group(children int, parent node) error {
	if parent.depth > maxSchemaDepth {
		return fmt.Errorf("schema deeper than %d", maxSchemaDepth)
	}
	for range children {
		if len(w.schema) == 0 {
			return fmt.Errorf("schema with fewer columns than it says")
		}
		e := w.schema[0]
		w.schema = w.schema[1:]
		n := parent.child(e)
		if e.NumChildren.V != 0 {
			if err := w.group(int(e.NumChildren.V), n); err != nil {
				return err
			}
			continue
		}
		if err := w.leaf(e, n); err != nil {
			return err
		}
	}
	return nil
}

// child returns the place of an element under n.
func (n node) child(e format.SchemaElement) node {
	c := node{path: append(slices.Clone(n.path), e.Name), repetition: n.repetition, definition: n.definition, list: n.list, listName: n.listName, depth: n.depth + 1}
	switch e.RepetitionType.V {
	case format.Optional:
		c.definition++
	case format.Repeated:
		c.repetition++
		c.definition++
		if n.list == nil {
			c.list = &list{there: n.definition, element: c.definition}
			c.listName = strings.Join(c.path, ".")
			if n.listed {
				c.listName = strings.Join(n.path, ".")
			}
		}
	}
	switch e.LogicalType.Value.(type) {
	case *format.ListType, *format.MapType:
		c.listed = true
	}
	if e.ConvertedType.Valid {
		t := e.ConvertedType.V
		c.listed = c.listed || t == deprecated.List || t == deprecated.Map || t == deprecated.MapKeyValue
	}
	return c
}

func (w *schemaWalk) leaf(e format.SchemaElement, n node) error {
	l := leaf{
		name: strings.Join(n.path, "."), index: w.count, physical: e.Type.V, size: int(e.TypeLength.V),
		repetition: n.repetition, definition: n.definition, list: n.list,
	}
	w.count++
	if n.list == nil {
		var err error
		if l.kind, l.decode, err = typeOf(e, func() bool { return w.footer.fitsInt(l.index) }); err != nil {
			return &Error{Column: l.name, Reason: err.Error()}
		}
		w.leaves = append(w.leaves, l)
		return nil
	}
	l.name, l.kind = n.listName, Int
	if k := len(w.leaves); k == 0 || w.leaves[k-1].list != n.list { // a list of structures or a map has several leaves
		w.leaves = append(w.leaves, l)
	}
	return nil
}

// fitsInt reports whether the statistics of a column of unsigned numbers say
// that all of them fit an Int.
func (f *parquetFooter) fitsInt(index int) bool {
	for _, g := range f.meta.RowGroups {
		s := g.Columns[index].MetaData.Statistics
		top := s.MaxValue
		if top == nil {
			return false // the old Max compares them as signed
		}
		if len(top) != 8 || top[7] >= 0x80 {
			return false
		}
	}
	return true
}
