package docker

import (
	"os"
	"testing"

	"github.com/mlops-runner/mlops/runner"
	"github.com/mlops-runner/mlops/runner/executortest"
)

// TestConformance runs the suite of all executors with files that are mounted,
// and with files that are copied as for an engine on another machine. What the
// agent alone decides is left out, unless MLOPS_TEST_FULL=1: a container costs
// a hundred times what a process does.
func TestConformance(t *testing.T) {
	for name, o := range map[string]Options{"mounted": {}, "copied": {Remote: true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := open(t, o)
			options := executortest.Options{Image: busybox(t, e), Agent: realAgent(t), PlaceOnly: os.Getenv("MLOPS_TEST_FULL") != "1"}
			if o.Remote {
				// An upload has no read-only files, and how files come does not
				// change the walls around them, which "mounted" looks at.
				options.Cannot = []executortest.Capability{executortest.ReadOnlyMounts, executortest.NetworkNone,
					executortest.MemoryLimit, executortest.PidsLimit, executortest.NoCapabilities, executortest.LocalProcesses}
			}
			executortest.Run(t, func(*testing.T) runner.Executor { return e }, options)
		})
	}
}
