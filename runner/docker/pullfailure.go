package docker

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/distribution/reference"

	"github.com/mlops-runner/mlops/runner/agent"
)

// A failureKind is why a registry did not give an image.
type failureKind int

const (
	unknownFailure failureKind = iota
	absent                     // no such name or tag
	refused                    // not logged in, or not allowed
	otherPlatform              // the image exists, but not for this platform
	limited                    // too many requests
	noAddress                  // the registry's host name is not known
	untrusted                  // TLS with a certificate that the engine does not trust
	plainHTTP                  // no TLS where the engine wants it
	unanswered                 // time-outs, resets, 5xx
	notListening               // the address exists and nobody listens there
	diskFull
)

// A pullFailure is what the engine's words about a pull mean.
type pullFailure struct {
	kind       failureKind
	transient  bool          // it may pass by itself
	retryAfter time.Duration // what the registry asked to wait; 0 if it did not
	reason     agent.Reason  // "" for image-pull
}

// A pullPhrase is how engines and registries word a kind of failure.
type pullPhrase struct {
	failureKind
	transient bool
	phrase    string // regular expression, without case
}

// pullPhrases tell failures apart, the first that matches counts. Engines pass
// registries' words on as text, with no codes; the words are those of Docker
// 20.10 to 28, Podman 4 and the registries of Docker Hub, GitHub and Debian.
var pullPhrases = [...]pullPhrase{
	{diskFull, false, `no space left on device|disk quota exceeded`},
	{limited, true, `toomanyrequests|too many requests|\b429\b`},
	{otherPlatform, false, `no matching manifest for|no match for platform|no image found in (manifest list|image index) for|does not match the specified platform|cannot be used on this platform`},
	{untrusted, false, `x509:|certificate signed by unknown authority`},
	{plainHTTP, false, `server gave HTTP response to HTTPS client`},
	{refused, false, `no basic auth credentials|unauthorized|authentication required|incorrect username or password|insufficient_scope|\b401\b|403 Forbidden|invalid username/password`},
	{absent, false, `manifest unknown|manifest for .* not found|name unknown|repository .* not found|repository name not known|pull access denied|404 Not Found|: not found`},
	{refused, false, `\bdenied\b`},
	{noAddress, false, `no such host`},
	{notListening, true, `connection refused`},
	{unanswered, true, `timeout|timed out|deadline exceeded|connection reset|broken pipe|\bEOF\b|(unexpected HTTP status|status code|error:?) ?(from registry)?:? ?5\d\d|\b50[0234]\b|temporary failure|server misbehaving|no route to host|network is unreachable|HTTP request to an HTTPS server`},
}

// askedPause finds the pause that a registry asked for. The engine keeps its
// header to itself; some registries repeat it in words ("retry-after: 1.02s").
const askedPause = `(?i)retry[- ]after:?\s*([0-9.]+)(ns|us|µs|ms|s|m|h)?`

// diagnose says what a failed pull means.
func diagnose(err error) pullFailure {
	var gone brokenOff
	if errors.As(err, &gone) {
		return pullFailure{transient: true} // the engine restarts
	}
	text := err.Error()
	f := pullFailure{}
	for _, p := range pullPhrases {
		if regexp.MustCompile(`(?i)` + p.phrase).MatchString(text) {
			f.kind, f.transient = p.failureKind, p.transient
			break
		}
	}
	if m := regexp.MustCompile(askedPause).FindStringSubmatch(text); m != nil && f.transient {
		f.retryAfter, _ = time.ParseDuration(m[1] + cmp.Or(m[2], "s"))
	}
	if f.kind == diskFull {
		f.reason = agent.ReasonDiskFull
	}
	return f
}

// A subject is what a cure is about.
type subject struct {
	registry, image string
	login           login
	asked           time.Duration // pause that the registry asked for
}

// fix is what a person can do about a failure.
func (f pullFailure) fix(p subject) string {
	logIn := "docker login " + p.registry
	if p.registry == hubName {
		logIn = "docker login"
	}
	switch f.kind {
	case absent:
		return fmt.Sprintf(`correct the name, or build the image with "build:"; if it is private, log in with %q`, logIn)
	case refused:
		if p.login.user == "" {
			return fmt.Sprintf("log in with %q: there are no credentials for %s in %s", logIn, p.registry, p.login.source)
		}
		return fmt.Sprintf("log in again with %q: %s refuses user %q of %s", logIn, p.registry, p.login.user, p.login.source)
	case otherPlatform:
		return "write platform: with one that the image has, name another image, or build it for this platform"
	case limited:
		if p.asked > longestPause {
			return fmt.Sprintf("wait %s, as the registry asks, or log in with %q for a higher limit", p.asked.Round(time.Second), logIn)
		}
		return fmt.Sprintf("log in with %q for a higher limit, or wait; pull: [always, if-missing] goes on with an image that is here", logIn)
	case noAddress:
		return fmt.Sprintf("correct the registry's name in %s, or see whether the engine's machine resolves names; an image that is here needs no registry (pull: if-missing)", p.image)
	case untrusted:
		return fmt.Sprintf("give the engine the registry's CA: /etc/docker/certs.d/%s/ca.crt", p.registry)
	case plainHTTP:
		return fmt.Sprintf("give the registry TLS, or allow %q under insecure-registries in the engine's daemon.json", p.registry)
	case diskFull:
		return `free space on the engine's disk: "docker system prune"`
	case notListening:
		return fmt.Sprintf("start the registry at %s, or correct the address; pull: [always, if-missing] goes on with an image that is here", p.registry)
	case unanswered:
		return fmt.Sprintf("see whether the engine's machine reaches https://%s/v2/, and try again later; pull: [always, if-missing] goes on with an image that is here", p.registry)
	}
	return fmt.Sprintf(`see whether "docker pull %s" works`, p.image)
}

// hubName is Docker Hub in image references.
const hubName = "docker.io"

// registryOf is the registry that an image's name leads to.
func registryOf(name string) string {
	ref, err := reference.ParseNormalizedNamed(name)
	if err != nil {
		host, _, _ := strings.Cut(name, "/")
		return host
	}
	return reference.Domain(ref)
}
