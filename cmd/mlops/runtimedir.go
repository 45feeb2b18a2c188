package main

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// gpuLocks is the folder by which all runs of one person on this machine share
// its GPUs, whatever their stores are; "" if there is no place for it that others
// could not write to.
//
// Why not XDG_RUNTIME_DIR: a run from a terminal has it and one from cron has not,
// and these two must find each other.
func gpuLocks() string {
	dir := filepath.Join(os.TempDir(), fmt.Sprintf("mlops-%d", os.Getuid()))
	if err := os.Mkdir(dir, 0o700); err != nil && !os.IsExist(err) {
		return ""
	}
	st, err := os.Lstat(dir)
	if err != nil || !st.IsDir() || st.Mode().Perm()&0o022 != 0 {
		return ""
	}
	if own, ok := st.Sys().(*syscall.Stat_t); !ok || int(own.Uid) != os.Getuid() {
		return ""
	}
	return filepath.Join(dir, "gpus")
}
