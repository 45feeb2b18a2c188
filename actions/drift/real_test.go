package drift

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mlops-runner/mlops/actions/profile"
	"github.com/mlops-runner/mlops/actions/table"
)

// open opens a table of real data, if it is here.
func open(t *testing.T, path string) *table.Table {
	t.Helper()
	if _, err := os.Stat(path); err != nil {
		t.Skipf("the table is not here: %v", err)
	}
	tab, err := table.Open([]string{path}, table.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return tab
}

// split deals the rows of a table out to profiles by where each tells they go.
func split(t *testing.T, tab *table.Table, sides int, each func(b *table.Batch, row int) int) []*profile.Profile {
	t.Helper()
	var builders []*profile.Builder
	for range sides {
		builders = append(builders, profile.NewBuilder(tab.Columns()))
	}
	for b, err := range tab.Batches(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		rows := make([][]int, sides)
		for i := range b.Rows {
			side := each(b, i)
			rows[side] = append(rows[side], i)
		}
		for side, is := range rows {
			if len(is) > 0 {
				builders[side].Add(picked(b, is))
			}
		}
	}
	var ps []*profile.Profile
	for _, b := range builders {
		ps = append(ps, b.Profile())
	}
	return ps
}

// picked is a batch of some rows of another.
func picked(b *table.Batch, rows []int) *table.Batch {
	out := &table.Batch{File: b.File, Row: b.Row, Rows: len(rows)}
	for _, v := range b.Columns {
		v.Nulls, v.Ints, v.Floats, v.Texts, v.Codes = at(v.Nulls, rows), at(v.Ints, rows), at(v.Floats, rows), at(v.Texts, rows), at(v.Codes, rows)
		out.Columns = append(out.Columns, v)
	}
	return out
}

func at[T any](all []T, rows []int) []T {
	if all == nil {
		return nil
	}
	out := make([]T, len(rows))
	for i, r := range rows {
		out[i] = all[r]
	}
	return out
}

// Halves of a table dealt out at random are the same.
func TestHalvesOfRealTables(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"../../examples/churn/data/churn.csv", "../../../shared/data/ames.csv"} {
		t.Run(filepath.Base(path), func(t *testing.T) {
			t.Parallel()
			tab := open(t, path)
			columns := 0
			for seed := range uint64(4) {
				r := rand.New(rand.NewPCG(seed, 0))
				halves := split(t, tab, 2, func(*table.Batch, int) int { return r.IntN(2) })
				for _, c := range mustCompare(t, halves[0], halves[1], Options{}).Columns {
					columns++
					if c.Verdict == Moved {
						t.Errorf("half %d: %s", seed, c.shown())
					}
					if seed == 0 {
						t.Log(c.shown())
					}
				}
			}
			if columns < 80 {
				t.Errorf("%d columns were compared", columns)
			}
		})
	}
}

// By month the delays of flights drift and their ways do not, but 6 % of the rows
// at the most: an alarm for those who set their threshold below it.
func TestMonthsOfFlights(t *testing.T) {
	t.Parallel()
	tab := open(t, "../../../shared/data/flights-3m.parquet")
	dates := slices.IndexFunc(tab.Columns(), func(c table.Column) bool { return c.Name == "date" && c.Kind == table.Time })
	if dates < 0 {
		t.Fatalf("no dates in %v", tab.Columns())
	}
	months := split(t, tab, 13, func(b *table.Batch, i int) int {
		return int(time.UnixMicro(b.Columns[dates].Ints[i]).UTC().Month())
	})
	var moved []string
	for m := 2; m <= 6; m++ {
		if r := mustCompare(t, months[1], months[m], Options{}); r.Verdict != Same {
			t.Errorf("January to month %d: %s", m, lines(r))
		}
		for _, c := range mustCompare(t, months[1], months[m], Options{Warn: 0.05}).Columns {
			t.Logf("January to month %d: %s", m, c.shown())
			if c.Verdict == Moved {
				moved = append(moved, fmt.Sprintf("month %d: %s", m, c.shown()))
			}
		}
	}
	if diff := cmp.Diff([]string{"month 5: delay: moved warn, 6.2% down, median -1 → -3"}, moved); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
