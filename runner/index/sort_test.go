package index

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/spec/expression"
)

// rank orders runs by a field as --sort does: those that lack it come last.
func rank(f field, down bool, a, b *record.Run) int {
	x, y := f.value(a), f.value(b)
	lacks := func(v any) bool {
		n, ok := v.(float64)
		return v == nil || v == "" || ok && math.IsNaN(n)
	}
	c := 0
	switch {
	case lacks(x) != lacks(y):
		return cmp.Compare(map[bool]int{true: 1}[lacks(x)], map[bool]int{true: 1}[lacks(y)])
	case lacks(x):
		return 0
	case f.kind == text:
		c = strings.Compare(expression.Fold(x.(string)), expression.Fold(y.(string)))
	default:
		c = cmp.Compare(expression.Number(x), expression.Number(y))
	}
	if down {
		return -c
	}
	return c
}

// TestSort compares the order of the databases with that of the records, and what a
// limit leaves.
func TestSort(t *testing.T) {
	t.Parallel()
	backends(t, func(t *testing.T, o Options) {
		w := newWorld(t, 11)
		for range 60 {
			w.write(w.run(), true)
		}
		x := open(t, w, o)
		by := slices.DeleteFunc(fields(), func(f field) bool { return f.kind == scalar || f.kind == lower })
		for i := range 150 {
			f, g := by[w.r.IntN(len(by))], by[w.r.IntN(len(by))]
			downF, downG := w.r.IntN(2) == 0, w.r.IntN(2) == 0
			q := Query{Sort: []string{signed(f, downF), signed(g, downG)}, Limit: pick(w.r, 0, 1, 7, 45, 100)}
			if i%3 == 0 {
				q.Where = "metrics.auc > 0.2 || status == 'failure'"
			}
			found, err := x.Select(context.Background(), Query{Where: q.Where})
			if err != nil {
				t.Fatal(err)
			}
			want := ids(found)
			slices.SortFunc(want, func(a, b string) int {
				ra, rb := w.runs[a], w.runs[b]
				return cmp.Or(rank(f, downF, ra, rb), rank(g, downG, ra, rb), cmp.Compare(b, a))
			})
			if q.Limit > 0 {
				want = want[:min(q.Limit, len(want))]
			}
			got, err := x.Select(context.Background(), q)
			if err != nil {
				t.Fatal(err)
			}
			if d := gocmp.Diff(want, ids(got)); d != "" {
				t.Errorf("%+v: in memory (-) and in the database (+) differ:\n%s", q, d)
			}
		}
	})
}

func signed(f field, down bool) string {
	if down {
		return "-" + f.query
	}
	return f.query
}
