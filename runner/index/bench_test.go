//go:build unix

package index

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// size is how many runs the benchmarks have; each has 20 metrics.
func size(t testing.TB) int {
	n, err := strconv.Atoi(os.Getenv("MLOPS_INDEX_RUNS"))
	if err != nil {
		t.Skip("MLOPS_INDEX_RUNS says how many runs to index")
	}
	return n
}

// TestSpeed fills an index with MLOPS_INDEX_RUNS runs of 20 metrics each, prints what
// it took, and holds it to 20,000 metric rows per CPU second and 50 ms a query.
func TestSpeed(t *testing.T) {
	n := size(t)
	backends(t, func(t *testing.T, o Options) {
		w := newWorld(t, 9)
		x := open(t, w, o)
		before := cpu()
		fill(t, x, n)
		used := cpu() - before
		rate := float64(n) * 20 / used.Seconds()
		t.Logf("%s: %d metric rows in %v of CPU: %.0f a CPU second", x.dialect.name, n*20, used.Round(time.Millisecond), rate)
		if rate < 20000 {
			t.Errorf("%.0f metric rows per CPU second, want 20,000", rate)
		}
		if x.path == "" {
			must(x.db.Exec("ANALYZE"))
		}
		for _, q := range []Query{
			{Where: "metrics.auc > 0.9 && params.depth == 8", Sort: []string{"-metrics.auc"}, Limit: 20},
			{Where: "metrics.auc > 0.5 && metrics.m03 < 0.8 && metrics.m04 < 0.7", Limit: 100},
			{Where: "status == 'failure' && branch == 'main' && started > '2026-01-01'", Limit: 20},
			{Sort: []string{"metrics.auc"}, Limit: 50},
			{Where: "metrics.auc > 0.999", Limit: 20},
			{Where: "metrics.auc > 0.999999", Limit: 20},
			{Where: "params.depth == 77", Limit: 20},
			{Where: "startsWith(commit, 'c0ffee')", Limit: 20},
			{Where: "metrics.auc > 0.5 && metrics.m03 < 0.00001", Limit: 20},
			{Where: "metrics.auc > 0.5 && metrics.m03 > 0.5 && metrics.m04 > 0.5 && metrics.m05 > 0.999999", Limit: 20},
			{Where: "branch == 'nowhere'", Limit: 20},
			{Where: "params.depth == 8", Sort: []string{"metrics.auc"}, Limit: 20},
			{Where: "metrics.auc > 0.999", Sort: []string{"params.depth", "metrics.m03"}, Limit: 20},
			{Where: "metrics.auc > 0.5", Sort: []string{"-metrics.m07"}, Limit: 20},
			{Where: "metrics.auc > 0.9995 || metrics.m03 > 0.9995", Limit: 20},
		} {
			best := time.Hour
			for range 5 {
				began := time.Now()
				must(x.Select(context.Background(), q))
				best = min(best, time.Since(began))
			}
			t.Logf("%s: %v: %v", x.dialect.name, best.Round(10*time.Microsecond), q)
			if best > 50*time.Millisecond {
				t.Errorf("%v took %v, want 50 ms", q, best)
			}
		}
		if st, err := os.Stat(filepath.Join(w.root, File)); err == nil {
			t.Logf("%d MB", st.Size()>>20)
		}
	})
}

// fill writes rows as add does, without the records.
func fill(t *testing.T, x *Index, n int) {
	t.Helper()
	w := &world{t: t, r: rand.New(rand.NewPCG(1, 2)), now: newWorldStart}
	for i := 0; i < n; i += batch {
		err := x.write(context.Background(), func(wr *writer) error {
			byTable := make([][][]any, len(runTables))
			for range min(batch, n-i) {
				run := w.run()
				run.ID = w.id()
				run.Params = map[string]any{"depth": float64(w.r.IntN(16)), "lr": 0.1}
				rs := [][][]any{{runRow(&run)}, jobRows(&run), paramRows(&run), nil, nil}
				for m := range 20 {
					name := fmt.Sprintf("m%02d", m)
					if m == 0 {
						name = "auc"
					}
					rs[3] = append(rs[3], []any{run.ID, name, "", w.r.Float64(), ""})
				}
				if err := wr.hold(x.store, "2026/11", run.ID); err != nil {
					return err
				}
				for k := range rs {
					byTable[k] = append(byTable[k], rs[k]...)
				}
			}
			for k, rs := range byTable {
				if err := wr.insert(runTables[k], rs); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// cpu is what this process has used.
func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
