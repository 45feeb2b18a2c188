package metric

// shared is what is computed once for rows, when it is first asked for.
type shared struct{}

// Falling returns the rows in the order of falling scores, equal ones in their order. The
// result must not be changed.
func (r *Rows) Falling() []int32 { panic("soon") }

// Ties returns where runs of equal scores end in [Rows.Falling]: run i is
// Falling()[Ties()[i-1]:Ties()[i]], the first one begins at 0. The result must not be
// changed.
func (r *Rows) Ties() []int32 { panic("soon") }

// Reweigh returns the same rows with other weights. What depends on no weights, such
// as the order by score, is shared and not computed again.
func (r *Rows) Reweigh(weight []float64) *Rows { panic("soon") }

// Pick returns the rows with the given indices, such as those of a slice.
func (r *Rows) Pick(rows []int32) *Rows { panic("soon") }
