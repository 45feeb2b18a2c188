package store

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// A Process names one life of one process: a number that is used again later
// has another start.
type Process struct {
	PID   int
	Start string // opaque, without spaces: boot and start time; "-" where the system tells none
	Host  string
}

// Self returns the running process.
func Self() Process {
	host, err := os.Hostname()
	if err != nil || host == "" {
		host = "-"
	}
	return Process{PID: os.Getpid(), Start: processStart(os.Getpid()), Host: strings.ReplaceAll(host, " ", "_")}
}

// Alive reports whether the process still runs. One of another host is
// taken to be alive, because nobody here can know.
func (p Process) Alive() bool {
	if p.Host != Self().Host {
		return true
	}
	return processAlive(p)
}

// String returns "pid start host", which ParseProcess reads.
func (p Process) String() string { return fmt.Sprintf("%d %s %s", p.PID, p.Start, p.Host) }

// ParseProcess reads what String wrote, ignoring space around it.
func ParseProcess(s string) (Process, error) {
	f := strings.Fields(s)
	if len(f) != 3 {
		return Process{}, fmt.Errorf("process %q: want three words", s)
	}
	pid, err := strconv.Atoi(f[0])
	if err != nil || pid <= 0 {
		return Process{}, fmt.Errorf("process %q: bad number", s)
	}
	return Process{PID: pid, Start: f[1], Host: f[2]}, nil
}
