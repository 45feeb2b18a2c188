package docker

import (
	"context"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/docker/cli/cli/connhelper"
	"github.com/docker/docker/api/types"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/versions"
	"github.com/docker/docker/client"
)

// minAPI is the API of Docker 20.10, which knows all that we ask for.
const minAPI = "1.41"

// A counter counts the requests that pass through it, and notes if it is
// Podman that answers.
type counter struct {
	next   http.RoundTripper
	n      atomic.Int64
	libpod atomic.Value // string: the version of Podman's own API
}

func (c *counter) RoundTrip(r *http.Request) (*http.Response, error) {
	c.n.Add(1)
	resp, err := c.next.RoundTrip(r)
	if err == nil {
		if v := resp.Header.Get(libpodHeader); v != "" {
			c.libpod.Store(v)
		}
	}
	return resp, err
}

// newClient builds a client for an address without sending anything.
//
// The library wraps the transport it is given in tracing; putting the counter
// in its place afterwards leaves the library its own way of dialling for
// attach (which needs the bare transport) and drops the tracing.
func newClient(a address, version string) (*client.Client, *counter, error) {
	transport := &http.Transport{TLSClientConfig: a.tls, MaxIdleConns: 8, MaxIdleConnsPerHost: 8, IdleConnTimeout: 30 * time.Second}
	hc := &http.Client{Transport: transport, CheckRedirect: client.CheckRedirect}
	opts := []client.Opt{client.WithHTTPClient(hc), client.WithHost(a.host), client.WithUserAgent("mlops")}
	if strings.HasPrefix(a.host, "ssh://") {
		helper, err := connhelper.GetConnectionHelper(a.host)
		if err != nil {
			return nil, nil, config("write ssh://user@host", "docker: %s: %w", a, err)
		}
		opts[1] = client.WithHost(helper.Host)
		opts = append(opts, client.WithDialContext(helper.Dialer))
	}
	if version != "" {
		opts = append(opts, client.WithVersion(version))
	}
	c, err := client.NewClientWithOpts(opts...)
	if err != nil {
		return nil, nil, config("", "docker: %s: %w", a, err)
	}
	count := &counter{next: transport}
	hc.Transport = count
	return c, count, nil
}

// connect agrees on an API version with the engine, once, and finds out whether
// it is rootless, if that is in doubt. A failure is not
// remembered, so that a later call may find the engine started.
func (e *Executor) connect(ctx context.Context) error {
	e.connecting.Lock()
	defer e.connecting.Unlock()
	if e.connected {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	ping, err := e.cli.Ping(ctx)
	if err != nil {
		return e.unreachable(err)
	}
	e.cli.NegotiateAPIVersionPing(ping)
	if v := e.cli.ClientVersion(); versions.LessThan(v, minAPI) {
		return config("update Docker to 20.10 or later", "docker: %s speaks API %s, mlops needs %s", e.addr, v, minAPI)
	}
	if ping.OSType == "windows" {
		return config("switch the engine to Linux containers", "docker: %s runs Windows containers", e.addr)
	}
	if e.addr.own() {
		rootless, err := e.runsAsCaller(ctx)
		if err != nil {
			return e.explain("docker: ask for", "facts", err)
		}
		e.rootless.Store(rootless)
	}
	e.connected = true
	return nil
}

// attach connects to a container's output. Its connection is taken over from
// HTTP, so it passes by the counter's transport and is counted here.
func (e *Executor) attach(ctx context.Context, id string, o container.AttachOptions) (types.HijackedResponse, error) {
	if e.podman() != "" {
		if err := e.initialize(ctx, id); err != nil {
			return types.HijackedResponse{}, err
		}
	}
	e.count.n.Add(1)
	return e.cli.ContainerAttach(ctx, id, o)
}

// Requests returns how many requests have been sent to the engine so far.
func (e *Executor) Requests() int64 { return e.count.n.Load() }
