//go:build !unix

package record

import "os"

// lockFolder cannot lock a folder here; the process tells.
func lockFolder(*os.File) bool { return false }

func locked(string) (held, ok bool) { return false, false }
