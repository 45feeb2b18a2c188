//go:build !linux

package share

import "os"

// copyRange does nothing here: what it leaves is read and written.
func copyRange(_, _ *os.File, _, _ int64) (done int64) { return 0 }

func startWriting(*os.File, int64, int64) {}
