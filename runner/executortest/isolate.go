package executortest

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/mlops-runner/mlops/runner"
	"github.com/mlops-runner/mlops/runner/agent"
)

// isolateCases are about jobs whose steps are kept apart.
func isolateCases() []testCase {
	return append([]testCase{
		{"steps apart", "", stepsApart},
		{"skipped steps apart", "", skippedStepsApart},
		{"masks of steps apart", "", masksOfStepsApart},
		{"caches of steps apart", "", cachesOfStepsApart},
	}, onceMoreApart()...)
}

// onceMoreApart are cases of steps that share a place, which go the same way
// when they do not.
func onceMoreApart() []testCase {
	again := []string{
		"success", "environment", "working directory", "action", "last line without newline", "index", "stream", "limit",
		"command files", "bad command file", "secrets", "conditions", "continue on error", "jobs side by side",
		"step timeout", "job timeout", "cancel", "cancel leaves time for a checkpoint", "kill", "kill after cancel", "cancelled before",
		"outputs", "missing output", "mounts", "out of memory",
	}
	var out []testCase
	for _, group := range [][]testCase{processCases(), outputCases(), commandCases(), secretCases(), flowCases(), stopCases(), fileCases(), placeCases()} {
		for _, c := range group {
			if slices.Contains(again, c.name) {
				out = append(out, testCase{c.name + " apart", c.needs, func(s *suite) { s.isolate = true; c.run(s) }})
			}
		}
	}
	return out
}

// apart makes a trial whose steps are kept apart.
func (s *suite) apart(steps ...agent.Step) *trial {
	s.isolate = true
	return s.trial(steps...)
}

func stepsApart(s *suite) {
	tr := s.apart(
		agent.Step{ID: "one", Name: "one", Shell: "sh", Run: `
			echo kept >file; mkdir -p deep; echo kept >deep/file
			echo gone >"${TMPDIR:-/tmp}/f"; echo gone >"$HOME/f"
			(while :; do echo x >beat; sleep 0.05; done) >/dev/null 2>&1 &
			echo "NAME=handed on" >>$MLOPS_ENV; mkdir bin; printf '#!/bin/sh\necho tool\n' >bin/tool; chmod +x bin/tool; echo "$PWD/bin" >>$MLOPS_PATH
			echo x=1 >>$MLOPS_OUTPUT; echo first >>$MLOPS_SUMMARY; echo a=1 >>$MLOPS_METRICS`},
		agent.Step{ID: "two", Name: "two", Shell: "sh", Env: []agent.Var{{Name: "X", Value: "${{ steps.one.outputs.x }} ${{ env.NAME }}"}}, Run: `
			cat file deep/file
			[ -e "${TMPDIR:-/tmp}/f" ] || [ -e "$HOME/f" ] || echo gone
			rm -f beat; sleep 0.3; [ -e beat ] || echo ended
			echo "$NAME, $X"; tool
			echo MORE=2 >>$MLOPS_ENV; echo y=2 >>$MLOPS_OUTPUT; echo second >>$MLOPS_SUMMARY; echo b=2 >>$MLOPS_METRICS`},
		agent.Step{Name: "three", Shell: "sh", Run: `echo "$NAME $MORE $MLOPS_EXPR_1"; tool; echo 3 >>file`,
			Exprs: []agent.Var{{Name: "MLOPS_EXPR_1", Value: "format('{0}{1}', steps.one.outputs.x, steps.two.outputs.y)"}}},
	)
	tr.Spec.Outputs = []string{"file"}
	r := tr.succeed()
	equal(s, "log", tr.log, "kept\nkept\ngone\nended\nhanded on, 1 handed on\ntool\nhanded on 2 12\ntool\n")
	equal(s, "file", tr.read("file"), "kept\n3\n")
	equal(s, "outputs", r.Outputs["x"]+r.Outputs["y"], "12")
	equal(s, "summary", r.Summary, "first\nsecond\n")
	equal(s, "metrics", r.MetricText, "a=1\nb=2\n")
	equal(s, "artifacts", len(r.Artifacts), 1)
	for i := range r.Steps {
		equal(s, "events of a step", strings.TrimPrefix(tr.kinds(i), "notice "), "step-start step-end") // the place may have a word to say first
		if r.Steps[i].Wall <= 0 || r.Steps[i].Started.Before(r.Started) {
			s.Errorf("step %d: %v after %v, job started %v", i, r.Steps[i].Wall, r.Steps[i].Started, r.Started)
		}
	}
	if r.Wall < r.Steps[0].Wall+r.Steps[1].Wall+r.Steps[2].Wall {
		s.Errorf("the job took %v, less than its steps", r.Wall)
	}
	ends := 0
	for _, e := range tr.events {
		if e.Kind == agent.Ended {
			ends++
		}
	}
	equal(s, "ends", ends, 1)
}

