package agent

import (
	"context"
	"strings"
	"testing"
	"time"
)

// behind returns a step in the background that can be named.
func behind(id, run string) Step {
	return Step{ID: id, Name: id, Shell: "sh", Background: true, Run: run}
}

// until waits for a file of the workspace, for four seconds at most.
func until(file string) string {
	return `n=0; until [ -e ` + file + ` ]; do sleep 0.01; n=$((n+1)); [ $n -lt 400 ] || exit 9; done; `
}

// TestCancelStep shows that a server is asked to stop, has its time for it, and
// that its status does not count.
func TestCancelStep(t *testing.T) {
	t.Parallel()
	b := newBench(t,
		behind("server", `trap 'echo bye; exit 3' TERM; touch up; while :; do sleep 0.02; done 2>/dev/null`),
		sh(until("up")+"echo used"),
		Step{Name: "stop", Cancel: []string{"Server"}},
		sh("echo after"),
	)
	r := b.want(Success, ReasonNone)
	b.wantLog("used\nbye\nafter\n")
	if s := r.Steps[0]; s.Conclusion != Canceled || s.Reason != ReasonNone || s.Exit != 3 || r.Steps[2].Outcome != Success {
		t.Errorf("%+v", r.Steps)
	}
}

// TestCancelKills shows that one that does not obey is killed after its grace.
func TestCancelKills(t *testing.T) {
	t.Parallel()
	b := newBench(t, behind("server", "touch up; "+deaf), sh(until("up")+"sleep 0.1"), Step{Name: "stop", Cancel: []string{"server"}})
	b.Grace = 200 * time.Millisecond
	r := b.want(Success, ReasonNone)
	if r.Steps[0].Signal != "SIGKILL" || r.Steps[2].Wall < b.Grace {
		t.Errorf("%+v", r.Steps)
	}
}

func TestWaitStep(t *testing.T) {
	t.Parallel()
	b := newBench(t,
		behind("a", until("go")+"sleep 0.1; echo v=1 >>$MLOPS_OUTPUT"),
		Step{ID: "skipped", Name: "skipped", Background: true, If: "false", Shell: "sh", Run: "exit 1"},
		behind("b", "sleep 0.1; touch b-ended"),
		sh("touch go"),
		Step{Name: "wait", Wait: []string{"a", "skipped"}},
		Step{Name: "read", Shell: "sh", Run: "echo $X", Exprs: []Var{{"X", "steps.a.outputs.v"}}},
		Step{Name: "all", WaitAll: true},
		sh("ls b-ended"),
	)
	b.want(Success, ReasonNone)
	b.wantLog("1\nb-ended\n")
}

// TestBackgroundFailure shows whom the first failure in the background stops: the
// step at the front, unless it would run after a failure too.
func TestBackgroundFailure(t *testing.T) {
	t.Parallel()
	b := newBench(t,
		behind("server", until("used")+"exit 7"),
		sh("touch used; exec sleep 60"),
		sh("echo never"),
		Step{Name: "clean", If: "always()", Shell: "sh", Run: "echo clean"},
	)
	r := b.want(Failure, ReasonExit)
	b.wantLog("clean\n")
	if r.Failed != 0 || r.Exit != 7 || !strings.Contains(r.Error, `step "server"`) || r.Steps[1].Outcome != Canceled || !strings.Contains(r.Steps[1].Error, "server in the background failed") {
		t.Errorf("%+v", r)
	}

	b = newBench(t, behind("server", until("used")+"exit 7"), Step{Name: "clean", If: "always()", Shell: "sh", Run: "touch used; sleep 0.3; echo to its end"})
	b.want(Failure, ReasonExit)
	b.wantLog("to its end\n")

	soft := behind("server", until("used")+"exit 7")
	soft.ContinueOnError = "true"
	b = newBench(t, soft, sh("touch used; sleep 0.3; echo goes on"), Step{Name: "wait", WaitAll: true})
	b.want(Success, ReasonNone)
	b.wantLog("goes on\n")
}

// TestOvertaken shows that a step does not run that was wanted a moment ago,
// when a step in the background failed or the job was cancelled since.
func TestOvertaken(t *testing.T) {
	t.Parallel()
	fails := func(_ *job, back *backstage, failing *execution, _ context.CancelFunc) {
		back.launch(context.Background(), failing)
		back.wg.Wait()
	}
	cancels := func(_ *job, _ *backstage, _ *execution, cancel context.CancelFunc) { cancel() }
	for name, tt := range map[string]struct {
		meanwhile func(*job, *backstage, *execution, context.CancelFunc)
		step      Step
		want      Status
	}{
		"failure":                        {fails, sh("echo ran"), Skipped},
		"failure, in the background":     {fails, behind("later", "echo ran"), Skipped},
		"failure, wanted all the same":   {fails, Step{If: "always()", Shell: "sh", Run: "echo ran"}, Success},
		"cancelled":                      {cancels, sh("echo ran"), Skipped},
		"cancelled, wanted all the same": {cancels, Step{If: "cancelled() || success()", Shell: "sh", Run: "echo ran"}, Success},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, behind("server", "exit 7"), tt.step)
			ctx, cancel := context.WithCancel(t.Context())
			j := &job{spec: b.Spec, place: place{children: newChildren()}, ctx: ctx, hard: t.Context(), masks: b.Secrets.masks(), failed: -1, stopped: -1}
			if err := j.open(nil, nil); err != nil {
				t.Fatal(err)
			}
			defer j.close()
			back := &backstage{job: j}
			x := j.newExecution(1)
			if !x.wanted() {
				t.Fatal("not wanted")
			}
			tt.meanwhile(j, back, j.newExecution(0), cancel)
			j.step(back, x)
			back.wg.Wait()
			if got := j.results[1].Outcome; got != tt.want {
				t.Errorf("the step ended with %s", got)
			}
		})
	}
}

// TestWaitEnds shows that a wait ends with the job, and by its own timeout.
func TestWaitEnds(t *testing.T) {
	t.Parallel()
	b := newBench(t, behind("server", "exec sleep 60"), Step{Name: "wait", WaitAll: true, Timeout: 100 * time.Millisecond})
	r := b.want(Failure, ReasonTimeout)
	if r.Failed != 1 || r.Steps[0].Outcome != Canceled {
		t.Errorf("%+v", r)
	}

	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	b = newBench(t, behind("server", "echo ready; exec sleep 60"), Step{Name: "wait", Wait: []string{"server"}}).when("ready", cancel)
	r = b.run(ctx)
	b.ended(r, Canceled, ReasonCanceled)
}
