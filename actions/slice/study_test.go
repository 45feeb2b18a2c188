package slice

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"sync"
	"testing"
)

// A world is where the study draws tables from.
type world struct {
	name string
	loss func(r *rand.Rand) float64 // of a row of nothing special
	o    Options
	// Features that depend on each other, and rows of few users, who have losses and
	// most features of their own.
	correlated bool
	users      int     // 0 is one for each row
	excess     float64 // that is planted; 0 is nothing
}

func logLoss(r *rand.Rand) float64 { // of a score that is right on average
	p := 1 / (1 + math.Exp(-2*r.NormFloat64()))
	if r.Float64() < p {
		return -math.Log(p)
	}
	return -math.Log(1 - p)
}

func worlds() []world {
	heavy := func(r *rand.Rand) float64 { return math.Exp(1.8 * r.NormFloat64()) }
	return []world{
		{name: "exponential", loss: (*rand.Rand).ExpFloat64, excess: 0.7},
		{name: "log-loss", loss: logLoss, excess: 0.4},
		{name: "log-loss, correlated features", loss: logLoss, correlated: true, excess: 0.4},
		{name: "wrong in 1 of 20", loss: func(r *rand.Rand) float64 { return float64(r.IntN(20) / 19) }, excess: 0.2},
		{name: "heavy tails", loss: heavy, excess: 10},
		{name: "differences", loss: func(r *rand.Rand) float64 { return logLoss(r) - logLoss(r) }, o: Options{Difference: true}, excess: 0.7},
		{name: "differences, rare large gains", loss: func(r *rand.Rand) float64 { return -heavy(r) + math.Exp(1.62) }, o: Options{Difference: true}, excess: 12},
		{name: "users", loss: logLoss, users: 400, excess: 1},
		{name: "users, heavy tails", loss: heavy, users: 400, excess: 15},
		{name: "few users", loss: logLoss, users: 80},
		{name: "few users, heavy tails", loss: heavy, users: 80},
	}
}

const studyRows = 20_000

// draw returns a table of six features.
func (w world) draw(r *rand.Rand) ([]Feature, Rows) {
	sizes := []int{2, 3, 5, 8, 8, 12}
	codes := make([][]uint16, len(sizes))
	rows := Rows{Values: make([]float64, studyRows)}
	users := cmp.Or(w.users, studyRows)
	if w.users > 0 {
		rows.Clusters = make([]int32, studyRows)
	}
	for i := range codes {
		codes[i] = make([]uint16, studyRows)
	}
	own := make([][]uint16, users)
	bias := make([]float64, users)
	for u := range users {
		own[u] = w.features(r, sizes)
		bias[u] = w.loss(r)
	}
	for row := range studyRows {
		u := row
		rows.Values[row] = bias[u%users]
		if w.users > 0 {
			u = int(float64(users) * r.Float64() * math.Sqrt(r.Float64())) // some have more rows than others
			rows.Clusters[row] = int32(u)
			rows.Values[row] = (w.loss(r) + bias[u]) / 2
		}
		for i := range sizes {
			codes[i][row] = own[u][i]
			if w.users > 0 && i >= 4 { // these belong to the row
				codes[i][row] = uint16(r.IntN(sizes[i]))
			}
		}
	}
	return featuresOf(codes, sizes), rows
}

func (w world) features(r *rand.Rand, sizes []int) []uint16 {
	out := make([]uint16, len(sizes))
	for i, size := range sizes {
		out[i] = uint16(r.IntN(size))
		if w.correlated && i > 0 && r.Float64() < 0.7 {
			out[i] = uint16(int(out[i-1]) * size / sizes[i-1])
		}
	}
	return out
}

// plantTwo makes two slices worse, a value of one feature and a pair of two others, and
// returns them and by how much each row is worse.
func (w world) plantTwo(fs []Feature, rows Rows) (truth [][]Value, excess []float64) {
	second, value := 3, uint16(6)
	switch {
	case w.users > 0: // of whom there are not enough by two features of theirs
		second = 4
	case w.correlated: // most rows of f1=2 have f2=3 and f3=4 too
		value = 4
	}
	truth = [][]Value{{{"f2", "1"}}, {{"f1", "2"}, {fs[second].Name, fs[second].Values[value]}}}
	excess = make([]float64, len(rows.Values))
	for row := range excess {
		if fs[2].Codes[row] == 1 {
			excess[row] += w.excess / 2
		}
		if fs[1].Codes[row] == 2 && fs[second].Codes[row] == value {
			excess[row] += w.excess
		}
		rows.Values[row] += excess[row]
	}
	return truth, excess
}

