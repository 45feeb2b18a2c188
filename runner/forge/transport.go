package forge

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
)

// A Transport carries requests to a forge: it adds the token, sends again what
// failed and is harmless to repeat, and keeps writes a second apart, as GitHub
// asks for. It may be used at once.
//
// What is repeated are GET, HEAD and GraphQL, whose mutations used here set what
// they set. Any other request may have been obeyed although its answer was lost,
// and what it was made from may be out of date after a wait: whoever sent it
// must look again before it sends another.
type Transport struct {
	Base http.RoundTripper // nil = one that gives a server 30 s to begin its answer
	// Host is the only one that is given the token: redirections may lead
	// elsewhere, and Go's client hides only headers that it knows from others.
	Host      string
	Authorize func(*http.Request) error // adds the token; nil = none
	Clock     Clock

	mu    sync.Mutex
	wrote time.Time // when the last write was let go, or will be; guarded by mu
	base  sync.Once
}

// MaxAnswer is how many bytes of an answer are read.
const MaxAnswer = 64 << 20

// RoundTrip implements [http.RoundTripper].
func (t *Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	if writes(req) {
		if err := t.pace(req.Context(), true); err != nil {
			return nil, err
		}
		return t.send(req)
	}
	for try := 0; ; try++ {
		resp, err := t.send(req)
		pause, again := t.pause(resp, err, try)
		if !again || req.Context().Err() != nil || !rewind(req) {
			return resp, err
		}
		if resp != nil {
			resp.Body.Close()
		}
		if err := t.Clock.sleep(req.Context(), pause); err != nil {
			return nil, err
		}
	}
}

// pause returns how long to wait before a request is repeated, if it is.
func (t *Transport) pause(resp *http.Response, err error, try int) (time.Duration, bool) {
	a := Answer{Err: err}
	if resp != nil {
		if resp.StatusCode < 400 {
			return 0, false
		}
		a = answerOf(resp)
	}
	d, again := a.wait(try, t.Clock.now())
	return d + t.Clock.spread(d/4), again && try+1 < maxTries && d <= patience
}

// send sends a request once, with the token.
func (t *Transport) send(req *http.Request) (*http.Response, error) {
	if t.Authorize != nil && req.URL.Host == t.Host {
		req = req.Clone(req.Context()) // a RoundTripper must not change what it is given
		if err := t.Authorize(req); err != nil {
			return nil, err
		}
	}
	t.base.Do(func() {
		if t.Base == nil {
			own := http.DefaultTransport.(*http.Transport).Clone()
			own.ResponseHeaderTimeout = 30 * time.Second
			t.Base = own
		}
	})
	resp, err := t.Base.RoundTrip(req)
	if resp != nil {
		resp.Body = &limited{ReadCloser: resp.Body, left: MaxAnswer}
	}
	return resp, err
}

// Ready waits until a write need not wait. Who reads in order to write calls it
// before, so that what was read is not old when it is written.
func (t *Transport) Ready(ctx context.Context) error { return t.pace(ctx, false) }

// pace waits until the last write is a second ago. take is whether a write
// follows at once.
func (t *Transport) pace(ctx context.Context, take bool) error {
	t.mu.Lock()
	now := t.Clock.now()
	at := t.wrote.Add(pace)
	if at.Before(now) {
		at = now
	}
	if take {
		t.wrote = at
	}
	t.mu.Unlock()
	if d := at.Sub(now); d > 0 {
		return t.Clock.sleep(ctx, d)
	}
	return ctx.Err()
}

// writes reports whether a request must not be repeated unseen.
func writes(req *http.Request) bool {
	return req.Method != http.MethodGet && req.Method != http.MethodHead && !strings.HasSuffix(req.URL.Path, "/graphql")
}

// rewind makes a request's body readable again.
func rewind(req *http.Request) bool {
	if req.Body == nil || req.Body == http.NoBody {
		return true
	}
	if req.GetBody == nil {
		return false
	}
	body, err := req.GetBody()
	req.Body = body
	return err == nil
}

// answerOf reads a failed response, whose body stays readable.
func answerOf(resp *http.Response) Answer {
	text, _ := io.ReadAll(io.LimitReader(resp.Body, 64<<10)) // what is missing is only words
	resp.Body.Close()
	resp.Body = io.NopCloser(bytes.NewReader(text))
	return Answer{Status: resp.StatusCode, Header: resp.Header, Message: MessageOf(text)}
}

// limited fails when more is read than left allows.
type limited struct {
	io.ReadCloser
	left int
}

func (l *limited) Read(p []byte) (int, error) {
	if l.left <= 0 {
		return 0, errors.New("the forge's answer is longer than 64 MiB")
	}
	n, err := l.ReadCloser.Read(p[:min(len(p), l.left)])
	l.left -= n
	return n, err
}
