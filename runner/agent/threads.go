package agent

import (
	"runtime"
	"sync"
)

// spareThreads is how many threads more than processors an agent needs: one
// waits for a step, others are in system calls on files.
const spareThreads = 8

// reserveThreads makes the runtime start n threads, which it keeps. Steps share
// the place's process limit with the agent: when they have used it up, a
// runtime that then needs one more thread dies, and takes the job's proof with it.
func reserveThreads(n int) {
	var started, ended sync.WaitGroup
	release := make(chan struct{})
	for range n {
		started.Add(1)
		ended.Go(func() {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			started.Done()
			<-release
		})
	}
	started.Wait()
	close(release)
	ended.Wait()
}

// threadsFor is how many threads the agent of a job may use at once.
func threadsFor(s *Spec) int {
	n := runtime.GOMAXPROCS(0) + spareThreads
	for i := range s.Steps {
		if s.Steps[i].Background {
			n++
		}
	}
	return n
}
