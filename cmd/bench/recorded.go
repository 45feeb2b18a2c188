package main

import (
	"context"
	"encoding/json"
	"errors"
	"time"
)

// recordedJob is what `mlops show --json` tells of a job.
type recordedJob struct {
	Attempts []struct{ Wall time.Duration }
	Steps    []struct {
		Started time.Time
		Wall    time.Duration
	}
}

// recorded runs a contestant and takes its value from the record that the run
// left in dir, instead of the program's wall time.
func (b *bench) recorded(run contestant, dir string, value func(recordedJob) time.Duration) contestant {
	whole := run.sample
	run.sample = func(ctx context.Context) (measurement, error) {
		m, err := whole(ctx)
		if err != nil {
			return m, err
		}
		u, err := execute(ctx, dir, b.mlops, "show", "--json")
		if err != nil {
			return m, err
		}
		var shown struct{ Jobs []recordedJob }
		if err := json.Unmarshal(u.stdout, &shown); err != nil {
			return m, err
		}
		if len(shown.Jobs) != 1 || len(shown.Jobs[0].Attempts) != 1 || len(shown.Jobs[0].Steps) == 0 {
			return m, errors.New("the record has not one job with one attempt")
		}
		m.Value = value(shown.Jobs[0]).Seconds()
		return m, nil
	}
	return run
}

// createToExit is how long the attempt took. What it leaves out, the removal
// of the container, goes on while other jobs run.
func createToExit(j recordedJob) time.Duration { return j.Attempts[0].Wall }

// firstToLast is how long the steps took together. The start of the container,
// whose spread is larger than fifty steps, is left out.
func firstToLast(j recordedJob) time.Duration {
	last := j.Steps[len(j.Steps)-1]
	return last.Started.Add(last.Wall).Sub(j.Steps[0].Started)
}
