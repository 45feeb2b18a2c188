package docker

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/docker/docker/api/types/container"

	"github.com/mlops-runner/mlops/runner"
)

// recorder is an engine that answers what it is told to and keeps the bodies of
// what it is asked for.
type recorder struct {
	info string // JSON of /info
	mu   sync.Mutex
	got  map[string][]byte // by the last part of the path
}

func (r *recorder) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	body, _ := io.ReadAll(q.Body)
	r.mu.Lock()
	r.got[q.URL.Path[strings.LastIndex(q.URL.Path, "/"):]] = body
	r.mu.Unlock()
	w.Header().Set("Api-Version", "1.41")
	w.Header().Set("Content-Type", "application/json")
	switch {
	case strings.HasSuffix(q.URL.Path, "/info"):
		fmt.Fprint(w, r.info)
	case strings.HasSuffix(q.URL.Path, "/containers/create"):
		w.WriteHeader(http.StatusCreated)
		fmt.Fprint(w, `{"Id": "c0ffee"}`)
	case q.Method == http.MethodDelete:
		w.WriteHeader(http.StatusNoContent)
	default:
		fmt.Fprint(w, "OK")
	}
}

// record starts a recorder and returns an executor that talks to it.
func record(t *testing.T, info string) (*recorder, *Executor) {
	t.Helper()
	socket := filepath.Join(t.TempDir(), "d.sock")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	r := &recorder{info: info, got: map[string][]byte{}}
	s := &http.Server{Handler: r}
	go s.Serve(l)
	t.Cleanup(func() { s.Close() })
	e, err := Open(t.Context(), Options{Host: "unix://" + socket, Getenv: func(string) string { return "" }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	return r, e
}

// Which GPUs a job gets reaches the engine, so that two jobs do not share one.
func TestDeviceRequest(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		r    runner.Resources
		want container.DeviceRequest
	}{
		{"certain ones", runner.Resources{GPUs: 2, Devices: []string{"1", "3"}}, container.DeviceRequest{DeviceIDs: []string{"1", "3"}}},
		{"a number, where they have no names", runner.Resources{GPUs: 2}, container.DeviceRequest{Count: 2}},
		{"all, where they have no names", runner.Resources{GPUs: -1}, container.DeviceRequest{Count: -1}},
	} {
		r, e := record(t, "{}")
		tk := task(t, runner.Image{ID: "sha256:1"}, realAgent(t), "true")
		tk.Name = strings.ReplaceAll(c.name, " ", "-")
		tk.Resources = c.r
		if err := e.Prepare(t.Context(), tk); err != nil {
			t.Fatal(err)
		}
		var got struct{ HostConfig container.HostConfig }
		r.mu.Lock()
		err := json.Unmarshal(r.got["/create"], &got)
		r.mu.Unlock()
		if err != nil || len(got.HostConfig.DeviceRequests) != 1 {
			t.Fatalf("%s: %v, %+v", c.name, err, got)
		}
		d := got.HostConfig.DeviceRequests[0]
		if d.Count != c.want.Count || !slices.Equal(d.DeviceIDs, c.want.DeviceIDs) || fmt.Sprint(d.Capabilities) != "[[gpu]]" {
			t.Errorf("%s: asked for %+v, want %+v", c.name, d, c.want)
		}
	}
}

func TestCapacity(t *testing.T) {
	t.Parallel()
	_, e := record(t, `{"NCPU": 6, "MemTotal": 1024, "KernelVersion": "elsewhere", "Runtimes": {"runc": {}, "nvidia": {}}}`)
	c, err := e.Capacity(t.Context())
	if err != nil || c.CPUs != 6 || c.Memory != 1024 || c.NoGPU != nil || c.GPUs != nil || c.Platforms != nil {
		t.Errorf("an engine elsewhere with GPUs: %+v, %v", c, err)
	}
	_, e = record(t, `{"NCPU": 1, "KernelVersion": "elsewhere", "Runtimes": {"runc": {}}}`)
	c, err = e.Capacity(t.Context())
	if err != nil || c.NoGPU == nil || !strings.Contains(c.NoGPU.Error(), "no nvidia runtime (docker info has runc)") {
		t.Errorf("an engine without: %+v, %v", c, err)
	}
}

// The error names all that is missing, and nothing that is there.
func TestJudgeGPU(t *testing.T) {
	t.Parallel()
	two := []string{"/dev/nvidia0", "/dev/nvidia1"}
	for _, c := range []struct {
		name  string
		f     gpuFacts
		names []string
		says  []string
	}{
		{"all there", gpuFacts{local: true, driver: true, hook: true, devices: two}, []string{"0", "1"}, nil},
		{"by a runtime alone", gpuFacts{local: true, driver: true, nvidia: true, devices: two}, []string{"0", "1"}, nil},
		{"elsewhere", gpuFacts{nvidia: true}, nil, nil},
		{"nothing", gpuFacts{local: true, runtimes: []string{"runc"}}, nil, []string{"no NVIDIA driver", "no NVIDIA container toolkit", "has runc)"}},
		{"only a driver", gpuFacts{local: true, driver: true, devices: two}, nil, []string{"no NVIDIA container toolkit", "no nvidia runtime"}},
		{"no driver", gpuFacts{local: true, hook: true, nvidia: true}, nil, []string{"no NVIDIA driver"}},
	} {
		names, err := c.f.judge()
		if !slices.Equal(names, c.names) || (err != nil) != (c.says != nil) {
			t.Errorf("%s: %v, %v", c.name, names, err)
			continue
		}
		if err == nil {
			continue
		}
		if got := strings.Count(err.Error(), "; ") + 1; got != len(c.says) || execError(err).Fix == "" {
			t.Errorf("%s: %d things are missing, want %d: %v", c.name, got, len(c.says), err)
		}
		for _, s := range c.says {
			if !strings.Contains(err.Error(), s) {
				t.Errorf("%s: %q is not in %v", c.name, s, err)
			}
		}
	}
}

func TestPlatforms(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, state := range map[string]string{"qemu-riscv64": "enabled\ninterpreter x\n", "qemu-s390x": "disabled\n", "qemu-hexagon": "enabled\n", "python3": "enabled\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(state), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	native := platforms(t.TempDir())
	if got := platforms(dir); !slices.Equal(got, append(native, "linux/riscv64")) {
		t.Errorf("%v, and natively %v", got, native)
	}
}
