package plan

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestLine(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		line Line
		want string
	}{
		{Line{"params", "train.lr", "0.1"}, "params train.lr 0.1"},
		{Line{"input", "my data.csv", "sha256:0"}, "input my%20data.csv sha256:0"},
		{Line{"input", "100%20", "x"}, "input 100%2520 x"},
		{Line{"input", "a\nb\rc", "x"}, "input a%0Ab%0Dc x"},
		{Line{"step", "1.run", "a b\n"}, `step 1.run "a b\n"`},
		{Line{"step", "1.run", `"quoted"`}, `step 1.run "\"quoted\""`},
		{Line{"step", "1.run", `say "it"`}, `step 1.run say "it"`},
		{Line{"env", "A", ""}, "env A "},
		{Line{"env", "", " "}, "env   "},
		{Line{"", "", ""}, "  "},
		{Line{"env", "A", "\xff\n"}, `env A "\xff\n"`},
	} {
		if got := c.line.String(); got != c.want {
			t.Errorf("%q is written %q, want %q", c.line, got, c.want)
		}
		if got, ok := ParseLine(c.want); !ok || got != c.line {
			t.Errorf("%q is read %q, want %q", c.want, got, c.line)
		}
	}
	for _, s := range []string{"", "a", "a b"} {
		if l, ok := ParseLine(s); ok {
			t.Errorf("%q is read as %q", s, l)
		}
	}
}

func FuzzLine(f *testing.F) {
	f.Add("params", "a b", "0.1")
	f.Add("ste p", "1.run%20%", "\"a\nb\r\"")
	f.Add("", "%", "\\n\xff\u2028")
	f.Fuzz(func(t *testing.T, kind, name, value string) {
		l := Line{kind, name, value}
		s := l.String()
		if strings.ContainsAny(s, "\n\r") {
			t.Errorf("%q has a line break", s)
		}
		if got, ok := ParseLine(s); !ok || got != l {
			t.Errorf("%q is read %q", l, got)
		}
	})
}

// FuzzParseLine: what can be read is written so that it can be read again.
func FuzzParseLine(f *testing.F) {
	f.Add("params a%20b \"x\\n\"")
	f.Add("a %2 \"")
	f.Fuzz(func(t *testing.T, s string) {
		if l, ok := ParseLine(s); ok {
			if again, ok := ParseLine(l.String()); !ok || again != l {
				t.Errorf("%q: %q, again %q", s, l, again)
			}
		}
	})
}

func TestStrings(t *testing.T) {
	t.Parallel()
	got := Strings([]Line{{"b", "x", "1"}, {"a", "y", "2"}, {"b", "x", "1"}, {"a", "x", "2"}})
	same(t, "lines", []string{"a x 2", "a y 2", "b x 1"}, got)
	if Fingerprint([]string{"a b c"}) == Fingerprint([]string{"a b c", "d e f"}) || Fingerprint(nil) == Fingerprint([]string{""}) {
		t.Error("other lines, but the same fingerprint")
	}
}

// randomLines are a few lines from a small world, so that lists often agree in
// part, and have names twice.
func randomLines(r *rand.Rand) []string {
	kinds, names, values := []string{"params", "env", "step"}, []string{"a", "b c", "%"}, []string{"", "1", "\"", "x\ny"}
	var out []Line
	for range r.IntN(6) {
		out = append(out, Line{kinds[r.IntN(3)], names[r.IntN(3)], values[r.IntN(4)]})
	}
	return Strings(out)
}

// Fingerprints are equal exactly when Diff finds nothing; and what Diff finds,
// done to the old lines, gives the new ones.
func TestDiffLaws(t *testing.T) {
	t.Parallel()
	equal := 0
	for seed := range uint64(20_000) {
		r := rand.New(rand.NewPCG(seed, 4))
		a, b := randomLines(r), randomLines(r)
		diff := Diff(a, b)
		if (Fingerprint(a) == Fingerprint(b)) != (len(diff) == 0) {
			t.Fatalf("%q and %q: %v", a, b, diff)
		}
		if got := apply(a, diff); !slices.Equal(got, b) {
			t.Fatalf("%q and %q: %v gives %q", a, b, diff, got)
		}
		if back := Diff(b, a); len(back) != len(diff) {
			t.Fatalf("%q and %q: %v, but back %v", a, b, diff, back)
		}
		if len(diff) == 0 {
			equal++
		}
	}
	if equal == 0 {
		t.Error("no two lists were equal")
	}
}

func apply(lines []string, cs []Change) []string {
	out := slices.Clone(lines)
	for _, c := range cs {
		if !c.Added {
			old := Line{c.Kind, c.Name, c.Old}.String()
			out = slices.DeleteFunc(out, func(s string) bool { return s == old })
		}
		if !c.Removed {
			out = append(out, Line{c.Kind, c.Name, c.New}.String())
		}
	}
	slices.Sort(out)
	return out
}

func TestDiff(t *testing.T) {
	t.Parallel()
	hex := strings.Repeat("0123456789abcdef", 4)
	before := Strings([]Line{
		{"params", "train.lr", "0.1"}, {"params", "z", "1"}, {"input", "data.csv", "sha256:" + hex},
		{"step", "1.run", "a\nb\n  c\n"}, {"env", "OLD", ""}, {"image", "digest", "x"}, {"place", "network", "none"},
		{"output", "m", "declared"}, {"output", "m", "metrics"},
	})
	after := Strings([]Line{
		{"params", "train.lr", "0.2"}, {"params", "z", "1"}, {"input", "data.csv", "sha256:f" + hex[1:] + " executable"},
		{"step", "1.run", "a\nb\n  d\n"}, {"env", "NEW", strings.Repeat("long ", 20)}, {"image", "digest", "y\nz"},
		{"output", "m", "metrics"}, {"matrix", "k", "4"},
	})
	var got []string
	for _, c := range Diff(append(before, "odd"), after) {
		got = append(got, c.String())
	}
	want := []string{
		"params train.lr 0.1 → 0.2",
		"matrix k added: 4",
		"input data.csv 0123456789ab → f123456789ab executable",
		"step 1.run changed: c → d",
		"env NEW added: " + strings.Repeat("long ", 11) + "lo…",
		`env OLD removed: was ""`,
		"image digest x → y⏎z",
		` odd removed: was ""`,
		"output m removed: was declared",
		"place network removed: was none",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	c := Change{Kind: "step", Name: "1.run", Old: "a\n", New: "a\nb"}
	if got := c.String(); got != `step 1.run changed: "" → b` {
		t.Error(got)
	}
	c.Old = "a"
	if got := c.String(); got != "step 1.run changed: (end) → b" {
		t.Error(got)
	}
}
