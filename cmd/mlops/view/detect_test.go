package view

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestDetect(t *testing.T) {
	t.Parallel()
	file, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	read, pipe, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer read.Close()
	defer pipe.Close()
	for _, c := range []struct {
		name  string
		f     *os.File
		env   map[string]string
		kind  Kind
		color bool
	}{
		{"a file", file, nil, Plain, false},
		{"a pipe", pipe, nil, Plain, false},
		{"no stream", nil, nil, Plain, false},
		{"forced colours", pipe, map[string]string{"CLICOLOR_FORCE": "1"}, Plain, true},
		{"not forced", pipe, map[string]string{"CLICOLOR_FORCE": "0"}, Plain, false},
		{"NO_COLOR wins", pipe, map[string]string{"CLICOLOR_FORCE": "1", "NO_COLOR": "1"}, Plain, false},
		{"an empty NO_COLOR does not count", pipe, map[string]string{"CLICOLOR_FORCE": "1", "NO_COLOR": ""}, Plain, true},
		{"a GitHub workflow", pipe, map[string]string{"GITHUB_ACTIONS": "true"}, GitHub, true},
		{"a GitHub workflow into a file", file, map[string]string{"GITHUB_ACTIONS": "true"}, GitHub, false},
		{"a GitHub workflow without colours", pipe, map[string]string{"GITHUB_ACTIONS": "true", "NO_COLOR": "yes"}, GitHub, false},
	} {
		kind, color := Detect(func(k string) string { return c.env[k] }, c.f)
		if kind != c.kind || color != c.color {
			t.Errorf("%s: %s, colours %v; want %s, %v", c.name, kind, color, c.kind, c.color)
		}
	}
}

func TestColors(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		noColor, force string
		able, want     bool
	}{{"", "", true, true}, {"", "", false, false}, {"1", "", true, false}, {"0", "1", true, false}, {"", "1", false, true}, {"", "0", true, true}} {
		env := map[string]string{"NO_COLOR": c.noColor, "CLICOLOR_FORCE": c.force}
		if got := colors(func(k string) string { return env[k] }, c.able); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
}

// Without colours no view writes any, not even those that jobs print.
func TestNoColor(t *testing.T) {
	t.Parallel()
	for _, kind := range Kinds() {
		term := newTerminal(80, 24)
		play(t, New(kind, Options{Out: term, Err: term}), hostile())
		for _, seq := range strings.SplitAfter(term.sent(), "\x1b")[1:] {
			if size, sgr := escape([]byte("\x1b" + seq)); sgr {
				t.Errorf("%s: colour %q", kind, seq[:size-1])
			}
		}
	}
}

// With colours everything that is opened is closed on its line.
func TestColorsEndWithTheirLine(t *testing.T) {
	t.Parallel()
	for name, s := range scripts() {
		for _, kind := range []Kind{Plain, Quiet, GitHub, TTY} {
			term := newTerminal(80, 24)
			play(t, New(kind, Options{Out: term, Err: term, Color: true, OutColor: true}), s)
			for line := range strings.Lines(term.sent()) {
				i := strings.LastIndex(line, "\x1b[")
				for i >= 0 {
					size, sgr := escape([]byte(line[i:]))
					if sgr {
						if !isReset([]byte(line[i : i+size])) {
							t.Errorf("%s, %s: left open in %q", name, kind, line)
						}
						break
					}
					i = strings.LastIndex(line[:i], "\x1b[")
				}
			}
		}
	}
}
