package view

import (
	"fmt"
	"time"

	"github.com/mlops-runner/mlops/cmd/mlops/view/duration"
)

// Duration writes d for people; see [duration.Text].
func Duration(d time.Duration) string { return duration.Text(d) }

// elapsed writes a duration that is still growing, in whole seconds, so that
// it changes no more often than a person can read.
func elapsed(d time.Duration) string {
	if d < time.Minute {
		return fmt.Sprintf("%d s", max(0, d)/time.Second)
	}
	return duration.Long(d.Truncate(time.Second))
}
