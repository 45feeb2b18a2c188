package main

import (
	"context"
	"fmt"
	"io"

	"github.com/mlops-runner/mlops/runner/agent"
	"github.com/mlops-runner/mlops/runner/docker"
)

// hidden does what mlops is called for inside containers: being the agent of a
// job, running a built-in action, handing files back to their owner. These
// are decided before any flag is parsed, so that they start quickly.
func hidden(ctx context.Context, args []string, stdout, stderr io.Writer) (int, bool) {
	if len(args) < 2 {
		return 0, false
	}
	switch args[0] {
	case "agent":
		return agent.Main(ctx, args[1], stdout), true
	case "chown":
		if err := docker.Chown(args[1:]); err != nil {
			fmt.Fprintf(stderr, "mlops: %v\n", err)
			return exitStuck, true
		}
		return exitFine, true
	}
	return 0, false
}
