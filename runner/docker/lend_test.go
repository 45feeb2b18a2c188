package docker

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/mlops-runner/mlops/runner"
	"github.com/mlops-runner/mlops/runner/agent"
)

// TestUntrustedIsNobody shows that root's untrusted jobs are not root, may write
// what jobs write and nothing else, and leave files that are root's again.
func TestUntrustedIsNobody(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root runs jobs as somebody else")
	}
	t.Parallel()
	for _, apart := range []bool{false, true} {
		e := open(t, Options{})
		tk := task(t, busybox(t, e), realAgent(t), `
id -u; id -un; grep CapEff /proc/self/status
cat in/mine stored ro/f
echo more >> in/mine && echo may change its own
echo x 2>/dev/null >> stored || chmod 666 stored 2>/dev/null || echo may not change what the store has
echo x 2>/dev/null > ro/f || echo may not change inputs
mkdir -m 700 private; echo out > private/out; chmod 600 private/out; ln private/out again; ln -s /etc/passwd link
touch cache/new`, "cat private/out; id -u; echo x >> private/out")
		if apart {
			tk.Name += "-apart"
		}
		tk.Untrusted, tk.Spec.Isolate = true, apart
		keep, cache, ro := filepath.Join(t.TempDir(), "kept"), t.TempDir(), t.TempDir()
		write(t, keep, "kept\n")
		write(t, filepath.Join(ro, "f"), "read\n")
		if err := os.Mkdir(filepath.Join(tk.Workspace, "in"), 0o700); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(tk.Workspace, "in", "mine"), "mine\n")
		if err := os.Link(keep, filepath.Join(tk.Workspace, "stored")); err != nil {
			t.Fatal(err)
		}
		tk.Mounts = []runner.Mount{{Source: cache, Target: "cache", Writable: true}, {Source: ro, Target: "ro"}}
		r, log := run(t, e, tk)
		want := "65534\nmlops\nCapEff:\t0000000000000000\nmine\nkept\nread\nmay change its own\n" +
			"may not change what the store has\nmay not change inputs\nout\n65534\n"
		if r.Status != agent.Success || log != want {
			t.Errorf("apart %v: %+v\n%s", apart, r, log)
		}
		for _, dir := range []string{tk.Workspace, tk.Control, keep, ro} {
			allMine(t, dir)
		}
		if b, err := os.ReadFile(keep); err != nil || string(b) != "kept\n" {
			t.Errorf("what the store has: %q, %v", b, err)
		}
		// Another job of the run may be at work in the same cache.
		if st, err := os.Stat(filepath.Join(cache, "new")); err != nil || st.Sys().(*syscall.Stat_t).Uid != nobody {
			t.Errorf("the cache: %v, %v", st, err)
		}
	}
}

// TestUntrustedAsksForRoot shows that no file makes an untrusted job root.
func TestUntrustedAsksForRoot(t *testing.T) {
	t.Parallel()
	e := open(t, Options{})
	tk := task(t, busybox(t, e), realAgent(t), "id -u")
	tk.Untrusted, tk.User = true, "root"
	if _, err := e.Run(t.Context(), tk, nil); err == nil || !strings.Contains(err.Error(), "is not trusted and asks for root") {
		t.Errorf("error %v", err)
	}
}

// TestRechownStaysInside shows that a link leads nowhere, and that names may be
// any bytes.
func TestRechownStaysInside(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root gives files away")
	}
	t.Parallel()
	dir, out := t.TempDir(), t.TempDir()
	write(t, filepath.Join(out, "f"), "")
	odd := filepath.Join(dir, "a\xff\nb")
	if err := os.Mkdir(odd, 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(odd, "f"), "")
	for name, to := range map[string]string{"folder": out, "file": filepath.Join(out, "f")} {
		if err := os.Symlink(to, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := rechown(dir, nobody, nobody, mayLend); err != nil {
		t.Fatal(err)
	}
	allMine(t, out)
	for _, name := range []string{dir, odd, filepath.Join(odd, "f"), filepath.Join(dir, "folder")} {
		if st, err := os.Lstat(name); err != nil || st.Sys().(*syscall.Stat_t).Uid != nobody {
			t.Errorf("%q: %v, %v", name, st, err)
		}
	}
}

// TestUntrustedElsewhere shows the same of an engine that files are copied to.
func TestUntrustedElsewhere(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root runs jobs as somebody else")
	}
	t.Parallel()
	e := open(t, Options{Remote: true})
	tk := task(t, busybox(t, e), realAgent(t), "id -u; cat in; echo more >> in; cp in out; chmod 600 out")
	tk.Untrusted, tk.Spec.Outputs = true, []string{"out"}
	write(t, filepath.Join(tk.Workspace, "in"), "in\n")
	r, log := run(t, e, tk)
	if r.Status != agent.Success || log != "65534\nin\n" {
		t.Errorf("%+v\n%s", r, log)
	}
	if b, err := os.ReadFile(filepath.Join(tk.Workspace, "out")); err != nil || string(b) != "in\nmore\n" {
		t.Errorf("%q, %v", b, err)
	}
	allMine(t, tk.Workspace)
}

// TestUntrustedAgentOfOthers shows that an agent which nobody may start is told.
func TestUntrustedAgentOfOthers(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root runs jobs as somebody else")
	}
	t.Parallel()
	e := open(t, Options{})
	own := filepath.Join(t.TempDir(), "mlops")
	b, err := os.ReadFile(realAgent(t))
	if err == nil {
		err = os.WriteFile(own, b, 0o700)
	}
	if err != nil {
		t.Fatal(err)
	}
	tk := task(t, busybox(t, e), own, "id -u")
	tk.Untrusted = true
	if _, err := e.Run(t.Context(), tk, nil); err == nil || !strings.Contains(err.Error(), "others may not read and start it") {
		t.Errorf("error %v", err)
	}
	e.removals.Wait()
	if list := containers(t, e); len(list) > 0 {
		t.Errorf("left behind: %v", list)
	}
}
