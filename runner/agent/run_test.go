package agent

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestStepsShare shows the files, under both of their names.
func TestStepsShare(t *testing.T) {
	t.Parallel()
	b := newBench(t,
		Step{ID: "first", Name: "write", Shell: "sh", Run: `
			echo plain=a=b >>$MLOPS_OUTPUT
			printf 'text<<END\none\n\ntwo\nEND\n' >>$GITHUB_OUTPUT
			echo NAME=value >>$MLOPS_ENV; printf 'MORE<<X\nl1\nl2\nX\n' >>$GITHUB_ENV
			mkdir bin1 bin2; printf '#!/bin/sh\necho one\n' >bin1/tool; printf '#!/bin/sh\necho two\n' >bin2/tool; chmod +x bin?/tool
			echo "$PWD/bin1" >>$MLOPS_PATH; echo "$PWD/bin2" >>$GITHUB_PATH
			echo '# Title' >>$MLOPS_SUMMARY; printf 'auc 0.9' >>$MLOPS_METRICS
			echo "not yet: $NAME"`},
		Step{ID: "second", Name: "read", Shell: "sh", Run: `
			echo "$NAME|$MORE"; tool; cat "$MLOPS_OUTPUT" "$MLOPS_ENV" "$MLOPS_PATH" "$MLOPS_SUMMARY" "$MLOPS_METRICS"
			echo more >>$GITHUB_STEP_SUMMARY; echo 'loss 0.1' >>$MLOPS_METRICS; echo plain=again >>$MLOPS_OUTPUT`},
	)
	r := b.want(Success, ReasonNone)
	b.wantLog("not yet: \nvalue|l1\nl2\ntwo\n")
	if d := cmp.Diff(map[string]string{"plain": "again", "text": "one\n\ntwo"}, r.Outputs); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(map[string]string{"plain": "again"}, r.Steps[1].Outputs); d != "" {
		t.Error(d)
	}
	if r.Summary != "# Title\nmore\n" || r.MetricText != "auc 0.9\nloss 0.1\n" {
		t.Errorf("summary %q, metrics %q", r.Summary, r.MetricText)
	}
}

func TestExpressions(t *testing.T) {
	t.Parallel()
	b := newBench(t,
		Step{ID: "a", Name: "a", Shell: "sh", Run: "echo v=1 >>$MLOPS_OUTPUT; echo STAGE=prod >>$MLOPS_ENV; exit 3", ContinueOnError: "${{ params.lenient }}"},
		Step{Name: "own variable in the condition", Shell: "sh", If: "env.OWN == 'x1' && steps.a.outcome == 'failure' && steps.a.conclusion == 'success'",
			Env: []Var{{"OWN", "x${{ steps.a.outputs.v }}"}}, Run: `echo "own $OWN"`},
		Step{Name: "reference", Shell: "sh", Dir: "${{ env.STAGE }}", Run: `echo "$MLOPS_EXPR_1"; basename "$PWD"`,
			Exprs: []Var{{"MLOPS_EXPR_1", "format('{0};{1}', params.evil, env.STAGE)"}}},
		Step{Name: "action", Uses: "echo", With: map[string]any{"lr": "${{ params.lr }}", "text": "lr=${{ params.lr }}", "deep": []any{map[string]any{"n": "${{ 1 + 1 }}"}}}},
		Step{Name: "not", Shell: "sh", If: "params.lr > 1", Run: "echo no"},
	)
	b.Contexts = map[string]any{"params": map[string]any{"lr": 0.1, "lenient": true, "evil": "$(touch hacked)`id`"}}
	if err := os.Mkdir(filepath.Join(b.Workspace, "prod"), 0o755); err != nil {
		t.Fatal(err)
	}
	r := b.want(Success, ReasonNone)
	b.wantLog("own x1\n$(touch hacked)`id`;prod\nprod\n" + `echo {"deep":[{"n":2}],"lr":0.1,"text":"lr=0.1"}` + "\n")
	if r.Steps[4].Outcome != Skipped || r.Steps[0].Outcome != Failure || r.Steps[0].Conclusion != Success {
		t.Errorf("steps %+v", r.Steps)
	}
}

// TestBrokenExpressions shows that a step does not run on a guess.
func TestBrokenExpressions(t *testing.T) {
	t.Parallel()
	for name, step := range map[string]Step{
		"if":                {Shell: "sh", Run: "echo ran", If: "fromJSON('{')"},
		"env":               {Shell: "sh", Run: "echo ran", Env: []Var{{"A", "${{ fromJSON('{') }}"}}},
		"run":               {Shell: "sh", Run: "echo ran", Exprs: []Var{{"X", "nosuch()"}}},
		"working-directory": {Shell: "sh", Run: "echo ran", Dir: "${{ fromJSON('{') }}"},
		"with":              {Uses: "echo", With: map[string]any{"a": "${{ fromJSON('{') }}"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			step.Name = "bad"
			b := newBench(t, step, Step{Name: "after", Shell: "sh", If: "failure()", Run: "echo after"})
			r := b.want(Failure, ReasonConfig)
			b.wantLog("after\n")
			if r.Failed != 0 || !strings.Contains(r.Error, `step "bad": `+name) {
				t.Errorf("failed %d, error %q", r.Failed, r.Error)
			}
		})
	}
}

