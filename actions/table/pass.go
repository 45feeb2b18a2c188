package table

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// What a block holds at most, so that it stays near the processor.
const (
	blockFields = 2048
	batchFields = 1 << 18
	wideBatch   = windowSize / 2 // bytes of rows that make a batch, at least
)

// A pass reads the rows of a text file once.
type pass struct {
	file    *textFile
	window  *window
	cutter  cutter
	fields  []Column // of the file
	width   int      // fields a row
	block   block
	columns []*builder
	found   []*builder // columns that were not known before
	row     int64      // the number of the next
	nulls   *nulls
	limit   int // rows a batch
	vectors []Vector
	late    error // of the row behind those of the batch before

	widen bool // let columns become wider rather than stop
}

// A widening says that a column holds values of a wider kind than was thought.
type widening struct {
	file   string
	column string
	kind   Kind
}

func (w *widening) Error() string { return fmt.Sprintf("column %q is %s", w.column, w.kind) }

// next reads a batch, nil behind the last row.
func (p *pass) next(ctx context.Context) (*Batch, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if p.late == nil && p.window.end-p.window.pos < wideBatch {
		p.window.refill()
	}
	for _, v := range p.columns {
		v.start()
	}
	b := &Batch{File: p.file.path, Row: p.row}
	for p.late == nil && b.Rows < p.limit {
		n, late := p.blockOf(min(p.limit-b.Rows, max(1, blockFields/max(1, p.width))), b.Rows == 0)
		if n > 0 && b.Rows == 0 {
			b.Line = p.block.lines[0]
		}
		for _, v := range p.columns {
			if err := p.column(v, b.Rows); err != nil {
				return nil, err
			}
		}
		b.Rows += n
		p.row += int64(n)
		if keys, ok := late.(*newKeys); ok {
			if late = p.adopt(keys); late == nil && b.Rows == 0 {
				continue
			}
			n = 0 // a batch has the same columns throughout
		}
		if p.late = late; n == 0 {
			break
		}
	}
	if b.Rows == 0 {
		return nil, p.late
	}
	if p.widen {
		return b, nil // nobody looks at the values
	}
	b.Columns = p.vectors[:0]
	for _, v := range p.columns {
		b.Columns = append(b.Columns, v.vector(b.Rows))
	}
	p.vectors = b.Columns
	return b, nil
}

// adopt takes keys that were not known as columns, if columns may widen.
func (p *pass) adopt(keys *newKeys) error {
	if !p.widen {
		return &widening{p.file.path, keys.names[0], Unknown}
	}
	c := p.cutter.(*jsonCutter)
	for _, name := range keys.names {
		if _, known := c.fields[name]; known {
			continue // it comes twice in one object
		}
		c.add(name)
		v := p.file.builder(Column{name, p.file.options.kind(name)}, p.width, p)
		p.columns, p.found = append(p.columns, v), append(p.found, v)
		p.fields = append(p.fields, Column{Name: name})
		p.width++
	}
	if p.width > maxKeys {
		e := &Error{File: p.file.path, Line: p.window.line}
		e.Reason = fmt.Sprintf("more than %d different keys", maxKeys)
		e.Fix = "look whether keys are data, as ids or dates are, and write them as values"
		return e
	}
	p.limit = batchLimit(p.width)
	return nil
}

// batchLimit returns how many rows a batch of so many columns has at most.
func batchLimit(width int) int { return min(batchRows, max(1, batchFields/max(1, width))) }

// blockOf cuts at most so many rows. It cuts none if the window ends before a
// whole one; if grow is set this means that there are no more.
func (p *pass) blockOf(most int, grow bool) (int, error) {
	w, b := p.window, &p.block
	for {
		b.first = p.row
		start := w.pos
		err := p.cutter.cut(w, b, most)
		if bad := p.badText(start, w.pos); bad != nil {
			return b.rows, bad
		}
		if err != nil || b.rows > 0 {
			return b.rows, p.located(err)
		}
		if w.stopped() {
			return 0, p.located(w.failed)
		}
		if !grow {
			return 0, nil
		}
		w.grow()
	}
}

// badText looks whether the block is text and takes what comes from the first
// row that is not out of it.
func (p *pass) badText(from, to int) error {
	if p.file.converted || p.block.rows == 0 {
		return nil
	}
	row, field, reason, fix := p.block.badByte(from, to)
	if reason == "" {
		return nil
	}
	e := p.at(row, p.fields[field].Name)
	e.Reason, e.Fix = reason, fix
	p.block.rows = row
	return e
}

// at returns an error about a row of the block.
func (p *pass) at(row int, column string) *Error {
	return &Error{File: p.file.path, Line: p.block.lines[row], Row: p.block.first + int64(row), Column: column}
}

// located says where an error of the cutter or of the source was met.
func (p *pass) located(err error) error {
	var c *cutError
	var keys *newKeys
	switch {
	case err == nil, errors.As(err, &keys):
		return err
	case errors.As(err, &c):
		return &Error{File: p.file.path, Line: c.line, Row: p.block.first + int64(p.block.rows), Reason: c.reason, Fix: c.fix}
	}
	e := readError(p.file.path, err)
	e.Line = p.window.line
	return e
}

// column reads the block's values of one column into the rows from at on.
func (p *pass) column(v *builder, at int) error {
	for i := 0; ; i++ {
		if i = v.add(&p.block, i, at+i); i == p.block.rows {
			return nil
		}
		if err := p.misfit(v, i); err != nil {
			return err
		}
		if v.asked {
			v.null(at + i)
		} else {
			i--
		}
	}
}

// misfit deals with a value of another kind than its column's.
func (p *pass) misfit(v *builder, row int) error {
	k := row*p.width + v.field
	text := v.unescape(&p.block, k)
	wider := join(v.Kind, kindOf(p.block.buf, trim(p.block.buf, p.block.spans[k]), v.typed))
	switch {
	case !v.asked && p.widen:
		v.hold(wider, p.limit)
		return nil
	case !v.asked:
		return &widening{p.file.path, v.name, wider}
	}
	e := p.at(row, v.name)
	if report := p.file.options.Misfit; report != nil {
		report(Misfit{e.File, e.Row, e.Line, e.Column, v.Kind, clip(text)})
		return nil
	}
	e.Reason = fmt.Sprintf("%q is not a value of kind %s", clip(text), v.Kind)
	e.Fix = fmt.Sprintf("correct it, or read the column as %s", wider)
	return e
}

// clip returns at most the first 40 characters.
func clip(b []byte) string {
	n := 0
	for i := range string(b) {
		if n++; n > 40 {
			return string(b[:i]) + "…"
		}
	}
	return string(b)
}

// settle reads on, at least so many rows if there are any, and lets kinds become
// as wide as the values need. It reports whether it came to the end.
func (p *pass) settle(ctx context.Context, rows int64) (whole bool, err error) {
	p.widen = true
	for p.row <= rows {
		p.columns = slices.DeleteFunc(p.columns, func(v *builder) bool { return v.asked || v.Kind == Text })
		if len(p.columns) == 0 && !p.file.grows() {
			return false, nil
		}
		b, err := p.next(ctx)
		if b == nil || err != nil {
			return err == nil, err
		}
	}
	return false, nil
}
