package docker

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
)

func TestScratchPhases(t *testing.T) {
	e := open(t, Options{})
	im := busybox(t, e)
	tk := task(t, im, realAgent(t), "true")
	type variant struct {
		name string
		mod  func(p *place)
	}
	vs := []variant{
		{"bare busybox none", func(p *place) {
			p.config = container.Config{Image: im.ID, Cmd: []string{"true"}}
			p.host = container.HostConfig{NetworkMode: "none", LogConfig: container.LogConfig{Type: "none"}}
		}},
		{"bare bridge", func(p *place) {
			p.config = container.Config{Image: im.ID, Cmd: []string{"true"}}
			p.host = container.HostConfig{}
		}},
		{"full", func(p *place) {}},
		{"full true", func(p *place) { p.config.Entrypoint = []string{"/bin/true"} }},
		{"full true no tmpfs", func(p *place) { p.config.Entrypoint = []string{"/bin/true"}; p.host.Tmpfs = nil }},
		{"full true no limits", func(p *place) { p.config.Entrypoint = []string{"/bin/true"}; p.host.Resources = container.Resources{} }},
		{"full true no mounts", func(p *place) { p.config.Entrypoint = []string{"/bin/true"}; p.host.Mounts = nil }},
		{"full true unconfined", func(p *place) {
			p.config.Entrypoint = []string{"/bin/true"}
			p.host.SecurityOpt = append(p.host.SecurityOpt, "seccomp=unconfined")
		}},
	}
	res := map[string][][3]float64{}
	for i := range 8 {
		for k, v := range vs {
			p, err := e.place(tk)
			if err != nil {
				t.Fatal(err)
			}
			v.mod(&p)
			spec, _ := inside(tk.Spec, false)
			c, _ := openControl(tk.Control)
			c.begin(spec)
			t0 := time.Now()
			ctx := context.Background()
			r, err := e.cli.ContainerCreate(ctx, &p.config, &p.host, nil, nil, fmt.Sprint("scr-", i, "-", k))
			if err != nil {
				t.Fatal(err)
			}
			t1 := time.Now()
			conn, err := e.attach(ctx, r.ID)
			if err != nil {
				t.Fatal(err)
			}
			if err := e.cli.ContainerStart(ctx, r.ID, container.StartOptions{}); err != nil {
				t.Fatal(err)
			}
			t2 := time.Now()
			w, _ := e.cli.ContainerWait(ctx, r.ID, container.WaitConditionNotRunning)
			<-w
			io.Copy(io.Discard, conn.Reader)
			t3 := time.Now()
			conn.Close()
			e.removeWait(r.ID)
			res[v.name] = append(res[v.name], [3]float64{t1.Sub(t0).Seconds() * 1e3, t2.Sub(t1).Seconds() * 1e3, t3.Sub(t2).Seconds() * 1e3})
		}
	}
	b, _ := os.ReadFile("/proc/loadavg")
	fmt.Printf("load %s", b)
	for _, v := range vs {
		med := func(k int) float64 {
			var x []float64
			for _, r := range res[v.name] {
				x = append(x, r[k])
			}
			slices.Sort(x)
			return x[len(x)/2]
		}
		fmt.Printf("%-26s create %4.0f start %4.0f exit %4.0f sum %4.0f\n", v.name, med(0), med(1), med(2), med(0)+med(1)+med(2))
	}
}
