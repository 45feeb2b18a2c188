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

// A part is a stretch of rows of one file.
type part interface {
	// batches reads the wanted columns of the rows in order, as the wanted kinds:
	// a column that the file lacks is null throughout.
	batches(ctx context.Context, want []Column) iter.Seq2[*Batch, error]
}
