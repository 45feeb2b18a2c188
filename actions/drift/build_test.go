package drift

import (
	"fmt"
	"strconv"
	"testing"

	"github.com/mlops-runner/mlops/actions/profile"
	"github.com/mlops-runner/mlops/actions/profile/profiletest"
	"github.com/mlops-runner/mlops/actions/table"
)

// A data is a column of a made-up table.
type data struct {
	name string
	table.Vector
}

// describe returns the profile of columns, which have as many rows.
func describe(columns ...data) *profile.Profile {
	var names []string
	var vectors []table.Vector
	for _, c := range columns {
		names, vectors = append(names, c.name), append(vectors, c.Vector)
	}
	return profiletest.Of(names, vectors...)
}

// ints is a column of what each gives for the numbers of its rows.
func ints(name string, k table.Kind, rows int, each func(i int) int64) data {
	return data{name, profiletest.Ints(k, profiletest.Each(rows, each)...)}
}

func floats(name string, rows int, each func(i int) float64) data {
	return data{name, profiletest.Floats(profiletest.Each(rows, each)...)}
}

func texts(name string, rows int, each func(i int) string) data {
	return data{name, profiletest.Texts(profiletest.Each(rows, each)...)}
}

// nulled makes those rows null for which null is true.
func (d data) nulled(rows int, null func(i int) bool) data {
	return data{d.name, profiletest.Nulled(d.Vector, rows, null)}
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
