package main

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
)

// A setup is the setup action in a folder of its own, with a mirror that serves a
// release made by .ci/release.
type setup struct {
	t       *testing.T
	action  string // folder
	release string
	mirror  *httptest.Server
	asked   atomic.Int32
	cuts    atomic.Int32 // connections that are cut before they work
}

// newSetup builds a release for this machine and pins it.
func newSetup(t *testing.T) *setup {
	s := &setup{t: t, action: filepath.Join(t.TempDir(), "actions", "setup"), release: filepath.Join(t.TempDir(), "release")}
	if err := os.CopyFS(s.action, os.DirFS("../../actions/setup")); err != nil {
		t.Fatal(err)
	}
	build := exec.Command("../../.ci/release", "v9.8.7", "pin")
	build.Env = append(os.Environ(), "OUT="+s.release, "SETUP="+s.action, "PLATFORMS=linux/"+runtime.GOARCH)
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	files := http.StripPrefix("/releases/v9.8.7/", http.FileServer(http.Dir(s.release)))
	s.mirror = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.asked.Add(1)
		if s.cuts.Add(-1) >= 0 {
			panic(http.ErrAbortHandler)
		}
		files.ServeHTTP(w, r)
	}))
	t.Cleanup(s.mirror.Close)
	return s
}

// run runs the action's script with some more variables, and returns what it
// said, what it left for later steps and the folder of its tools.
func (s *setup) run(tools string, vars ...string) (said, path, outputs string, err error) {
	s.t.Helper()
	dir := s.t.TempDir()
	c := exec.Command(filepath.Join(s.action, "setup.sh"))
	c.Env = append(os.Environ(), "SETUP_MIRROR="+s.mirror.URL+"/releases", "SETUP_VERIFY=off", "RUNNER_TEMP="+dir, "RUNNER_TOOL_CACHE="+tools,
		"GITHUB_PATH="+filepath.Join(dir, "path"), "GITHUB_OUTPUT="+filepath.Join(dir, "output"))
	c.Env = append(c.Env, vars...)
	var out bytes.Buffer
	c.Stdout, c.Stderr = &out, &out
	err = c.Run()
	text := func(name string) string {
		b, _ := os.ReadFile(filepath.Join(dir, name))
		return strings.TrimSpace(string(b))
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "mlops.*")); len(left) > 0 {
		s.t.Errorf("left behind: %v", left)
	}
	return out.String(), text("path"), text("output"), err
}

// TestSetupAction installs a release as the setup action does, from a mirror as a
// GitHub Enterprise Server without a way out needs one.
func TestSetupAction(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("releases are for Linux")
	}
	for _, tool := range []string{"bash", "curl", "tar", "sha256sum"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("no %s here", tool)
		}
	}
	s := newSetup(t)
	tools := t.TempDir()
	s.cuts.Store(1)
	said, path, outputs, err := s.run(tools)
	if err != nil || !strings.HasPrefix(path, tools) || !strings.Contains(outputs, "version=v9.8.7") || s.asked.Load() != 2 {
		t.Fatalf("%v, %d requests, path %q, outputs %q\n%s", err, s.asked.Load(), path, outputs, said)
	}
	if out, err := exec.Command(filepath.Join(path, "mlops"), "--version").Output(); err != nil || string(out) != "mlops v9.8.7\n" {
		t.Errorf("what is on the path says %q, %v", out, err)
	}
	if _, again, _, err := s.run(tools); err != nil || again != path || s.asked.Load() != 2 {
		t.Errorf("the second time: %v, %q, %d requests", err, again, s.asked.Load())
	}
	s.refusals()
}

// refusals are what stops the action, each with its reason and nothing installed.
func (s *setup) refusals() {
	for _, c := range []struct {
		name, machine, want string
		vars                []string
	}{
		{"a release that is not there", "", "cannot be fetched; look whether the release exists", []string{"SETUP_VERSION=v9.9.9", "SETUP_CHECKSUM=" + strings.Repeat("a", 64)}},
		{"a version without a known sum", "", "knows no checksum of v1.2.3", []string{"SETUP_VERSION=v1.2.3"}},
		{"a sum that is not the known one", "", "is not the one that this action knows", []string{"SETUP_CHECKSUM=" + strings.Repeat("a", 64)}},
		{"a version that is a command", "", "a version looks like v0.4.0", []string{"SETUP_VERSION=v1.0.0; touch /tmp/x"}},
		{"a version that leaves the mirror", "", "a version looks like v0.4.0", []string{"SETUP_VERSION=../v9.8.7"}},
		{"another machine", "riscv64", "there is no release for riscv64", nil},
		{"a word for verify that is none", "", "verify is auto, require or off", []string{"SETUP_VERIFY=maybe"}},
	} {
		before := s.asked.Load()
		vars := c.vars
		if c.machine != "" {
			vars = append(vars, "PATH="+s.machine(c.machine)+":"+os.Getenv("PATH"))
		}
		s.refused(c.name, c.want, vars...)
		if n := s.asked.Load() - before; n > 1 {
			s.t.Errorf("%s: asked %d times", c.name, n)
		}
	}
	archive := filepath.Join(s.release, "mlops-linux-"+runtime.GOARCH+".tar.gz")
	text, err := os.ReadFile(archive)
	if err != nil {
		s.t.Fatal(err)
	}
	for name, forged := range map[string][]byte{"a forged archive": append(text, 0), "half an archive": text[:len(text)/2]} {
		if err := os.WriteFile(archive, forged, 0o644); err != nil {
			s.t.Fatal(err)
		}
		s.refused(name, "nothing was unpacked")
	}
}

func (s *setup) refused(name, want string, vars ...string) {
	s.t.Helper()
	tools := s.t.TempDir()
	said, path, outputs, err := s.run(tools, vars...)
	if err == nil || !strings.Contains(said, "::error title=mlops setup::") || !strings.Contains(said, want) || path+outputs != "" {
		s.t.Errorf("%s: %v, path %q, outputs %q\n%s", name, err, path, outputs, said)
	}
	if kept, _ := filepath.Glob(filepath.Join(tools, "mlops", "*", "*", "mlops")); len(kept) > 0 {
		s.t.Errorf("%s: installed %v", name, kept)
	}
}

// machine makes a folder with a uname that tells of another machine.
func (s *setup) machine(arch string) string {
	dir := s.t.TempDir()
	script := "#!/bin/sh\n[ \"$1\" = -m ] && echo " + arch + " || echo Linux\n"
	if err := os.WriteFile(filepath.Join(dir, "uname"), []byte(script), 0o755); err != nil {
		s.t.Fatal(err)
	}
	return dir
}
