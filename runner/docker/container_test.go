package docker

import (
	"archive/tar"
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/mount"
	"github.com/google/go-cmp/cmp"

	"github.com/mlops-runner/mlops/runner"
	"github.com/mlops-runner/mlops/runner/agent"
)

// offline returns an executor that is never connected.
func offline(t testing.TB) *Executor {
	t.Helper()
	e, err := Open(t.Context(), Options{Host: "unix:///nowhere"})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestLimits(t *testing.T) {
	pids := func(n int64) *int64 { return &n }
	tests := []struct {
		name string
		in   runner.Resources
		want container.Resources
	}{
		{"nothing asked", runner.Resources{}, container.Resources{PidsLimit: pids(4096)}},
		{"all limits", runner.Resources{CPUs: 1.5, Memory: 1 << 30, Pids: 7},
			container.Resources{NanoCPUs: 1_500_000_000, Memory: 1 << 30, MemorySwap: 1 << 30, PidsLimit: pids(7)}},
		{"two GPUs", runner.Resources{GPUs: 2}, container.Resources{PidsLimit: pids(4096),
			DeviceRequests: []container.DeviceRequest{{Count: 2, Capabilities: [][]string{{"gpu"}}}}}},
		{"all GPUs", runner.Resources{GPUs: -1}, container.Resources{PidsLimit: pids(4096),
			DeviceRequests: []container.DeviceRequest{{Count: -1, Capabilities: [][]string{{"gpu"}}}}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := limits(tt.in)
			if diff := cmp.Diff(tt.want, got); diff != "" || err != nil {
				t.Error(diff, err)
			}
		})
	}
	for _, bad := range []runner.Resources{{CPUs: -1}, {Memory: -1}, {GPUs: -2}, {Pids: -1}, {Shm: -1}} {
		if _, err := limits(bad); execError(err) == nil {
			t.Errorf("%+v is accepted", bad)
		}
	}
}

func TestPlaceIsolates(t *testing.T) {
	e := offline(t)
	tk := runner.Task{Name: "r1-train", Workspace: "/w", Control: "/c", Agent: "/a", Image: runner.Image{Name: "x", ID: "sha256:1"},
		Resources: runner.Resources{Shm: 1 << 20},
		Mounts:    []runner.Mount{{Source: "/data", Target: "data"}, {Source: "/pip", Target: "~/.cache/pip", Writable: true}}}
	tk.Spec.Grace = 7 * time.Second
	p, err := e.place(tk, 0)
	if err != nil {
		t.Fatal(err)
	}
	h := p.host
	if p.name != "mlops-r1-train" || p.config.Image != "sha256:1" || *p.config.StopTimeout != 12 || p.config.OpenStdin {
		t.Errorf("config %+v", p.config)
	}
	if h.NetworkMode != "none" || h.LogConfig.Type != "none" || h.Privileged || h.ShmSize != 1<<20 || *h.Init ||
		!cmp.Equal([]string(h.CapDrop), []string{"ALL"}) || len(h.CapAdd) > 0 || h.SecurityOpt[0] != "no-new-privileges" {
		t.Errorf("host config %+v", h)
	}
	want := map[string]mount.Mount{
		program:              {Type: "bind", Source: "/a", Target: program, ReadOnly: true},
		control:              {Type: "bind", Source: "/c", Target: control},
		Workspace:            {Type: "bind", Source: "/w", Target: Workspace},
		Workspace + "/data":  {Type: "bind", Source: "/data", Target: Workspace + "/data", ReadOnly: true},
		Home + "/.cache/pip": {Type: "bind", Source: "/pip", Target: Home + "/.cache/pip"},
	}
	got := map[string]mount.Mount{}
	for _, m := range h.Mounts {
		if !strings.HasPrefix(m.Target, "/etc/") {
			got[m.Target] = m
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if _, ok := h.Tmpfs[Home+"/.cache"]; !ok || len(h.Tmpfs) != 3 {
		t.Errorf("tmpfs %v", h.Tmpfs)
	}
	if l := p.config.Labels; l[labelHost] == "" || l[labelPID] == "" || l[labelStart] == "" {
		t.Errorf("labels %v", l)
	}
}

func TestPlaceForRootAndNetwork(t *testing.T) {
	e := offline(t)
	p, err := e.place(runner.Task{Name: "t", User: "root", Network: true}, 0)
	if err != nil {
		t.Fatal(err)
	}
	if p.config.User != "0:0" || len(p.host.CapAdd) != 5 || p.host.NetworkMode != "default" {
		t.Errorf("got %+v %+v", p.config, p.host)
	}
	if _, err := e.place(runner.Task{Name: "t", User: "www"}, 0); execError(err) == nil {
		t.Error("an unknown user is accepted")
	}
}

func TestDigestOfAPlace(t *testing.T) {
	e := offline(t)
	digest := func(change func(*runner.Task)) string {
		tk := runner.Task{Name: "t", Image: runner.Image{ID: "sha256:1"}, Labels: map[string]string{"a": "b"}}
		change(&tk)
		p, err := e.place(tk, 0)
		if err != nil {
			t.Fatal(err)
		}
		return p.digest()
	}
	base := digest(func(*runner.Task) {})
	if base != digest(func(tk *runner.Task) { tk.Labels = nil; tk.Spec.Job = "x" }) {
		t.Error("labels or the spec change the container's configuration")
	}
	if base == digest(func(tk *runner.Task) { tk.Network = true }) || base == digest(func(tk *runner.Task) { tk.Image.ID = "sha256:2" }) {
		t.Error("different containers have one digest")
	}
}

func TestTarget(t *testing.T) {
	for in, want := range map[string]string{"data": "/workspace/data", "/opt/x/": "/opt/x", "~/.cache": Home + "/.cache", "./a/../b": "/workspace/b"} {
		if got := target(in); got != want {
			t.Errorf("%s: got %s", in, got)
		}
	}
}

func TestMountpointsStayInTheWorkspace(t *testing.T) {
	dir := t.TempDir()
	work, out := filepath.Join(dir, "w"), filepath.Join(dir, "out")
	write(t, filepath.Join(out, "file"), "x")
	if err := os.Mkdir(work, 0o755); err != nil {
		t.Fatal(err)
	}
	mount := func(source, target string) error {
		return mountpoints(runner.Task{Workspace: work, Mounts: []runner.Mount{{Source: source, Target: target}}})
	}
	if err := mount(out, "a/b"); err != nil {
		t.Fatal(err)
	}
	if err := mount(filepath.Join(out, "file"), "c/d"); err != nil {
		t.Fatal(err)
	}
	if st, err := os.Stat(filepath.Join(work, "a/b")); err != nil || !st.IsDir() {
		t.Error("no folder to mount on", err)
	}
	if st, err := os.Stat(filepath.Join(work, "c/d")); err != nil || !st.Mode().IsRegular() {
		t.Error("no file to mount on", err)
	}
	if err := os.Symlink(out, filepath.Join(work, "link")); err != nil {
		t.Fatal(err)
	}
	if err := mount(out, "link/new"); err == nil {
		t.Error("a link leads out of the workspace")
	}
	if _, err := os.Stat(filepath.Join(out, "new")); err == nil {
		t.Error("a folder was made outside")
	}
}

func TestControlDir(t *testing.T) {
	dir := t.TempDir()
	c, err := openControl(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer c.close()
	result := filepath.Join(dir, agent.ResultFile)
	write(t, result, "{}")
	if err := c.begin(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(result); err == nil {
		t.Error("an earlier result survives")
	}
}

func TestUnpackCannotEscape(t *testing.T) {
	dir := t.TempDir()
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	out := t.TempDir()
	put := func(name string, kind byte, link string) error {
		return unpack(root, name, &tar.Header{Name: name, Typeflag: kind, Linkname: link, Mode: 0o600}, bytes.NewReader([]byte("data")))
	}
	if err := put("a/b", tar.TypeReg, ""); err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(filepath.Join(dir, "a/b")); err != nil || string(b) != "data" {
		t.Errorf("got %q, %v", b, err)
	}
	if err := put("a/link", tar.TypeSymlink, out); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"../x", "/x", "a/link/x", "a/../../x"} {
		if err := put(name, tar.TypeReg, ""); err == nil {
			t.Errorf("%s was written", name)
		}
	}
	if err := put("a/link", tar.TypeReg, ""); err != nil {
		t.Errorf("a file cannot replace a link: %v", err)
	}
	if list, _ := os.ReadDir(out); len(list) > 0 {
		t.Errorf("written outside: %v", list)
	}
}

func TestCheckAgent(t *testing.T) {
	odd := compile(t, "./testdata/oddagent")
	tests := []struct{ name, file, platform, says string }{
		{"a static program", odd, "linux/amd64", ""},
		{"another machine's", odd, "linux/arm64/v8", "built for amd64"},
		{"a script", "doc.go", "linux/amd64", "cannot be the agent"},
		{"no file", "none", "linux/amd64", "no such file"},
		{"a dynamic program", dynamic(t), "linux/amd64", "linked dynamically"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := checkAgent(tt.file, tt.platform)
			if tt.says == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if x := execError(err); x == nil || !strings.Contains(x.Error(), tt.says) || !strings.Contains(x.Fix, "--agent PATH") {
				t.Errorf("got %v", err)
			}
		})
	}
}

// dynamic names a program of this machine that needs a loader.
func dynamic(t *testing.T) string {
	for _, name := range []string{"/bin/ls", "/usr/bin/ls", "/bin/sh"} {
		if err := checkAgent(name, "linux/amd64"); err != nil && strings.Contains(err.Error(), "dynamically") {
			return name
		}
	}
	t.Skip("no dynamically linked program here")
	return ""
}
