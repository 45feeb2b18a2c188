package docker

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/mlops-runner/mlops/runner"
	"github.com/mlops-runner/mlops/runner/agent"
)

// TestKernelIsOutOfReach tries, from a job, what would change the machine or
// look into other processes. Each line that succeeds is printed.
func TestKernelIsOutOfReach(t *testing.T) {
	t.Parallel()
	e := open(t, Options{})
	tk := task(t, busybox(t, e), realAgent(t), `
b=/bin/busybox
try() { if "$@" >/dev/null 2>&1; then echo "possible: $*"; fi; }
# The letter asks for a help text: harmless, should it get through.
try sh -c 'echo h >/proc/sysrq-trigger'
try sh -c 'echo mlops >/proc/sys/kernel/hostname'
try sh -c 'echo 1 >/proc/sys/kernel/panic'
try sh -c 'echo core >/proc/sys/kernel/core_pattern'
try sh -c 'echo 500 >/sys/fs/cgroup/pids/pids.max || echo 500 >/sys/fs/cgroup/pids.max'
try sh -c 'echo x >/sys/kernel/uevent_helper'
try sh -c 'test -s /proc/kcore'
try sh -c 'test -s /proc/keys'
try $b mount -t tmpfs none /workspace
try $b mount --bind /proc /workspace
try $b mount -o remount,rw /sys
try $b umount /mlops/bin/mlops
try $b unshare -r true
try $b unshare -U true
try $b unshare -m true
try $b unshare -n true
try $b mknod /workspace/disk b 8 0
try $b mknod /workspace/memory c 1 1
try $b mknod /tmp/null c 1 3
try $b chroot / true
try $b hostname other
try $b swapoff -a
try $b nsenter -t 1 -m true
try $b readlink /proc/1/fd/1
try $b ls /proc/1/root/
try $b cat /proc/1/mem
try $b dmesg
try $b chown 12345 /workspace
try $b ip link set lo down
$b kill -9 1 # it is the agent, which goes on
echo done`)
	tk.Resources = runner.Resources{Pids: 200}
	r, log := run(t, e, tk)
	if r.Status != agent.Success || log != "done\n" {
		t.Errorf("%+v\n%s", r, log)
	}
}

// TestForkBomb shows that the limit of processes holds, that the agent survives
// it and names it, and that nothing of the bomb outlives the job.
func TestForkBomb(t *testing.T) {
	t.Parallel()
	e := open(t, Options{})
	for _, bomb := range []string{
		`bomb() { bomb | bomb & }; bomb; sleep 1; n=0; while [ $n -lt 200 ]; do sleep 100 & n=$((n+1)); done`,
		`n=0; while [ $n -lt 500 ]; do sleep 100 & n=$((n+1)); done`,
	} {
		tk := task(t, busybox(t, e), realAgent(t), bomb, "echo not reached")
		tk.Resources = runner.Resources{Pids: 64}
		begin := time.Now()
		r, log := run(t, e, tk)
		if r.Status != agent.Failure || r.Reason != agent.ReasonExit || !strings.Contains(r.Error, "the limit of 64 processes (resources.pids) was reached") {
			t.Errorf("%+v\n%.2000s", r, log)
		}
		if took := time.Since(begin); took > 45*time.Second {
			t.Errorf("took %v", took)
		}
	}
}

// TestStepsApartCannotReachEachOther shows that a step changes neither what the
// steps after it do nor what is known of those before it.
func TestStepsApartCannotReachEachOther(t *testing.T) {
	t.Parallel()
	e := open(t, Options{})
	tk := task(t, busybox(t, e), realAgent(t), "echo x=1 >>$MLOPS_OUTPUT", `
cd /mlops/control; cp baton /workspace/old
for f in spec.json baton passwd group events.jsonl; do rm -rf $f; echo '{"version":2,"steps":[]}' > $f; done
rm -rf step; ln -s /etc step; mkdir result.json
(while :; do cp /workspace/old baton; done) &`, "echo reached")
	tk.Spec.Steps[0].ID = "a"
	tk.Spec.Steps[2].Env = []agent.Var{{Name: "X", Value: "${{ steps.a.outputs.x }}"}}
	tk.Spec.Isolate = true
	r, log := run(t, e, tk)
	if r.Status != agent.Success || log != "reached\n" || len(r.Steps) != 3 || r.Outputs["x"] != "1" {
		t.Errorf("%+v\n%s", r, log)
	}
}

// TestDiskIsWatched shows that the agent measures the workspace and what the
// job can write to beside it, and no mounts.
func TestDiskIsWatched(t *testing.T) {
	t.Parallel()
	e := open(t, Options{})
	data := t.TempDir()
	if err := os.WriteFile(filepath.Join(data, "large"), make([]byte, 20<<20), 0o644); err != nil {
		t.Fatal(err)
	}
	for script, says := range map[string]string{
		"cat data/large >/dev/null; sleep 1.5":                     "",
		"head -c 20000000 /dev/zero >big; sleep 60":                " MiB more than resources.disk allows (16.0 MiB); its largest file is /workspace/big with 1", // it may still grow
		"head -c 20000000 /dev/zero >/mlops/control/big; sleep 60": "its largest file is /mlops/control/big",
	} {
		tk := task(t, busybox(t, e), realAgent(t), script)
		tk.Mounts = []runner.Mount{{Source: data, Target: "data"}}
		tk.Spec.Disk = 16 << 20
		r, log := run(t, e, tk)
		want := agent.Reason("")
		if says != "" {
			want = agent.ReasonDiskFull
		}
		if r.Reason != want || !strings.Contains(r.Error, says) {
			t.Errorf("%s: %+v\n%s", script, r, log)
		}
	}
}

// TestFloorIsNamedFromOutside shows that a person reads a path of this machine.
func TestFloorIsNamedFromOutside(t *testing.T) {
	t.Parallel()
	e := open(t, Options{})
	tk := task(t, busybox(t, e), realAgent(t), "sleep 60")
	tk.Spec.DiskFloor = 1 << 60 // a twentieth of the file system, then
	r, _ := run(t, e, tk)
	if r.Reason == "" {
		t.Skip("this file system is nearly empty")
	}
	if r.Reason != agent.ReasonDiskFull || !strings.Contains(r.Error, "the file system of "+tk.Workspace+" has ") {
		t.Errorf("%+v", r)
	}
}
