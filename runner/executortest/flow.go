package executortest

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/mlops-runner/mlops/runner"
	"github.com/mlops-runner/mlops/runner/agent"
)

// flowCases are about which steps run.
func flowCases() []testCase {
	return []testCase{
		{"conditions", "", stepConditions},
		{"bad condition", "", func(s *suite) {
			tr := s.trial(agent.Step{Name: "x", If: "nosuch.thing", Shell: "sh", Run: "echo ran"})
			s.contains("error", tr.fail(agent.ReasonConfig).Error, "nosuch")
			equal(s, "log", tr.log, "")
		}},
		{"continue on error", "", continueOnError},
		{"background step", "", backgroundStep},
		{"jobs side by side", "", jobsSideBySide},
	}
}

func outcomes(r agent.Result) string {
	var out []string
	for _, st := range r.Steps {
		out = append(out, string(st.Outcome))
	}
	return strings.Join(out, " ")
}

// trapping is a step that says when it is ready, and goodbye when it is asked to stop.
// The shell's own message about the sleep that the same signal ends is no concern.
const trapping = `exec 2>/dev/null; trap 'echo bye; exit 3' TERM; echo ready; while :; do sleep 0.05; done`

// stopCases are about timeouts and cancellation.
func stopCases() []testCase {
	return []testCase{
		{"step timeout", "", stepTimeout},
		{"job timeout", "", jobTimeout},
		{"timeout of a deaf step", "", func(s *suite) {
			tr := s.trial(agent.Step{Name: "deaf", Shell: "sh", Run: `trap '' TERM; while :; do sleep 0.05; done`, Timeout: 300 * time.Millisecond})
			tr.Spec.Grace = 300 * time.Millisecond
			r := tr.fail(agent.ReasonTimeout)
			equal(s, "signal", r.Steps[0].Signal, "SIGKILL")
		}},
		{"cancel", "", cancelled},
		{"cancel leaves time for a checkpoint", "", cancelLeavesTimeForACheckpoint},
		{"kill", "", killed},
		{"kill after cancel", "", killAfterCancel},
		{"cancelled before", "", func(s *suite) {
			ctx, cancel := context.WithCancel(context.Background())
			cancel()
			tr := s.steps("echo ran")
			r, err := s.exec.Run(ctx, tr.Task, nil)
			if err != nil || r.Status != agent.Canceled {
				s.Errorf("got %s, %v", r.Status, err)
			}
		}},
		{"no process is left", LocalProcesses, noProcessLeft},
	}
}

func stepConditions(s *suite) {
	sh := func(name, cond string) agent.Step {
		return agent.Step{Name: name, If: cond, Shell: "sh", Run: "echo " + name}
	}
	tr := s.trial(
		sh("a", "params.go"), sh("b", "!params.go"), sh("c", "failure()"),
		agent.Step{ID: "bad", Name: "bad", Shell: "sh", Run: "exit 7"},
		sh("d", ""), sh("e", "params.go"), sh("f", "${{ always() }}"), sh("g", "failure() && steps.bad.outcome == 'failure'"),
		sh("h", "cancelled()"), sh("i", "success()"), sh("j", "'success()' == 'x' || true"),
	)
	tr.Spec.Contexts = map[string]any{"params": map[string]any{"go": true}}
	r := tr.fail(agent.ReasonExit)
	equal(s, "log", tr.log, "a\nf\ng\n")
	equal(s, "exit", r.Exit, 7)
	equal(s, "failed", r.Failed, 3)
	equal(s, "outcomes", outcomes(r), "success skipped skipped failure skipped skipped success success skipped skipped skipped")
}

func continueOnError(s *suite) {
	tr := s.trial(
		agent.Step{ID: "a", Name: "a", Shell: "sh", Run: "exit 3", ContinueOnError: "true"},
		agent.Step{Name: "b", Shell: "sh", Run: "exit 4", ContinueOnError: "steps.a.outcome == 'failure' && steps.a.conclusion == 'success'"},
		agent.Step{Name: "c", Shell: "sh", Run: "echo reached"},
		agent.Step{Name: "d", Shell: "sh", Run: "exit 5", ContinueOnError: "false"},
	)
	r := tr.fail(agent.ReasonExit)
	equal(s, "log", tr.log, "reached\n")
	equal(s, "exit", r.Exit, 5)
	equal(s, "failed", r.Failed, 3)
	equal(s, "outcome", r.Steps[0].Outcome, agent.Failure)
	equal(s, "conclusion", r.Steps[0].Conclusion, agent.Success)
}

func backgroundStep(s *suite) {
	tr := s.trial(
		agent.Step{ID: "bg", Name: "serve", Shell: "sh", Background: true, Run: "while [ ! -e stop ]; do sleep 0.05; done; echo served; echo x=1 >>$MLOPS_OUTPUT"},
		agent.Step{Name: "use", Shell: "sh", Run: "echo using; touch stop"},
	)
	r := tr.succeed()
	if tr.log != "using\nserved\n" && tr.log != "served\nusing\n" { // each step has a pipe of its own
		s.Errorf("log is %q", tr.log)
	}
	equal(s, "output", r.Steps[0].Outputs["x"], "1")
	tr = s.trial(
		agent.Step{Name: "serve", Shell: "sh", Background: true, Run: "sleep 300"},
		agent.Step{Name: "fail", Shell: "sh", Run: "exit 9"},
	)
	r = tr.fail(agent.ReasonExit)
	equal(s, "exit", r.Exit, 9)
	equal(s, "background", r.Steps[0].Outcome, agent.Canceled)
	r = s.trial(agent.Step{Name: "bg", Shell: "sh", Background: true, Run: "sleep 0.2; exit 6"}, agent.Step{Name: "fg", Shell: "sh", Run: ":"}).fail(agent.ReasonExit)
	equal(s, "exit", r.Exit, 6)
}

