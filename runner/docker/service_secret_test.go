package docker

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/mlops-runner/mlops/runner"
	"github.com/mlops-runner/mlops/runner/agent"
)

// A service gets its secrets whether our program is mounted or copied, also as a
// user who may not read it here; the engine does not show them.
func TestServiceSecrets(t *testing.T) {
	t.Parallel()
	closed := filepath.Join(t.TempDir(), "agent")
	program, err := os.ReadFile(realAgent(t))
	if err == nil {
		err = os.WriteFile(closed, program, 0o700)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, agent string
		o           Options
	}{
		{"mounted", realAgent(t), Options{}},
		{"not readable for all", closed, Options{}},
		{"copied", realAgent(t), Options{Remote: true}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			e := open(t, c.o)
			tk := task(t, busybox(t, e), c.agent, "true")
			tk.Services = []runner.Service{{
				Name: "db", Image: tk.Image, User: "1234:1234", Env: []agent.Var{{Name: "A", Value: "plain"}},
				Secrets: []agent.Var{{Name: "S", Value: "hunter2 of the service"}},
				Command: []string{"sh", "-c", `echo "$A $S $(id -u)"; exec sleep 1000`},
				Health:  runner.Health{Run: "test ${#S} = 22", Interval: 50 * time.Millisecond},
			}}
			shown := ""
			r, err := e.Run(t.Context(), tk, func(ev agent.Event) {
				if ev.Kind == agent.StepStarted {
					shown = inspected(t, e, containerName(tk.Name)+"-db")
				}
			})
			if err != nil || r.Status != agent.Success {
				t.Fatalf("%+v, %v", r, err)
			}
			log, err := os.ReadFile(filepath.Join(tk.Control, runner.ServiceLog("db")))
			if err != nil || string(log) != "plain hunter2 of the service 1234\n" {
				t.Errorf("log %q, %v", log, err)
			}
			if !strings.Contains(shown, "A=plain") || strings.Contains(shown, "hunter2") {
				t.Errorf("the engine shows %s", shown)
			}
		})
	}
}

// inspected is what the engine shows of a container.
func inspected(t *testing.T, e *Executor, name string) string {
	_, raw, err := e.cli.ContainerInspectWithRaw(t.Context(), name, false)
	if err != nil {
		t.Error(err)
	}
	return string(raw)
}

// A service without a command, in an image without one, is told before it starts.
func TestServiceSecretsWithoutCommand(t *testing.T) {
	t.Parallel()
	e := open(t, Options{})
	b := &serviceBox{e: e, Service: runner.Service{Name: "db", Image: busybox(t, e), Secrets: []agent.Var{{Name: "S", Value: "x"}}}}
	if argv, err := b.command(t.Context()); err == nil || !strings.Contains(err.Error(), "has no command") {
		t.Errorf("%q, %v", argv, err)
	}
	b.Secrets = nil
	if argv, err := b.command(t.Context()); argv != nil || err != nil {
		t.Errorf("without secrets: %q, %v", argv, err)
	}
}
