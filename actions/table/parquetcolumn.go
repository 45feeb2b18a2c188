package table

import (
	"errors"
	"io"
)

// A columnReader reads the rows of one column of a row group, a page at a time.
type columnReader struct {
	*scratch
	file   *parquetFile
	leaf   *leaf // nil for a column that the file lacks
	place  int   // of leaf among those of the file
	want   Kind
	widen  func(*values) // nil if the leaf's kind is wanted
	narrow *narrowing    // nil unless want is narrower than the leaf's kind
	pages  *pageReader
	left   int64 // rows of the row group that were not taken

	rows, at int    // of the page: how many, and how many were taken
	vector   Vector // of the page's rows

	dictionary *dictionary
	entries    *Dict // what dictionary holds
	numbers    bool  // may come as codes

	lists listCounter
}

func (g *rowGroup) reader(c Column, p *press) *columnReader {
	r := &columnReader{file: g.file, want: c.Kind, left: g.rows}
	place, there := g.file.places[c.Name]
	if !there || c.Kind == Unknown {
		r.scratch = &scratch{}
		return r
	}
	r.place, r.leaf, r.scratch = place, &g.file.leaves[place], g.file.scratch(place)
	var wider bool
	if r.widen, wider = widener(r.leaf.kind, c.Kind); !wider {
		r.narrow = &narrowing{from: r.leaf.kind, to: c.Kind, file: g.file.path, column: c.Name, misfit: g.file.misfit}
		r.want = r.leaf.kind
	}
	chunk := &g.file.footer.meta.RowGroups[g.index].Columns[r.leaf.index].MetaData
	r.pages = newPageReader(g.file.r, chunk, r.leaf, r.scratch, p)
	return r
}

// fill makes sure that rows are at hand, and returns how many.
func (c *columnReader) fill() (int, error) {
	if c.leaf == nil {
		return int(min(c.left, maxBatch)), nil
	}
	for c.at == c.rows {
		if err := c.next(); err != nil {
			if err == io.EOF {
				err = errors.New("fewer rows than the row group has")
			}
			return 0, err
		}
	}
	return int(min(int64(c.rows-c.at), c.left)), nil
}

// take returns the next n rows, of which the first has the given number.
func (c *columnReader) take(n int, first int64) (Vector, error) {
	c.left -= int64(n)
	if c.leaf == nil {
		return c.nothing(n), nil
	}
	v := c.window(n)
	if c.narrow != nil {
		return c.narrow.vector(v, n, first)
	}
	return v, nil
}

// window returns the next n rows of the page.
func (c *columnReader) window(n int) Vector {
	v := c.vector
	from, upTo := c.at, c.at+n
	c.at = upTo
	if v.Nulls != nil {
		v.Nulls = v.Nulls[from:upTo]
	}
	switch {
	case v.Codes != nil:
		v.Codes = v.Codes[from:upTo]
	case v.Kind == Text:
		v.Texts = v.Texts[from:upTo]
	case v.Kind == Float:
		v.Floats = v.Floats[from:upTo]
	default:
		v.Ints = v.Ints[from:upTo]
	}
	return v
}

// nothing returns n nulls.
func (c *columnReader) nothing(n int) Vector {
	if len(c.nulls) < n {
		c.nulls = make([]bool, maxBatch)
		for i := range c.nulls {
			c.nulls[i] = true
		}
		switch c.want {
		case Text:
			c.wide.texts = make([][]byte, maxBatch)
		case Float:
			c.wide.floats = make([]float64, maxBatch)
		default:
			c.wide.ints = make([]int64, maxBatch)
		}
	}
	v := Vector{Kind: c.want, Nulls: c.nulls[:n]}
	switch c.want {
	case Text:
		v.Texts = c.wide.texts[:n]
	case Float:
		v.Floats = c.wide.floats[:n]
	default:
		v.Ints = c.wide.ints[:n]
	}
	return v
}

