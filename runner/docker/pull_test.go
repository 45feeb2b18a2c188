package docker

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mlops-runner/mlops/runner"
	"github.com/mlops-runner/mlops/runner/agent"
)

// TestRegistry pulls from a real registry that wants a login.
func TestRegistry(t *testing.T) {
	open(t, Options{})
	s := startRegistry(t)
	ref, digest := s.push(t, "team/tiny:1", "")

	t.Run("login", func(t *testing.T) {
		e := s.client(t, s.login, noSleep)
		r, lines := request(ref)
		im, err := e.Resolve(t.Context(), r)
		if err != nil || im.Digest != digest || im.Pin() != (runner.Pin{Digest: digest}) {
			t.Fatalf("%+v, %v", im, err)
		}
		if got := strings.Join(*lines, "\n"); !strings.HasPrefix(got, "pulling "+ref) || !strings.Contains(got, "pulled "+ref+" in ") {
			t.Errorf("progress %q", got)
		}
		s.serve(nil)
		before := e.Requests()
		if _, err := e.Resolve(t.Context(), r); err != nil || e.Requests()-before != 1 || s.count("") != 0 {
			t.Errorf("an image that is here: %v, %d requests to the engine, %d to the registry", err, e.Requests()-before, s.count(""))
		}
	})
	s.drop(t, ref)

	t.Run("by digest", func(t *testing.T) {
		name := strings.TrimSuffix(ref, ":1") + "@" + digest
		t.Cleanup(func() { dropImage(name) })
		im, err := s.client(t, s.login, noSleep).Resolve(t.Context(), runner.ImageRequest{Name: name})
		if err != nil || im.Digest != digest {
			t.Errorf("%+v, %v", im, err)
		}
	})

	t.Run("pinned", func(t *testing.T) {
		_, moved := s.push(t, "team/tiny:1", "linux/arm64") // the tag moves, and the new one is here
		e := s.client(t, s.login, noSleep)
		pin := runner.Pin{Digest: digest}
		if im, err := e.Resolve(t.Context(), runner.ImageRequest{Name: ref, Pull: pullAlways}); err != nil || im.Digest != moved {
			t.Fatalf("%+v, %v", im, err)
		}
		_, err := e.Resolve(t.Context(), runner.ImageRequest{Name: ref, Pin: pin, Pull: pullNever})
		if x := execError(err); x == nil || !strings.Contains(x.Error(), "is pinned to "+short(digest)+", and the one of that name here is "+short(moved)) {
			t.Errorf("got %v", err)
		}
		byDigest := strings.TrimSuffix(ref, ":1") + "@" + digest
		t.Cleanup(func() { dropImage(byDigest) })
		im, err := e.Resolve(t.Context(), runner.ImageRequest{Name: ref, Pin: pin, Pull: pullAlways})
		if err != nil || im.Name != ref || im.Pin() != pin {
			t.Errorf("%+v, %v", im, err)
		}
		s.serve(nil)
		again, err := e.Resolve(t.Context(), runner.ImageRequest{Name: ref, Pin: pin, Pull: pullAlways})
		if err != nil || again.ID != im.ID || s.count("") != 0 {
			t.Errorf("%+v, %v; the registry was asked %d times for a digest that is here", again, err, s.count(""))
		}
		s.push(t, "team/tiny:1", "") // as it was
	})

	t.Run("helper", func(t *testing.T) {
		s.drop(t, ref)
		bin := t.TempDir()
		write(t, filepath.Join(bin, "docker-credential-tests"), fmt.Sprintf("#!/bin/sh\nread server\n"+
			"echo \"{\\\"ServerURL\\\": \\\"$server\\\", \\\"Username\\\": \\\"%s\\\", \\\"Secret\\\": \\\"%s\\\"}\"\n", registryUser, registryPassword))
		if err := os.Chmod(filepath.Join(bin, "docker-credential-tests"), 0o755); err != nil {
			t.Fatal(err)
		}
		t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
		e := s.client(t, `{"credsStore": "tests"}`, noSleep)
		if im, err := e.Resolve(t.Context(), runner.ImageRequest{Name: ref}); err != nil || im.Digest != digest {
			t.Errorf("%+v, %v", im, err)
		}
	})
	s.drop(t, ref)
}

