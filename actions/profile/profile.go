package profile

import (
	"context"
	"errors"

	"github.com/mlops-runner/mlops/actions/table"
	"github.com/mlops-runner/mlops/runner/store"
)

// Version is that of the form of profiles and of what is counted in them.
// Profiles of different versions are neither merged nor compared.
const Version = 1

// A Profile describes the rows of one or more files. Its JSON is canonical: one
// table read in the same order has the same bytes.
type Profile struct {
	Version int      `json:"version"`
	Rows    int64    `json:"rows"`
	Files   []File   `json:"files,omitempty"`
	Columns []Column `json:"columns"`
}

// A File is a file that a profile describes.
type File struct {
	Path   string       `json:"path"`
	Bytes  int64        `json:"bytes"`
	Digest store.Digest `json:"digest,omitzero"`
	Rows   int64        `json:"rows"`
}

// A Column describes the values of one column. Rows = Nulls + values.
type Column struct {
	Name      string     `json:"name"`
	Kind      table.Kind `json:"kind"`
	Rows      int64      `json:"rows"`
	Nulls     int64      `json:"nulls"`
	NaNs      int64      `json:"nans,omitempty"`      // of a float column, beside Nulls; in no other figure
	Infinite  int64      `json:"infinite,omitempty"`  // likewise
	Numbers   *Numbers   `json:"numbers,omitempty"`   // of all kinds but text; dates in days, times in microseconds, booleans as 0 and 1
	Lengths   *Numbers   `json:"lengths,omitempty"`   // of texts, in code points
	Values    []Value    `json:"values,omitempty"`    // the commonest first, then by text; all of them if Exact
	Exact     bool       `json:"exact"`               // Values are all there are, at most 1,024
	Other     int64      `json:"other,omitempty"`     // values that are in none of Values
	Sketch    Sketch     `json:"sketch,omitempty"`    // of the distinct values
	Increases bool       `json:"increases,omitempty"` // no value is smaller than the one before it
}

// A Value is a value as text and how often it occurs. Where Exact is false the
// count is at least the true one, and at most Other more.
type Value struct {
	Text  string `json:"text"`
	Count int64  `json:"count"`
}

// Numbers describe finite numbers by moments and a histogram.
type Numbers struct {
	Count     int64   `json:"count"`
	Min       float64 `json:"min"`
	Max       float64 `json:"max"`
	Mean      float64 `json:"mean"`
	M2        float64 `json:"m2"`        // the sum of squared distances from the mean
	Histogram []Cell  `json:"histogram"` // ascending, without empty cells
}

// A Cell counts the numbers x with Low <= x < High; Low = High holds one value.
// The bounds are a function of the value alone, so that histograms of any two
// columns of a kind can be laid over each other.
type Cell struct {
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
	Count int64   `json:"count"`
}

// A Sketch estimates how many values differ (HyperLogLog).
type Sketch []byte

// Distinct returns how many values differ: exactly if c.Exact, else within about 3 %.
func (c *Column) Distinct() int64 { return 0 }

// Quantile returns the value below which the share p of the numbers lies,
// within 1 % of it, NaN if there are none. 0 <= p <= 1.
func (n *Numbers) Quantile(p float64) float64 { return 0 }

// Std returns the standard deviation with n-1 in the divisor, NaN for fewer than two.
func (n *Numbers) Std() float64 { return 0 }

// Of reads a table once and describes it.
func Of(ctx context.Context, t *table.Table) (*Profile, error) { return nil, errors.ErrUnsupported }

// Merge returns the profile of the rows of a followed by those of b. Columns of
// only one of them have nulls for the other's rows. It fails if the versions or
// the kinds of a column cannot be brought together.
func Merge(a, b *Profile) (*Profile, error) { return nil, errors.ErrUnsupported }
