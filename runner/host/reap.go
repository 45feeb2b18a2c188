package host

import (
	"context"
	"errors"
	"fmt"

	"github.com/mlops-runner/mlops/runner/agent"
)

// Reap kills the processes of jobs whose runner has died, and says which they
// were; with dryRun it only says so. It sees the caller's own processes, or as
// root everyone's.
func (e *Executor) Reap(ctx context.Context, dryRun bool) ([]string, error) {
	left, err := agent.Processes(func(m agent.Mark) bool { return !m.Alive() })
	if err != nil {
		return nil, fmt.Errorf("host: find processes: %w", err)
	}
	var said []string
	var errs []error
	for _, p := range left {
		if ctx.Err() != nil {
			return said, ctx.Err()
		}
		if !dryRun {
			if err := p.Kill(); err != nil {
				errs = append(errs, fmt.Errorf("host: kill process %d: %w", p.PID, err))
				continue
			}
		}
		said = append(said, fmt.Sprintf("process %d of dead runner %d", p.PID, p.Mark.PID))
	}
	return said, errors.Join(errs...)
}
