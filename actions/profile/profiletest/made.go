// Package profiletest makes profiles of made-up columns, for tests.
package profiletest

import (
	"github.com/mlops-runner/mlops/actions/profile"
	"github.com/mlops-runner/mlops/actions/table"
)

// Of returns the profile of columns that have as many rows, by their names.
func Of(names []string, vectors ...table.Vector) *profile.Profile {
	var columns []table.Column
	batch := &table.Batch{File: "made-up", Row: 1, Columns: vectors}
	for i, v := range vectors {
		columns = append(columns, table.Column{Name: names[i], Kind: v.Kind})
		batch.Rows = max(batch.Rows, len(v.Ints), len(v.Floats), len(v.Texts), len(v.Codes), len(v.Nulls))
	}
	b := profile.NewBuilder(columns)
	if batch.Rows > 0 {
		b.Add(batch)
	}
	return b.Profile()
}

// Ints is a column of a kind whose values are whole numbers.
func Ints(k table.Kind, values ...int64) table.Vector { return table.Vector{Kind: k, Ints: values} }

// Floats is a column of numbers.
func Floats(values ...float64) table.Vector { return table.Vector{Kind: table.Float, Floats: values} }

// Texts is a column of texts.
func Texts(values ...string) table.Vector {
	v := table.Vector{Kind: table.Text, Texts: make([][]byte, len(values))}
	for i, s := range values {
		v.Texts[i] = []byte(s)
	}
	return v
}

// Nulled makes those of n rows null for which null is true.
func Nulled(v table.Vector, n int, null func(row int) bool) table.Vector {
	v.Nulls = Each(n, null)
	return v
}

// Each returns what f gives for n rows.
func Each[T any](n int, f func(row int) T) []T {
	values := make([]T, n)
	for i := range values {
		values[i] = f(i)
	}
	return values
}
