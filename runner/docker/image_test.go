package docker

import (
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mlops-runner/mlops/runner"
	"github.com/mlops-runner/mlops/runner/agent"
	"github.com/mlops-runner/mlops/runner/executortest"
)

func TestIgnore(t *testing.T) {
	ig, err := parseIgnore("\ufeff# comment\n\n*.log\n/data/\n!data/keep.csv\n**/*.tmp\nsrc/*/cache\n!README.md\n./x/../y\n.\n")
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{
		"a.log": true, "d/a.log": false, "data": true, "data/x": true, "data/keep.csv": false, "data/sub/keep.csv": true,
		"x.tmp": true, "a/b/x.tmp": true, "src/a/cache": true, "src/a/cache/f": true, "src/cache": false, "README.md": false, "y": true, "x": false,
	} {
		if got := ig.match(name); got != want {
			t.Errorf("%s: got %v", name, got)
		}
	}
	if !ig.mayHaveExceptions("data") || ig.mayHaveExceptions("y") {
		t.Error("folders with exceptions are not told from others")
	}
	if _, err := parseIgnore("a[\n"); err == nil {
		t.Error("a broken pattern is accepted")
	}
}

func FuzzIgnore(f *testing.F) {
	f.Add("*.log\n!a", "a/b")
	f.Fuzz(func(t *testing.T, text, name string) {
		if ig, err := parseIgnore(text); err == nil {
			ig.match(name)
			ig.mayHaveExceptions(name)
		}
	})
}

func TestNearest(t *testing.T) {
	tags := []string{"python:3.11-slim", "python:3.12", "mlops/base:1", "golang:1.26"}
	if diff := cmp.Diff([]string{"python:3.12", "python:3.11-slim"}, nearest("python:3.13", tags)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"golang:1.26"}, nearest("golnag:1.26", tags)); diff != "" {
		t.Error(diff)
	}
	if got := nearest("postgres", tags); len(got) > 0 {
		t.Errorf("got %v", got)
	}
	if d := edits("kitten", "sitting"); d != 3 {
		t.Errorf("distance %d", d)
	}
}

