package main

import (
	"fmt"
	"os"
	"path/filepath"
)

// machineLocks is the folder by which all runs of one person on this machine
// share its cores, memory and GPUs, whatever their stores are; "" for a run that a
// job of mlops started: what it uses is counted with that job, which waits for it.
//
// Why not XDG_RUNTIME_DIR: a run from a terminal has it and one from cron has not,
// and these two must find each other.
func machineLocks() string {
	if os.Getenv("MLOPS") == "true" && os.Getenv("MLOPS_JOB") != "" {
		return ""
	}
	return filepath.Join(os.TempDir(), fmt.Sprintf("mlops-machine-%d", os.Getuid()))
}
