package executortest

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/mlops-runner/mlops/runner/agent"
)

// EchoAction is the name of the one action that [Command] knows. It prints its
// inputs as JSON, sets each string among them as an output, and fails if there
// is an input named "fail".
const EchoAction = "echo"

// Command runs what mlops does inside a job's place: `agent DIR` and `action
// NAME`. ok is false for other arguments. A TestMain calls it first, with
// os.Args[1:], when tests start their own binary again, as the host executor
// does for actions.
func Command(ctx context.Context, args []string) (code int, ok bool) {
	if len(args) != 2 {
		return 0, false
	}
	switch args[0] {
	case "agent":
		return agent.Main(ctx, args[1], os.Stdout), true
	case "action":
		if err := action(args[1]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1, true
		}
		return 0, true
	}
	return 0, false
}

func action(name string) error {
	if name != EchoAction {
		return fmt.Errorf("action %s: unknown", name)
	}
	in, err := agent.ActionInputs(os.Getenv)
	if err != nil {
		return err
	}
	var with map[string]any
	if err := json.Unmarshal(in, &with); err != nil {
		return fmt.Errorf("inputs: %w", err)
	}
	fmt.Printf("%s\n", in)
	f, err := os.OpenFile(os.Getenv("MLOPS_OUTPUT"), os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	for k, v := range with {
		if s, ok := v.(string); ok {
			fmt.Fprintf(f, "%s=%s\n", k, s)
		}
	}
	if why, ok := with["fail"]; ok {
		return fmt.Errorf("%v", why)
	}
	return nil
}

// BuildAgent builds the agent as a static program, in a folder that is removed
// when the test ends, and returns its path. It takes a second or two: a suite
// calls it once.
func BuildAgent(t testing.TB) string {
	t.Helper()
	out := filepath.Join(t.TempDir(), "mlops")
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", out, "github.com/mlops-runner/mlops/runner/executortest/agentmain")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if b, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build the agent: %v\n%s", err, b)
	}
	return out
}
