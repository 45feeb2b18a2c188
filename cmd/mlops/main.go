// Command mlops runs machine-learning pipelines: cached, in containers, the
// same everywhere. See README.md for its use.
package main

import (
	"context"
	"os"
	"runtime/debug"
)

func main() {
	// Most commands end before they have made 16 MB of garbage. Collecting it
	// would cost a run that has nothing to do a tenth of its time.
	debug.SetGCPercent(quickGC)
	os.Exit(run(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// Values for debug.SetGCPercent: of commands that end at once, of those that go
// on for long, where memory counts, and of runs of many jobs, which have much of it.
const (
	quickGC = 400
	usualGC = 100
	manyGC  = 50
)

// tableGC is for what reads tables, whose description has as much memory as they
// have columns and may take no more for garbage than it needs.
const tableGC = 40

// manyJobs is from how many jobs on a run has much memory: some 5 MB. A file of
// longSource bytes may hold so many; what is made of it while it is read is the
// most that a run of as many jobs ever has.
const (
	manyJobs   = 2000
	longSource = 64 * manyJobs
)

// garbage is the value for a run, by whether it has much memory.
func garbage(much bool) int {
	if much {
		return manyGC
	}
	return usualGC
}
