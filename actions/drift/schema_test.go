package drift

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mlops-runner/mlops/actions/profile"
	"github.com/mlops-runner/mlops/actions/table"
)

func told(t *testing.T, base, now *profile.Profile) string {
	t.Helper()
	changes, err := Schema(base, now)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, c := range changes {
		fmt.Fprintf(&b, "%s %s: %s\n", c.Severity, c.What, c.Text)
	}
	return b.String()
}

func TestSchema(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 1))
	chance := func(p float64) func(int) bool { return func(int) bool { return r.Float64() < p } }
	one := func(of ...string) func(int) string { return func(int) string { return of[r.IntN(len(of))] } }
	normal := func(mean, deviation float64) func(int) float64 {
		return func(int) float64 { return mean + deviation*r.NormFloat64() }
	}
	positive := func(int) float64 { return 100 * r.ExpFloat64() }
	base := describe(
		texts("mail", many, func(i int) string { return fmt.Sprintf("%d@example.com", r.Int64()) }),
		floats("income", many, normal(40, 10)).nulled(many, chance(0.05)),
		ints("age", table.Int, many, func(int) int64 { return 18 + r.Int64N(50) }),
		texts("plan", many, one("free", "pro", "team")),
		texts("state", many, one("on", "off", "new")),
		floats("score", many, normal(0, 1)),
		floats("paid", many, positive),
		texts("code", many, func(int) string { return word(r.IntN(20)) }),
		ints("flag", table.Bool, many, func(int) int64 { return r.Int64N(2) }),
		floats("twin 1", many, normal(7, 1)),
		ints("whole", table.Int, many, func(int) int64 { return r.Int64N(9) }),
		floats("steady", many, normal(5, 1)),
		ints("holes", table.Int, many, func(int) int64 { return r.Int64N(9) }),
	)
	now := describe(
		texts("e_mail", many, func(i int) string { return fmt.Sprintf("%d@example.com", r.Int64()) }),
		floats("income", many, normal(40, 10)).nulled(many, chance(0.16)),
		floats("age", many, func(int) float64 {
			if r.Float64() < 0.02 {
				return -1
			}
			return float64(18 + r.IntN(50))
		}),
		texts("plan", many, one("free", "pro", "trial", "x, y")),
		texts("state", many, func(i int) string {
			if i == 7 {
				return "odd"
			}
			return one("on", "off", "new")(i)
		}),
		floats("points", many, normal(0, 1)),
		texts("paid", many, one("yes", "no", "later")),
		texts("code", many, func(int) string { return word(r.IntN(20)) }),
		ints("on", table.Bool, many, func(int) int64 { return r.Int64N(2) }).nulled(many, chance(0.5)),
		floats("twin 2", many, normal(7, 1)),
		floats("twin 3", many, normal(7, 1)),
		floats("whole", many, func(int) float64 { return float64(r.Int64N(9)) + 0.5 }),
		floats("steady", many, normal(5, 1)),
		ints("holes", table.Int, many, func(int) int64 { return r.Int64N(9) }).nulled(many, func(int) bool { return true }),
	)
	want := `fail renamed: e_mail seems to be mail under a new name
fail renamed: points seems to be score under a new name
fail gone: flag is gone
fail gone: "twin 1" is gone
fail retyped: paid was float and is string
fail nulls: holes nulls 0% → 100%
warn new: on is new, bool, 50% null
warn new: "twin 2" is new, float
warn new: "twin 3" is new, float
warn nulls: income nulls 4.8% → 16%
warn retyped: age was int and is float
warn range: age ranges over -1..67, before over 18..67, 2% of rows lie outside
warn values: plan has new values in 50% of rows: trial, "x, y"
warn values: plan has lost values that 33% of rows had: team
warn retyped: whole was int and is float
info values: state has new values in 0.02% of rows: odd
`
	if diff := cmp.Diff(want, told(t, base, now)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if got := told(t, base, base); got != "" {
		t.Errorf("a table differs from itself:\n%s", got)
	}
	changes, _ := Schema(base, now)
	text, err := json.Marshal(changes[0])
	if err != nil || string(text) != `{"what":"renamed","column":"e_mail","was":"mail","is":"e_mail","severity":"fail","text":"e_mail seems to be mail under a new name"}` {
		t.Errorf("%s, %v", text, err)
	}
	other := *now
	other.Version++
	if _, err := Schema(base, &other); !errors.Is(err, ErrVersion) {
		t.Errorf("another version: %v", err)
	}
}

// Samples of one population have the same form, whatever their sizes.
func TestSchemaOfSamples(t *testing.T) {
	t.Parallel()
	found, compared := 0, 0
	for i, p := range populations() {
		for _, rows := range []int{30, 300, 3000} {
			r := rand.New(rand.NewPCG(uint64(i), uint64(rows)))
			for range 5 {
				compared++
				if got := told(t, describe(p.draw(r, rows, false)), describe(p.draw(r, 4*rows, false))); strings.Contains(got, "warn") || strings.Contains(got, "fail") {
					found++
					t.Logf("%s, %d rows: %s", p.name, rows, got)
				}
			}
		}
	}
	if found > compared/50 {
		t.Errorf("%d of %d unchanged columns have another form", found, compared)
	}
}
