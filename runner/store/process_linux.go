package store

import (
	"bytes"
	"fmt"
	"os"

	"github.com/mlops-runner/mlops/runner/snapshot"
)

// processStart joins the boot's id with the start time in clock ticks, the
// 22nd field of /proc/PID/stat. The second field, the name, may hold spaces
// and brackets, so count from its closing bracket.
func processStart(pid int) string {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return "-"
	}
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	if len(fields) < 20 || fields[0][0] == 'Z' { // a zombie only waits for its parent
		return "-"
	}
	return string(fields[19]) + "." + snapshot.Boot()
}

func processAlive(p Process) bool {
	now := processStart(p.PID)
	return now != "-" && now == p.Start
}
