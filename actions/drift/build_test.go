package drift

import (
	"fmt"
	"strconv"
	"testing"

	"github.com/mlops-runner/mlops/actions/profile"
	"github.com/mlops-runner/mlops/actions/table"
)

// A data is a column of a made-up table.
type data struct {
	name string
	table.Vector
}

// describe returns the profile of columns, which have as many rows.
func describe(columns ...data) *profile.Profile {
	var cs []table.Column
	batch := &table.Batch{File: "made-up.csv", Row: 1}
	for _, c := range columns {
		cs = append(cs, table.Column{Name: c.name, Kind: c.Kind})
		batch.Columns = append(batch.Columns, c.Vector)
		batch.Rows = max(len(c.Ints), len(c.Floats), len(c.Texts), len(c.Codes), len(c.Nulls))
	}
	b := profile.NewBuilder(cs)
	if batch.Rows > 0 {
		b.Add(batch)
	}
	return b.Profile()
}

// ints is a column of what each gives for the numbers of its rows.
func ints(name string, k table.Kind, rows int, each func(i int) int64) data {
	d := data{name, table.Vector{Kind: k, Ints: make([]int64, rows)}}
	for i := range d.Ints {
		d.Ints[i] = each(i)
	}
	return d
}

func floats(name string, rows int, each func(i int) float64) data {
	d := data{name, table.Vector{Kind: table.Float, Floats: make([]float64, rows)}}
	for i := range d.Floats {
		d.Floats[i] = each(i)
	}
	return d
}

func texts(name string, rows int, each func(i int) string) data {
	d := data{name, table.Vector{Kind: table.Text, Texts: make([][]byte, rows)}}
	for i := range d.Texts {
		d.Texts[i] = []byte(each(i))
	}
	return d
}

// nulled makes those rows null for which null is true.
func (d data) nulled(rows int, null func(i int) bool) data {
	d.Nulls = make([]bool, rows)
	for i := range d.Nulls {
		d.Nulls[i] = null(i)
	}
	return d
}

func mustCompare(t testing.TB, base, now *profile.Profile, o Options) *Result {
	t.Helper()
	r, err := Compare(base, now, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// shown is what a person sees of a column.
func (c *Column) shown() string {
	s := fmt.Sprintf("%s: %s", c.Name, c.Verdict)
	if c.Level != "" {
		s += " " + string(c.Level)
	}
	return s + ", " + c.Why
}

func word(i int) string { return "w" + strconv.Itoa(i) }
