package docker

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/client"

	"github.com/mlops-runner/mlops/runner"
	"github.com/mlops-runner/mlops/runner/agent"
)

// The pull policies.
const (
	pullMissing = "if-missing" // the default: an image that is here is used, and no registry is asked
	pullAlways  = "always"
	pullNever   = "never"
)

// policies reads a request's policies, which are tried in order.
func policies(pull string) ([]string, error) {
	list := strings.Split(cmp.Or(pull, pullMissing), ",")
	for i, p := range list {
		list[i] = strings.TrimSpace(p)
		if !slices.Contains([]string{pullMissing, pullAlways, pullNever}, list[i]) {
			return nil, config("write if-missing, always or never, or a list of them to be tried in order", "docker: unknown pull policy %q", p)
		}
	}
	return list, nil
}

// byPolicies finds or pulls an image by one policy after the other, until one
// gives it. A registry that could not give it is not asked again: of the later
// policies only what is here counts.
func (e *Executor) byPolicies(ctx context.Context, r runner.ImageRequest) (runner.Image, error) {
	list, err := policies(r.Pull)
	if err != nil {
		return runner.Image{}, err
	}
	var first error
	for _, p := range list {
		if r.Pull = p; first != nil {
			r.Pull = pullNever
		}
		im, err := e.byPolicy(ctx, r)
		switch {
		case err == nil && first != nil:
			tell(r.Progress, "%v; going on with the image that is here", first)
			return im, nil
		case err == nil || !unavailable(err):
			return im, err
		case first == nil:
			first = err
		}
	}
	return runner.Image{}, first
}

// unavailable tells whether an error says that an image could not be had, so
// that another policy may still find it.
func unavailable(err error) bool {
	x := execError(err)
	return x != nil && x.Reason == agent.ReasonImagePull
}

// A pull is tried again this often when what failed may pass by itself, after
// pauses that grow from 2 to 10 seconds. A registry that asks for a longer
// pause gets it, up to longestPause: a job should not wait in silence longer.
const (
	pullRetries  = 3
	longestPause = time.Minute
)

// pull fetches an image from its registry.
func (e *Executor) pull(ctx context.Context, r runner.ImageRequest) error {
	login, err := e.login(ctx, r.Name)
	if err != nil {
		return err
	}
	for retries := 0; ; retries++ {
		err = e.pullOnce(ctx, r, login)
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return context.Cause(ctx) // being cancelled is no failure of the registry
		}
		f := diagnose(err)
		wait := max(backoff(retries), f.retryAfter)
		if !f.transient || retries == pullRetries || wait > longestPause {
			return e.pullFailed(ctx, r, pullError{f, login, retries + 1, err})
		}
		tell(r.Progress, "pulling %s: %v; trying again in %s", r.Name, err, wait.Round(time.Second))
		if err := e.opts.Sleep(ctx, wait); err != nil {
			return err
		}
	}
}

// backoff is the pause before a retry (counted from 0): 2, 4 and 8 seconds, and
// up to a quarter more, so that many runners do not return to a registry at
// the same time.
func backoff(retry int) time.Duration {
	base := min(2*time.Second<<retry, 8*time.Second)
	return base + rand.N(base/4)
}

// pause waits for d of real time, or until ctx is done.
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

// brokenOff is an answer of the engine that did not come to its end: the
// engine went away, not the registry.
type brokenOff struct{ error }

func (b brokenOff) Unwrap() error { return b.error }

func (e *Executor) pullOnce(ctx context.Context, r runner.ImageRequest, login login) error {
	began := time.Now()
	tell(r.Progress, "pulling %s", r.Name)
	body, err := e.cli.ImagePull(ctx, r.Name, image.PullOptions{RegistryAuth: login.header, Platform: r.Platform})
	if client.IsErrConnectionFailed(err) {
		return brokenOff{err}
	}
	if err != nil {
		return e.uncover(ctx, r.Name, login, err)
	}
	defer body.Close()
	p := pullProgress{name: r.Name, tell: r.Progress, now: time.Now, last: began}
	if err := readMessages(body, p.note); err != nil {
		return err
	}
	tell(r.Progress, "pulled %s in %s", r.Name, time.Since(began).Round(100*time.Millisecond))
	return nil
}

// uncover finds what went wrong with a registry that may be spoken to without
// TLS: after TLS failed for any reason, the engine tries without, and reports
// only that this failed too. Another question gets the first answer.
func (e *Executor) uncover(ctx context.Context, name string, login login, err error) error {
	if !strings.Contains(err.Error(), "HTTP request to an HTTPS server") {
		return err
	}
	if _, cause := e.cli.DistributionInspect(ctx, name, login.header); cause != nil {
		return cause
	}
	return err
}

// A pullError is a pull that was given up.
type pullError struct {
	pullFailure
	login login
	tries int
	err   error
}

// pullFailed says why an image could not be pulled and what to do about it.
func (e *Executor) pullFailed(ctx context.Context, r runner.ImageRequest, p pullError) error {
	var gone brokenOff
	if errors.As(p.err, &gone) {
		return lost(startFix, "docker: pull %s: connection to %s: %w", r.Name, e.addr, p.err)
	}
	err := fmt.Errorf("docker: image %s: pull: %w", r.Name, p.err)
	if p.tries > 1 {
		err = fmt.Errorf("%w (tried %d times)", err, p.tries)
	}
	x := &runner.ExecError{Reason: cmp.Or(p.reason, agent.ReasonImagePull), Err: err, Fix: p.fix(subject{registryOf(r.Name), r.Name, p.login, p.retryAfter})}
	switch p.kind {
	case absent:
		x.Fix = e.nearFix(ctx, r.Name, x.Fix)
	case otherPlatform:
		x.Err = fmt.Errorf("docker: image %s: %s", r.Name, e.offered(ctx, r, p.login))
	}
	return x
}

// offered says which platform was wanted and which the registry has.
func (e *Executor) offered(ctx context.Context, r runner.ImageRequest, login login) string {
	want := r.Platform
	if want == "" {
		want, _ = e.platform(ctx)
	}
	d, err := e.cli.DistributionInspect(ctx, r.Name, login.header)
	if err != nil || len(d.Platforms) == 0 {
		return "the registry has none for " + want
	}
	var have []string
	for _, p := range d.Platforms {
		if p.Architecture != "unknown" { // attestations stand in the same list
			have = append(have, platformName(p.OS, p.Architecture, p.Variant))
		}
	}
	slices.Sort(have)
	return fmt.Sprintf("the registry has none for %s, only for %s", want, strings.Join(slices.Compact(have), ", "))
}

// tell reports progress to whoever wants it.
func tell(progress func(string), format string, args ...any) {
	if progress != nil {
		progress(fmt.Sprintf(format, args...))
	}
}
