package docker

import (
	"archive/tar"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/image"

	"github.com/mlops-runner/mlops/runner"
	"github.com/mlops-runner/mlops/runner/agent"
)

// fixture is what tests against a real engine share: programs that are built
// once, and an image of static busybox.
type fixture struct {
	dir   string
	built sync.Map // package → func() (string, error)
	image func() (runner.Image, error)
	self  func() (string, error) // a copy of the tests' binary that everybody may start
}

var shared fixture

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "docker-test-")
	if err != nil {
		panic(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil { // for TestAsCaller
		panic(err)
	}
	shared.dir = dir
	shared.image = sync.OnceValues(makeBusybox)
	shared.self = sync.OnceValues(copySelf)
	hadEmpty := hasImage(EmptyImage)
	code := m.Run()
	dropImage(busyboxRef())
	if !hadEmpty {
		dropImage(EmptyImage)
	}
	os.RemoveAll(dir)
	os.Exit(code)
}

func copySelf() (string, error) {
	out := filepath.Join(shared.dir, "docker.test")
	// By another process: what another test starts meanwhile would have the copy open for
	// writing for a moment, and the kernel starts no such file.
	b, err := exec.Command("install", "-m", "755", os.Args[0], out).CombinedOutput()
	if err != nil {
		err = fmt.Errorf("%w: %s", err, b)
	}
	return out, err
}

// withEngine calls f with an executor if an engine answers.
func withEngine(f func(ctx context.Context, e *Executor)) {
	ctx := context.Background()
	e, err := Open(ctx, Options{})
	if err != nil {
		return
	}
	if e.connect(ctx) == nil {
		f(ctx, e)
	}
	e.Close()
}

func hasImage(name string) (has bool) {
	withEngine(func(ctx context.Context, e *Executor) {
		_, err := e.cli.ImageInspect(ctx, name)
		has = err == nil
	})
	return has
}

// dropImage removes an image that tests made. It may be missing.
func dropImage(name string) {
	withEngine(func(ctx context.Context, e *Executor) {
		e.cli.ImageRemove(ctx, name, image.RemoveOptions{Force: true, PruneChildren: true})
	})
}

// open returns an executor on the engine of this machine. It skips the test if
// there is none, unless MLOPS_NEED_DOCKER=1.
func open(t testing.TB, o Options) *Executor {
	t.Helper()
	e, err := Open(t.Context(), o)
	if err == nil {
		err = e.connect(t.Context())
	}
	if err != nil && os.Getenv("MLOPS_NEED_DOCKER") == "1" {
		t.Fatal(err)
	}
	if err != nil {
		t.Skip("no engine:", err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return e
}

// compile builds a package as a static binary, once.
func compile(t testing.TB, pkg string) string {
	t.Helper()
	build := func() (string, error) {
		out := filepath.Join(shared.dir, strings.ReplaceAll(pkg, "/", "_"))
		cmd := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", out, pkg)
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if b, err := cmd.CombinedOutput(); err != nil {
			return "", fmt.Errorf("build %s: %w\n%s", pkg, err, b)
		}
		return out, nil
	}
	v, _ := shared.built.LoadOrStore(pkg, sync.OnceValues(build))
	name, err := v.(func() (string, error))()
	if err != nil {
		t.Fatal(err)
	}
	return name
}

const busyboxName = "mlops-test/busybox"

func busyboxRef() string { return fmt.Sprintf("%s:%d", busyboxName, os.Getpid()) }

// busybox returns an image with a shell and little else.
func busybox(t testing.TB, e *Executor) runner.Image {
	t.Helper()
	im, err := shared.image()
	if err != nil {
		t.Fatal(err)
	}
	return im
}

func makeBusybox() (runner.Image, error) {
	archive, err := busyboxTar()
	if err != nil {
		return runner.Image{}, err
	}
	ctx := context.Background()
	e, err := Open(ctx, Options{})
	if err != nil {
		return runner.Image{}, err
	}
	defer e.Close()
	if err := e.connect(ctx); err != nil {
		return runner.Image{}, err
	}
	body, err := e.cli.ImageImport(ctx, image.ImportSource{Source: archive, SourceName: "-"}, busyboxRef(), image.ImportOptions{
		Changes: []string{"ENV PATH=/bin", "VOLUME /vol"},
	})
	if err != nil {
		return runner.Image{}, err
	}
	defer body.Close()
	if _, err := io.Copy(io.Discard, body); err != nil {
		return runner.Image{}, err
	}
	return e.Resolve(ctx, runner.ImageRequest{Name: busyboxRef(), Pull: pullNever})
}

func busyboxTar() (io.Reader, error) {
	const path = "/bin/busybox"
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("the tests' image needs a static busybox: %w", err)
	}
	list, err := exec.Command(path, "--list").Output()
	if err != nil {
		return nil, err
	}
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	file := func(name string, mode int64, data []byte) {
		w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: mode, Size: int64(len(data))})
		w.Write(data)
	}
	for _, dir := range []string{"bin/", "etc/"} { // some engines make missing ones for root alone
		w.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: dir, Mode: 0o755})
	}
	file("bin/busybox", 0o755, b)
	file("etc/passwd", 0o644, []byte("root:x:0:0:root:/root:/bin/sh\n"))
	for applet := range strings.FieldsSeq(string(list)) {
		if applet != "busybox" {
			w.WriteHeader(&tar.Header{Typeflag: tar.TypeSymlink, Name: "bin/" + applet, Linkname: "busybox", Mode: 0o777})
		}
	}
	return &buf, w.Close()
}

