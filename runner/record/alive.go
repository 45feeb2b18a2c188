package record

import (
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/mlops-runner/mlops/runner/store"
)

// silence is how long a record that another machine writes may go without a
// sign of life. A job may be long, and showing a live run as interrupted
// invites someone to delete it.
const silence = 7 * 24 * time.Hour

// alive reports whether the writer of the unsealed record in dir may still be
// at work. The lock decides where it can: it sees through reused process
// numbers and container walls. Otherwise the process does, on its own host.
func alive(dir string, p *Process, now time.Time) bool {
	held, ok := locked(dir)
	if held || p == nil {
		return held
	}
	me := store.Self()
	if ok && p.Locked && sameBoot(p.Start, me.Start) {
		return false
	}
	if p.Host == me.Host {
		return store.Process{PID: p.PID, Start: p.Start, Host: p.Host}.Alive()
	}
	return now.Sub(lastSign(dir)) < silence
}

// sameBoot reports whether two start texts name the same boot of the same
// kernel, in store.Process's form "ticks.boot-id".
func sameBoot(a, b string) bool {
	_, a, _ = strings.Cut(a, ".")
	_, b, _ = strings.Cut(b, ".")
	return a != "" && a == b
}

// lastSign returns when the record last changed.
func lastSign(dir string) time.Time {
	var last time.Time
	for _, name := range []string{runName, metricsName, startedName, "jobs"} {
		if fi, err := os.Stat(filepath.Join(dir, name)); err == nil && fi.ModTime().After(last) {
			last = fi.ModTime()
		}
	}
	return last
}

func self() *Process {
	p := store.Self()
	return &Process{Host: p.Host, PID: p.PID, Start: p.Start}
}
