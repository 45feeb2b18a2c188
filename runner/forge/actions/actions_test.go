package actions_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/sethvargo/go-githubactions"

	"github.com/mlops-runner/mlops/runner/forge"
	"github.com/mlops-runner/mlops/runner/forge/actions"
)

// step is a step whose files are in a folder.
func step(t *testing.T) (actions.Step, string) {
	dir := t.TempDir()
	return actions.Step{Getenv: func(name string) string {
		switch name {
		case "GITHUB_OUTPUT", "GITHUB_ENV", "GITHUB_STEP_SUMMARY":
			return filepath.Join(dir, name)
		}
		return ""
	}}, dir
}

// parse reads a file of values as the runner does: NAME=VALUE, or NAME<<WORD and
// lines up to that word.
func parse(text string) (map[string]string, error) {
	values := map[string]string{}
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	for i := 0; i < len(lines); i++ {
		equals, heredoc := strings.Index(lines[i], "="), strings.Index(lines[i], "<<")
		switch {
		case lines[i] == "":
		case equals >= 0 && (heredoc < 0 || equals < heredoc):
			values[lines[i][:equals]] = lines[i][equals+1:]
		case heredoc >= 0:
			name, end := lines[i][:heredoc], lines[i][heredoc+2:]
			var value []string
			for i++; i < len(lines) && lines[i] != end; i++ {
				value = append(value, lines[i])
			}
			if i == len(lines) {
				return nil, fmt.Errorf("no end of %s", name)
			}
			values[name] = strings.Join(value, "\n")
		default:
			return nil, fmt.Errorf("line %q", lines[i])
		}
	}
	return values, nil
}

func values(t *testing.T, path string) map[string]string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	v, err := parse(string(text))
	if err != nil {
		t.Fatalf("%v in:\n%s", err, text)
	}
	return v
}

// hostile is a value that knows how the library ends values.
const hostile = "harmless\n_GitHubActionsFileCommandDelimeter_\npromote=true\nx<<_GitHubActionsFileCommandDelimeter_"

