package agent

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// MarkVariable is in the environment of every process of a job. Its value says
// which agent started the process.
const MarkVariable = "MLOPS_ATTEMPT"

// A Mark identifies the processes of one job. Process ids mean something only
// within one pid namespace, so the namespace is part of it.
type Mark struct {
	Namespace string // such as pid:[4026531836]
	PID       int    // the agent
	Start     uint64 // when PID started, in clock ticks after boot
	Nonce     string // differs for each job
}

func (m Mark) String() string {
	return fmt.Sprintf("%s %d %d %s", m.Namespace, m.PID, m.Start, m.Nonce)
}

// ParseMark reads what [Mark.String] wrote.
func ParseMark(s string) (Mark, error) {
	var m Mark
	if n, err := fmt.Sscanf(s, "%s %d %d %s", &m.Namespace, &m.PID, &m.Start, &m.Nonce); n != 4 {
		return Mark{}, fmt.Errorf("mark %q: %w", s, err)
	}
	return m, nil
}

// NewMark returns a mark of this process that no other job has.
func NewMark() (Mark, error) {
	ns, err := os.Readlink("/proc/self/ns/pid")
	if err != nil {
		return Mark{}, err
	}
	self := os.Getpid()
	st, err := readStat(self)
	if err != nil {
		return Mark{}, err
	}
	var nonce [8]byte
	_, _ = rand.Read(nonce[:]) // never fails
	return Mark{ns, self, st.start, hex.EncodeToString(nonce[:])}, nil
}

// Alive reports whether the agent that m names still runs. It can tell only in
// its own namespace; elsewhere the answer is yes, to be on the safe side.
func (m Mark) Alive() bool {
	if ns, err := os.Readlink("/proc/self/ns/pid"); err != nil || ns != m.Namespace {
		return true
	}
	st, err := readStat(m.PID)
	if errors.Is(err, os.ErrNotExist) || errors.Is(err, unix.ESRCH) {
		return false
	}
	return err != nil || st.start == m.Start && st.state != 'Z'
}

// procStat is what we need of /proc/PID/stat; see proc(5).
type procStat struct {
	state byte
	group int
	start uint64 // clock ticks after boot
}

func readStat(pid int) (procStat, error) {
	var buf [512]byte
	b, err := readProc(pid, "stat", buf[:])
	if err != nil {
		return procStat{}, err
	}
	f := bytes.Fields(b[bytes.LastIndexByte(b, ')')+1:]) // the name may hold anything
	if len(f) < 20 {
		return procStat{}, fmt.Errorf("/proc/%d/stat: too short", pid)
	}
	group, _ := strconv.Atoi(string(f[2]))
	start, _ := strconv.ParseUint(string(f[19]), 10, 64)
	return procStat{f[0][0], group, start}, nil
}

// readProc reads up to len(buf) bytes of a file about a process by bare system
// calls: scans of /proc are part of what a job costs.
func readProc(pid int, name string, buf []byte) ([]byte, error) {
	fd, err := unix.Open("/proc/"+strconv.Itoa(pid)+"/"+name, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	n := 0
	for n < len(buf) {
		m, err := unix.Read(fd, buf[n:])
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return nil, err
		}
		if m == 0 {
			break
		}
		n += m
	}
	return buf[:n], nil
}

