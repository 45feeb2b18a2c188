package columns

import (
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mlops-runner/mlops/actions/profile"
	"github.com/mlops-runner/mlops/actions/profile/profiletest"
	"github.com/mlops-runner/mlops/actions/table"
	"github.com/mlops-runner/mlops/spec"
)

func TestLines(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	const n = 1000
	pick := func(from ...string) table.Vector {
		return profiletest.Texts(profiletest.Each(n, func(i int) string { return from[i%len(from)] })...)
	}
	for name, c := range map[string]struct {
		vector table.Vector
		want   string
	}{
		"age":                {profiletest.Ints(table.Int, 18, 63, 40), "int 0..120"},
		"year":               {profiletest.Ints(table.Int, 2001, 2010, 2004), "int 1992..2020"},
		"negative":           {profiletest.Ints(table.Int, -63, -18), "int -120..0"},
		"both signs":         {profiletest.Floats(-3, 7, 1), "float -15..20"},
		"a share":            {profiletest.Floats(0.03, 0.97, 0.5), "float 0..1"},
		"a flag":             {profiletest.Ints(table.Int, 0, 1, 0), "int 0..1"},
		"small":              {profiletest.Floats(0.012, 0.034), "float 0..0.06"},
		"constant":           {profiletest.Ints(table.Int, 5, 5), "int 0..10"},
		"zero":               {profiletest.Ints(table.Int, 0, 0), "int 0..1"},
		"a long tail":        {profiletest.Floats(profiletest.Each(n, func(int) float64 { return math.Exp(4 * r.NormFloat64()) })...), "float 0.."},
		"rarely not zero":    {profiletest.Ints(table.Int, profiletest.Each(n, func(i int) int64 { return int64(i / 999 * 5) })...), "int 0.."},
		"mostly there":       {profiletest.Nulled(profiletest.Ints(table.Int, profiletest.Each(n, func(i int) int64 { return int64(i % 10) })...), n, func(i int) bool { return i%33 == 0 }), "int 0..18, null ..10%"},
		"ids":                {profiletest.Ints(table.Int, profiletest.Each(n, func(i int) int64 { return int64(i + 1) })...), "int 0.. , unique"},
		"codes":              {profiletest.Texts(profiletest.Each(n, func(i int) string { return "c" + strconv.Itoa(i+1000) })...), "string, length 5, unique"},
		"plans":              {pick("pro", "free", "team"), "[free, pro, team]"},
		"plans with nulls":   {profiletest.Nulled(pick("pro", "free"), n, func(i int) bool { return i%100 < 4 }), "string [free, pro], null ..10%"},
		"awkward values":     {pick("a, b", " c", `say "x"`, "[d"), "string"},
		"quoted values":      {pick("a, b", " c", `say "x"`), `[" c", "a, b", 'say "x"']`},
		"a rare value":       {profiletest.Texts(append(profiletest.Each(n, func(i int) string { return strconv.Itoa(i % 2) }), "2")...), "string"},
		"sentences":          {profiletest.Texts(profiletest.Each(n, func(i int) string { return "it is no " + strconv.Itoa(i) })...), "string"},
		"true":               {profiletest.Ints(table.Bool, profiletest.Each(n, func(i int) int64 { return min(1, int64(i%4)) })...), "bool, true 50%..90%"},
		"seldom true":        {profiletest.Ints(table.Bool, profiletest.Each(n, func(i int) int64 { return max(0, int64(i%100)-97) / 1 % 2 })...), "bool, true 0.2%..5%"},
		"always true":        {profiletest.Ints(table.Bool, 1, 1, 1), "bool"},
		"dates":              {profiletest.Ints(table.Date, 18_000, 19_000), "date 2016-01-01.."},
		"times":              {profiletest.Ints(table.Time, 1.6e15, 1.61e15), "datetime 2020-01-01.."},
		"times of no year":   {profiletest.Ints(table.Time, math.MaxInt64/2, math.MaxInt64/2+1), "datetime"},
		"NaN and infinities": {profiletest.Floats(1, math.NaN(), math.Inf(1)), "float, null ..70%"},
		"nothing":            {table.Vector{Kind: table.Unknown, Nulls: []bool{true, true}}, "null ..100%"},
		"all null":           {profiletest.Nulled(profiletest.Ints(table.Int, 0, 0), 2, func(int) bool { return true }), "int, null ..100%"},
	} {
		p := profiletest.Of([]string{name}, c.vector)
		got := Lines(p, Options{})
		if len(got) != 1 || got[0].Name != name || got[0].Text != c.want {
			t.Errorf("%s: %+v, want %s", name, got, c.want)
		}
		accepted(t, p, got)
	}
	if got := Lines(profiletest.Of([]string{"id"}, profiletest.Floats(2, 1)), Options{Keys: []string{"id"}})[0].Text; got != "float 0..3, unique" {
		t.Errorf("a known key: %s", got)
	}
}

