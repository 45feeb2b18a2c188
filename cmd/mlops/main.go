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

// manyJobs is from how many jobs on a run has much memory: some 5 MB.
const manyJobs = 2000