// skippedStepsApart begins, goes on and ends with steps that do not run.
func skippedStepsApart(s *suite) {
	sh := func(name, cond string) agent.Step {
		return agent.Step{Name: name, If: cond, Shell: "sh", Run: "echo " + name}
	}
	r := s.apart(sh("a", "false"), sh("b", "false")).succeed()
	equal(s, "outcomes", outcomes(r), "skipped skipped")
	tr := s.apart(sh("a", "false"), sh("b", ""), sh("c", "failure()"), sh("d", "hashFiles('none') == ''"), sh("e", "cancelled()"))
	r = tr.succeed()
	equal(s, "log", tr.log, "b\nd\n")
	equal(s, "outcomes", outcomes(r), "skipped success skipped success skipped")
}

// masksOfStepsApart shows that what one step learnt is secret for those after it,
// which can read it all the same, and that no file says it.
func masksOfStepsApart(s *suite) {
	const value, learnt = "pa55w0rd=+/", "learnt-value"
	tr := s.apart(
		agent.Step{ID: "a", Name: "a", Shell: "sh", Env: []agent.Var{{Name: "P", Value: "${{ secrets.PASSWORD }}"}}, Run: `
			echo "::add-mask::learnt-value"; echo "p=$P" >>$MLOPS_OUTPUT; echo "v=learnt-value" >>$MLOPS_OUTPUT; echo "V=learnt-value" >>$MLOPS_ENV`},
		agent.Step{Name: "b", Shell: "sh", Env: []agent.Var{{Name: "P", Value: "${{ steps.a.outputs.p }}"}}, Run: `
			echo "$P $V"; echo ${#P} ${#V} ${#MLOPS_EXPR_1}; echo looked; sleep 0.3`, Exprs: []agent.Var{{Name: "MLOPS_EXPR_1", Value: "steps.a.outputs.v"}}},
	)
	tr.Spec.Secrets = &agent.Secrets{Values: map[string]string{"PASSWORD": value}}
	looked := false
	tr.when("looked", func() { looked = true; s.searchControl(tr, value, learnt) })
	r := tr.succeed()
	if !looked {
		s.Error("nobody looked while the job ran")
	}
	equal(s, "log", tr.log, "::add-mask::***\n*** ***\n11 12 12\nlooked\n")
	equal(s, "dropped outputs", r.Outputs["p"]+r.Outputs["v"], "")
	s.searchControl(tr, value, learnt)
}

func cachesOfStepsApart(s *suite) {
	cache := s.folder("old", "old\n")
	tr := s.apart(
		agent.Step{Name: "a", Shell: "sh", Run: "cat ~/.cache/tools/old; echo new >~/.cache/tools/new; echo x >~/.cache/other"},
		agent.Step{Name: "b", Shell: "sh", Run: "cat ~/.cache/tools/new; ls ~/.cache"},
	)
	tr.Mounts = []runner.Mount{{Source: cache, Target: "~/.cache/tools", Writable: true}}
	tr.succeed()
	equal(s, "log", tr.log, "old\nnew\ntools\n")
	b, err := os.ReadFile(filepath.Join(cache, "new"))
	if err != nil || strings.TrimSpace(string(b)) != "new" {
		s.Errorf("the cache has %q, %v", b, err)
	}
}
