package forge_test

import (
	"strings"
	"testing"

	"github.com/mlops-runner/mlops/runner/forge"
)

func sample() forge.Marker {
	return forge.Marker{Key: "churn", Run: "812", Attempt: 1, Head: "8c1d2e7f0a", Base: "1f3c9ab210", Digest: "sha256:9f2c41d0", Verdict: "promote"}
}

func TestMarker(t *testing.T) {
	m := sample()
	want := "<!-- mlops:report v=1 key=churn run=812 attempt=1 head=8c1d2e7f0a base=1f3c9ab210 digest=sha256:9f2c41d0 verdict=promote -->"
	if m.String() != want {
		t.Errorf("got  %s\nwant %s", m, want)
	}
	for _, line := range []string{m.String(), m.Reference()} {
		if got, ok := forge.ParseMarker(line); !ok || got != m {
			t.Errorf("%s reads as %+v, %v", line, got, ok)
		}
		if got, ok := forge.FindMarker("### ok\r\n\r\n" + line + "\r\n"); !ok || got != m {
			t.Errorf("not found at the end of a comment: %s", line)
		}
		if _, ok := forge.FindMarker(line + "\nand a last line"); ok {
			t.Errorf("found before the last line: %s", line)
		}
	}
	m.Base, m.Digest = "", ""
	if got, ok := forge.ParseMarker(m.String()); !ok || got != m {
		t.Errorf("without a baseline: %s reads as %+v, %v", m, got, ok)
	}
}

func TestParseMarkerIsStrict(t *testing.T) {
	good := sample().String()
	for name, change := range map[string][2]string{
		"another version":  {"v=1", "v=2"},
		"unknown field":    {"verdict=promote", "verdict=promote x=1"},
		"field twice":      {"run=812", "run=812 run=813"},
		"other order":      {"key=churn run=812", "run=812 key=churn"},
		"no run":           {"run=812 ", ""},
		"no key":           {"key=churn ", ""},
		"leading zero":     {"attempt=1", "attempt=01"},
		"attempt zero":     {"attempt=1", "attempt=0"},
		"negative attempt": {"attempt=1", "attempt=-1"},
		"two spaces":       {" run", "  run"},
		"angle bracket":    {"promote", "pro>mote"},
		"percent":          {"churn", "ch%75rn"},
		"not ASCII":        {"churn", "chürn"},
		"indented":         {"<!--", " <!--"},
		"more behind":      {"-->", "--> x"},
		"two on a line":    {"-->", "-->" + good},
		"empty value":      {"digest=sha256:9f2c41d0", "digest="},
		"too long":         {"churn", strings.Repeat("c", 1100)},
	} {
		if m, ok := forge.ParseMarker(strings.Replace(good, change[0], change[1], 1)); ok {
			t.Errorf("%s: read as %+v", name, m)
		}
	}
}

func TestKey(t *testing.T) {
	seen := map[string]string{}
	for _, name := range []string{"churn", "Churn model", "Churn-model", "Churn_model", "chürn", "churn\n-->", "", "-", strings.Repeat("long", 100), strings.Repeat("long", 100) + "er"} {
		k := forge.Key(name)
		m := sample()
		m.Key = k
		if err := m.Check(); err != nil {
			t.Errorf("Key(%q) = %q: %v", name, k, err)
		}
		if other, ok := seen[k]; ok {
			t.Errorf("%q and %q have the key %q", name, other, k)
		}
		seen[k] = name
	}
	if k := forge.Key("churn"); k != "churn" {
		t.Errorf("Key(churn) = %q", k)
	}
	if forge.Key("Churn model") == forge.Key("Churn-model") {
		t.Error("a name that is only like another has its key")
	}
}

func TestNewer(t *testing.T) {
	type id struct {
		run     string
		attempt int
	}
	for _, c := range []struct {
		a, b id
		want bool
	}{
		{id{"10", 1}, id{"9", 1}, true},
		{id{"9", 1}, id{"10", 1}, false},
		{id{"9", 2}, id{"9", 1}, true},
		{id{"9", 1}, id{"9", 1}, false},
		{id{"9", 9}, id{"10", 1}, false},
		{id{"007", 1}, id{"7", 1}, false},
		{id{"184467440737095516160", 1}, id{"18446744073709551615", 1}, true}, // more than 64 bits
		{id{"01a2078c-3163-7c57", 1}, id{"01a2078b-3163-7c57", 1}, true},
		{id{"01a2078c-3163-7c57", 1}, id{"812", 1}, false},
		{id{"812", 1}, id{"01a2078c-3163-7c57", 1}, false},
	} {
		a, b := forge.Marker{Run: c.a.run, Attempt: c.a.attempt}, forge.Marker{Run: c.b.run, Attempt: c.b.attempt}
		if got := a.Newer(b); got != c.want {
			t.Errorf("%v newer than %v: %v", c.a, c.b, got)
		}
	}
}

// What is read is written the same, and never anything that could end early.
func FuzzMarker(f *testing.F) {
	f.Add(sample().String())
	f.Add(sample().Reference())
	f.Add("text\n\n" + sample().String() + "\n")
	f.Add("<!-- mlops:report v=1 key=a run=1 attempt=1 head=b verdict=c -->")
	f.Fuzz(func(t *testing.T, body string) {
		m, ok := forge.FindMarker(body)
		if !ok {
			return
		}
		if err := m.Check(); err != nil {
			t.Fatalf("read %+v, which cannot be written: %v", m, err)
		}
		line := m.String()
		again, ok := forge.ParseMarker(line)
		if !ok || again != m || !strings.Contains(body, line) && !strings.Contains(body, m.Reference()) {
			t.Fatalf("%q has %+v, written as %q, read as %+v", body, m, line, again)
		}
		if strings.Count(line, "-->") != 1 || strings.ContainsAny(line, "\n\r") {
			t.Fatalf("%q ends early", line)
		}
	})
}

func FuzzKey(f *testing.F) {
	f.Add("churn", "Churn model")
	f.Fuzz(func(t *testing.T, a, b string) {
		m := sample()
		if m.Key = forge.Key(a); m.Check() != nil {
			t.Fatalf("Key(%q) = %q", a, m.Key)
		}
		if a != b && forge.Key(a) == forge.Key(b) {
			t.Fatalf("%q and %q have the same key", a, b)
		}
	})
}
