package oci

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"oras.land/oras-go/v2/registry/remote/errcode"
)

// tries is how often a blob is begun anew without a byte of progress.
const tries = 5

// maxWait is the longest pause between two tries.
const maxWait = 5 * time.Second

// again does a transfer until it succeeds, fails for good, or has failed tries
// times in a row without getting on. work returns how many bytes it moved.
func (r *Repository) again(ctx context.Context, what string, work func() (int64, error)) error {
	wait := r.opts.Wait
	for try := 1; ; try++ {
		n, err := work()
		if err == nil {
			return nil
		}
		if n > 0 {
			try, wait = 1, r.opts.Wait
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if !passing(err) || try >= tries {
			err = r.explain(err)
			var missing *NotFoundError
			if errors.As(err, &missing) && missing.Ref == what { // its text begins with that
				return err
			}
			return fmt.Errorf("%s: %w", what, err)
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(wait):
		}
		wait = min(2*wait, maxWait)
	}
}

// passing reports whether an error may be gone the next time.
func passing(err error) bool {
	var resp *errcode.ErrorResponse
	if errors.As(err, &resp) {
		return resp.StatusCode >= 500 || resp.StatusCode == http.StatusTooManyRequests || resp.StatusCode == http.StatusRequestTimeout
	}
	var mismatch *MismatchError
	var file *diskError
	if errors.As(err, &mismatch) || errors.As(err, &file) {
		return false
	}
	var op net.Error
	return errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET) ||
		errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNREFUSED) || errors.As(err, &op)
}

// A diskError is one of this machine's disk, which no other try mends.
type diskError struct{ error }

func (e *diskError) Unwrap() error { return e.error }

// progress counts bytes for somebody who watches.
type progress struct {
	done, total atomic.Int64
	tell        func(done, total int64)
}

func (p *progress) add(n int64) {
	done := p.done.Add(n)
	if p.tell != nil {
		p.tell(done, p.total.Load())
	}
}

// Every tells a person of a transfer that takes long: the first time after pause,
// and then as often. What it returns may be called by several goroutines.
func Every(pause time.Duration, tell func(done, total int64)) func(done, total int64) {
	var mu sync.Mutex
	last := time.Now()
	return func(done, total int64) {
		mu.Lock()
		defer mu.Unlock()
		if time.Since(last) >= pause {
			last = time.Now()
			tell(done, total)
		}
	}
}
