// Agentmain is what cmd/mlops is inside a container, for tests: the agent, and
// the helper that hands files back.
package main

import (
	"context"
	"fmt"
	"os"
	"strconv"

	"github.com/mlops-runner/mlops/runner/agent"
	"github.com/mlops-runner/mlops/runner/docker"
)

func main() {
	switch os.Args[1] {
	case "agent":
		os.Exit(agent.Main(context.Background(), os.Args[2], os.Stdout))
	case "chown":
		uid, _ := strconv.Atoi(os.Args[2])
		gid, _ := strconv.Atoi(os.Args[3])
		if err := docker.Chown(uid, gid, os.Args[4:]...); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}