// A count is of what became of the tables of a world.
type count struct {
	tables, alarms   int // without anything planted, and those of them with something listed
	planted, caught  int // slices
	listed, spurious int // of those tables; spurious are those that are no worse than the rest in truth
}

// TestStudy draws tables in which no slice is worse than another, of which at most one
// in twenty may list anything, and tables with two slices that are, of which most
// must be found by their very conditions, and of what is listed at most one in twenty
// may be no worse than the rest. MLOPS_STUDY=full draws 400 of each.
func TestStudy(t *testing.T) {
	t.Parallel()
	tables := 12
	if os.Getenv("MLOPS_STUDY") == "full" {
		tables = 400
	}
	var mu sync.Mutex
	var all count
	t.Run("worlds", func(t *testing.T) {
		for i, w := range worlds() {
			t.Run(w.name, func(t *testing.T) {
				t.Parallel()
				c := w.study(t, uint64(i), tables)
				t.Logf("%-32s %3d of %d tables without worse slices list one; %3d of %d planted are found; %d of %d listed are not worse",
					w.name, c.alarms, c.tables, c.caught, c.planted, c.spurious, c.listed)
				mu.Lock()
				defer mu.Unlock()
				all = count{all.tables + c.tables, all.alarms + c.alarms, all.planted + c.planted, all.caught + c.caught, all.listed + c.listed, all.spurious + c.spurious}
				c.expect(t)
			})
		}
	})
	t.Logf("%+v", all)
}

// expect allows for three standard deviations of chance.
func (c count) expect(t *testing.T) {
	most := func(n int) float64 { return 0.05*float64(n) + 3*math.Sqrt(0.05*0.95*float64(n)) }
	if float64(c.alarms) > most(c.tables) {
		t.Errorf("%d of %d tables without worse slices list some", c.alarms, c.tables)
	}
	if float64(c.spurious) > most(c.listed) {
		t.Errorf("%d of %d listed slices are not worse", c.spurious, c.listed)
	}
	if float64(c.caught) < 0.8*float64(c.planted) {
		t.Errorf("%d of %d planted slices are found", c.caught, c.planted)
	}
}

func (w world) study(t *testing.T, seed uint64, tables int) (c count) {
	for i := range tables {
		r := rand.New(rand.NewPCG(seed, uint64(i)))
		fs, rows := w.draw(r)
		any := w.o
		any.Least = -1 // however little worse
		none := discovered(t, fs, rows, any)
		c.tables++
		if len(none.Found) > 0 {
			c.alarms++
			t.Logf("table %d: %s, t %.2f", i, none.Found[0].Sentence, none.Found[0].T)
		}
		if w.excess == 0 {
			continue
		}
		truth, excess := w.plantTwo(fs, rows)
		some := discovered(t, fs, rows, w.o)
		c.planted += len(truth)
		c.listed += len(some.Found)
		for _, want := range truth {
			if slices.ContainsFunc(some.Found, func(f Found) bool { return fmt.Sprint(f.Values) == fmt.Sprint(want) }) {
				c.caught++
			}
		}
		for _, f := range some.Found {
			if compared(t, Rows{Values: excess}, belongs(fs, f)).Effect < 0.05*w.excess {
				c.spurious++
				t.Logf("table %d: %s, t %.2f, corrected %.2g", i, f.Sentence, f.T, f.Corrected)
			}
		}
	}
	return c
}

// Rows of users taken for independent raise the alarms that clusters hold back.
func TestRowsOfUsersAreNotIndependent(t *testing.T) {
	t.Parallel()
	w, alarms := worlds()[7], 0
	for i := range 10 {
		fs, rows := w.draw(rand.New(rand.NewPCG(7, uint64(i))))
		rows.Clusters = nil
		if len(discovered(t, fs, rows, w.o).Found) > 0 {
			alarms++
		}
	}
	if alarms < 9 {
		t.Errorf("%d of 10 tables raise an alarm, so the study's prove nothing", alarms)
	}
}

// belongs says which rows a slice that was found has.
func belongs(fs []Feature, f Found) func(row int) bool {
	return func(row int) bool {
		for _, v := range f.Values {
			at := slices.IndexFunc(fs, func(f Feature) bool { return f.Name == v.Feature })
			if fs[at].Values[fs[at].Codes[row]] != v.Value {
				return false
			}
		}
		return true
	}
}

func discovered(t *testing.T, fs []Feature, rows Rows, o Options) *Discovery {
	t.Helper()
	d, err := Discover(fs, rows, o)
	if err != nil {
		t.Fatal(err)
	}
	return d
}
