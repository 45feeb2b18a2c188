package view

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mlops-runner/mlops/runner"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func scripts() map[string]*script {
	return map[string]*script{
		"matrix": matrix(), "cached": cached(3), "cached-many": cached(30), "oom": oom(), "canceled": canceled(), "hostile": hostile(), "everything": everything(),
	}
}

func TestGolden(t *testing.T) {
	for name, s := range scripts() {
		for _, kind := range Kinds() {
			t.Run(name+"/"+string(kind), func(t *testing.T) {
				t.Parallel()
				golden(t, filepath.Join(name, string(kind)+".txt"), show(t, kind, s))
			})
		}
	}
}

// golden compares got with a file below testdata, or writes the file.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got), -update rewrites it:\n%s", path, diff)
	}
}

// show plays a script to a view and returns all that it wrote anywhere.
func show(t *testing.T, kind Kind, s *script) string {
	if kind == TTY {
		return showTTY(t, s)
	}
	var out, progress bytes.Buffer
	dir := t.TempDir()
	env := map[string]string{"GITHUB_OUTPUT": filepath.Join(dir, "output"), "GITHUB_STEP_SUMMARY": filepath.Join(dir, "summary")}
	play(t, New(kind, Options{Out: &out, Err: &progress, Getenv: func(k string) string { return env[k] }}), s)
	text := section("stdout", out.String()) + section("stderr", progress.String())
	for _, k := range []string{"GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY"} {
		if b, err := os.ReadFile(env[k]); err == nil {
			text += section(k, string(b))
		}
	}
	return tokens.ReplaceAllString(text, "TOKEN")
}

var tokens = regexp.MustCompile(`[A-Z2-7]{26}`)

func play(t *testing.T, v View, s *script) {
	t.Helper()
	for _, e := range s.events {
		v.Event(e)
	}
	if err := v.Close(); err != nil {
		t.Error(err)
	}
}

func section(name, text string) string {
	if text == "" {
		return ""
	}
	return "== " + name + " ==\n" + text
}

// showTTY plays a script with a frame after each event and returns the screen
// as it was with the most rows, and at the end.
func showTTY(t *testing.T, s *script) string {
	term := newTerminal(80, 24)
	var now time.Time
	o := Options{Out: term, Err: term, Color: true, OutColor: true, OutWidth: func() int { return 80 }, Now: func() time.Time { return now }}
	v := newTTY(o.withDefaults())
	close(v.done) // nothing draws by itself
	most, height := "", 0
	for _, e := range s.events {
		now = e.Time
		v.Event(e)
		if e.Kind != runner.RunEnded {
			v.frame()
		}
		if n := len(v.screen.rows); n > 0 && n >= height {
			most, height = term.text(), n
		}
	}
	if err := v.Close(); err != nil {
		t.Error(err)
	}
	if len(term.unexpected) > 0 || term.hidden {
		t.Errorf("unexpected sequences %q, cursor hidden: %v", term.unexpected, term.hidden)
	}
	return section("while it runs", most) + section("at the end", term.text())
}

// A run that only found things in the cache says so in as few words as possible.
func TestCachedRunIsQuiet(t *testing.T) {
	for _, kind := range []Kind{Plain, GitHub, TTY} {
		got := show(t, kind, cached(30))
		if want := "churn: 30 cached in 23 ms (saved 41 s)\n"; !strings.Contains(got, want) {
			t.Errorf("%s: no %q in:\n%s", kind, want, got)
		}
		if kind != GitHub && strings.Count(got, "\n") != 2 {
			t.Errorf("%s: more than one line:\n%s", kind, got)
		}
	}
}
