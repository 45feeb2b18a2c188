package docker

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
)

// libpodHeader is the header by which Podman tells its own API's version in
// every answer, also those of its Docker API.
const libpodHeader = "Libpod-Api-Version"

// podman returns the version of Podman's own API, "" for other engines. It is
// known after the first request.
func (e *Executor) podman() string {
	v, _ := e.count.libpod.Load().(string)
	return v
}

// initialize makes a container of Podman's ready to be attached to. Docker does
// that when it creates one; Podman does it at the start unless it is asked to,
// and refuses to attach before: the first bytes would be lost.
func (e *Executor) initialize(ctx context.Context, id string) error {
	_, err := e.ask(ctx, http.MethodPost, "/v"+e.podman()+"/libpod/containers/"+id+"/init")
	return err
}

// runsAsCaller asks an engine whether it is rootless. Docker says so among its
// security options, Podman in a field that Docker's API does not have.
func (e *Executor) runsAsCaller(ctx context.Context) (bool, error) {
	text, err := e.ask(ctx, http.MethodGet, "/v"+minAPI+"/info")
	if err != nil {
		return false, err
	}
	var info struct {
		SecurityOptions []string
		Rootless        bool
	}
	if err := json.Unmarshal(text, &info); err != nil {
		return false, fmt.Errorf("the engine's facts: %w", err)
	}
	return info.Rootless || hasOption(info.SecurityOptions, "rootless"), nil
}

// ask sends a request for which the client library has no function.
func (e *Executor) ask(ctx context.Context, method, path string) ([]byte, error) {
	u := url.URL{Scheme: "http", Host: "engine", Path: path}
	if e.addr.tls != nil {
		u.Scheme = "https"
	}
	if at, err := url.Parse(e.addr.host); err == nil && at.Scheme == "tcp" {
		u.Host = at.Host
	}
	r, err := http.NewRequestWithContext(ctx, method, u.String(), nil)
	if err != nil {
		return nil, err
	}
	resp, err := e.cli.HTTPClient().Do(r)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err == nil && resp.StatusCode >= http.StatusBadRequest {
		err = fmt.Errorf("%s %s: %s: %s", method, path, resp.Status, text[:min(len(text), tailSize)])
	}
	return text, err
}
