package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"

	"github.com/mlops-runner/mlops/runner/s3"
)

// An object is one file at an address.
type object struct {
	path string // in its folder; "" for a file by itself
	url  string
	size int64  // bytes; -1 if nobody knows
	tag  string // ETag as a header has it; "" if nobody knows
	name string // of the content, for people: version id or ETag
}

// A transfer brings one object, or a range of it, into a file.
type transfer struct {
	f     *Fetcher
	sign  func(*http.Request) // nil signs nothing
	from  object
	file  *os.File
	meter *meter

	base, end int64 // range; end is -1 for all
	at        int64 // bytes that have come, from base on
	best      int64 // most of them so far
	validator string
}

// errNoRange is an answer with all of an object where a range was asked for.
var errNoRange = errors.New("the server gives no ranges")

// run tries until all has come, the server says no, or nothing comes any more.
func (t *transfer) run(ctx context.Context) error {
	for fails := 0; ; {
		err := t.once(ctx)
		if err == nil {
			return nil
		}
		if t.at > t.best {
			t.best, fails = t.at, 0
		}
		fails++
		if cause := context.Cause(ctx); cause != nil {
			return cause
		}
		if !s3.Passing(err) || errors.Is(err, errNoRange) {
			return err
		}
		if fails == s3.Attempts {
			return fmt.Errorf("%w (tried %d times)", err, s3.Attempts)
		}
		if err := t.f.pause(ctx, s3.PauseAfter(err, fails)); err != nil {
			return err
		}
	}
}

// once makes one request and takes what it gives.
func (t *transfer) once(ctx context.Context) error {
	ctx, w := watch(ctx)
	defer w.stop()
	resp, err := t.ask(ctx)
	if err != nil {
		return because(ctx, err)
	}
	defer resp.Body.Close()
	want, err := t.accept(resp)
	if err != nil {
		return err
	}
	return because(ctx, t.take(w, resp.Body, want))
}

// because prefers the reason for which we ended a request.
func because(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); err != nil && cause != nil {
		return cause
	}
	return s3.Plain(err)
}

func (t *transfer) ask(ctx context.Context) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, t.from.url, nil)
	if err != nil {
		return nil, final(s3.Plain(err), "correct the address")
	}
	req.Header.Set("Accept-Encoding", "identity")
	req.Header.Set("User-Agent", userAgent)
	switch {
	case t.end >= 0:
		req.Header.Set("Range", fmt.Sprintf("bytes=%d-%d", t.base+t.at, t.end-1))
		if t.from.tag != "" {
			req.Header.Set("If-Match", t.from.tag)
		}
	case t.at > 0 && t.validator != "":
		req.Header.Set("Range", fmt.Sprintf("bytes=%d-", t.at))
		req.Header.Set("If-Range", t.validator)
	}
	if t.sign != nil {
		t.sign(req)
	}
	return t.f.http().Do(req)
}

const userAgent = "mlops"

// accept looks at the head of an answer, and returns how many bytes are to come,
// -1 if it does not say.
func (t *transfer) accept(resp *http.Response) (int64, error) {
	switch resp.StatusCode {
	case http.StatusOK:
		if t.end >= 0 {
			return 0, errNoRange
		}
		if err := t.restart(); err != nil {
			return 0, err
		}
		t.validator = validator(resp.Header)
		if resp.ContentLength > t.f.maxSize() {
			return 0, tooLarge(t.f.maxSize())
		}
		t.meter.expect(resp.ContentLength)
		return resp.ContentLength, nil
	case http.StatusPartialContent:
		start, ok := rangeStart(resp.Header.Get("Content-Range"))
		if !ok || start != t.base+t.at {
			t.validator = ""
			return 0, fmt.Errorf("the server answers another range than was asked for: %.60q", resp.Header.Get("Content-Range"))
		}
		return resp.ContentLength, nil
	case http.StatusRequestedRangeNotSatisfiable:
		t.validator = "" // begin anew
		if t.end < 0 && t.at > 0 {
			return 0, fmt.Errorf("the server cannot go on where it ended: %s", resp.Status)
		}
	case http.StatusPreconditionFailed:
		return 0, final(errors.New("the object was replaced while it was read"), "run again when nobody writes to it")
	}
	return 0, s3.AnswerError(resp)
}

// restart forgets what has come of a file of which no range is to be had.
func (t *transfer) restart() error {
	t.meter.add(-t.at)
	t.at = 0
	return t.file.Truncate(0)
}

// validator is what tells whether a file is still the same one: a strong ETag,
// else its date.
func validator(h http.Header) string {
	if tag := h.Get("ETag"); tag != "" && !strings.HasPrefix(tag, "W/") {
		return tag
	}
	return h.Get("Last-Modified")
}

func rangeStart(s string) (int64, bool) {
	s, ok := strings.CutPrefix(s, "bytes ")
	first, _, _ := strings.Cut(s, "-")
	n, err := strconv.ParseInt(first, 10, 64)
	return n, ok && err == nil
}

func tooLarge(limit int64) error {
	return final(fmt.Errorf("it has more than the %d GiB that one dataset may have", limit>>30), "split it, or put it into the repository's folder by other means")
}

// take writes what comes behind what is there.
func (t *transfer) take(w *watched, body io.Reader, want int64) error {
	buf := make([]byte, 256<<10)
	begun := t.at
	for {
		n, err := body.Read(buf)
		w.heard()
		if n > 0 {
			if t.end >= 0 && t.base+t.at+int64(n) > t.end {
				return errors.New("the server sends more than was asked for")
			}
			if _, err := t.file.WriteAt(buf[:n], t.base+t.at); err != nil {
				return final(err, "")
			}
			t.at += int64(n)
			if t.meter.add(int64(n)) > t.f.maxSize() {
				return tooLarge(t.f.maxSize())
			}
		}
		switch {
		case err == io.EOF:
			return t.whole(t.at-begun, want)
		case errors.Is(err, io.ErrUnexpectedEOF):
			return s3.ErrCut
		case err != nil:
			return err
		}
	}
}

// whole reports whether all that was announced has come.
func (t *transfer) whole(came, want int64) error {
	switch {
	case want >= 0 && came < want, t.end >= 0 && t.base+t.at < t.end:
		return s3.ErrCut
	case t.end < 0 && t.from.size >= 0 && t.at != t.from.size:
		return fmt.Errorf("%d bytes came of an object that has %d", t.at, t.from.size)
	}
	return nil
}
