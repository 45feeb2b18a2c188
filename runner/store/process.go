package store

import (
	"fmt"
	"math/rand/v2"
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

// FileName returns a new name for a file or folder of the process, from which
// [FileOwner] tells whose it was when it is found later.
func (p Process) FileName() string {
	return fmt.Sprintf("%d_%s_%s-%016x", p.PID, p.Start, p.Host, rand.Uint64())
}

// FileOwner reads the process from a name that [Process.FileName] made.
func FileOwner(name string) (Process, bool) {
	i := strings.LastIndexByte(name, '-')
	if i < 0 {
		return Process{}, false
	}
	p, err := ParseProcess(strings.Join(strings.SplitN(name[:i], "_", 3), " "))
	return p, err == nil
}

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
