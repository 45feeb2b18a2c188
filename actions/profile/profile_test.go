package profile

import (
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/mlops-runner/mlops/actions/table"
)

func TestSmallColumns(t *testing.T) {
	t.Parallel()
	nan, inf := math.NaN(), math.Inf(1)
	one := func(v float64, n int64) *Numbers {
		return &Numbers{Count: n, Min: v, Max: v, Mean: v, Histogram: HistogramOf(Cell{v, v, n})}
	}
	for _, c := range []struct {
		name string
		v    table.Vector
		rows int
		want Column
	}{
		{"no rows", table.Vector{Kind: table.Int}, 0, Column{Kind: table.Int, Exact: true}},
		{"all null", table.Vector{Kind: table.Float, Floats: make([]float64, 2), Nulls: []bool{true, true}}, 2,
			Column{Kind: table.Float, Rows: 2, Nulls: 2, Exact: true}},
		{"of unknown kind", table.Vector{Nulls: []bool{true, true}}, 2, Column{Rows: 2, Nulls: 2, Exact: true}},
		{"one value", table.Vector{Kind: table.Float, Floats: []float64{.1, .1, .1}}, 3,
			Column{Kind: table.Float, Rows: 3, Exact: true, Increases: true, Numbers: one(.1, 3), Values: []Value{{Text: "0.1", Count: 3}}}},
		{"not numbers", table.Vector{Kind: table.Float, Floats: []float64{nan, inf, -inf, 7, 0}, Nulls: []bool{false, false, false, false, true}}, 5,
			Column{Kind: table.Float, Rows: 5, Nulls: 1, NaNs: 1, Infinite: 2, Exact: true, Increases: true, Numbers: one(7, 1), Values: []Value{{Text: "7", Count: 1}}}},
		{"booleans", table.Vector{Kind: table.Bool, Ints: []int64{1, 0, 1}}, 3,
			Column{Kind: table.Bool, Rows: 3, Exact: true, Values: []Value{{Text: "true", Count: 2}, {Text: "false", Count: 1}},
				Numbers: &Numbers{Count: 3, Max: 1, Mean: 2. / 3, M2: 2. / 3, Histogram: HistogramOf(Cell{0, 0, 1}, Cell{1, 1, 2})}}},
		{"dates", table.Vector{Kind: table.Date, Ints: []int64{-1, -1}}, 2,
			Column{Kind: table.Date, Rows: 2, Exact: true, Increases: true, Values: []Value{{Text: "1969-12-31", Count: 2}}, Numbers: one(-1, 2)}},
		{"times", table.Vector{Kind: table.Time, Ints: []int64{1500000}}, 1,
			Column{Kind: table.Time, Rows: 1, Exact: true, Increases: true, Values: []Value{{Text: "1970-01-01T00:00:01.5Z", Count: 1}}, Numbers: one(1.5e6, 1)}},
		{"texts", textVector("12", "é", "", "Ã¼ber", "-1.5e3", "1.2.3"), 6,
			Column{Kind: table.Text, Rows: 6, Exact: true, Numeric: 2, Garbled: 1,
				Values:  []Value{{Text: "", Count: 1}, {Text: "-1.5e3", Count: 1}, {Text: "1.2.3", Count: 1}, {Text: "12", Count: 1}, {Text: "Ã¼ber", Count: 1}, {Text: "é", Count: 1}},
				Lengths: &Numbers{Count: 6, Max: 6, Mean: 19. / 6, M2: 30.833333333333336, Histogram: HistogramOf(Cell{0, 0, 1}, Cell{1, 1, 1}, Cell{2, 2, 1}, Cell{5, 5, 2}, Cell{6, 6, 1})}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.want.Name = "x"
			got := ofVector(c.v, c.rows, 1+c.rows)
			if diff := cmp.Diff(c.want, got.Columns[0], cmpopts.EquateApprox(1e-12, 0), cmpopts.EquateEmpty()); diff != "" {
				t.Error(diff)
			}
			if d := got.Columns[0].Distinct(); d != int64(len(c.want.Values)) {
				t.Errorf("%d values differ, want %d", d, len(c.want.Values))
			}
			roundTrip(t, got)
		})
	}
}

func textVector(texts ...string) table.Vector {
	v := table.Vector{Kind: table.Text}
	for _, s := range texts {
		v.Texts = append(v.Texts, []byte(s))
	}
	return v
}

func roundTrip(t *testing.T, p *Profile) {
	t.Helper()
	text, err := p.Encode()
	if err != nil {
		t.Fatal(err)
	}
	back, err := Decode(text)
	if err != nil {
		t.Fatal(err)
	}
	again, err := back.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if string(again) != string(text) {
		t.Errorf("read and written again:\n%s\nwant\n%s", again, text)
	}
}

