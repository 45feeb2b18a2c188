package agent

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// TestMain makes the test's binary what mlops is to the agent: `agent DIR` is
// an agent of its own, `action NAME` a built-in action that prints its inputs.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 {
		switch os.Args[1] {
		case "agent":
			os.Exit(Main(context.Background(), os.Args[2], os.Stdout))
		case "action":
			os.Exit(printInputs(os.Args[2]))
		}
	}
	os.Exit(m.Run())
}

func printInputs(name string) int {
	in, err := ActionInputs(os.Getenv)
	if err != nil {
		fmt.Println(err)
		return 1
	}
	fmt.Printf("%s %s\n", name, in)
	return 0
}

// A bench is one job with all that can be seen of it.
type bench struct {
	Spec
	t testing.TB

	mu     sync.Mutex
	events []Event
	on     map[string]func() // text of the log → called when it appears
}

// sh makes a step of a script.
func sh(run string) Step { return Step{Name: "step", Shell: "sh", Run: run} }

func newBench(t testing.TB, steps ...Step) *bench {
	t.Helper()
	dir := t.TempDir()
	b := &bench{t: t, on: map[string]func(){}, Spec: Spec{
		Version: Version, Job: "train", Steps: steps, Env: []Var{{"PATH", os.Getenv("PATH")}},
		Workspace: filepath.Join(dir, "workspace"), Control: filepath.Join(dir, "control"),
	}}
	for _, d := range []string{b.Workspace, b.Control} {
		if err := os.Mkdir(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

// when calls f once, as soon as text is in the log.
func (b *bench) when(text string, f func()) *bench {
	b.on[text] = f
	return b
}

func (b *bench) see(e Event) {
	b.mu.Lock()
	defer b.mu.Unlock()
	e.Data = nil
	b.events = append(b.events, e)
	if e.Kind != LogGrew {
		return
	}
	if len(b.on) == 0 {
		return // a step may have taken the log away; this goroutine is the agent's, and no test may end it
	}
	log := b.log()
	for text, f := range b.on {
		if strings.Contains(log, text) {
			delete(b.on, text)
			f()
		}
	}
}

func (b *bench) log() string {
	text, err := os.ReadFile(filepath.Join(b.Control, LogFile))
	if err != nil {
		b.t.Fatal(err)
	}
	return string(text)
}

// run runs the job and checks what holds for every job.
func (b *bench) run(ctx context.Context) Result {
	b.t.Helper()
	r, err := Run(ctx, b.Spec, b.see)
	if err != nil {
		b.t.Fatal(err)
	}
	kept, err := loadResult(b.Control)
	if err != nil {
		b.t.Fatal(err)
	}
	if string(toJSON(b.t, kept)) != string(toJSON(b.t, r)) {
		b.t.Errorf("result.json differs from what Run returned:\n%s\n%s", toJSON(b.t, kept), toJSON(b.t, r))
	}
	return r
}

// want runs the job and fails the test unless it ends as wanted.
func (b *bench) want(status Status, why Reason) Result {
	b.t.Helper()
	r := b.run(context.Background())
	b.ended(r, status, why)
	return r
}

func (b *bench) ended(r Result, status Status, why Reason) {
	b.t.Helper()
	if r.Status != status || r.Reason != why {
		b.t.Fatalf("ended with %s, %q (%s), want %s, %q; log:\n%s", r.Status, r.Reason, r.Error, status, why, b.log())
	}
}

func (b *bench) wantLog(want string) {
	b.t.Helper()
	if got := b.log(); got != want {
		b.t.Errorf("the log is %q, want %q", got, want)
	}
}

// notices are the levels and texts of all notices.
func (b *bench) notices() string {
	var out []string
	for _, e := range b.events {
		if e.Kind == Notice {
			out = append(out, e.Level+" "+e.Text)
		}
	}
	return strings.Join(out, "; ")
}

func toJSON(t testing.TB, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func write(t testing.TB, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
