package main

import (
	"fmt"
	"io"
	"time"
)

// A workload is something this program does itself, in a process of its own.
// It returns how long the part took that counts.
type workload struct {
	args int // how many it wants
	run  func(args []string) (time.Duration, error)
}

// workloads are the floors, and the packages of mlops that are called directly.
func workloads() map[string]workload {
	return map[string]workload{
		"stat-graph":    {2, statGraph},
		"fork-exec":     {1, forkExec},
		"read-files":    {1, readFiles},
		"link-blobs":    {3, linkBlobs},
		"yaml-node":     {1, yamlNode},
		"store-restore": {3, storeRestore},

		"store-restore-jobs": {3, storeRestoreJobs},
		"worktree-entries":   {1, worktreeEntries},
		"spec-parse":         {1, specParse},
		"plan-decode":        {1, planDecode},

		"report": {1, compareReports},

		"mask":     {2, maskLog},
		"read-log": {1, readLog},

		"write-customers": {2, writeCustomers},
		"profile":         {1, profileTable},
		"read-table":      {1, readTable},
		"footer":          {1, readFooter},
		"decode-pages":    {1, decodePages},
		"split-bytes":     {1, splitBytes},

		"paired-auc":     {0, pairedAUC},
		"compare-binary": {0, compareBinary},
		"discover":       {0, discover},
		"compare-files":  {2, compareFiles},

		"drift-compare":  {2, driftCompare},
		"oci-push":       {4, ociPush},
		"oci-pull":       {4, ociPull},
		"oci-repush":     {4, ociRepush},
		"profile-decode": {2, profileDecode},
	}
}

// runInside runs one workload and prints its seconds.
func runInside(args []string, stdout, stderr io.Writer) int {
	if len(args) == 0 {
		fmt.Fprintln(stderr, "bench:", errUsage)
		return 2
	}
	w, ok := workloads()[args[0]]
	if !ok || len(args)-1 != w.args {
		fmt.Fprintf(stderr, "bench: workload %q: %v\n", args[0], errUsage)
		return 2
	}
	took, err := w.run(args[1:])
	if err != nil {
		fmt.Fprintf(stderr, "bench: %s: %v\n", args[0], err)
		return 1
	}
	fmt.Fprintln(stdout, took.Seconds())
	return 0
}

// timed returns how long f takes.
func timed(f func() error) (time.Duration, error) {
	began := time.Now()
	err := f()
	return time.Since(began), err
}
