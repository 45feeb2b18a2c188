package agent

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mlops-runner/mlops/spec/expression"
)

func replaceDir(s, dir string) string { return strings.ReplaceAll(s, "DIR", dir) }

func TestConditions(t *testing.T) {
	var (
		fine      = status{}
		failed    = status{failed: true}
		cancelled = status{interrupted: true, cancelled: true}
		timedOut  = status{interrupted: true}
	)
	tests := []struct {
		src  string
		want [4]bool // fine, failed, cancelled, timed out
	}{
		{"", [4]bool{true, false, false, false}},
		{"true", [4]bool{true, false, false, false}},
		{"success()", [4]bool{true, false, false, false}},
		{"failure()", [4]bool{false, true, false, true}},
		{"cancelled()", [4]bool{false, false, true, false}},
		{"always()", [4]bool{true, true, true, true}},
		{"${{ !cancelled() }}", [4]bool{true, true, false, true}},
		{"ALWAYS() && false", [4]bool{}},
		{"false && always() || true", [4]bool{true, true, true, true}},
		{"'always()' != ''", [4]bool{true, false, false, false}},
		{"'it''s always()' != ''", [4]bool{true, false, false, false}},
		{"x-always == 'always ()'", [4]bool{}},
	}
	scope := func() *expression.Scope {
		return &expression.Scope{Names: map[string]any{"x-always": ""}, Funcs: map[string]expression.Func{}}
	}
	for _, tt := range tests {
		var got [4]bool
		for i, s := range []status{fine, failed, cancelled, timedOut} {
			var err error
			if got[i], err = condition(tt.src, s, scope); err != nil {
				t.Errorf("%s: %v", tt.src, err)
			}
		}
		if got != tt.want {
			t.Errorf("%s: got %v, want %v", tt.src, got, tt.want)
		}
	}
	for s, want := range map[status]Status{fine: Success, failed: Failure, cancelled: Canceled, timedOut: Failure} {
		if s.word() != want {
			t.Errorf("%+v is %s", s, s.word())
		}
	}
}

func TestShells(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"bash", "sh", "python3", "R"} {
		write(t, filepath.Join(dir, "bin", name), "")
		if err := os.Chmod(filepath.Join(dir, "bin", name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	long := strings.Repeat("x", longScript)
	tests := []struct {
		shell, script string
		want          string // program and arguments after it
	}{
		{"", "s", "DIR/bin/bash bash -e -c s"},
		{"sh", "s", "DIR/bin/sh sh -e -c s"},
		{"bash", "s", "DIR/bin/bash bash --noprofile --norc -eo pipefail -c s"},
		{"python", "s", "DIR/bin/python3 python3 -c s"},
		{"R --file={0} -q", "s", "DIR/bin/R R --file=DIR/file -q"},
		{"bin/R", "s", "DIR/bin/R bin/R DIR/file"},
		{"sh", long, "DIR/bin/sh sh -e DIR/file.sh"},
		{"python", long, "DIR/bin/python3 python3 DIR/file.py"},
	}
	for _, tt := range tests {
		program, argv, err := shellFor(tt.shell).argv(tt.script, filepath.Join(dir, "file"), "/none:"+dir+"/bin", dir)
		if err != nil {
			t.Errorf("%s: %v", tt.shell, err)
		}
		got := program + " " + strings.Join(argv, " ")
		if d := cmp.Diff(replaceDir(tt.want, dir), got); d != "" {
			t.Errorf("%s: %s", tt.shell, d)
		}
		for name := range strings.FieldsSeq(got) {
			if !strings.HasPrefix(name, dir+"/file") {
				continue
			}
			if text, err := os.ReadFile(name); err != nil || string(text) != tt.script {
				t.Errorf("%s: the script's file: %v", tt.shell, err)
			}
		}
	}
	if _, _, err := shellFor(" ").argv("s", "", dir, dir); err == nil {
		t.Error("an empty template is a shell")
	}
}

func TestEnviron(t *testing.T) {
	e := newEnviron([]Var{{"A", "1"}, {"B", "2"}})
	e.suggest(Var{"A", "no"}, Var{"C", "3"})
	more := e.with([]Var{{"B", "x"}, {"D", ""}})
	if d := cmp.Diff([]string{"A=1", "B=2", "C=3"}, e.list); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"A=1", "B=x", "C=3", "D="}, more.list); d != "" {
		t.Error(d)
	}
	if e.with(nil) != e || more.get("B") != "x" || more.get("none") != "" {
		t.Error("with or get")
	}
}

func TestGPUSeconds(t *testing.T) {
	t.Parallel()
	b := newBench(t, sh(":"))
	b.GPUs = 2
	if r := b.want(Success, ReasonNone); r.GPUSeconds != 2*r.Wall.Seconds() {
		t.Errorf("%v GPU seconds in %v", r.GPUSeconds, r.Wall)
	}
}