// next reads a page.
func (c *columnReader) next() error {
	c.rows, c.at = 0, 0
	page, err := c.pages.next()
	if c.leaf.list != nil {
		return c.nextLists(page, err)
	}
	if err != nil {
		return err
	}
	if int64(page.rows) > c.left {
		return errors.New("more rows than the row group has")
	}
	c.vector = Vector{Kind: c.want}
	c.presence(page)
	if page.dictionary != nil {
		err = c.coded(page)
	} else {
		err = c.plainPage(page)
	}
	c.rows = page.rows
	return err
}

// presence notes which rows of a page are null, if some are.
func (c *columnReader) presence(p *page) {
	if p.definition == nil {
		return
	}
	c.nulls = grow(c.nulls, p.rows)
	top := byte(c.leaf.definition)
	for i, level := range p.definition {
		c.nulls[i] = level != top
	}
	c.vector.Nulls = c.nulls
}

func (c *columnReader) decode(p stored, to *values) error {
	err := c.leaf.decode(p, to)
	if err == nil && c.widen != nil {
		c.widen(to)
	}
	return err
}

// plainPage makes the vector of values that stand in the page.
func (c *columnReader) plainPage(p *page) error {
	if err := c.decode(p.values, &c.dense); err != nil {
		return err
	}
	v := &c.vector
	switch {
	case c.want == Text:
		v.Texts, c.wide.texts = widen(c.dense.texts, c.wide.texts, v.Nulls, p.rows)
	case c.want == Float:
		v.Floats, c.wide.floats = widen(c.dense.floats, c.wide.floats, v.Nulls, p.rows)
	default:
		v.Ints, c.wide.ints = widen(c.dense.ints, c.wide.ints, v.Nulls, p.rows)
	}
	return nil
}

// widen returns dense with a zero where a row is null, using room.
func widen[T any](dense, room []T, nulls []bool, rows int) (wide, kept []T) {
	if nulls == nil {
		return dense[:rows], room
	}
	room = grow(room, rows)
	var zero T
	at := 0
	for i, null := range nulls {
		room[i] = zero
		if !null {
			room[i] = dense[at]
			at++
		}
	}
	return room, room
}

// coded makes the vector of a page that holds places in a dictionary.
func (c *columnReader) coded(p *page) error {
	if p.dictionary != c.dictionary {
		var entries values
		if err := c.decode(p.dictionary.values, &entries); err != nil {
			return err
		}
		c.dictionary, c.entries = p.dictionary, &Dict{Values: entries.texts, Ints: entries.ints, Floats: entries.floats}
	}
	v := &c.vector
	switch {
	case c.want == Text || c.numbers && p.dictionary.values.n <= fewNumbers:
		v.Dict = c.entries
		v.Codes, c.rowCodes = widenCodes(p.codes, c.rowCodes, v.Nulls, p.rows)
	case c.want == Float:
		c.wide.floats = look(c.entries.Floats, p.codes, c.wide.floats, v.Nulls, p.rows)
		v.Floats = c.wide.floats
	default:
		c.wide.ints = look(c.entries.Ints, p.codes, c.wide.ints, v.Nulls, p.rows)
		v.Ints = c.wide.ints
	}
	return nil
}

// fewNumbers is how many a dictionary has at most that come as codes.
const fewNumbers = 1 << 13

func widenCodes(codes, room []int32, nulls []bool, rows int) (wide, kept []int32) {
	if nulls == nil {
		return codes, room
	}
	room = grow(room, rows)
	at := 0
	for i, null := range nulls {
		room[i] = -1
		if !null {
			room[i] = codes[at]
			at++
		}
	}
	return room, room
}

// look returns what codes mean, using room.
func look[T any](entries []T, codes []int32, room []T, nulls []bool, rows int) []T {
	room = grow(room, rows)
	if nulls == nil {
		for i, code := range codes {
			room[i] = entries[code]
		}
		return room
	}
	var zero T
	at := 0
	for i, null := range nulls {
		room[i] = zero
		if !null {
			room[i] = entries[codes[at]]
			at++
		}
	}
	return room
}
