package docker

import (
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mlops-runner/mlops/runner"
	"github.com/mlops-runner/mlops/runner/agent"
)

func TestServicePlace(t *testing.T) {
	t.Parallel()
	b := &serviceBox{
		e: offline(t), name: "mlops-t-db", task: runner.Task{Name: "t", Agent: "/agent", Labels: map[string]string{"mlops.run": "r"}},
		Service: runner.Service{
			Name: "db", Image: runner.Image{ID: "sha256:1"}, Command: []string{"serve"}, User: "postgres",
			Env: []agent.Var{{Name: "A", Value: "b=c"}}, Resources: runner.Resources{Memory: 1 << 20, Shm: 1 << 10},
		},
	}
	p, nets, err := b.place()
	if err != nil {
		t.Fatal(err)
	}
	h := p.host
	if !slices.Equal(h.CapDrop, []string{"ALL"}) || h.Privileged || len(h.CapAdd) != 6 || !slices.Contains(h.SecurityOpt, "no-new-privileges") {
		t.Errorf("isolation: %+v", h)
	}
	if h.NetworkMode != "mlops-t" || len(nets.EndpointsConfig) != 1 || !slices.Equal(nets.EndpointsConfig["mlops-t"].Aliases, []string{"db"}) {
		t.Errorf("network: %v, %+v", h.NetworkMode, nets.EndpointsConfig)
	}
	if h.Memory != 1<<20 || *h.PidsLimit != defaultPids || h.ShmSize != 1<<10 || len(h.Mounts) != 1 || !h.Mounts[0].ReadOnly {
		t.Errorf("limits and mounts: %+v", h)
	}
	c := p.config
	if c.User != "postgres" || !slices.Equal(c.Env, []string{"A=b=c"}) || !slices.Equal(c.Cmd, []string{"serve"}) || c.Entrypoint != nil {
		t.Errorf("what runs: %+v", c)
	}
	if c.Labels["mlops.run"] != "r" || c.Labels[labelService] != "db" || c.Labels[labelPID] == "" {
		t.Errorf("labels: %v", c.Labels)
	}
	job, err := b.e.place(runner.Task{Name: "t", Services: []runner.Service{b.Service}}, 0)
	if err != nil || job.host.NetworkMode != "mlops-t" {
		t.Errorf("the job's network: %v, %v", job.host.NetworkMode, err)
	}
}

func TestProbe(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", ":0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	err = Probe(port, 0)
	if err != nil && strings.Contains(err.Error(), "no address but loopback") {
		t.Skip(err)
	}
	if err != nil {
		t.Errorf("an open port: %v", err)
	}
	l.Close()
	if Probe(port, 50*time.Millisecond) == nil {
		t.Error("a closed port is open")
	}
	local, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer local.Close()
	if Probe(local.Addr().(*net.TCPAddr).Port, 0) == nil {
		t.Error("a port that only the service itself reaches is open")
	}
}