func jobsSideBySide(s *suite) {
	var wg sync.WaitGroup
	for i := range 4 {
		tr := s.steps("echo x=$N >>$MLOPS_OUTPUT; sleep 0.1", "echo job $N; echo $N >file")
		tr.Spec.Env = []agent.Var{{Name: "N", Value: string(rune('a' + i))}}
		tr.Spec.Outputs = []string{"file"}
		wg.Go(func() {
			r, err := s.exec.Run(context.Background(), tr.Task, tr.watch)
			if err != nil || r.Status != agent.Success || r.Outputs["x"] != string(rune('a'+i)) || tr.read("file") != string(rune('a'+i))+"\n" {
				s.Errorf("job %d: %v, %s, outputs %v", i, err, r.Status, r.Outputs)
			}
		})
	}
	wg.Wait()
}

func stepTimeout(s *suite) {
	tr := s.trial(
		agent.Step{Name: "slow", Shell: "sh", Run: trapping, Timeout: 1200 * time.Millisecond},
		agent.Step{Name: "after", Shell: "sh", If: "failure()", Run: "echo after"},
	)
	r := tr.fail(agent.ReasonTimeout)
	equal(s, "log", tr.log, "ready\nbye\nafter\n")
	equal(s, "outcome", r.Steps[0].Outcome, agent.Failure)
	s.contains("error", r.Error, "timed out after 1.2s")
}

func jobTimeout(s *suite) {
	tr := s.trial(
		agent.Step{Name: "slow", Shell: "sh", Run: trapping},
		agent.Step{Name: "not", Shell: "sh", Run: "echo not"},
		agent.Step{Name: "always", Shell: "sh", If: "always()", Run: "echo always"},
		agent.Step{Name: "cancelled", Shell: "sh", If: "cancelled()", Run: "echo cancelled"},
	)
	tr.Spec.Timeout = 1500 * time.Millisecond
	r := tr.fail(agent.ReasonTimeout)
	equal(s, "log", tr.log, "ready\nbye\nalways\n")
	equal(s, "failed", r.Failed, 0)
}

func cancelled(s *suite) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	tr := s.trial(
		agent.Step{Name: "a", Shell: "sh", Run: trapping},
		agent.Step{Name: "b", Shell: "sh", Run: "echo not"},
		agent.Step{Name: "c", Shell: "sh", If: "failure()", Run: "echo failure"},
		agent.Step{Name: "d", Shell: "sh", If: "cancelled()", Run: "echo cancelled"},
		agent.Step{Name: "e", Shell: "sh", If: "always()", Run: "echo always"},
	).when("ready", cancel)
	r := tr.runContext(ctx)
	equal(s, "status", r.Status, agent.Canceled)
	equal(s, "reason", r.Reason, agent.ReasonCanceled)
	equal(s, "log", tr.log, "ready\nbye\ncancelled\nalways\n")
	equal(s, "outcomes", outcomes(r), "cancelled skipped skipped success success")
	equal(s, "failed", r.Failed, 0)
}

func cancelLeavesTimeForACheckpoint(s *suite) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	// The shell dies of SIGTERM at once; the program below it saves its work.
	tr := s.trial(
		agent.Step{Name: "train", Shell: "sh", Run: `mkfifo ready
			sh -c 'trap "sleep 1; echo saved >checkpoint; exit 0" TERM; echo >ready; while :; do sleep 0.05; done' >out 2>&1 &
			read x <ready; echo started; wait`},
		agent.Step{Name: "look", Shell: "sh", If: "always()", Run: "cat checkpoint"},
	).when("started", cancel)
	r := tr.runContext(ctx)
	equal(s, "status", r.Status, agent.Canceled)
	equal(s, "log", tr.log, "started\nsaved\n")
}

func killed(s *suite) {
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	tr := s.trial(
		agent.Step{Name: "deaf", Shell: "sh", Run: `exec 2>/dev/null; trap '' TERM; echo ready; while :; do sleep 0.05; done`},
		agent.Step{Name: "always", Shell: "sh", If: "always()", Run: "echo always"},
	).when("ready", func() { cancel(runner.ErrKill) })
	tr.Spec.Grace = time.Minute
	r := tr.runContext(ctx)
	equal(s, "status", r.Status, agent.Canceled)
	equal(s, "log", tr.log, "ready\n")
	if tr.took > 30*time.Second {
		s.Errorf("took %v", tr.took)
	}
}

func killAfterCancel(s *suite) {
	kill, now := context.WithCancel(context.Background())
	ctx, cancel := context.WithCancel(agent.WithKill(context.Background(), kill))
	defer cancel()
	defer now()
	tr := s.steps(`exec 2>/dev/null; trap 'echo deaf' TERM; echo ready; while :; do sleep 0.05 || :; done`).when("ready", cancel).when("deaf", now)
	tr.Spec.Grace = time.Minute
	r := tr.runContext(ctx)
	equal(s, "status", r.Status, agent.Canceled)
	if tr.took > 30*time.Second {
		s.Errorf("took %v", tr.took)
	}
}
