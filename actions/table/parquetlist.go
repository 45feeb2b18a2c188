package table

import (
	"errors"
	"io"
)

// A listCounter counts the elements of each row's list. A row may go on in the
// next page.
type listCounter struct {
	open  bool
	null  bool
	count int64
	ended bool // there are no more pages
}

// nextLists makes the vector of the rows that end in a page.
func (c *columnReader) nextLists(page *page, err error) error {
	l := &c.lists
	if err == io.EOF && l.open && !l.ended {
		l.ended = true
		c.wide.ints, c.nulls = c.wide.ints[:0], c.nulls[:0]
		c.push()
	} else if err != nil {
		return err
	} else {
		if err := c.countLists(page.repetition, page.definition); err != nil {
			return err
		}
	}
	c.rows = len(c.wide.ints)
	if int64(c.rows) > c.left {
		return errors.New("more rows than the row group has")
	}
	c.dense.ints = append(c.dense.ints[:0], c.wide.ints...)
	if c.widen != nil {
		c.widen(&c.dense)
	}
	c.vector = Vector{Kind: c.want, Nulls: c.nulls, Ints: c.dense.ints, Floats: c.dense.floats, Texts: c.dense.texts}
	return nil
}

func (c *columnReader) countLists(repetition, definition []byte) error {
	if len(repetition) != len(definition) {
		return errors.New("levels of different length")
	}
	l, at := &c.lists, c.leaf.list
	c.wide.ints, c.nulls = c.wide.ints[:0], c.nulls[:0]
	for i, r := range repetition {
		d := int(definition[i])
		switch {
		case r == 0:
			if l.open {
				c.push()
			}
			l.open, l.count, l.null = true, 0, d < at.there
		case !l.open:
			return errors.New("the first row goes on")
		}
		if r <= 1 && d >= at.element {
			l.count++
		}
	}
	return nil
}

// push ends a row.
func (c *columnReader) push() {
	c.wide.ints = append(c.wide.ints, c.lists.count)
	c.nulls = append(c.nulls, c.lists.null)
	c.lists.open = false
}