func TestFailure(t *testing.T) {
	t.Parallel()
	b := newBench(t,
		Step{ID: "bad", Name: "bad", Shell: "sh", Run: "echo x=1 >>$MLOPS_OUTPUT; kill -SEGV $$"},
		sh("echo skipped"),
		Step{Name: "failure", Shell: "sh", If: "failure()", Env: []Var{{"X", "${{ steps.bad.outputs.x }}"}}, Run: "echo failure $X"},
		Step{Name: "always", Shell: "sh", If: "always()", Run: "echo always; exit 4"},
		Step{Name: "cancelled", Shell: "sh", If: "cancelled()", Run: "echo cancelled"},
	)
	r := b.want(Failure, ReasonSignal)
	b.wantLog("failure 1\nalways\n")
	if r.Failed != 0 || r.Exit != 128+11 || r.Steps[0].Signal != "SIGSEGV" || r.Steps[3].Exit != 4 {
		t.Errorf("%+v", r)
	}
	if r.Error != `step "bad": killed by SIGSEGV` {
		t.Errorf("error %q", r.Error)
	}
}

func TestBackground(t *testing.T) {
	t.Parallel()
	b := newBench(t,
		Step{ID: "serve", Name: "serve", Shell: "sh", Background: true, Run: "echo $$ >pid; mkfifo p; echo up >&2; read x <p; echo got $x; echo port=80 >>$MLOPS_OUTPUT"},
		sh("while [ ! -p p ]; do sleep 0.01; done; echo hello >p"),
	)
	r := b.want(Success, ReasonNone)
	b.wantLog("up\ngot hello\n")
	if r.Steps[0].Outputs["port"] != "80" {
		t.Errorf("outputs %v", r.Steps[0].Outputs)
	}

	b = newBench(t, Step{Name: "serve", Shell: "sh", Background: true, Run: "sleep 300"}, sh("exit 9"))
	r = b.want(Failure, ReasonExit)
	if r.Exit != 9 || r.Failed != 1 || r.Steps[0].Outcome != Canceled {
		t.Errorf("a step in the background of a failed job: %+v", r)
	}
	b = newBench(t, Step{Name: "serve", Shell: "sh", Background: true, Run: "exit 6"}, sh(":"))
	if r = b.want(Failure, ReasonExit); r.Exit != 6 || r.Failed != 0 {
		t.Errorf("a failed step in the background: %+v", r)
	}
}

// TestLinesOfStepsSideBySide gives the log lines of steps side by side in one piece each.
func TestLinesOfStepsSideBySide(t *testing.T) {
	t.Parallel()
	const script = `i=0; while [ $i -lt 200 ]; do printf 'NAME '; printf "$i"; printf '\n'; i=$((i+1)); done`
	b := newBench(t,
		Step{Name: "a", Shell: "sh", Background: true, Run: strings.ReplaceAll(script, "NAME", "aaaa")},
		sh(strings.ReplaceAll(script, "NAME", "bbbb")),
	)
	b.want(Success, ReasonNone)
	n := 0
	for line := range strings.Lines(b.log()) {
		n++
		if f := strings.Fields(line); len(f) != 2 || f[0] != "aaaa" && f[0] != "bbbb" {
			t.Fatalf("line %q is mixed", line)
		}
	}
	if n != 400 {
		t.Errorf("%d lines, want 400", n)
	}
}

func TestSpecsThatCannotRun(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*Spec){
		"version 0":            func(s *Spec) { s.Version = 0 },
		"not an absolute path": func(s *Spec) { s.Workspace = "work" },
		"not a directory":      func(s *Spec) { s.Control += "x" },
		"workspace":            func(s *Spec) { s.Workspace = s.Control + "/none" },
		"step: not a dir":      func(s *Spec) { write(t, filepath.Join(s.Control, "step"), "") },
	} {
		b := newBench(t, sh("echo ran"))
		change(&b.Spec)
		r, err := Run(context.Background(), b.Spec, nil)
		if err == nil || r.Status != Failure || !strings.Contains(err.Error(), name) || r.Error != err.Error() {
			t.Errorf("%s: got %+v, %v", name, r, err)
		}
	}
}

// TestEarlierAttempt shows that a result proves this attempt and no other.
func TestEarlierAttempt(t *testing.T) {
	t.Parallel()
	b := newBench(t, sh("echo a longer log; [ ! -e $CONTROL/result.json ]"))
	b.Env = append(b.Env, Var{"CONTROL", b.Control})
	b.want(Success, ReasonNone)
	b.Steps[0].Run = "test ! -e $CONTROL/result.json"
	b.want(Success, ReasonNone)
	b.wantLog("")
}
