//go:build unix && !linux

package store

import (
	"errors"
	"os"
	"syscall"
)

func signalable(q *os.Process) bool {
	err := q.Signal(syscall.Signal(0))
	return err == nil || errors.Is(err, syscall.EPERM)
}