// TestMergeIsOnePass holds the profile of parts against that of the whole in all
// that is exact, for columns of every kind with nulls and dictionaries.
func TestMergeIsOnePass(t *testing.T) {
	t.Parallel()
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 1))
		rows := 1 + r.IntN(6000)
		v := randomVector(r, rows)
		whole := ofVector(v, rows, rows)
		parts := ofVector(v, rows, 1+r.IntN(rows))
		if diff := cmp.Diff(exactFigures(whole), exactFigures(parts), cmpopts.EquateApprox(1e-9, 0), cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("seed %d, %d rows of %v:\n%s", seed, rows, v.Kind, diff)
		}
		if a, b := whole.Columns[0].Numbers, parts.Columns[0].Numbers; a != nil && Distance(a, b) > .005 {
			t.Errorf("seed %d: histograms of the whole and of parts differ by %v", seed, Distance(a, b))
		}
		roundTrip(t, whole)
		roundTrip(t, parts)
	}
}

// exactFigures drops what two ways to one profile may see differently.
func exactFigures(p *Profile) Column {
	c := p.Columns[0]
	if !c.Exact {
		c.Values, c.Other, c.Most = nil, 0, 0
	}
	for _, n := range []**Numbers{&c.Numbers, &c.Lengths} {
		if *n != nil && len((*n).Histogram.Cells()) > 200 {
			m := **n
			m.Histogram = nil
			*n = &m
		}
	}
	return c
}

func randomVector(r *rand.Rand, rows int) table.Vector {
	v := table.Vector{Kind: table.Kind(1 + r.IntN(6))}
	span := []int64{2, 50, 1500, 1 << 40}[r.IntN(4)]
	if v.Kind == table.Bool {
		span = 2
	}
	if r.IntN(2) == 0 {
		v.Nulls = make([]bool, rows)
	}
	dictionary := &table.Dict{}
	for i := range min(span, 2000) {
		dictionary.Values = append(dictionary.Values, []byte("t"+strconv.FormatInt(i*i, 10)))
	}
	for i := range rows {
		x := r.Int64N(span)
		switch v.Kind {
		case table.Float:
			v.Floats = append(v.Floats, float64(x)/8-3)
		case table.Text:
			v.Codes, v.Dict = append(v.Codes, int32(x%int64(len(dictionary.Values)))), dictionary
		default:
			v.Ints = append(v.Ints, x)
		}
		if v.Nulls != nil && r.IntN(3) == 0 {
			v.Nulls[i] = true
			if v.Codes != nil {
				v.Codes[i] = -1
			}
		}
	}
	return v
}

func TestDictionaryIsPlain(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 1))
	plain, coded := table.Vector{Kind: table.Text}, table.Vector{Kind: table.Text, Dict: &table.Dict{}}
	for i := range 3000 {
		coded.Dict.Values = append(coded.Dict.Values, []byte(strings.Repeat("ü", i%40)+strconv.Itoa(i)))
	}
	for range 20000 {
		c := int32(r.ExpFloat64() * 300)
		coded.Codes = append(coded.Codes, c%3000)
		plain.Texts = append(plain.Texts, coded.Dict.Values[c%3000])
	}
	a, b := ofVector(plain, 20000, 20000).Columns[0], ofVector(coded, 20000, 20000).Columns[0]
	a.Values, a.Other, a.Most = b.Values, b.Other, b.Most // the order of counting shows in them
	if diff := cmp.Diff(a, b, cmpopts.EquateApprox(1e-9, 0)); diff != "" {
		t.Error(diff)
	}
}

func TestMergeOfDifferentColumns(t *testing.T) {
	t.Parallel()
	of := func(name string, v table.Vector, rows int) *Profile {
		p := ofVector(v, rows, rows)
		p.Columns[0].Name = name
		return p
	}
	ints := table.Vector{Kind: table.Int, Ints: []int64{1, 2}}
	p, err := Merge(of("a", ints, 2), of("b", textVector("u"), 1))
	if err != nil {
		t.Fatal(err)
	}
	if a, b := p.Columns[0], p.Columns[1]; a.Name != "a" || a.Nulls != 1 || b.Name != "b" || b.Nulls != 2 || b.Rows != 3 {
		t.Errorf("columns %+v, %+v", a, b)
	}
	p, err = Merge(of("a", ints, 2), of("a", table.Vector{Kind: table.Float, Floats: []float64{2, 2.5}}, 2))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]Value{{Text: "2", Count: 2}, {Text: "1", Count: 1}, {Text: "2.5", Count: 1}}, p.Columns[0].Values); diff != "" || p.Columns[0].Kind != table.Float {
		t.Errorf("kind %v, values:\n%s", p.Columns[0].Kind, diff)
	}
	if _, err := Merge(of("a", ints, 2), of("a", textVector("u"), 1)); err == nil || err.Error() != `column "a": int and string cannot be merged` {
		t.Errorf("error %v", err)
	}
	old := of("a", ints, 2)
	old.Version = Version + 1
	if _, err := Merge(of("a", ints, 2), old); err == nil {
		t.Error("profiles of two versions were merged")
	}
}

