package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/mlops-runner/mlops/actions"
	"github.com/mlops-runner/mlops/runner/agent"
	"github.com/mlops-runner/mlops/runner/docker"
)

// hidden does what mlops is called for inside containers: being the agent of a
// job, running a built-in action, giving a service its secrets, looking whether
// it listens, handing files back to their owner. These are decided before any
// flag is parsed, so that they start quickly.
func hidden(ctx context.Context, args []string, stdout, stderr io.Writer) (int, bool) {
	if len(args) < 2 {
		return 0, false
	}
	switch args[0] {
	case "agent":
		return agent.Main(ctx, args[1], stdout), true
	case "action":
		debug.SetGCPercent(tableGC)
		a, ok := actions.Find(args[1])
		if !ok {
			fmt.Fprintf(stderr, "mlops: this version cannot run the action %s yet; write the step with run:\n", args[1])
			return exitStuck, true
		}
		return a.Main(ctx, os.Getenv, stdout, stderr), true
	case "confided":
		fmt.Fprintf(stderr, "mlops: %v\n", agent.Confided(args[1:])) // it came back
		return exitStuck, true
	case "probe":
		if err := probe(args[1:]); err != nil {
			fmt.Fprintf(stderr, "mlops: %v\n", err)
			return exitFailed, true
		}
		return exitFine, true
	case "chown":
		if err := chown(args[1:]); err != nil {
			fmt.Fprintf(stderr, "mlops: %v\n", err)
			return exitStuck, true
		}
		return exitFine, true
	}
	return 0, false
}

// probe waits for a port: PORT TIMEOUT.
func probe(args []string) error {
	if len(args) != 2 {
		return errors.New("probe: want a port and a timeout")
	}
	port, err := strconv.Atoi(args[0])
	if err != nil {
		return err
	}
	timeout, err := time.ParseDuration(args[1])
	if err != nil {
		return err
	}
	return docker.Probe(port, timeout)
}

// chown gives files to a user: UID GID PATH...
func chown(args []string) error {
	if len(args) < 3 {
		return errors.New("chown: want a user id, a group id and paths")
	}
	uid, err := strconv.Atoi(args[0])
	if err != nil {
		return err
	}
	gid, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	return docker.Chown(uid, gid, args[2:]...)
}