// TestPullFinal: what cannot pass by itself is said at once, with its own cure.
func TestPullFinal(t *testing.T) {
	open(t, Options{})
	s := startRegistry(t)
	ref, digest := s.push(t, "team/tiny:1", "")
	arm, armDigest := s.push(t, "team/arm:1", "linux/arm64")
	s.index(t, "team/arm", "list", armDigest, "arm64")
	other := "sha256:" + strings.Repeat("0", 64)
	tests := []struct {
		name  string
		login string
		r     runner.ImageRequest
		text  string
		fix   string
	}{
		{"no login", `{}`, runner.ImageRequest{Name: ref}, "no basic auth credentials", "log in with \"docker login " + s.host + "\": there are no credentials"},
		{"wrong password", s.config(registryUser, "x"), runner.ImageRequest{Name: ref}, "unauthorized", `refuses user "ada"`},
		{"no such tag", s.login, runner.ImageRequest{Name: s.host + "/team/tiny:2"}, "manifest unknown", "correct the name"},
		{"no such repository", s.login, runner.ImageRequest{Name: s.host + "/team/none"}, "unknown", "correct the name"},
		{"no such digest", s.login, runner.ImageRequest{Name: s.host + "/team/tiny@" + other}, "manifest unknown", "correct the name"},
		{"no such host", s.login, runner.ImageRequest{Name: "registry.invalid/team/tiny:1"}, "no such host", "correct the registry's name"},
		{"no platform in the list", s.login, runner.ImageRequest{Name: s.host + "/team/arm:list", Platform: "linux/s390x"}, "none for linux/s390x, only for linux/arm64", "platform:"},
		{"another platform", s.login, runner.ImageRequest{Name: arm, Platform: "linux/s390x"}, "", "platform:"},
		{"here for another platform", s.login, runner.ImageRequest{Name: busybox(t, open(t, Options{})).Name, Platform: "linux/s390x", Pull: pullNever}, "the job wants linux/s390x", "platform:"},
		{"pinned to what is not there", s.login, runner.ImageRequest{Name: ref, Pin: runner.Pin{Digest: other}}, "is pinned to sha256:000000000000", "mlops lock --update " + ref},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := s.client(t, tt.login, func(context.Context, time.Duration) error {
				t.Error("it was tried again")
				return errors.New("no")
			})
			_, err := e.Resolve(t.Context(), tt.r)
			x := execError(err)
			if x == nil || x.Reason != agent.ReasonImagePull {
				t.Fatalf("got %v", err)
			}
			t.Logf("%v\nfix: %s", x, x.Fix)
			if !strings.Contains(x.Error(), tt.text) || !strings.Contains(x.Fix, tt.fix) {
				t.Errorf("error %q, fix %q", x, x.Fix)
			}
			if tt.r.Name == arm && (!strings.Contains(x.Error(), "linux/arm64") || !strings.Contains(x.Error(), "linux/s390x")) {
				t.Errorf("%v does not name both platforms", x)
			}
		})
	}
	dropImage(s.host + "/team/tiny@" + digest)
}

// spoilt are ways of a registry to fail for a while.
var spoilt = map[string]func(w http.ResponseWriter){
	"503": func(w http.ResponseWriter) { http.Error(w, "upstream is away", http.StatusServiceUnavailable) },
	"429": func(w http.ResponseWriter) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Retry-After", "20")
		w.WriteHeader(http.StatusTooManyRequests)
		fmt.Fprint(w, `{"errors": [{"code": "TOOMANYREQUESTS", "message": "retry-after: 20s, allowed: 1/minute"}]}`)
	},
	"reset": func(w http.ResponseWriter) {
		c, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			panic(err)
		}
		c.(interface{ NetConn() net.Conn }).NetConn().(*net.TCPConn).SetLinger(0)
		c.(interface{ NetConn() net.Conn }).NetConn().Close()
	},
}

// TestPullTransient: a registry that fails for a while is asked again, with
// pauses that grow; one that goes on failing is given up, and said to be it.
func TestPullTransient(t *testing.T) {
	open(t, Options{})
	s := startRegistry(t)
	ref, digest := s.push(t, "team/tiny:1", "")
	for name, fail := range spoilt {
		for _, times := range []int{2, 99} {
			t.Run(fmt.Sprint(name, " ", times, " times"), func(t *testing.T) {
				s.drop(t, ref)
				// The engine may ask more than once in a try, so that a failure lasts
				// until the next pause.
				var pauses []time.Duration
				e := s.client(t, s.login, func(_ context.Context, d time.Duration) error {
					if pauses = append(pauses, d); len(pauses) == times {
						s.serve(nil)
					}
					return nil
				})
				s.serve(func(w http.ResponseWriter, r *http.Request) bool { fail(w); return true })
				defer s.serve(nil)
				r, lines := request(ref)
				im, err := e.Resolve(t.Context(), r)
				checkPauses(t, pauses, min(times, pullRetries), name == "429")
				if times == 2 {
					if err != nil || im.Digest != digest {
						t.Errorf("%+v, %v", im, err)
					}
					if n := strings.Count(strings.Join(*lines, "\n"), "trying again in"); n != 2 {
						t.Errorf("told %q", *lines)
					}
					return
				}
				x := execError(err)
				if x == nil || x.Reason != agent.ReasonImagePull || !strings.Contains(x.Error(), "tried 4 times") {
					t.Fatalf("got %v", err)
				}
				t.Logf("%v\nfix: %s", x, x.Fix)
				if !strings.Contains(x.Fix, "pull: [always, if-missing]") {
					t.Errorf("fix %q", x.Fix)
				}
			})
		}
	}
	s.drop(t, ref)
}

