package executortest

import (
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/mlops-runner/mlops/runner/agent"
)

// processCases are about what a step is started as, and how its end is told.
func processCases() []testCase {
	return []testCase{
		{"success", "", succeeds},
		{"no steps", "", func(s *suite) { equal(s, "log", func() string { tr := s.trial(); tr.succeed(); return tr.log }(), "") }},
		{"result stays", "", resultStays},
		{"exit codes", "", exitCodes},
		{"signals", "", func(s *suite) {
			for sig, want := range map[string]int{"KILL": 137, "SEGV": 139, "TERM": 143} {
				r := s.steps("kill -" + sig + " $$").fail(agent.ReasonSignal)
				equal(s, "exit", r.Exit, want)
				equal(s, "signal", r.Steps[0].Signal, "SIG"+sig)
			}
		}},
		{"shells", "", shells},
		{"missing shell", "", func(s *suite) {
			r := s.trial(agent.Step{Name: "x", Run: "1", Shell: "no-such-shell {0}"}).fail(agent.ReasonConfig)
			s.contains("error", r.Error, "no-such-shell")
			equal(s, "exit", r.Exit, 127)
		}},
		{"long script", "", func(s *suite) {
			tr := s.steps("# " + strings.Repeat("x", 200<<10) + "\necho end")
			tr.succeed()
			equal(s, "log", tr.log, "end\n")
		}},
		{"no input", "", func(s *suite) {
			tr := s.steps("cat; echo done")
			tr.succeed()
			equal(s, "log", tr.log, "done\n")
		}},
		{"environment", "", environment},
		{"working directory", "", workingDirectory},
		{"own session", "", func(s *suite) {
			tr := s.steps(`set -- $(sed 's/.*) //' /proc/$$/stat); [ $3 = $$ ] && [ $4 = $$ ] && echo leads`)
			tr.succeed()
			equal(s, "log", tr.log, "leads\n")
		}},
		{"action", Actions, useAction},
	}
}

func shells(s *suite) {
	tr := s.trial(
		agent.Step{Name: "default", Run: `echo default; false || echo caught`},
		agent.Step{Name: "sh", Shell: "sh", Run: `case $- in *e*) echo sh -e;; esac`},
		agent.Step{Name: "template", Shell: "sh -u {0} with args", Run: `echo "$1 $2"`},
		agent.Step{Name: "no placeholder", Shell: "sh", Run: `echo plain`},
	)
	tr.succeed()
	equal(s, "log", tr.log, "default\ncaught\nsh -e\nwith args\nplain\n")
	probe := s.steps("command -v bash >/dev/null && echo yes || echo no")
	probe.succeed()
	if probe.log != "yes\n" {
		s.Log("bash: this place has none")
		return
	}
	tr = s.trial(agent.Step{Name: "bash", Shell: "bash", Run: `[[ -o pipefail ]] && echo ${BASH_VERSION:+bash}`})
	tr.succeed()
	equal(s, "log", tr.log, "bash\n")
	r := s.trial(agent.Step{Name: "pipefail", Shell: "bash", Run: "false | true"}).fail(agent.ReasonExit)
	equal(s, "exit", r.Exit, 1)
}

func environment(s *suite) {
	tr := s.trial(agent.Step{
		Name: "env", Shell: "sh", Env: []agent.Var{{Name: "STEP", Value: "step"}, {Name: "BOTH", Value: "the step's"}},
		Run: `echo "$SPEC $STEP $BOTH $CI $MLOPS $MLOPS_JOB"
		      [ "$MLOPS_WORKSPACE" = "$(pwd)" ] && [ "$GITHUB_WORKSPACE" = "$(pwd)" ] && echo workspace
		      [ -d "$HOME" ] && echo home
		      echo x >"${TMPDIR:-/tmp}/probe" && echo tmp
		      for f in "$MLOPS_OUTPUT" "$MLOPS_ENV" "$MLOPS_PATH" "$MLOPS_SUMMARY" "$MLOPS_METRICS"; do [ -w "$f" ] || echo missing; done
		      [ "$GITHUB_OUTPUT$GITHUB_ENV$GITHUB_PATH$GITHUB_STEP_SUMMARY" = "$MLOPS_OUTPUT$MLOPS_ENV$MLOPS_PATH$MLOPS_SUMMARY" ] && echo same
		      printf '%s' "$LINES_2"`,
	}, agent.Step{Name: "after", Shell: "sh", Run: `echo "[$STEP] $BOTH"`})
	tr.Spec.Env = []agent.Var{{Name: "SPEC", Value: "spec with space"}, {Name: "BOTH", Value: "the job's"}, {Name: "LINES_2", Value: "a\n'b\"\n"}}
	tr.succeed()
	equal(s, "log", tr.log, "spec with space step the step's true true train\nworkspace\nhome\ntmp\nsame\na\n'b\"\n[] the job's\n")
}

