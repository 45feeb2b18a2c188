// Command agentmain is the part of mlops that runs inside a job's place, for
// the tests of executors: `agentmain agent DIR` is the agent, and `agentmain
// action NAME` stands for a built-in action.
package main

import (
	"context"
	"os"

	"github.com/mlops-runner/mlops/runner/executortest"
)

func main() {
	code, ok := executortest.Command(context.Background(), os.Args[1:])
	if !ok {
		os.Stderr.WriteString("usage: agentmain agent DIR | agentmain action NAME\n")
		code = 2
	}
	os.Exit(code)
}
