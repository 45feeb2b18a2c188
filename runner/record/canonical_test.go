package record

import (
	"bytes"
	"encoding/json"
	"math"
	"math/rand/v2"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestCanonical(t *testing.T) {
	t.Parallel()
	type inner struct {
		B int     `json:"b"`
		A float64 `json:"a,omitempty"`
	}
	v := struct {
		Z       string         `json:"z"`
		Skipped string         `json:"-"`
		Empty   string         `json:"empty,omitempty"`
		List    []inner        `json:"list"`
		Map     map[string]any `json:"map"`
		Nothing *int           `json:"nothing"`
		Time    time.Time      `json:"time"`
		Zero    time.Time      `json:"zero,omitzero"`
		None    []int          `json:"none"`
		Points  []Point        `json:"points"`
	}{
		Z: "<é\u2028\x01\n\"\\\xff>", Skipped: "x", List: []inner{{1, 0}, {2, -0.5}},
		Map:    map[string]any{"b": []any{true, nil, 1.0}, "a": map[string]any{}, "é": int64(math.MaxInt64), "n": json.Number("12345678901234567890"), "u": uint64(math.MaxUint64), "s": sum("x")},
		Time:   time.Date(2025, 1, 2, 3, 4, 5, 600, time.FixedZone("", 3600)),
		Points: []Point{{1, math.NaN()}, {2, 1e21}},
	}
	want := `{
  "list": [
    {
      "b": 1
    },
    {
      "a": -0.5,
      "b": 2
    }
  ],
  "map": {
    "a": {},
    "b": [
      true,
      null,
      1
    ],
    "n": 12345678901234567890,
    "s": "sha256:2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881",
    "u": 18446744073709551615,
    "é": 9223372036854775807
  },
  "none": [],
  "nothing": null,
  "points": [
    [1,"NaN"],
    [2,1e+21]
  ],
  "time": "2025-01-02T02:04:05.0000006Z",
  "z": "<é` + "\u2028" + `\u0001\n\"\\` + "\uFFFD" + `>"
}
`
	got, err := Canonical(v)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, string(got)); d != "" {
		t.Error(d)
	}
}

func TestCanonicalFloats(t *testing.T) {
	t.Parallel()
	for f, want := range map[float64]string{
		0: "0", 1: "1", -1.5: "-1.5", 0.1: "0.1", 1e-6: "0.000001", 1e-7: "1e-7", 1.5e-10: "1.5e-10", 1e20: "100000000000000000000", 1e21: "1e+21",
		math.MaxFloat64: "1.7976931348623157e+308", math.SmallestNonzeroFloat64: "5e-324", math.Inf(1): `"Infinity"`, math.Inf(-1): `"-Infinity"`,
	} {
		if got := string(appendFloat(nil, f)); got != want {
			t.Errorf("%v is %s, want %s", f, got, want)
		}
	}
	if got := string(appendFloat(nil, math.Copysign(0, -1))); got != "-0" {
		t.Errorf("negative zero is %s", got)
	}
}

type selfish struct{}

func (selfish) MarshalJSON() ([]byte, error) { return []byte("1"), nil }

func TestCanonicalRefuses(t *testing.T) {
	t.Parallel()
	type loop struct{ Next *loop }
	endless := &loop{}
	endless.Next = endless
	for what, v := range map[string]any{"channel": make(chan int), "function": map[string]any{"f": func() {}}, "numbered map": map[int]int{1: 1}, "own JSON": selfish{}, "loop": endless} {
		if got, err := Canonical(v); err == nil {
			t.Errorf("%s became %s", what, got)
		}
	}
}

// Reading canonical JSON and writing it again changes nothing, whatever the value.
func TestCanonicalIsStable(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	for range 500 {
		first, err := Canonical(randomValue(r, 0))
		if err != nil {
			t.Fatal(err)
		}
		checkStable(t, first)
	}
}

func checkStable(t *testing.T, first []byte) {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(first))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatalf("%v in %s", err, first)
	}
	again, err := Canonical(v)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(first), string(again)); d != "" {
		t.Fatalf("not stable:\n%s", d)
	}
}

func randomValue(r *rand.Rand, depth int) any {
	n := 8
	if depth > 3 {
		n = 6
	}
	switch r.IntN(n) {
	case 0:
		return nil
	case 1:
		return r.IntN(2) == 0
	case 2:
		return math.Float64frombits(r.Uint64())
	case 3:
		return int64(r.Uint64())
	case 4:
		return math.Round(r.NormFloat64()*1000) / 100
	case 5:
		return randomText(r)
	case 6:
		list := make([]any, r.IntN(4))
		for i := range list {
			list[i] = randomValue(r, depth+1)
		}
		return list
	}
	m := map[string]any{}
	for range r.IntN(5) {
		m[randomText(r)] = randomValue(r, depth+1)
	}
	return m
}

func randomText(r *rand.Rand) string {
	var b strings.Builder
	for range r.IntN(6) {
		b.WriteRune([]rune("ab\n\t\"\\<é世\u2028\x00\x7f😀")[r.IntN(13)])
	}
	return b.String()
}

// jq prints what Canonical writes, save for numbers and points, which it spells its own way.
func TestCanonicalIsWhatJqPrints(t *testing.T) {
	t.Parallel()
	jq, err := exec.LookPath("jq")
	if err != nil {
		t.Skip("no jq here")
	}
	v, err := Canonical(map[string]any{"b": []any{1, "x\u2028é\b", map[string]any{}, []any{}}, "a": map[string]any{"é": true, "z": nil, "Z": 0.25}})
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(jq, "-S", ".")
	cmd.Stdin = bytes.NewReader(v)
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(v), string(out)); d != "" {
		t.Error(d)
	}
}

func TestJSONOfMetrics(t *testing.T) {
	t.Parallel()
	m := Metric{Name: "a", Value: math.Inf(1), Step: ptr(math.NaN()), History: []Point{{1, math.Inf(-1)}}}
	data, err := json.Marshal([]Metric{m})
	if err != nil {
		t.Fatal(err)
	}
	if want := `[{"history":[[1,"-Infinity"]],"name":"a","step":"NaN","value":"Infinity"}]`; string(data) != want {
		t.Errorf("got %s, want %s", data, want)
	}
	for _, bad := range []string{`{}`, `{"name":"a"}`, `{"value":1}`, `{"name":"a","value":null}`, `{"name":"a","value":"x"}`, `{"name":"a","value":NaN}`, `{"name":"a","value":1,"history":[[1]]}`, `{"name":"a","value":1,"history":[[1,2,3]]}`} {
		if err := json.Unmarshal([]byte(bad), new(Metric)); err == nil {
			t.Errorf("%s was read", bad)
		}
	}
}