// accepted holds that lines can be read and accept a profile.
func accepted(t *testing.T, p *profile.Profile, lines []Line) {
	t.Helper()
	for i, l := range lines {
		c, err := spec.ParseColumn(l.Text, nil)
		if err != nil {
			t.Errorf("%s: %q: %v", l.Name, l.Text, err)
		} else if bs := Judge(c, &p.Columns[i]); len(bs) > 0 {
			t.Errorf("%s: %q is broken by where it comes from: %v", l.Name, l.Text, bs)
		}
	}
}

// random returns a column of any kind and shape.
func random(r *rand.Rand) table.Vector {
	n := 1 + r.IntN(1500)
	scale := math.Pow(10, r.Float64()*14-4)
	offset := scale * float64(r.IntN(7)-3)
	var v table.Vector
	switch k := table.Kind(r.IntN(7)); k {
	case table.Unknown:
		return table.Vector{Kind: k, Nulls: profiletest.Each(n, func(int) bool { return true })}
	case table.Bool:
		share := math.Pow(r.Float64(), 4)
		v = profiletest.Ints(k, profiletest.Each(n, func(int) int64 {
			if r.Float64() < share {
				return 1
			}
			return 0
		})...)
	case table.Float:
		power := 1 + 6*r.Float64()
		v = profiletest.Floats(profiletest.Each(n, func(int) float64 { return offset + scale*math.Pow(r.NormFloat64(), math.Floor(power)) })...)
		if r.IntN(4) == 0 {
			v.Floats[0] = []float64{math.NaN(), math.Inf(1), math.Inf(-1), math.Copysign(0, -1), math.MaxFloat64, 5e-324}[r.IntN(6)]
		}
	case table.Text:
		letters := []string{"a", "b", " ", ",", `"`, "'", "[", "]", "/", "é", "#", ":", "\n", "0", "x y", ""}
		kinds := profiletest.Each(1+r.IntN(30), func(int) string {
			return strings.Join(profiletest.Each(r.IntN(4), func(int) string { return letters[r.IntN(len(letters))] }), "")
		})
		v = profiletest.Texts(profiletest.Each(n, func(int) string { return kinds[r.IntN(len(kinds))] })...)
	default:
		v = profiletest.Ints(k, profiletest.Each(n, func(int) int64 { return int64(offset + scale*r.NormFloat64()) })...)
	}
	if r.IntN(2) == 0 {
		share := math.Pow(r.Float64(), 3)
		v = profiletest.Nulled(v, n, func(int) bool { return r.Float64() < share })
	}
	return v
}

// Every line can be read and accepts the profile it comes from, and no line is
// left that must change.
func TestLinesAcceptWhereTheyComeFrom(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(8, 9))
	for range 1000 {
		p := profiletest.Of([]string{"x"}, random(r))
		lines := Lines(p, Options{})
		accepted(t, p, lines)
		if changes, err := Accept(lines, p, Options{}); err != nil || len(changes) > 0 {
			t.Fatalf("%+v, %v", changes, err)
		}
		if t.Failed() {
			t.Fatalf("%+v", p.Columns)
		}
	}
}

// Whatever line meets whatever profile, once amended it accepts.
func TestAmendedLinesAccept(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(4, 2))
	fixed := []string{
		"int 0..10", "float 0..1, null 0", "0..5", "[a, b]", "string [a], null ..3", "bool, true 1%..2%", "bool, false 3..4", "date 2020-01-01..2021-01-01",
		"datetime 2020-01-01T10:00:00Z..2021-01-01", "text /^a+$/, unique", "string, length 2..3", "unique", "distinct 3..4", "float, distinct 1%..2%, mean 0..1, std 0..1, min 0.. , max ..1, warn",
		"int ..5, null 1%..2%, fail", "length 1", "null 0..0", "warn",
	}
	for range 1000 {
		p := profiletest.Of([]string{"x"}, random(r))
		text := fixed[r.IntN(len(fixed))]
		if r.IntN(2) == 0 {
			text = Lines(profiletest.Of([]string{"x"}, random(r)), Options{})[0].Text
		}
		changes, err := Accept([]Line{{Name: "x", Text: text}}, p, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if len(changes) == 0 {
			continue
		}
		if ch := changes[0]; len(changes) != 1 || ch.Old != text || ch.New == text || len(ch.Reasons) == 0 {
			t.Fatalf("%q: %+v", text, changes)
		}
		accepted(t, p, []Line{{Name: "x", Text: changes[0].New}})
		if t.Failed() {
			t.Fatalf("%q by %v was made for %+v", text, changes, p.Columns)
		}
	}
}

