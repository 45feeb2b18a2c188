package remote_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mlops-runner/mlops/runner/remote"
	"github.com/mlops-runner/mlops/runner/remote/remotetest"
	"github.com/mlops-runner/mlops/runner/s3"
	"github.com/mlops-runner/mlops/runner/s3/s3test"
)

func TestFolder(t *testing.T) {
	t.Parallel()
	remotetest.Run(t, func(t *testing.T) remote.Store { return remote.OpenFolder(filepath.Join(t.TempDir(), "new")) })
}

func lookup(id, secret string) func(string) (string, bool) {
	env := map[string]string{"AWS_ACCESS_KEY_ID": id, "AWS_SECRET_ACCESS_KEY": secret}
	return func(name string) (string, bool) { v, ok := env[name]; return v, ok }
}

// A real server holds what the interface promises, each test below a prefix of its own.
func TestBucket(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "lake"), 0o755); err != nil {
		t.Fatal(err)
	}
	endpoint := s3test.Gateway(t, dir)
	remotetest.Run(t, func(t *testing.T) remote.Store {
		prefix := strings.Map(func(r rune) rune {
			if r == '/' || r == ' ' {
				return '-'
			}
			return r
		}, t.Name())
		s, err := remote.Open("s3://lake/"+prefix+"?endpoint="+endpoint, "", s3.Options{Lookup: lookup(s3test.ID, s3test.Secret)})
		if err != nil {
			t.Fatal(err)
		}
		return s
	})
	t.Run("mistakes", func(t *testing.T) { mistakes(t, endpoint) })
}

// What people get wrong is told, with what to do, and without the key.
func mistakes(t *testing.T, endpoint string) {
	for name, c := range map[string]struct{ address, secret, want, cure string }{
		"a wrong key":  {"s3://lake/x?endpoint=" + endpoint, "hidden", "SignatureDoesNotMatch", "AWS_SECRET_ACCESS_KEY"},
		"no bucket":    {"s3://nobucket/x?endpoint=" + endpoint, s3test.Secret, "NoSuchBucket", "make the bucket"},
		"nobody there": {"s3://lake/x?endpoint=http://127.0.0.1:1", s3test.Secret, "connection refused", "can be reached"},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := remote.Open(c.address, "", s3.Options{Lookup: lookup(s3test.ID, c.secret), Attempts: 1})
			if err != nil {
				t.Fatal(err)
			}
			for range 1 {
				_, err = s.Put(t.Context(), "a", strings.NewReader("x"), 1, nil)
			}
			var e *remote.Error
			if !errors.As(err, &e) || !strings.Contains(err.Error(), c.want) || !strings.Contains(e.Fix(), c.cure) || strings.Contains(err.Error(), "hidden") {
				t.Errorf("%v; fix: %s", err, e.Fix())
			}
			for _, err = range s.List(t.Context(), "") {
			}
			if !errors.As(err, &e) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("list: %v", err)
			}
		})
	}
}

func TestOpen(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"s3://b/p/q":                       "s3://b/p/q",
		"s3://b/?endpoint=http://h:1":      "s3://b",
		"file:///srv/store/":               "/srv/store",
		"/srv/store":                       "/srv/store",
		"../store":                         "/home/store",
		"s3://b?endpoint=http://h&region=": "s3://b",
	} {
		s, err := remote.Open(address, "/home/me", s3.Options{})
		if err != nil || s.Address() != want {
			t.Errorf("%s: %v, %v; want %s", address, s, err, want)
		}
	}
	for address, want := range map[string]string{
		"ftp://x/y": "ftp://", "file://x": "three slashes", "s3://id:key@b/x": "password", "s3://b?x=1": `"x" is unknown`, "s3://": "no name of a bucket", "s3://b?endpoint=h": "no address of a server",
	} {
		if _, err := remote.Open(address, "/", s3.Options{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v; want %q", address, err, want)
		}
	}
}
