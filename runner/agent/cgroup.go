package agent

import (
	"bufio"
	"bytes"
	"io"
	"os"
	"path"
	"strconv"
	"strings"
	"time"
)

// A cgroup reads what the agent's own control group has used. It only reads.
// Files that the system does not have stay nil and count as unknown.
type cgroup struct {
	peak *os.File // bytes: memory.peak, or memory.max_usage_in_bytes
	oom  *os.File // line oom_kill N: memory.events, or memory.oom_control
	cpu  *os.File // cpu.stat, or cpuacct.usage
	pids *os.File // line max N: pids.events
}

// A reading is the state of the counters at one moment.
type reading struct {
	peak  int64         // bytes, high-water mark
	kills int64         // processes that the kernel killed for lack of memory
	cpu   time.Duration // of all processes that ever were in the group; 0 = unknown
	// refused is how often the group's limit did not let a process start.
	refused int64
}

// openCgroup finds the group of this process. proc is the text of
// /proc/self/cgroup and mounts that of /proc/self/mountinfo.
func openCgroup(proc, mounts string) *cgroup {
	var c cgroup
	for _, m := range cgroupMounts(mounts) {
		for _, dir := range m.folders(proc) {
			if m.version == 2 {
				if _, err := os.Stat(path.Join(dir, "cgroup.events")); err != nil {
					continue // the whole machine: it alone lacks this file
				}
				c.fill(&c.peak, dir, "memory.peak")
				c.fill(&c.oom, dir, "memory.events")
				c.fill(&c.cpu, dir, "cpu.stat")
				c.fill(&c.pids, dir, "pids.events")
				continue
			}
			if m.has("memory") {
				c.fill(&c.peak, dir, "memory.max_usage_in_bytes")
				c.fill(&c.oom, dir, "memory.oom_control")
			}
			if m.has("cpuacct") {
				c.fill(&c.cpu, dir, "cpuacct.usage")
			}
			if m.has("pids") {
				c.fill(&c.pids, dir, "pids.events")
			}
		}
	}
	return &c
}

// ownCgroup opens the group that /proc describes.
func ownCgroup() *cgroup {
	proc, _ := os.ReadFile("/proc/self/cgroup")
	mounts, _ := os.ReadFile("/proc/self/mountinfo")
	return openCgroup(string(proc), string(mounts))
}

func (c *cgroup) fill(f **os.File, dir, name string) {
	if *f == nil {
		if g, err := os.Open(path.Join(dir, name)); err == nil {
			*f = g
		}
	}
}

func (c *cgroup) close() {
	for _, f := range []*os.File{c.peak, c.oom, c.cpu, c.pids} {
		if f != nil {
			f.Close()
		}
	}
}

// read takes a reading. A nil cgroup knows nothing.
func (c *cgroup) read() (r reading) {
	if c == nil {
		return r
	}
	buf := make([]byte, 4<<10)
	r.peak, _ = strconv.ParseInt(string(bytes.TrimSpace(slurp(c.peak, buf))), 10, 64)
	r.kills = keyed(slurp(c.oom, buf), "oom_kill")
	r.refused = keyed(slurp(c.pids, buf), "max")
	cpu := slurp(c.cpu, buf)
	if usec := keyed(cpu, "usage_usec"); usec > 0 {
		r.cpu = time.Duration(usec) * time.Microsecond
	} else if ns, err := strconv.ParseInt(string(bytes.TrimSpace(cpu)), 10, 64); err == nil {
		r.cpu = time.Duration(ns)
	}
	return r
}

// slurp reads a small file again from its beginning.
func slurp(f *os.File, buf []byte) []byte {
	if f == nil {
		return nil
	}
	n, err := f.ReadAt(buf, 0)
	if err != nil && err != io.EOF {
		return nil
	}
	return buf[:n]
}

// keyed returns N of the line "key N"; 0 if there is none.
func keyed(b []byte, key string) int64 {
	for line := range bytes.Lines(b) {
		if f := bytes.Fields(line); len(f) == 2 && string(f[0]) == key {
			n, _ := strconv.ParseInt(string(f[1]), 10, 64)
			return n
		}
	}
	return 0
}

// A cgroupMount is one line of mountinfo that shows control groups.
type cgroupMount struct {
	version     int
	root        string // the group that is visible at point
	point       string
	controllers string // comma-separated; version 1 only
}

func (m cgroupMount) has(controller string) bool {
	return strings.Contains(","+m.controllers+",", ","+controller+",")
}

// cgroupMounts parses /proc/self/mountinfo; see proc_pid_mountinfo(5).
func cgroupMounts(mountinfo string) []cgroupMount {
	var ms []cgroupMount
	sc := bufio.NewScanner(strings.NewReader(mountinfo))
	for sc.Scan() {
		left, right, ok := strings.Cut(sc.Text(), " - ")
		l, r := strings.Fields(left), strings.Fields(right)
		if !ok || len(l) < 5 || len(r) < 3 {
			continue
		}
		switch r[0] {
		case "cgroup2":
			ms = append(ms, cgroupMount{2, l[3], l[4], ""})
		case "cgroup":
			ms = append(ms, cgroupMount{1, l[3], l[4], r[2]})
		}
	}
	return ms
}

// folders are where the group of this process may be seen under m, best first.
// With a private namespace the group is the mount's root whatever the paths
// say, so the mount point itself is the last resort.
func (m cgroupMount) folders(proc string) []string {
	group := m.group(proc)
	if group == "" {
		return nil
	}
	var dirs []string
	if m.root == "/" {
		dirs = append(dirs, path.Join(m.point, group))
	} else if rest, ok := strings.CutPrefix(group, m.root); ok && (rest == "" || rest[0] == '/') {
		dirs = append(dirs, path.Join(m.point, rest))
	}
	if len(dirs) == 0 || dirs[0] != path.Clean(m.point) {
		dirs = append(dirs, m.point)
	}
	return dirs
}

// group is the path of this process's group in m's hierarchy, "" if it has none.
func (m cgroupMount) group(proc string) string {
	for line := range strings.Lines(proc) {
		f := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(f) != 3 {
			continue
		}
		if m.version == 2 && f[0] == "0" && f[1] == "" {
			return f[2]
		}
		if m.version == 1 && f[1] != "" && overlap(m, f[1]) {
			return f[2]
		}
	}
	return ""
}

// overlap reports whether m mounts one of a comma-separated list of controllers.
func overlap(m cgroupMount, controllers string) bool {
	for c := range strings.SplitSeq(controllers, ",") {
		if m.has(c) {
			return true
		}
	}
	return false
}
