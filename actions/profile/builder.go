package profile

import "github.com/mlops-runner/mlops/actions/table"

// A Builder describes rows that are given to it batch by batch. It is not safe
// for concurrent use.
type Builder struct {
	schema  []table.Column
	rows    int64
	files   []File
	columns []*column
	scratch *scratch
	earlier *Profile // of sections that were closed
}

// maxSection is how many rows are counted together: a trie counts to 1<<32.
const maxSection = 1 << 30

// NewBuilder returns a builder for rows with the given columns.
func NewBuilder(columns []table.Column) *Builder { return newBuilder(columns, &scratch{}) }

func newBuilder(columns []table.Column, s *scratch) *Builder {
	b := &Builder{schema: columns, scratch: s}
	for _, c := range columns {
		b.columns = append(b.columns, newColumn(c, s))
	}
	return b
}

// Add takes in a batch whose vectors are those of the builder's columns. It
// keeps nothing of the batch but dictionaries, whose texts must stay as they are
// until another dictionary comes or [Builder.Profile] is called.
func (b *Builder) Add(batch *table.Batch) {
	if b.rows >= maxSection {
		p := b.Profile()
		*b = *newBuilder(b.schema, b.scratch)
		b.earlier = p
	}
	b.rows += int64(batch.Rows)
	if n := len(b.files); n == 0 || b.files[n-1].Path != batch.File {
		b.files = append(b.files, File{Path: batch.File})
	}
	b.files[len(b.files)-1].Rows += int64(batch.Rows)
	for i, c := range b.columns {
		c.add(&batch.Columns[i], batch.Rows)
	}
}

// Profile returns the description of all rows. The builder is used up.
func (b *Builder) Profile() *Profile {
	p := &Profile{Version: Version, Rows: b.rows, Files: b.files, Columns: make([]Column, len(b.columns))}
	for i, c := range b.columns {
		p.Columns[i] = c.describe()
		b.columns[i] = nil // of thousands of columns, one at a time takes room for this
	}
	if b.earlier == nil {
		return p
	}
	whole, err := Merge(b.earlier, p)
	if err != nil {
		panic(err) // they are of one schema
	}
	return whole
}

// A column describes one column: texts or numbers, or neither where all is null.
type column struct {
	Column
	textual *textual
	numeric *numeric
}

func newColumn(c table.Column, s *scratch) *column {
	n := &column{Column: Column{Name: c.Name, Kind: c.Kind}}
	switch c.Kind {
	case table.Unknown:
	case table.Text:
		n.textual = &textual{values: counter{few: few{isText: true}}, scratch: s}
	default:
		n.numeric = &numeric{kind: c.Kind, scratch: s}
	}
	return n
}

func (c *column) add(v *table.Vector, rows int) {
	c.Rows += int64(rows)
	c.Nulls += nulls(v, rows)
	switch {
	case c.textual != nil:
		c.textual.add(v, rows)
	case c.numeric != nil:
		c.numeric.add(v, rows)
	}
}

func nulls(v *table.Vector, rows int) (n int64) {
	if v.Nulls == nil {
		return 0
	}
	for _, null := range v.Nulls[:rows] {
		if null {
			n++
		}
	}
	return n
}

func (c *column) describe() Column {
	d := c.Column
	switch {
	case c.textual != nil:
		c.textual.describe(&d)
	case c.numeric != nil:
		c.numeric.describe(&d)
	default:
		d.Exact = true
	}
	return d
}
