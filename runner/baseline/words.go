package baseline

import (
	"fmt"
	"time"
)

// at is a commit of a branch, or of nothing that has a name.
func at(name, commit string) string {
	if name == "" {
		return fmt.Sprintf("%.12s", commit)
	}
	return fmt.Sprintf("%s@%.12s", name, commit)
}

func commits(n int) string {
	if n == 1 {
		return "1 commit"
	}
	return fmt.Sprintf("%d commits", n)
}

// shortRun is as much of a run's id as tells the millisecond of its start.
func shortRun(id string) string { return fmt.Sprintf("%.13s", id) }

// age is a duration in the largest unit of which there are two, or one of the next.
func age(d time.Duration) string {
	for _, u := range []struct {
		unit time.Duration
		name string
	}{{24 * time.Hour, "d"}, {time.Hour, "h"}, {time.Minute, "min"}} {
		if d >= 2*u.unit {
			return fmt.Sprintf("%d %s", d/u.unit, u.name)
		}
	}
	return fmt.Sprintf("%d s", d/time.Second)
}
