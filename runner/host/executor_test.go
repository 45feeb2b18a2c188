package host_test

import (
	"context"
	"os"
	"testing"

	"github.com/mlops-runner/mlops/runner"
	"github.com/mlops-runner/mlops/runner/executortest"
	"github.com/mlops-runner/mlops/runner/host"
)

func TestMain(m *testing.M) {
	if code, ok := executortest.Command(context.Background(), os.Args[1:]); ok {
		os.Exit(code)
	}
	os.Exit(m.Run())
}

func TestExecutor(t *testing.T) {
	executortest.Run(t, func(t *testing.T) runner.Executor { return host.New(os.Environ()) }, executortest.Options{
		Cannot: []executortest.Capability{
			executortest.NetworkNone, executortest.MemoryLimit, executortest.PidsLimit,
			executortest.ReadOnlyMounts, executortest.NoCapabilities,
		},
	})
}
