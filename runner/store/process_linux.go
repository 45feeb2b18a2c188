package store

import (
	"bytes"
	"fmt"
	"os"
	"strings"
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
	return string(fields[19]) + "." + Boot()
}

// Boot returns an id of the machine's present boot; "" if there is none to be had.
func Boot() string {
	id, _ := os.ReadFile("/proc/sys/kernel/random/boot_id")
	return strings.TrimSpace(string(id))
}

func processAlive(p Process) bool {
	now := processStart(p.PID)
	return now != "-" && now == p.Start
}