func workingDirectory(s *suite) {
	tr := s.trial(
		agent.Step{Name: "make", Shell: "sh", Run: "mkdir -p a/b && echo name=b >>$MLOPS_OUTPUT", ID: "make"},
		agent.Step{Name: "there", Shell: "sh", Dir: "a/${{ steps.make.outputs.name }}", Run: "pwd >../../where; echo x >y"},
	)
	tr.succeed()
	equal(s, "file", tr.read("a/b/y"), "x\n")
	for dir, text := range map[string]string{"none": "working directory none", "../..": "outside the workspace"} {
		tr := s.trial(agent.Step{Name: "bad", Shell: "sh", Dir: dir, Run: "echo ran"})
		s.contains("error", tr.fail(agent.ReasonConfig).Error, text)
		equal(s, "log", tr.log, "")
	}
}

func useAction(s *suite) {
	tr := s.trial(
		agent.Step{Name: "one", ID: "one", Shell: "sh", Run: "echo v=seven >>$MLOPS_OUTPUT"},
		agent.Step{Name: "two", ID: "two", Uses: EchoAction, With: map[string]any{"a": "${{ steps.one.outputs.v }}", "n": 3.0, "list": []any{"x ${{ 1 }}"}}},
		agent.Step{Name: "three", Shell: "sh", Run: `echo "$A"`, Env: []agent.Var{{Name: "A", Value: "${{ steps.two.outputs.a }}"}}},
	)
	tr.succeed()
	equal(s, "log", tr.log, `{"a":"seven","list":["x 1"],"n":3}`+"\nseven\n")

	long := strings.Repeat("long ", 40_000)
	tr = s.trial(agent.Step{Name: "long", Uses: EchoAction, With: map[string]any{"text": []any{long}}})
	tr.succeed()
	equal(s, "bytes of the log", len(tr.log), len(`{"text":[""]}`)+len(long)+1)

	r := s.trial(agent.Step{Name: "bad", Uses: EchoAction, With: map[string]any{"fail": "on purpose"}}).fail(agent.ReasonExit)
	equal(s, "exit", r.Exit, 1)
}

func succeeds(s *suite) {
	tr := s.steps("echo hello", "echo world")
	r := tr.succeed()
	equal(s, "log", tr.log, "hello\nworld\n")
	equal(s, "steps", len(r.Steps), 2)
	equal(s, "exit", r.Exit, 0)
	equal(s, "failed", r.Failed, -1)
	equal(s, "log size", r.LogSize, int64(len(tr.log)))
	equal(s, "second step's part of the log", tr.log[r.Steps[1].LogFrom:r.Steps[1].LogTo], "world\n")
	equal(s, "events of step 1", tr.kinds(1), "step-start step-end")
	equal(s, "last event", tr.events[len(tr.events)-1].Kind, agent.Ended)
	if r.Wall <= 0 || r.Steps[0].Wall <= 0 || time.Since(r.Started) > time.Hour {
		s.Errorf("times make no sense: started %v, wall %v, step %v", r.Started, r.Wall, r.Steps[0].Wall)
	}
}

func resultStays(s *suite) {
	tr := s.steps("echo x")
	r := tr.succeed()
	root, err := os.OpenRoot(tr.Control)
	if err != nil {
		s.Fatal(err)
	}
	defer root.Close()
	kept, err := agent.LoadResult(root)
	if err != nil {
		s.Fatal(err)
	}
	equal(s, "kept log size", kept.LogSize, r.LogSize)
	f, err := os.Open(filepath.Join(tr.Control, agent.EventsFile))
	if err != nil {
		s.Fatal(err)
	}
	defer f.Close()
	kept, err = agent.ReadEvents(f, nil)
	if err != nil {
		s.Fatal(err)
	}
	equal(s, "status in the events", kept.Status, agent.Success)
}

func exitCodes(s *suite) {
	for script, want := range map[string]int{"exit 1": 1, "exit 42": 42, "exit 255": 255, "no-such-program-here": 127, "false; echo not reached": 1} {
		tr := s.steps(script, "echo never")
		r := tr.fail(agent.ReasonExit)
		equal(s, "exit of "+script, r.Exit, want)
		equal(s, "failed step of "+script, r.Failed, 0)
		equal(s, "second step of "+script, r.Steps[1].Conclusion, agent.Skipped)
		if strings.Contains(tr.log, "never") || strings.Contains(tr.log, "not reached") {
			s.Errorf("%s: went on: %s", script, tr.log)
		}
	}
}