func TestValueSetsNothingElse(t *testing.T) {
	s, dir := step(t)
	// The library's own way, so that one sees what for.
	githubactions.New(githubactions.WithGetenv(s.Getenv)).SetOutput("title", hostile)
	if got := values(t, filepath.Join(dir, "GITHUB_OUTPUT")); got["promote"] != "true" {
		t.Errorf("the library's SetOutput has been mended: %q; so this package is hardly needed", got)
	}
	for _, file := range []string{"GITHUB_OUTPUT", "GITHUB_ENV"} {
		if err := os.WriteFile(filepath.Join(dir, file), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		set := s.SetOutput
		if file == "GITHUB_ENV" {
			set = s.SetEnv
		}
		for name, value := range map[string]string{"title": hostile, "empty": "", "lines": "a\n\nb\n", "run": "812"} {
			if err := set(name, value); err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff(map[string]string{"title": hostile, "empty": "", "lines": "a\n\nb\n", "run": "812"}, values(t, filepath.Join(dir, file))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", file, diff)
		}
	}
}

// Not even a value that has the word ends itself.
func FuzzOutput(f *testing.F) {
	f.Add(hostile)
	f.Add("x\nmlops_T\nevil=1\nmlops_TT\nmlops_TTT")
	f.Fuzz(func(t *testing.T, value string) {
		s, dir := step(t)
		s.Token = func() string { return "T" }
		if err := s.SetOutput("a", value); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(map[string]string{"a": value}, values(t, filepath.Join(dir, "GITHUB_OUTPUT"))); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

func TestOutsideOfAStep(t *testing.T) {
	for name, s := range map[string]actions.Step{"no variables": {Getenv: func(string) string { return "" }}, "the zero value": {}} {
		for what, err := range map[string]error{"output": s.SetOutput("a", "b"), "env": s.SetEnv("a", "b"), "summary": s.AddSummary("x")} {
			if !errors.Is(err, actions.ErrNoStep) {
				t.Errorf("%s, %s: %v", name, what, err)
			}
		}
		if n := s.SummaryRoom(); n != 0 {
			t.Errorf("%s: room for %d bytes", name, n)
		}
	}
	s := actions.Step{Getenv: func(string) string { return "/nowhere/at/all" }}
	if err := s.SetOutput("a", "b"); err == nil || errors.Is(err, actions.ErrNoStep) {
		t.Errorf("a file that cannot be written: %v", err)
	}
}

func TestNames(t *testing.T) {
	s, _ := step(t)
	for _, name := range []string{"", "a b", "a=b", "a<<b", "a\nb", "1a", "größe", "-a"} {
		if s.SetOutput(name, "x") == nil {
			t.Errorf("output %q is set", name)
		}
	}
	for _, name := range []string{"GITHUB_TOKEN", "NODE_OPTIONS", "runner_temp"} {
		if s.SetEnv(name, "x") == nil {
			t.Errorf("variable %s is set", name)
		}
	}
	if err := s.SetOutput("report-url_2", "x"); err != nil {
		t.Error(err)
	}
	if s.SetOutput("a", strings.Repeat("x", actions.MaxValue+1)) == nil {
		t.Error("a value that is too long is set")
	}
}

// The summary is never longer than GitHub shows: it would drop the whole.
func TestSummary(t *testing.T) {
	s, dir := step(t)
	path := filepath.Join(dir, "GITHUB_STEP_SUMMARY")
	for _, c := range []struct {
		size int
		ok   bool
	}{{600_000, true}, {399_999, false}, {399_998, true}, {0, true}, {1, false}} {
		room := s.SummaryRoom()
		err := s.AddSummary(strings.Repeat("x", c.size))
		if c.ok != (err == nil) || c.ok != (c.size <= room) {
			t.Errorf("%d bytes into room for %d: %v", c.size, room, err)
		}
	}
	info, err := os.Stat(path)
	if err != nil || info.Size() != actions.MaxSummary {
		t.Errorf("%v, %v", info.Size(), err)
	}
}

func TestAnnotate(t *testing.T) {
	list := []forge.Annotation{{Level: "notice", Message: "n"}, {Level: "odd", Message: "o"}}
	for i := range 14 {
		list = append(list, forge.Annotation{Level: "warning", Path: "mlops.yaml", Line: 30 + i, Message: fmt.Sprint("w", i)})
	}
	list = append(list, forge.Annotation{Level: "failure", Path: "a,b:c.yaml", Title: "gate: 1,2", Message: "100 %\n::error::x\r" + strings.Repeat("ä", 5000)})
	var b strings.Builder
	var as actions.Annotations
	for _, a := range list[:len(list)-1] {
		as.Add(a)
	}
	as.AddFirst(list[len(list)-1:])
	if err := as.Write(&b); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
	if len(lines) != 1+10+2 {
		t.Fatalf("%d lines:\n%s", len(lines), b.String())
	}
	if !strings.HasPrefix(lines[0], "::error file=a%2Cb%3Ac.yaml,title=gate%3A 1%2C2::100 %25%0A::error::x%0D") || strings.Count(lines[0], "ä") != 4096-len("100 %\n::error::x\r")-1 {
		t.Errorf("%.200s", lines[0])
	}
	if lines[1] != "::warning file=mlops.yaml,line=30::w0" || lines[10] != "::warning::and 5 more warnings; see the log" || lines[11] != "::notice::n" {
		t.Errorf("%q", lines[1:])
	}
	// GitHub shows no more of this step, however often something is written.
	b.Reset()
	for i := range 20 {
		as.Add(forge.Annotation{Level: []string{"warning", "error"}[i%2], Message: fmt.Sprint("later ", i)})
	}
	if err := as.Write(&b); err != nil {
		t.Fatal(err)
	}
	if got := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n"); len(got) != 9 || got[0] != "::error::later 1" || got[8] != "::error::and 2 more errors; see the log" {
		t.Errorf("%d lines: %q", len(got), got)
	}
}