func TestCredentials(t *testing.T) {
	bin := t.TempDir()
	write(t, filepath.Join(bin, "docker-credential-fake"), `#!/bin/sh
read server
case $server in
ghcr.io) echo '{"ServerURL":"ghcr.io","Username":"<token>","Secret":"tok"}';;
quay.io) echo '{"Username":"u","Secret":"s"}';;
broken.io) echo "no keychain" >&2; exit 1;;
*) echo "credentials not found in native keychain"; exit 1;;
esac
`)
	if err := os.Chmod(filepath.Join(bin, "docker-credential-fake"), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	cfg := t.TempDir()
	plain := base64.StdEncoding.EncodeToString([]byte("me:pass:word"))
	write(t, filepath.Join(cfg, "config.json"), `{
		"auths": {"https://index.docker.io/v1/": {"auth": "`+plain+`"}, "https://old.io/v2/": {"auth": "`+plain+`"}, "bad.io": {"auth": "###"},
			"deep.io": {"username": "host", "password": "p"}, "deep.io/team": {"username": "team", "password": "p"}, "deep.io/team/app": {"identitytoken": "app"},
			"empty.io": {}, "empty.io/x": {"registrytoken": "bearer"}},
		"credHelpers": {"ghcr.io": "fake", "quay.io": "fake", "broken.io": "fake", "none.io": "fake", "evil.io": "../fake", "evil2.io": "fake /x", "gone.io": "gone"}}`)
	tests := []struct {
		image string
		env   string
		want  map[string]string // nil = none
		err   string
	}{
		{image: "python:3", want: map[string]string{"username": "me", "password": "pass:word", "serveraddress": hubKey}},
		{image: "old.io/a/b", want: map[string]string{"username": "me", "password": "pass:word", "serveraddress": "old.io"}},
		{image: "ghcr.io/a/b", want: map[string]string{"identitytoken": "tok", "serveraddress": "ghcr.io"}},
		{image: "quay.io/a/b", want: map[string]string{"username": "u", "password": "s", "serveraddress": "quay.io"}},
		{image: "deep.io/a", want: map[string]string{"username": "host", "password": "p", "serveraddress": "deep.io"}},
		{image: "deep.io/team/b:1", want: map[string]string{"username": "team", "password": "p", "serveraddress": "deep.io"}},
		{image: "deep.io/team/app", want: map[string]string{"identitytoken": "app", "serveraddress": "deep.io"}},
		{image: "deep.io/teams/app", want: map[string]string{"username": "host", "password": "p", "serveraddress": "deep.io"}},
		{image: "empty.io/y"}, {image: "empty.io/x/y", want: map[string]string{"registrytoken": "bearer", "serveraddress": "empty.io"}},
		{image: "none.io/a"}, {image: "unknown.io/a"}, {image: "sha256:" + strings.Repeat("a", 64)},
		{image: "broken.io/a", err: "no keychain"},
		{image: "gone.io/a", err: "executable file not found"},
		{image: "evil2.io/a", err: "is not a name"},
		{image: "evil.io/a", err: "is not a name"},
		{image: "bad.io/a", err: "not base64"},
		{image: "env.io/a", env: `{"auths":{"env.io":{"username":"x","password":"y"}}}`, want: map[string]string{"username": "x", "password": "y", "serveraddress": "env.io"}},
	}
	for _, tt := range tests {
		t.Run(tt.image, func(t *testing.T) {
			e, err := Open(t.Context(), Options{Host: "unix:///none", Getenv: environ("DOCKER_CONFIG="+cfg, "DOCKER_AUTH_CONFIG="+tt.env)})
			if err != nil {
				t.Fatal(err)
			}
			l, err := e.login(t.Context(), tt.image)
			got := l.header
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), tt.err) {
					t.Fatalf("got %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var have map[string]string
			if got != "" {
				b, err := base64.URLEncoding.DecodeString(got)
				if err != nil || json.Unmarshal(b, &have) != nil {
					t.Fatal("not base64 of JSON: ", got)
				}
			}
			if diff := cmp.Diff(tt.want, have); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestEmptyImage(t *testing.T) {
	t.Parallel()
	_, amd := emptyImage("linux/amd64")
	_, again := emptyImage("linux/amd64")
	_, arm := emptyImage("linux/arm64/v8")
	if amd != again || amd == arm {
		t.Errorf("IDs %s %s %s", amd, again, arm)
	}
	e := open(t, Options{})
	im, err := e.Resolve(t.Context(), runner.ImageRequest{})
	if err != nil {
		t.Fatal(err)
	}
	if _, want := emptyImage(im.Platform); im.ID != want || im.Name != EmptyImage {
		t.Errorf("got %+v, want ID %s", im, want)
	}
	before := e.Requests()
	if _, err := e.Resolve(t.Context(), runner.ImageRequest{}); err != nil || e.Requests()-before != 1 {
		t.Errorf("%d requests for an image that is there, %v", e.Requests()-before, err)
	}
	tk := task(t, im, realAgent(t))
	tk.Spec.Steps = []agent.Step{{Name: "action", Uses: executortest.EchoAction, With: map[string]any{"auc": "0.9"}}}
	if r, log := run(t, e, tk); r.Status != agent.Success || r.Outputs["auc"] != "0.9" || log != "{\"auc\":\"0.9\"}\n" {
		t.Errorf("an action in the empty image: %+v, %s", r, log)
	}
}

func TestResolve(t *testing.T) {
	t.Parallel()
	e := open(t, Options{Sleep: noSleep})
	have := busybox(t, e)
	if !strings.HasPrefix(have.ID, "sha256:") || !strings.HasPrefix(have.Platform, "linux/") || have.Size == 0 {
		t.Errorf("got %+v", have)
	}
	before := e.Requests()
	if im, err := e.Resolve(t.Context(), runner.ImageRequest{Name: have.Name}); err != nil || im.ID != have.ID || e.Requests()-before != 1 {
		t.Errorf("got %+v, %v after %d requests", im, err, e.Requests()-before)
	}
	for _, r := range []runner.ImageRequest{
		{Name: busyboxName + ":no", Pull: pullNever},
		{Name: "127.0.0.1:1/" + busyboxName + ":no"},
	} {
		_, err := e.Resolve(t.Context(), r)
		x := execError(err)
		if x == nil || x.Reason != agent.ReasonImagePull {
			t.Fatalf("%+v: got %v", r, err)
		}
		if !strings.Contains(x.Error(), r.Name) || r.Pull == pullNever && (!strings.Contains(x.Fix, "did you mean "+busyboxName) || !strings.Contains(x.Fix, "docker pull "+r.Name)) {
			t.Errorf("%+v: error %q fix %q", r, x, x.Fix)
		}
	}
	for _, r := range []runner.ImageRequest{{Name: "UPPER CASE"}, {Name: "x", Pull: "sometimes"}, {Name: "x", Pull: "always,sometimes"}} {
		if _, err := e.Resolve(t.Context(), r); execError(err) == nil || execError(err).Reason != agent.ReasonConfig {
			t.Errorf("%+v: got %v", r, err)
		}
	}
}

func TestBuild(t *testing.T) {
	t.Parallel()
	e := open(t, Options{})
	base := busybox(t, e)
	dir := t.TempDir()
	write(t, filepath.Join(dir, "Dockerfile"), "FROM "+base.Name+" AS one\nARG word=no\nCOPY . /src\nRUN echo $word > /word\nFROM one AS two\n")
	write(t, filepath.Join(dir, ".dockerignore"), "secret*\n")
	write(t, filepath.Join(dir, "secret.txt"), "x")
	write(t, filepath.Join(dir, "code.py"), "y")
	digest := strings.Repeat("ab", 30)
	req := runner.ImageRequest{Build: &runner.Build{Context: dir, Args: map[string]string{"word": "yes"}, Target: "one", Digest: digest}}
	var lines []string
	req.Progress = func(s string) { lines = append(lines, s) }
	im, err := e.Resolve(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { removeImage(t, e, im.Name) })
	if !strings.HasPrefix(im.Name, "mlops-build:") || len(lines) < 3 {
		t.Errorf("got %+v after %q", im, lines)
	}
	before := e.Requests()
	again, err := e.Resolve(t.Context(), req)
	if err != nil || again.ID != im.ID || e.Requests()-before != 2 { // one for the base image
		t.Errorf("built twice, %d requests: %+v, %v", e.Requests()-before, again, err)
	}
	files := filesOf(t, e, im)
	if !slices.Contains(files, "src/code.py") || slices.Contains(files, "src/secret.txt") {
		t.Errorf("the context holds %v", files)
	}

	write(t, filepath.Join(dir, "Dockerfile"), "FROM "+base.Name+"\nRUN echo on purpose; exit 7\n")
	req.Build.Digest, req.Build.Target = "", ""
	_, err = e.Resolve(t.Context(), req)
	if x := execError(err); x == nil || x.Reason != agent.ReasonConfig || !strings.Contains(x.Error(), "on purpose") || !strings.Contains(x.Fix, "Dockerfile") {
		t.Errorf("a failed build gives %v", err)
	}
	write(t, filepath.Join(dir, "Dockerfile"), "FROM 127.0.0.1:1/none\n")
	_, err = e.Resolve(t.Context(), req)
	if x := execError(err); x == nil || x.Reason != agent.ReasonImagePull {
		t.Errorf("a missing base image gives %v", err)
	}
	req.Build.File = "none"
	if _, err = e.Resolve(t.Context(), req); execError(err) == nil {
		t.Errorf("a missing Dockerfile gives %v", err)
	}
}
