package table

import (
	"context"
	"iter"
)

// A file is one file of a table, whatever its format. Its methods are safe for
// concurrent use.
type file interface {
	// columns are those the file has, with the kinds its head or a look at its
	// rows tells.
	columns() []Column
	// parts are stretches of rows that can be read at once, in order.
	parts() []part
}

// A settler is a file whose head does not tell everything about its columns.
type settler interface {
	// settle looks at all rows, as far as the wanted columns need it, so that what
	// columns returns is true of all of them from then on.
	settle(ctx context.Context, want []Column) error
}

// A part is a stretch of rows of one file.
type part interface {
	// batches reads the wanted columns of the rows in order, as the wanted kinds:
	// a column that the file lacks is null throughout. A value that cannot be of
	// the wanted kind is an error, or a misfit where the options ask for it; a text
	// file that has not settled may fail with a widening.
	batches(ctx context.Context, want []Column) iter.Seq2[*Batch, error]
}

// A coder is a part in which numbers may have dictionaries.
type coder interface {
	// coded does what batches does and gives numbers as codes where it can.
	coded(ctx context.Context, want []Column) iter.Seq2[*Batch, error]
}