// processes lists the ids of all processes that we can see.
func processes() ([]int, error) {
	d, err := os.Open("/proc")
	if err != nil {
		return nil, err
	}
	defer d.Close()
	names, err := d.Readdirnames(-1)
	pids := make([]int, 0, len(names))
	for _, name := range names {
		if pid, err := strconv.Atoi(name); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids, err
}

// groupAlive reports whether a process group has a member that is not a zombie.
func groupAlive(group int) bool {
	pids, err := processes()
	if err != nil {
		return false
	}
	for _, pid := range pids {
		if st, err := readStat(pid); err == nil && st.group == group && st.state != 'Z' && st.state != 'X' {
			return true
		}
	}
	return false
}

// A Marked is a process that some job left, or runs.
type Marked struct {
	PID  int
	Mark Mark
	text string
}

// Processes lists the processes whose mark is accepted; nil accepts all.
// Processes of other users, and those that cleared their environment, are not seen.
func Processes(accept func(Mark) bool) ([]Marked, error) {
	pids, err := processes()
	if err != nil {
		return nil, err
	}
	buf := make([]byte, environMax)
	var found []Marked
	for _, pid := range pids {
		text := markOf(pid, buf)
		if text == "" {
			continue
		}
		if m, err := ParseMark(text); err == nil && (accept == nil || accept(m)) {
			found = append(found, Marked{pid, m, text})
		}
	}
	return found, nil
}

// Kill kills the process, unless its id has gone to another one meanwhile.
func (p Marked) Kill() error {
	fd, err := unix.PidfdOpen(p.PID, 0)
	if err == unix.ENOSYS { // before Linux 5.3
		return ignoreGone(unix.Kill(p.PID, unix.SIGKILL))
	}
	if err != nil {
		return ignoreGone(err)
	}
	defer unix.Close(fd)
	if markOf(p.PID, make([]byte, environMax)) != p.text {
		return nil
	}
	return ignoreGone(unix.PidfdSendSignal(fd, unix.SIGKILL, nil, 0))
}

func ignoreGone(err error) error {
	if err == unix.ESRCH {
		return nil
	}
	return err
}

// environMax is how much of an environment is searched, in bytes. The agent
// puts the mark first, and programs hand their environment on in order.
const environMax = 256 << 10

// markOf returns the mark in a process's environment, or "".
func markOf(pid int, buf []byte) string {
	env, err := readProc(pid, "environ", buf)
	if err != nil {
		return ""
	}
	return markIn(env)
}

// markIn returns the mark in the text of an environment, or "".
func markIn(env []byte) string {
	const key = MarkVariable + "="
	if !bytes.HasPrefix(env, []byte(key)) {
		i := bytes.Index(env, []byte("\x00"+key))
		if i < 0 {
			return ""
		}
		env = env[i+1:]
	}
	value, _, _ := bytes.Cut(env[len(key):], []byte{0})
	return string(value)
}

// sweeper kills what a job left behind, found by the job's mark.
type sweeper struct {
	mark  string
	first int // id of the first process that the job started; 0 if none
	since time.Time
}

// sweep kills and waits until nothing is left.
func (s *sweeper) sweep() error {
	if s.first == 0 {
		return nil
	}
	buf := make([]byte, 4<<10)
	for pause := time.Millisecond; pause < 5*time.Second; pause *= 2 {
		pids, err := s.candidates()
		if err != nil {
			return err
		}
		left := 0
		for _, pid := range pids {
			if s.mine(pid, buf) {
				left++
				_ = Marked{PID: pid, text: s.mark}.Kill()
			}
		}
		if left == 0 {
			return nil
		}
		time.Sleep(pause)
	}
	return errors.New("processes of the job could not be killed")
}

// mine looks at the environment's beginning first, where the mark stands unless
// a program moved it.
func (s *sweeper) mine(pid int, buf []byte) bool {
	env, err := readProc(pid, "environ", buf)
	if err != nil {
		return false
	}
	text := markIn(env)
	if text == "" && len(env) == len(buf) { // there may be more
		text = markOf(pid, make([]byte, environMax))
	}
	return text == s.mark
}

// candidates are the processes that may be ours. Ids are given out in a circle,
// so that until the counter has come round ours are those after the first. A
// job of less than a second cannot have gone round more than once.
func (s *sweeper) candidates() ([]int, error) {
	pids, err := processes()
	if err != nil || time.Since(s.since) > time.Second || lastPID() < s.first {
		return pids, err
	}
	n := 0
	for _, pid := range pids {
		if pid >= s.first {
			pids[n] = pid
			n++
		}
	}
	return pids[:n], nil
}

// lastPID is the id that was given out last, or 0 if the system does not tell.
func lastPID() int {
	f, err := os.Open("/proc/loadavg")
	if err != nil {
		return 0
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, 256))
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(b))
	if len(fields) < 5 {
		return 0
	}
	n, _ := strconv.Atoi(fields[4])
	return n
}
