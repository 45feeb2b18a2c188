package table

import (
	"context"
	"errors"
	"iter"
)

// Options say how a table is read. The zero value reads all columns of all
// files and finds out their kinds.
type Options struct {
	Columns []string        // read these alone, in this order; nil reads all
	Kinds   map[string]Kind // kinds that are known; a value of another kind is an error that names it
	Text    bool            // read every column of text files as Text, whatever it looks like
	Nulls   []string        // what stands for a missing value in text files beside an empty unquoted field; nil means NA, NaN, null, NULL, None
}

// A Table is one or more files with the same columns. It is safe for
// concurrent use; each call of Batches reads the files anew.
type Table struct {
	columns []Column
	files   []file
}

// Open looks at the heads of the files, in this order, and says what columns
// they have together: a file that lacks a column has nulls there. It fails with
// an [Error] if a file cannot be read as a table.
func Open(paths []string, o Options) (*Table, error) { return nil, errors.ErrUnsupported }

// Columns returns the columns in the order of the first file; those that only
// later files have come last.
func (t *Table) Columns() []Column { return t.columns }

// Batches reads the rows of all files in order. The kind of a column is the
// same in every batch. It stops at the first error, which is an [Error] or the
// context's.
func (t *Table) Batches(ctx context.Context) iter.Seq2[*Batch, error] {
	return func(yield func(*Batch, error) bool) { yield(nil, errors.ErrUnsupported) }
}

// A Part is a stretch of rows of one file of a table. Different parts may be
// read at once.
type Part struct {
	table *Table
	part  part
}

// Parts returns the stretches of which the table consists, in order.
func (t *Table) Parts() []Part {
	var ps []Part
	for _, f := range t.files {
		for _, p := range f.parts() {
			ps = append(ps, Part{t, p})
		}
	}
	return ps
}

// Batches reads the rows of the part in order, as [Table.Batches] does.
func (p Part) Batches(ctx context.Context) iter.Seq2[*Batch, error] {
	return p.part.batches(ctx, p.table.columns)
}