func checkPauses(t *testing.T, pauses []time.Duration, want int, asked bool) {
	t.Helper()
	if len(pauses) != want {
		t.Fatalf("pauses %v, want %d", pauses, want)
	}
	for i, d := range pauses {
		low, high := 2*time.Second<<i, 10*time.Second
		if asked {
			low, high = 20*time.Second, 20*time.Second
		}
		if d < low || d > high {
			t.Errorf("pause %d is %s", i, d)
		}
	}
}

// TestPullPolicies: policies are tried in order.
func TestPullPolicies(t *testing.T) {
	open(t, Options{})
	s := startRegistry(t)
	ref, digest := s.push(t, "team/tiny:1", "")
	e := s.client(t, s.login, noSleep)
	if _, err := e.Resolve(t.Context(), runner.ImageRequest{Name: ref, Pull: pullNever}); execError(err) == nil {
		t.Fatalf("never pulled: %v", err)
	}
	if im, err := e.Resolve(t.Context(), runner.ImageRequest{Name: ref, Pull: "always"}); err != nil || im.Digest != digest {
		t.Fatalf("%+v, %v", im, err)
	}
	// The registry is down.
	s.serve(func(w http.ResponseWriter, r *http.Request) bool { spoilt["503"](w); return true })
	for _, pull := range []string{"always,if-missing", "always,never"} {
		r, lines := request(ref)
		r.Pull = pull
		im, err := e.Resolve(t.Context(), r)
		if err != nil || im.Digest != digest || !strings.Contains(strings.Join(*lines, "\n"), "going on with the image that is here") {
			t.Errorf("%s: %+v, %v, told %q", pull, im, err, *lines)
		}
	}
	if _, err := e.Resolve(t.Context(), runner.ImageRequest{Name: ref, Pull: "always"}); execError(err) == nil {
		t.Error("an image that was to be pulled was not, and nobody was told")
	}
	s.drop(t, ref)
	s.serve(func(w http.ResponseWriter, r *http.Request) bool { spoilt["503"](w); return true })
	_, err := e.Resolve(t.Context(), runner.ImageRequest{Name: ref, Pull: "always,if-missing"})
	if x := execError(err); x == nil || !strings.Contains(x.Error(), "503") {
		t.Errorf("the error is not the registry's: %v", err)
	}
}

// TestPullOnce: jobs that want one image at the same time share its pull, and
// the job that asked first may be cancelled without harm for the others.
func TestPullOnce(t *testing.T) {
	open(t, Options{})
	s := startRegistry(t)
	ref, digest := s.push(t, "team/tiny:1", "")
	e := s.client(t, s.login, noSleep)
	held, entered := make(chan struct{}), make(chan struct{})
	var once sync.Once
	s.serve(func(http.ResponseWriter, *http.Request) bool {
		once.Do(func() { close(entered) })
		<-held
		return false
	})
	ctx, cancel := context.WithCancel(t.Context())
	first := make(chan error, 1)
	go func() { _, err := e.Resolve(ctx, runner.ImageRequest{Name: ref}); first <- err }()
	<-entered
	var wg sync.WaitGroup
	for range 5 {
		wg.Go(func() {
			if im, err := e.Resolve(t.Context(), runner.ImageRequest{Name: ref}); err != nil || im.Digest != digest {
				t.Errorf("%+v, %v", im, err)
			}
		})
	}
	time.Sleep(100 * time.Millisecond) // they wait for the first
	cancel()
	if err := <-first; !errors.Is(err, context.Canceled) || execError(err) != nil {
		t.Errorf("being cancelled is a failure: %v", err)
	}
	close(held)
	wg.Wait()
	// Docker 20.10 does not notice at once that nobody waits for the first pull.
	if n := s.count("GET /v2/team/tiny/manifests"); n > 2 {
		t.Errorf("the manifest was fetched %d times", n)
	}
	s.drop(t, ref)
}

// TestRegistryDown: nobody listens where the registry should be.
func TestRegistryDown(t *testing.T) {
	e := open(t, Options{Sleep: noSleep, Getenv: func(name string) string {
		if name == "DOCKER_AUTH_CONFIG" {
			return `{"auths": {"127.0.0.1:1": {"auth": "` + base64.StdEncoding.EncodeToString([]byte("a:b")) + `"}}}`
		}
		return os.Getenv(name)
	}})
	_, err := e.Resolve(t.Context(), runner.ImageRequest{Name: "127.0.0.1:1/team/tiny:1"})
	x := execError(err)
	if x == nil || x.Reason != agent.ReasonImagePull || !strings.Contains(x.Fix, "start the registry at 127.0.0.1:1") {
		t.Errorf("got %v", err)
	}
}
