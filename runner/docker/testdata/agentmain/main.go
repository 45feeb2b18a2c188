// Agentmain is what cmd/mlops is inside a container, for tests: the agent, an
// action, the start of a service with secrets, and the helper that hands files back.
package main

import (
	"context"
	"fmt"
	"os"
	"strconv"

	"github.com/mlops-runner/mlops/runner/agent"
	"github.com/mlops-runner/mlops/runner/docker"
	"github.com/mlops-runner/mlops/runner/executortest"
)

func main() {
	if code, ok := executortest.Command(context.Background(), os.Args[1:]); ok {
		os.Exit(code)
	}
	if len(os.Args) > 2 && os.Args[1] == "confided" {
		fmt.Fprintln(os.Stderr, agent.Confided(os.Args[2:]))
		os.Exit(1)
	}
	if err := chown(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// chown is `chown UID GID PATH...`.
func chown(args []string) error {
	if len(args) < 4 || args[0] != "chown" {
		return fmt.Errorf("unknown command %q", args)
	}
	uid, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	gid, err := strconv.Atoi(args[2])
	if err != nil {
		return err
	}
	return docker.Chown(uid, gid, args[3:]...)
}
