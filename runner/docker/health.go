package docker

import (
	"archive/tar"
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"time"

	"github.com/docker/docker/api/types/container"

	"github.com/mlops-runner/mlops/runner/agent"
)

// A probe is how a service is asked whether it is ready: a program that is run
// in its container and exits 0. Without argv it only has to run.
type probe struct {
	argv []string
	user string // "" for the container's own
	port int    // of a probe that connects to a port; else 0
}

// probe chooses the service's: what the file says, the image's own check, or
// its first port.
func (b *serviceBox) probe(ctx context.Context) (probe, error) {
	shell := []string{"/bin/sh", "-c"}
	if b.Health.Run != "" {
		return probe{argv: append(shell, b.Health.Run)}, nil
	}
	i, err := b.e.cli.ImageInspect(ctx, imageRef(b.Image))
	if err != nil {
		return probe{}, b.e.explain("docker: inspect image", b.Image.Name, err)
	}
	if i.Config != nil && i.Config.Healthcheck != nil && len(i.Config.Healthcheck.Test) > 1 {
		check := i.Config.Healthcheck
		if b.Health.StartPeriod == 0 {
			b.Health.StartPeriod = check.StartPeriod
		}
		if check.Test[0] == "CMD" {
			return probe{argv: check.Test[1:]}, nil
		}
		if len(i.Config.Shell) > 0 {
			shell = i.Config.Shell
		}
		return probe{argv: append(shell[:len(shell):len(shell)], check.Test[1])}, nil
	}
	if len(b.Ports) == 0 {
		return probe{}, nil
	}
	// As root: the agent's file may be readable by few.
	return probe{
		argv: []string{program, "probe", strconv.Itoa(b.Ports[0]), b.Health.Complete().Timeout.String()},
		user: "0:0", port: b.Ports[0],
	}, nil
}

// firstPause is how soon a failed try is repeated at first; the pause doubles up
// to the interval.
const firstPause = 100 * time.Millisecond

// await asks until the service is ready. It fails with a *serviceError when it
// has ended, or failed as often as it may; tries that follow one another faster
// than the interval count as one.
func (b *serviceBox) await(ctx context.Context, p probe) error {
	h := b.Health.Complete()
	began, counted, failed := time.Now(), time.Time{}, 0
	for pause := min(firstPause, h.Interval); ; pause = min(2*pause, h.Interval) {
		if err := b.alive(ctx); err != nil {
			return err
		}
		said, err := b.ask(ctx, p, h.Timeout)
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil:
			return context.Cause(ctx)
		}
		if since := time.Since(counted); time.Since(began) >= h.StartPeriod && since >= h.Interval {
			counted = time.Now()
			if failed++; failed > h.Retries {
				return b.unhealthy(p, failed, time.Since(began), said, err)
			}
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// unhealthy says what was tried, how often and what came of it.
func (b *serviceBox) unhealthy(p probe, tries int, after time.Duration, said string, err error) error {
	what := fmt.Sprintf("its check %q failed %d times", p.argv[len(p.argv)-1], tries)
	if p.port > 0 {
		what = fmt.Sprintf("port %d accepts no connection (does it listen on all addresses, 0.0.0.0?)", p.port)
	}
	text := fmt.Sprintf("service %s was not ready after %v: %s: %v", b.Name, after.Round(100*time.Millisecond), what, err)
	if said != "" {
		text += ": " + said
	}
	return &serviceError{reason: agent.ReasonConfig, text: text}
}

// ask runs the probe once. said is the end of what it printed.
func (b *serviceBox) ask(ctx context.Context, p probe, timeout time.Duration) (said string, err error) {
	if len(p.argv) == 0 {
		return "", nil
	}
	tctx, cancel := context.WithTimeout(ctx, timeout+time.Second) // the port's probe keeps the time itself
	defer cancel()
	code, said, err := b.e.exec(tctx, b.id, p.user, p.argv, b.Secrets)
	switch {
	case err != nil && errors.Is(tctx.Err(), context.DeadlineExceeded):
		return said, fmt.Errorf("no answer within %v", timeout)
	case err == nil && code != 0:
		err = fmt.Errorf("exit status %d", code)
	}
	return said, err
}

// exec runs a program in a container and returns its exit status and the end of
// its output. more are variables beside those of the container. When ctx ends,
// the program is left to itself.
func (e *Executor) exec(ctx context.Context, id, user string, argv []string, more []agent.Var) (code int, said string, err error) {
	o := container.ExecOptions{User: user, Cmd: argv, AttachStdout: true, AttachStderr: true}
	for _, v := range more {
		o.Env = append(o.Env, v.Name+"="+v.Value)
	}
	made, err := e.cli.ContainerExecCreate(ctx, id, o)
	if err != nil {
		return 0, "", err
	}
	e.count.n.Add(1) // the connection passes by the counter, as that of attach
	conn, err := e.cli.ContainerExecAttach(ctx, made.ID, container.ExecAttachOptions{})
	if err != nil {
		return 0, "", err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	var end tail
	_, err = io.Copy(&end, &demux{r: bufio.NewReader(conn.Reader), stderr: &end})
	if ctx.Err() != nil {
		return 0, end.String(), ctx.Err()
	}
	if err != nil {
		return 0, end.String(), err
	}
	state, err := e.cli.ContainerExecInspect(ctx, made.ID)
	return state.ExitCode, end.String(), err
}

// uploadProgram puts the agent into the container of an engine elsewhere.
func (b *serviceBox) uploadProgram(ctx context.Context) error {
	r, w := io.Pipe()
	go func() {
		p := packer{tar.NewWriter(w), identity{}}
		err := errors.Join(p.dir("mlops", 0o755), p.dir("mlops/bin", 0o755), p.path(b.task.Agent, program[1:], 0o755), p.Close())
		w.CloseWithError(err)
	}()
	defer r.Close()
	err := b.e.cli.CopyToContainer(ctx, b.id, "/", r, container.CopyToContainerOptions{})
	return b.e.explain("docker: copy the agent to", b.name, err)
}

// Probe waits until a port accepts a connection on one of this machine's
// addresses other than loopback, for at most the timeout. It is what "mlops
// probe PORT TIMEOUT" does inside a service's container: from there the engine's
// networks need not be reachable from here, and the image needs no tools.
func Probe(port int, timeout time.Duration) error {
	deadline := time.Now().Add(timeout)
	for {
		err := dial(port)
		if err == nil || time.Now().After(deadline) {
			return err
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func dial(port int) error {
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return err
	}
	err = errors.New("no address but loopback")
	for _, a := range addrs {
		ip, ok := a.(*net.IPNet)
		if !ok || ip.IP.IsLoopback() || ip.IP.IsLinkLocalUnicast() {
			continue
		}
		var conn net.Conn
		if conn, err = net.DialTimeout("tcp", net.JoinHostPort(ip.IP.String(), strconv.Itoa(port)), time.Second); err == nil {
			return conn.Close()
		}
	}
	return err
}
