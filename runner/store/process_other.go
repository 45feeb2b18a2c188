//go:build !linux

package store

import "os"

// processStart knows nothing here; a number that was used again is then taken
// for the old process, which keeps too much rather than too little.
func processStart(int) string { return "-" }

func processAlive(p Process) bool {
	q, err := os.FindProcess(p.PID)
	if err != nil {
		return false
	}
	defer q.Release()
	return signalable(q)
}
