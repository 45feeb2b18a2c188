package render

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/mlops-runner/mlops/runner/report"
)

func TestAddress(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ in, want string }{
		{"https://ci.test/r/9f2c?a=1&b=2#slices", "https://ci.test/r/9f2c?a=1&b=2#slices"}, {"http://host:8080/", "http://host:8080/"},
		{"https://ci.test/a(b)|c", "https://ci.test/a%28b%29%7Cc"}, {"https://ci.test/?q=a b\"><x>`", "https://ci.test/?q=a%20b%22%3E%3Cx%3E%60"}, {"https://ci.test/\u202ex", "https://ci.test/%E2%80%AEx"},
		{"javascript:alert(1)", ""}, {"data:text/html,x", ""}, {"//evil.test", ""}, {"/path", ""}, {"report.html", ""}, {"https://", ""}, {"https://user@evil.test/", ""},
		{"https://ci.test/\nx", ""}, {"https://ci.test/" + strings.Repeat("x", 500), ""}, {"", ""},
	} {
		if got := address(c.in); got != c.want {
			t.Errorf("%q: got %q, want %q", c.in, got, c.want)
		}
	}
}

// What a report says of addresses is never a link; what the caller says is.
func TestLinksAreTheCallers(t *testing.T) {
	t.Parallel()
	r := load(t, "promote")
	r.Head.URL, r.Base.URL = "https://evil.test/head", "https://evil.test/base"
	for _, f := range []Func{Markdown, Plain, HTML, Terminal} {
		if text := rendered(t, f, r, options()); strings.Contains(text, "evil.test") {
			t.Errorf("an address of the report is shown:\n%s", text)
		}
	}
	o := options()
	o.Links.Report = "out/report.html"
	if md := rendered(t, Markdown, r, o); !strings.Contains(md, "full report `out/report.html`") {
		t.Errorf("a path is not named:\n%s", md)
	}
}

// Commands that a reader pastes hold nothing that a report could have written.
func TestReproduce(t *testing.T) {
	t.Parallel()
	r := load(t, "promote")
	commands := func(o Options) string {
		_, rest, _ := strings.Cut(rendered(t, Markdown, r, o), "```console\n")
		text, _, _ := strings.Cut(rest, "```")
		return text
	}
	if got := commands(Options{}); got != "$ git fetch origin 8c1d2e7f0a4be6a1c7d3e5f8091a2b3c4d5e6f70\n$ git checkout 8c1d2e7f0a4be6a1c7d3e5f8091a2b3c4d5e6f70\n$ mlops run\n" {
		t.Errorf("got %s", got)
	}
	if got := commands(Options{Links: Links{Fetch: "x; rm -rf /"}}); strings.Contains(got, "rm") {
		t.Errorf("got %s", got)
	}
	if got := commands(Options{Reproduce: []string{"mlops diff 1 2"}}); got != "$ mlops diff 1 2\n" {
		t.Errorf("got %s", got)
	}
	r.Head.Commit = "$(evil)"
	if got := commands(Options{}); got != "" {
		t.Errorf("got %s", got)
	}
}

func TestStatus(t *testing.T) {
	t.Parallel()
	for seed := range uint64(200) {
		r := newWorld(seed, 4).report()
		for most, s := range map[int]string{MaxStatus: Status(r), maxField: Title(r)} {
			if len(s) > most || strings.ContainsAny(s, "\r\n\x1b") || !utf8.ValidString(s) || s == "" {
				t.Errorf("seed %d: %d bytes: %q", seed, len(s), s)
			}
		}
	}
	r := load(t, "promote")
	if got, want := Status(r), "PROMOTE: auc better: 0.9140 → 0.9262 (+0.0122, +0.0043 to +0.0201); all 7 gates pass"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	r.Decision = report.Blocked
	if got, want := Status(r), "BLOCKED: auc better: 0.9140 → 0.9262 (+0.0122, +0.0043 to +0.0201); all 7 gates pass"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestFormats(t *testing.T) {
	t.Parallel()
	r := load(t, "equal")
	for _, f := range Formats() {
		if text := rendered(t, f.Render, r, Options{}); text == "" || f.About == "" || f.File == "" {
			t.Errorf("%s is not complete", f.Name)
		}
		if got, ok := Lookup(f.Name); !ok || got.Name != f.Name {
			t.Errorf("%s is not found", f.Name)
		}
	}
	if _, ok := Lookup("pdf"); ok {
		t.Error("pdf is found")
	}
}
