package docker

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"regexp"
	"time"

	"github.com/docker/docker/api/types/image"

	"github.com/mlops-runner/mlops/runner"
)

const pullTries = 3

// pull fetches an image from its registry. What may pass by itself (a registry
// that answers 5xx, a broken connection) is tried again; what cannot (no such
// image, not allowed) is not.
func (e *Executor) pull(ctx context.Context, r runner.ImageRequest) error {
	auth, err := e.auth(ctx, r.Name)
	if err != nil {
		return err
	}
	for try := 1; ; try++ {
		err = e.pullOnce(ctx, r, auth)
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case try == pullTries || !transient(err):
			return e.missing(ctx, r.Name, fmt.Errorf("pull: %w", err))
		}
		tell(r.Progress, "pulling %s: %v; trying again", r.Name, err)
		if err := pause(ctx, retryAfter(try)); err != nil {
			return err
		}
	}
}

// retryAfter grows from 2 to 10 seconds, with some chance in it, so that many
// runners do not return to a registry at the same time.
func retryAfter(try int) time.Duration {
	base := min(2*time.Second<<(try-1), 8*time.Second)
	return base + rand.N(base/4)
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// transient tells whether a pull may succeed when it is tried again.
func transient(err error) bool {
	return regexp.MustCompile(`(?i)timeout|timed out|connection reset|unexpected EOF|TLS handshake|too ?many ?requests|toomanyrequests|received unexpected HTTP status: 5|\b50[0234]\b|temporary failure`).MatchString(err.Error())
}

func (e *Executor) pullOnce(ctx context.Context, r runner.ImageRequest, auth string) error {
	tell(r.Progress, "pulling %s", r.Name)
	body, err := e.cli.ImagePull(ctx, r.Name, image.PullOptions{RegistryAuth: auth, Platform: r.Platform})
	if err != nil {
		return err
	}
	defer body.Close()
	return readProgress(body, func(layers map[string]detail) {
		var have, all int64
		for _, d := range layers {
			have, all = have+d.Current, all+d.Total
		}
		if all > 0 {
			tell(r.Progress, "pulling %s: %d of %d MB", r.Name, have>>20, all>>20)
		}
	})
}

// A message is one line of the stream with which engines report on pulls,
// builds, imports and loads.
type message struct {
	ID          string `json:"id"`
	Status      string `json:"status"`
	Stream      string `json:"stream"`
	Detail      detail `json:"progressDetail"`
	Error       string `json:"error"`
	ErrorDetail struct {
		Message string `json:"message"`
	} `json:"errorDetail"`
}

// A detail is how much of a layer has come.
type detail struct {
	Current int64 `json:"current"` // bytes
	Total   int64 `json:"total"`   // bytes
}

// readProgress reads such a stream to its end. It calls each at most every two
// seconds with the state of all layers, and returns the error that the stream
// reports.
func readProgress(r io.Reader, each func(map[string]detail)) error {
	layers := map[string]detail{}
	last := time.Now()
	return readMessages(r, func(m message) {
		if m.ID != "" && m.Detail.Total > 0 && m.Status == "Downloading" {
			layers[m.ID] = m.Detail
		}
		if time.Since(last) >= 2*time.Second {
			last = time.Now()
			each(layers)
		}
	})
}

// readMessages reads such a stream to its end, or to the error it reports.
func readMessages(r io.Reader, each func(message)) error {
	dec := json.NewDecoder(r)
	for {
		var m message
		err := dec.Decode(&m)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read the engine's report: %w", err)
		}
		if text := cmp.Or(m.ErrorDetail.Message, m.Error); text != "" {
			return errors.New(text)
		}
		each(m)
	}
}

// tell reports progress to whoever wants it.
func tell(progress func(string), format string, args ...any) {
	if progress != nil {
		progress(fmt.Sprintf(format, args...))
	}
}