func TestAccept(t *testing.T) {
	t.Parallel()
	const n = 200
	lines := []Line{
		{"age", "int 0..60 , null ..1%"}, {"plan", "[free, pro]"}, {"gone", "float"}, {"kept", "int 0..50, warn"},
		{"code", "string /^[A-Z]+$/, length 2"}, {"on", "bool, true 1%..10%"}, {"was", "int 1.. , warn"}, {"when", "datetime 2020-01-01..2021-01-01"},
	}
	names := []string{"age", "fresh", "plan", "kept", "code", "on", "was", "when", "last"}
	now := profiletest.Of(names,
		profiletest.Nulled(profiletest.Ints(table.Int, profiletest.Each(n, func(i int) int64 { return int64(20 + i%61) })...), n, func(i int) bool { return i%20 == 0 }),
		profiletest.Ints(table.Int, profiletest.Each(n, func(i int) int64 { return int64(i % 5) })...),
		profiletest.Texts(profiletest.Each(n, func(i int) string { return []string{"free", "pro", "team"}[i%3] })...),
		profiletest.Ints(table.Int, profiletest.Each(n, func(i int) int64 { return int64(i % 50) })...),
		profiletest.Texts(profiletest.Each(n, func(i int) string { return []string{"AB", "ABC", "ab"}[i%3] })...),
		profiletest.Ints(table.Bool, profiletest.Each(n, func(i int) int64 { return int64(i % 2) })...),
		profiletest.Texts(profiletest.Each(n, func(i int) string { return "t" + strconv.Itoa(i) + " x" })...),
		profiletest.Ints(table.Date, profiletest.Each(n, func(i int) int64 { return 18_262 + int64(i)*4 })...),
		profiletest.Floats(profiletest.Each(n, func(i int) float64 { return float64(i%7) + 0.5 })...),
	)
	got, err := Accept(lines, now, Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := []Change{
		{"age", "int 0..60 , null ..1%", "int 0..140, null ..10%", []string{"range: 80 is more than 60", "null: 5% is more than 1%"}},
		{"plan", "[free, pro]", "[free, pro, team]", []string{`values: "team" is not in the list`}},
		{"gone", "float", "", []string{"the column is gone"}},
		{"code", "string /^[A-Z]+$/, length 2", "string, length 2..4", []string{`pattern: "ab" does not match`, "length: 3 is more than 2"}},
		{"on", "bool, true 1%..10%", "bool, true 1%..100%", []string{"true: 50% is more than 10%"}},
		{"was", "int 1.. , warn", "string, warn", []string{"type: it is string and not int"}},
		{"when", "datetime 2020-01-01..2021-01-01", "datetime 2020-01-01..", []string{"range: 2022-03-07 is more than 2021-01-01"}},
		{"fresh", "", "int 0..8", []string{"the column is new"}},
		{"last", "", "float 0..14", []string{"the column is new"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if _, err := Accept([]Line{{"x", "integer"}}, now, Options{}); err == nil || !strings.Contains(err.Error(), `column "x": unknown type`) {
		t.Errorf("a line that cannot be read: %v", err)
	}
}

func TestCandidates(t *testing.T) {
	t.Parallel()
	const n = 5000
	p := profiletest.Of([]string{"id", "mail", "twice", "height", "holes"},
		profiletest.Ints(table.Int, profiletest.Each(n, func(i int) int64 { return int64(i * 7919 % 100_003) })...),
		profiletest.Texts(profiletest.Each(n, func(i int) string { return strconv.Itoa(i) + "@x" })...),
		profiletest.Ints(table.Int, profiletest.Each(n, func(i int) int64 { return int64(i / 2) })...),
		profiletest.Floats(profiletest.Each(n, func(i int) float64 { return float64(i) })...),
		profiletest.Nulled(profiletest.Ints(table.Int, profiletest.Each(n, func(i int) int64 { return int64(i) })...), n, func(i int) bool { return i == 0 }),
	)
	if diff := cmp.Diff([]string{"id", "mail"}, Candidates(p)); diff != "" {
		t.Error(diff)
	}
}
