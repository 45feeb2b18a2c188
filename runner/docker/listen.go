package docker

import (
	"bytes"
	"context"
	"time"

	"github.com/docker/docker/api/types"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/pkg/stdcopy"
)

// maxWords is how much of what a container says a listener keeps, in bytes: a
// runtime that dies says why at the beginning, and goes on for pages.
const maxWords = 1 << 10

// A listener hears what a container says. A nil listener hears nothing.
type listener struct {
	conn types.HijackedResponse
	over chan struct{} // closed when nothing more will come
	b    []byte
}

// listen begins, before the container is started. close must be called after it.
func (l *listener) listen(ctx context.Context, e *Executor, id string) (err error) {
	if l == nil {
		return nil
	}
	if l.conn, err = e.attach(ctx, id, container.AttachOptions{Stream: true, Stdout: true, Stderr: true}); err != nil {
		return err
	}
	l.over = make(chan struct{})
	go func() {
		defer close(l.over)
		_, _ = stdcopy.StdCopy(l, l, l.conn.Reader)
	}()
	return nil
}

func (l *listener) Write(p []byte) (int, error) {
	l.b = append(l.b, p[:min(len(p), maxWords-len(l.b))]...)
	return len(p), nil
}

// words returns what a container said that has ended, after a colon.
func (l *listener) words() string {
	if l == nil {
		return ""
	}
	select {
	case <-l.over:
	case <-time.After(drainIdle):
	}
	l.close()
	if text := bytes.TrimSpace(l.b); len(text) > 0 {
		return ": " + string(text)
	}
	return ""
}

func (l *listener) close() {
	if l != nil {
		l.conn.Close()
		<-l.over
	}
}
