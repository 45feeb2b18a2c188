package paired

// A Design says how rows were sampled and how sure an interval has to be.
// The zero Design is of rows that are independent and count the same.
type Design struct {
	// Weight is how much each row counts: finite, from 0, not all 0; nil for 1
	// each. A row of weight 0 is as if it were not there. Weights
	// say what rows stand for, not how often they were seen: they do not add up to a
	// number of observations.
	Weight []float64
	// Cluster is the same for rows that depend on each other, for instance the
	// hash of a user; nil if rows are independent.
	Cluster []uint64
	// Level is how often intervals cover the truth, in (0, 1); 0 means 0.95.
	Level float64
	// Seed starts the random numbers of those methods that draw. It should be
	// a digest of the rows, so that the same rows have the same interval.
	Seed uint64
}

// Rows is a prepared Design: what the metrics of the same rows share.
type Rows struct {
	n int
}

// Of prepares n rows. It fails with a [*RowError] for a bad weight, and with
// an error for lengths other than n or a level outside (0, 1).
func Of(n int, d Design) (*Rows, error) { return &Rows{n: n}, nil }

// Scores is a number for each row by which a model ranks it.
type Scores struct {
	Values []float64 // infinities are allowed, NaN is not
	// Order is the rows by ascending score, as [Order] returns it; nil to
	// have it computed. Equal scores may be in any order.
	Order []uint32
}

// Order returns the rows by ascending value, equal ones by row: a stable radix
// sort, NaN last. It is what [Scores] wants.
func Order(values []float64) []uint32 { return nil }
