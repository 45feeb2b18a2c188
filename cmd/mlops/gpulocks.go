package main

import (
	"fmt"
	"os"
	"path/filepath"
)

// gpuLocks is the folder by which all runs of one person on this machine share
// its GPUs, whatever their stores are.
//
// Why not XDG_RUNTIME_DIR: a run from a terminal has it and one from cron has not,
// and these two must find each other.
func gpuLocks() string { return filepath.Join(os.TempDir(), fmt.Sprintf("mlops-gpus-%d", os.Getuid())) }
