package agent

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestCgroups(t *testing.T) {
	tests := []struct {
		name, proc, mounts string // DIR stands for a folder of its own
		files              map[string]string
		want               reading
	}{
		{"version 2, private namespace", "0::/\n", "30 20 0:26 / DIR ro - cgroup2 cgroup rw\n",
			map[string]string{"cgroup.events": "populated 1\n", "memory.peak": "4096\n", "memory.events": "low 0\noom 3\noom_kill 2\n", "cpu.stat": "usage_usec 1500\nuser_usec 1\n", "pids.events": "max 5\n"},
			reading{4096, 2, 1500 * time.Microsecond, 5}},
		{"version 2, a group below the mount", "0::/a/b\n", "30 20 0:26 / DIR ro - cgroup2 cgroup rw\n",
			map[string]string{"a/b/cgroup.events": "", "a/b/memory.peak": "7\n", "memory.peak": "9\n"}, reading{peak: 7}},
		{"version 2, the whole machine", "0::/\n", "30 20 0:26 / DIR ro - cgroup2 cgroup rw\n",
			map[string]string{"memory.peak": "9\n", "cpu.stat": "usage_usec 5\n"}, reading{}},
		{"version 1, mounted from the group", "5:memory:/docker/x\n4:cpu,cpuacct:/docker/x\n", "31 30 0:27 /docker/x DIR/memory ro - cgroup cgroup rw,memory\n32 30 0:28 /docker/x DIR/cpu ro - cgroup cgroup rw,cpu,cpuacct\n",
			map[string]string{"memory/memory.max_usage_in_bytes": "8192\n", "memory/memory.oom_control": "oom_kill_disable 0\nunder_oom 0\noom_kill 1\n", "cpu/cpuacct.usage": "2500\n"},
			reading{8192, 1, 2500, 0}},
		{"none", "", "", nil, reading{}},
		{"nonsense", "x\n::\n", "a b - c\n1 2 3 4 5 - cgroup\n", nil, reading{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			for name, text := range tt.files {
				write(t, filepath.Join(dir, name), text)
			}
			c := openCgroup(tt.proc, replaceDir(tt.mounts, dir))
			defer c.close()
			if d := cmp.Diff(tt.want, c.read(), cmp.AllowUnexported(reading{})); d != "" {
				t.Error(d)
			}
		})
	}
	if got := (*cgroup)(nil).read(); got != (reading{}) {
		t.Errorf("a nil group reads %+v", got)
	}
}
