package docker

import (
	"context"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"

	"github.com/mlops-runner/mlops/runner"
	"github.com/mlops-runner/mlops/runner/agent"
)

// BenchmarkJob measures a job of one step that does nothing, from the call of
// Run to its return, beside what "docker run --rm" needs for the same command.
// Each is one sample a round, so that they see the same load:
//
//	go test ./runner/docker -run '^$' -bench Job -benchtime 20x
func BenchmarkJob(b *testing.B) {
	e := open(b, Options{})
	im := busybox(b, e)
	cli, err := exec.LookPath("docker")
	if err != nil {
		b.Skip("no docker command to compare with: ", err)
	}
	t := task(b, im, realAgent(b), "true")
	var run, job, prepared, api time.Duration
	for i := 0; b.Loop(); i++ {
		run += timed(b, func() error { return exec.Command(cli, "run", "--rm", im.Name, "true").Run() })
		api += timed(b, func() error { return bare(e, im) })
		t.Name = fmt.Sprint("bench-", i)
		job += timed(b, func() error { return noop(e, t) })
		t.Name += "p"
		if err := e.Prepare(b.Context(), t); err != nil {
			b.Fatal(err)
		}
		prepared += timed(b, func() error { return noop(e, t) })
		e.removals.Wait()
	}
	report := func(d time.Duration, name string) {
		b.ReportMetric(float64(d.Milliseconds())/float64(b.N), name+"-ms")
	}
	report(run, "docker-run")
	report(api, "bare-api")
	report(job, "job")
	report(prepared, "prepared")
	b.ReportMetric(float64(job)/float64(run), "job/docker-run")
	b.ReportMetric(0, "ns/op")
}

// BenchmarkStep measures what one more step costs in a container that runs: jobs
// of 101 steps against jobs of one. Package agent has the same without a container.
func BenchmarkStep(b *testing.B) {
	const more = 100
	e := open(b, Options{})
	im := busybox(b, e)
	one := task(b, im, realAgent(b), "true")
	many := task(b, im, realAgent(b), slices.Repeat([]string{"true"}, more+1)...)
	var inside time.Duration
	for i := 0; b.Loop(); i++ {
		one.Name, many.Name = fmt.Sprint("bench-one-", i), fmt.Sprint("bench-many-", i)
		inside -= timed(b, func() error { return noop(e, one) })
		inside += timed(b, func() error { return noop(e, many) })
		e.removals.Wait()
	}
	b.ReportMetric(float64(inside.Microseconds())/float64(b.N*more), "µs/step")
	b.ReportMetric(0, "ns/op")
}

func timed(b *testing.B, f func() error) time.Duration {
	b.Helper()
	began := time.Now()
	if err := f(); err != nil {
		b.Fatal(err)
	}
	return time.Since(began)
}

func noop(e *Executor, t runner.Task) error {
	r, err := e.Run(context.Background(), t, nil)
	if err == nil && r.Status != agent.Success {
		err = fmt.Errorf("%+v", r)
	}
	return err
}

// bare is the least that runs a command in a container without network.
func bare(e *Executor, im runner.Image) error {
	ctx := context.Background()
	c, err := e.cli.ContainerCreate(ctx, &container.Config{Image: im.ID, Cmd: []string{"true"}},
		&container.HostConfig{NetworkMode: "none", LogConfig: container.LogConfig{Type: "none"}}, nil, nil, "")
	if err != nil {
		return err
	}
	conn, err := e.attach(ctx, c.ID, container.AttachOptions{Stream: true, Stdout: true, Stderr: true})
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := e.cli.ContainerStart(ctx, c.ID, container.StartOptions{}); err != nil {
		return err
	}
	io.Copy(io.Discard, conn.Reader)
	ended, failed := e.cli.ContainerWait(ctx, c.ID, container.WaitConditionNotRunning)
	select {
	case <-ended:
	case err := <-failed:
		return err
	}
	e.remove("", c.ID)
	return nil
}