// task returns a task that runs scripts, one a step.
func task(t testing.TB, im runner.Image, agentPath string, scripts ...string) runner.Task {
	t.Helper()
	dir := t.TempDir()
	tk := runner.Task{
		Name:      strings.NewReplacer("/", "-", "#", "-", "=", "-", ",", "").Replace(t.Name()) + fmt.Sprint("-", os.Getpid()),
		Labels:    map[string]string{"mlops.test": t.Name()},
		Image:     im,
		Workspace: filepath.Join(dir, "work"),
		Control:   filepath.Join(dir, "control"),
		Agent:     agentPath,
	}
	for _, d := range []string{tk.Workspace, tk.Control} {
		if err := os.Mkdir(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	tk.Spec = agent.Spec{Version: agent.Version, Job: "test"}
	for i, s := range scripts {
		tk.Spec.Steps = append(tk.Spec.Steps, agent.Step{Name: fmt.Sprint("step ", i), Run: s})
	}
	return tk
}

// containers lists what the engine has of a test.
func containers(t testing.TB, e *Executor) []string {
	t.Helper()
	list, err := e.cli.ContainerList(context.Background(), container.ListOptions{
		All: true, Filters: filters.NewArgs(filters.Arg("label", "mlops.test="+t.Name())),
	})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, c := range list {
		names = append(names, c.Names[0]+" "+c.State)
	}
	return names
}

func removeImage(t testing.TB, e *Executor, name string) {
	t.Helper()
	if _, err := e.cli.ImageRemove(context.Background(), name, image.RemoveOptions{Force: true, PruneChildren: true}); err != nil {
		t.Error(err)
	}
}

// filesOf lists an image's files.
func filesOf(t testing.TB, e *Executor, im runner.Image) []string {
	t.Helper()
	ctx := context.Background()
	c, err := e.cli.ContainerCreate(ctx, &container.Config{Image: im.ID, Cmd: []string{"/x"}}, nil, nil, nil, "")
	if err != nil {
		t.Fatal(err)
	}
	defer e.cli.ContainerRemove(ctx, c.ID, container.RemoveOptions{RemoveVolumes: true})
	body, err := e.cli.ContainerExport(ctx, c.ID)
	if err != nil {
		t.Fatal(err)
	}
	defer body.Close()
	var names []string
	for r := tar.NewReader(body); ; {
		h, err := r.Next()
		if err == io.EOF {
			return names
		}
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, h.Name)
	}
}