func TestIncreases(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		xs   []int64
		want bool
	}{
		{"equal values", []int64{1, 1, 2}, true},
		{"falls inside", []int64{1, 3, 2}, false},
		{"falls between parts", []int64{5, 6, 1, 7}, false},
		{"far apart", []int64{-1 << 60, 0, 1 << 60}, true},
		{"far apart, falls", []int64{-1 << 60, 1 << 60, 0}, false},
	} {
		for _, stretch := range []int{1, 2, 9} {
			if got := ofInts(table.Int, c.xs, stretch).Columns[0].Increases; got != c.want {
				t.Errorf("%s, in stretches of %d: %v", c.name, stretch, got)
			}
		}
		b, d := NewBuilder([]table.Column{{Name: "x", Kind: table.Int}}), &table.Dict{Ints: c.xs}
		for i := range c.xs {
			b.Add(&table.Batch{Rows: 1, Columns: []table.Vector{{Kind: table.Int, Dict: d, Codes: []int32{int32(i)}}}})
		}
		if got := b.Profile().Columns[0].Increases; got != c.want {
			t.Errorf("%s, as codes: %v", c.name, got)
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	t.Parallel()
	text, err := ofFloats([]float64{1, 2, 2}, 3).Encode()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ old, new string }{
		{`"rows":3`, `"rows":4`},
		{`"nulls":0`, `"nulls":1`},
		{`"nulls":0`, `"nulls":0,"no":1`},
		{`{"text":"2","count":2}`, `{"text":"2","count":3}`},
		{`[2,2]`, `[2,3]`},
		{`[2,2]`, `[0,2]`},
		{`"exact":true`, `"exact":false`},
		{`"kind":"float"`, `"kind":"real"`},
		{`"version":1`, `"version":0`},
	} {
		changed := strings.Replace(string(text), c.old, c.new, 1)
		if changed == string(text) {
			t.Fatalf("%s is not in %s", c.old, text)
		}
		if _, err := Decode([]byte(changed)); err == nil || (c.old == `"version":1`) != errors.Is(err, ErrVersion) {
			t.Errorf("%s for %s: %v", c.new, c.old, err)
		}
	}
}

// TestDecodeAsJSON holds the decoder against encoding/json, with spaces and with
// keys in another order.
func TestDecodeAsJSON(t *testing.T) {
	t.Parallel()
	for seed := range uint64(30) {
		r := rand.New(rand.NewPCG(seed, 2))
		v := randomVector(r, 3000)
		text, err := ofVector(v, 3000, 1700).Encode()
		if err != nil {
			t.Fatal(err)
		}
		var want Profile
		if err := json.Unmarshal(text, &want); err != nil {
			t.Fatal(err)
		}
		var sorted any
		if err := json.Unmarshal(text, &sorted); err != nil {
			t.Fatal(err)
		}
		spaced, err := json.MarshalIndent(sorted, " ", "\t")
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range [][]byte{text, spaced} {
			got, err := Decode(text)
			if err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
			if diff := cmp.Diff(&want, got); diff != "" {
				t.Fatalf("seed %d:\n%s", seed, diff)
			}
		}
	}
}

func TestDecodeTexts(t *testing.T) {
	t.Parallel()
	want := ofTexts([]string{"", "plain", `"quoted" \ and so on`, "é\u2028\n", "\x00\x7f", "\U0001f600", `"histogram":[[1`}, 9)
	text, err := want.Encode()
	if err != nil {
		t.Fatal(err)
	}
	got, err := Decode(text)
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Error(err, diff)
	}
	for n := range len(text) - 2 {
		if _, err := Decode(text[:n]); err == nil {
			t.Fatalf("cut at %d: no error", n)
		}
	}
	if _, err := Decode(append(text, '{')); err == nil {
		t.Error("more behind the profile: no error")
	}
}

func FuzzDecode(f *testing.F) {
	r := rand.New(rand.NewPCG(1, 1))
	for range 8 {
		text, err := ofVector(randomVector(r, 50), 50, 20).Encode()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := Decode(text)
		if err != nil {
			return
		}
		m, err := Merge(p, p)
		if err != nil {
			return
		}
		for _, c := range m.Columns {
			c.Distinct()
			c.Numbers.Quantile(.5)
			Distance(c.Numbers, c.Numbers)
		}
		roundTrip(t, p)
	})
}
