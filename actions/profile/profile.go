package profile

import (
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
	Values    []Value    `json:"values,omitempty"`    // the commonest first, then by text; all of them if Exact, else at most 256
	Exact     bool       `json:"exact"`               // Values are all there are, at most 1,024
	Other     int64      `json:"other,omitempty"`     // values that are not surely in one of Values
	Most      int64      `json:"most,omitempty"`      // no value that is not in Values occurs more often than this
	Sketch    Sketch     `json:"sketch,omitempty"`    // of the distinct values, unless Exact
	Increases bool       `json:"increases,omitempty"` // no number is smaller than the one before it; false for texts
	Numeric   int64      `json:"numeric,omitempty"`   // texts that are decimal numbers
	Garbled   int64      `json:"garbled,omitempty"`   // texts that seem to have been read in a wrong encoding
}

// A Value is a value as text and how often it occurs. The true count is at most
// Count and at least Count - Over; Over is 0 where a column is Exact, and never
// more than Other.
type Value struct {
	Text  string `json:"text"`
	Count int64  `json:"count"`
	Over  int64  `json:"over,omitempty"`
}

// Numbers describe finite numbers by moments and a histogram. Up to 1,024
// different numbers have a cell each. Else cells hold no more than 1/400 of the
// numbers, single values apart.
type Numbers struct {
	Count     int64     `json:"count"`
	Min       float64   `json:"min"`
	Max       float64   `json:"max"`
	Mean      float64   `json:"mean"`
	M2        float64   `json:"m2"`        // the sum of squared distances from the mean
	Histogram Histogram `json:"histogram"` // ascending, without empty cells
}

// A Cell counts the numbers x with Low <= x < High; Low = High holds one value.
// The cells of a histogram are disjoint. How fine they are follows from how many
// numbers lie there, but their bounds are always neighbouring multiples of a power
// of two, so that of the cells of two histograms either one holds the other or
// they are disjoint too.
//
// In JSON a cell is [low, high, count], or [value, count].
type Cell struct {
	Low, High float64
	Count     int64
}
