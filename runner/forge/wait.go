package forge

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"strconv"
	"time"
)

const (
	firstPause   = time.Second     // after a failure that says nothing of time, doubled each time
	limitedPause = time.Minute     // after a limit that says nothing of time, as GitHub asks for
	maxTries     = 5               // of one request
	patience     = 3 * time.Minute // the longest single wait; what is longer is for people to decide
	longestReset = 24 * time.Hour  // a reset later than this is a mistake of the server
	pace         = time.Second     // between two writes, as GitHub asks for
)

// wait returns how long to wait before a request is sent for the try-th time
// again, counted from 0. again is false if that would not help. The order is
// that of GitHub's guide to its limits: Retry-After, then the reset of a limit
// that is used up, then at least a minute; GitLab's RateLimit-Reset is the same.
func (a Answer) wait(try int, now time.Time) (pause time.Duration, again bool) {
	switch {
	case a.Err != nil:
		return firstPause << try, !permanent(a.Err)
	case a.limited():
		return a.limitPause(try, now), true
	case a.Status >= 500 && a.Status != http.StatusNotImplemented:
		if d, ok := retryAfter(a.Header, now); ok {
			return d, true
		}
		return firstPause << try, true
	}
	return 0, false
}

// permanent reports whether a request cannot have reached the forge, and will
// not: its name is unknown, or its certificate is not trusted.
func permanent(err error) bool {
	var name *net.DNSError
	var certificate *tls.CertificateVerificationError
	return errors.As(err, &name) && name.IsNotFound || errors.As(err, &certificate)
}

func (a Answer) limitPause(try int, now time.Time) time.Duration {
	if d, ok := retryAfter(a.Header, now); ok {
		return d
	}
	for _, name := range []string{"X-RateLimit-", "RateLimit-"} {
		if a.Header.Get(name+"Remaining") != "0" {
			continue
		}
		reset, err := strconv.ParseInt(a.Header.Get(name+"Reset"), 10, 64)
		if d := time.Unix(reset, 0).Sub(now); err == nil && d < longestReset {
			return max(d, 0) + time.Second // its clock has whole seconds
		}
	}
	return limitedPause << try
}

// retryAfter reads the header of that name: seconds or a date.
func retryAfter(h http.Header, now time.Time) (time.Duration, bool) {
	v := h.Get("Retry-After")
	if seconds, err := strconv.Atoi(v); err == nil && seconds >= 0 && seconds < int(longestReset/time.Second) {
		return time.Duration(seconds) * time.Second, true
	}
	if at, err := http.ParseTime(v); err == nil && at.Sub(now) < longestReset {
		return max(at.Sub(now), 0), true
	}
	return 0, false
}

// Repeat calls f until it succeeds, or fails in a way that time does not cure, a
// few times at most. f must be harmless to repeat.
func (c Clock) Repeat(ctx context.Context, f func() error) error {
	for try := 0; ; try++ {
		err := f()
		pause, again := passing(err)
		if !again || try+1 == maxTries {
			return err
		}
		pause = max(pause, firstPause<<try)
		if pause > patience || c.sleep(ctx, pause+c.spread(pause/4)) != nil {
			return err
		}
	}
}
