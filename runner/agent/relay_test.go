package agent

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestBaton shows that an agent takes up what the one before it left, and nothing
// that a step put in its place.
func TestBaton(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	r := NewRelay()
	at := func(next int) *Relay { return &Relay{Key: r.Key, Next: next} }
	if b, err := r.receive(dir); b != nil || err != nil {
		t.Errorf("the first agent has %v, %v", b, err)
	}
	if _, err := at(1).receive(dir); err == nil {
		t.Error("a baton out of nothing")
	}
	for next := 1; next <= 2; next++ {
		if err := r.leave(dir, &baton{Steps: make([]StepResult, next), Summary: "secret"}, next); err != nil {
			t.Fatal(err)
		}
	}
	if b, err := at(2).receive(dir); err != nil || b.Summary != "secret" {
		t.Errorf("%+v, %v", b, err)
	}
	file := filepath.Join(dir, BatonFile)
	sealed, err := os.ReadFile(file)
	if err != nil || strings.Contains(string(sealed), "secret") {
		t.Errorf("%v, %q", err, sealed)
	}
	for name, text := range map[string]string{
		"nothing": "", "half of it": string(sealed[:len(sealed)/2]), "in clear": `{"steps":[{},{}]}`, "a bit of it changed": string(sealed[:20]) + "x" + string(sealed[21:]),
	} {
		write(t, file, text)
		if b, err := at(2).receive(dir); err == nil {
			t.Errorf("%s is taken: %+v", name, b)
		}
	}
	write(t, file, string(sealed))
	if b, err := at(1).receive(dir); err == nil {
		t.Errorf("one of another time is taken: %+v", b)
	}
	if b, err := NewRelay().receive(dir); b != nil || err != nil {
		t.Errorf("a first agent takes %+v, %v", b, err)
	}
	if b, err := (&Relay{Key: NewRelay().Key, Next: 2}).receive(dir); err == nil {
		t.Errorf("one of another job is taken: %+v", b)
	}
}

// apart runs one agent of a job whose steps are kept apart.
func (b *bench) apart(relay *Relay) Result {
	b.t.Helper()
	b.Isolate = true
	r, err := run(context.Background(), b.Spec, b.see, place{children: newChildren(), relay: relay})
	if err != nil {
		b.t.Fatal(err)
	}
	return r
}

// TestStuck shows that a job fails that cannot be handed over, and says why.
func TestStuck(t *testing.T) {
	t.Parallel()
	b := newBench(t, sh("echo one"), sh("echo two"), Step{Name: "clean", If: "always()", Shell: "sh", Run: "echo three"})
	r := b.apart(&Relay{Key: []byte("too short")})
	b.ended(r, Failure, ReasonConfig)
	b.wantLog("one\n")
	if r.Steps[1].Outcome != Skipped || r.Steps[2].Outcome != Skipped || !strings.Contains(r.Error, "baton") {
		t.Errorf("%+v", r)
	}
}

// TestTimeoutOfAllAgents shows that a job's time begins with its first agent.
func TestTimeoutOfAllAgents(t *testing.T) {
	t.Parallel()
	b := newBench(t, sh("echo one"), sh("echo two"), Step{Name: "clean", If: "always()", Shell: "sh", Run: "echo three"})
	b.Timeout = time.Hour
	relay := NewRelay()
	past := &baton{Started: time.Now().Add(-2 * time.Hour), Steps: []StepResult{{Name: "one", Outcome: Success, Conclusion: Success}}, Failed: -1, Stopped: -1}
	if err := relay.leave(b.Control, past, 1); err != nil {
		t.Fatal(err)
	}
	relay.Next = 1
	r := b.apart(relay)
	b.ended(r, Failure, ReasonTimeout)
	b.wantLog("three\n")
	if r.Steps[1].Outcome != Skipped || r.Wall < 2*time.Hour {
		t.Errorf("%+v", r)
	}
}

// TestLogOfAllAgents shows that who wrote to the log between two agents is found out.
func TestLogOfAllAgents(t *testing.T) {
	t.Parallel()
	for name, tamper := range map[string]string{"written to": `echo more >>"$CONTROL/log"`, "replaced": `rm "$CONTROL/log"; echo mine >"$CONTROL/log"`} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, sh("echo one; "+tamper), sh("echo two"))
			b.Env = append(b.Env, Var{"CONTROL", b.Control})
			relay := NewRelay()
			if r := b.apart(relay); r.Status != "" {
				t.Fatalf("%+v", r)
			}
			relay.Next = 1
			r := b.apart(relay)
			b.ended(r, Failure, ReasonConfig)
			if !strings.Contains(r.Error, "log") || !strings.Contains(b.log(), "one\n") || !strings.Contains(b.log(), "two\n") {
				t.Errorf("%+v\n%s", r, b.log())
			}
		})
	}
}

// handOn lets another journal go on with a log.
func handOn(t *testing.T, j *journal, s Spec) *journal {
	t.Helper()
	state, err := j.suspend()
	if err != nil {
		t.Fatal(err)
	}
	j.abandon()
	var past logState
	if err := json.Unmarshal(toJSON(t, state), &past); err != nil {
		t.Fatal(err)
	}
	next, err := openJournal(s, j.events, &past)
	if err != nil {
		t.Fatal(err)
	}
	return next
}
