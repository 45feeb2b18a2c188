package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

var update = flag.Bool("update", false, "rewrite the expected files inside the scripts")

func TestMain(m *testing.M) {
	testscript.Main(tidy{m}, map[string]func(){"mlops": main})
}

// tidy removes what is shared by the tests when all have run.
type tidy struct{ *testing.M }

func (t tidy) Run() int {
	dir, err := os.MkdirTemp("", "mlops-agent-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	agentPath = filepath.Join(dir, "mlops")
	atOnce()
	return t.M.Run()
}

// atOnce lets twice as many stories run at once as there are cores, unless a flag says
// another number: they wait for processes, containers and files that settle more than they work.
func atOnce() {
	flag.Parse()
	f := flag.Lookup("test.parallel")
	if f.Value.String() == f.DefValue {
		f.Value.Set(strconv.Itoa(2 * runtime.GOMAXPROCS(0)))
	}
}

// TestScripts runs the stories in testdata/script. Each line `exec mlops …`
// is the real program in a process of its own.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup:               setUp,
		Condition:           condition,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"replace": replace,
			"older":   older,
			"settle":  settle,

			"smalldisk": smallDisk,
			"github":    fakeForge,
			"envfile":   envFile,
			"web":       web,
			"s3":        serveS3,
			"parquet":   toParquet,
			"postgres":  postgres,
			"registry":  registryServer,
		},
	})
}

// setUp gives a story an environment that depends on nothing of this machine.
func setUp(e *testscript.Env) error {
	e.Setenv("HOME", e.WorkDir)
	e.Setenv("MLOPS_EXECUTOR", "host")
	e.Setenv("MLOPS_AGENT", agentPath)
	e.Setenv("GIT_CONFIG_NOSYSTEM", "1")
	e.Setenv("GIT_AUTHOR_NAME", "Ada")
	e.Setenv("GIT_AUTHOR_EMAIL", "ada@example.org")
	e.Setenv("GIT_COMMITTER_NAME", "Ada")
	e.Setenv("GIT_COMMITTER_EMAIL", "ada@example.org")
	e.Setenv("GITHUB_ACTIONS", "")
	e.Values[testKey{}], e.Values[forgeKey{}] = e.T(), &storyForge{}
	for _, name := range []string{"DOCKER_HOST", "DOCKER_CONTEXT", "MLOPS_NEED_DOCKER", "GORACE"} {
		e.Setenv(name, os.Getenv(name))
	}
	return nil
}

// condition answers [docker]: an engine answers and has the image of the stories,
// [root], and [image:NAME]: the engine has that image, which "make images" makes.
func condition(name string) (bool, error) {
	switch name {
	case "docker":
		return dockerReady() == nil, nil
	case "root":
		return os.Geteuid() == 0, nil
	}
	if image, ok := strings.CutPrefix(name, "image:"); ok {
		return exec.Command("docker", "image", "inspect", image).Run() == nil, nil
	}
	return false, fmt.Errorf("unknown condition %q", name)
}

// replace OLD NEW FILE changes every OLD in a file.
func replace(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: replace OLD NEW FILE")
	}
	text := ts.ReadFile(args[2])
	if !strings.Contains(text, args[0]) {
		ts.Fatalf("%s does not contain %q", args[2], args[0])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[2]), []byte(strings.ReplaceAll(text, args[0], args[1])), 0o644))
}

// older FILE... makes files look a minute old, so that their stamps are trusted.
func older(ts *testscript.TestScript, neg bool, args []string) {
	when := time.Now().Add(-time.Minute)
	for _, f := range args {
		ts.Check(os.Chtimes(ts.MkAbs(f), when, when))
	}
}

// settle waits until the stamps of what was just written are trusted.
func settle(ts *testscript.TestScript, neg bool, args []string) { time.Sleep(2100 * time.Millisecond) }

// smallDisk DIR SIZE makes a folder with a file system of its own, which is gone
// when the story ends, however it ends.
func smallDisk(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: smalldisk DIR SIZE")
	}
	dir := ts.MkAbs(args[0])
	ts.Check(os.Mkdir(dir, 0o755))
	ts.Check(ts.Exec("mount", "-t", "tmpfs", "-o", "size="+args[1], "tmpfs", dir))
	ts.Defer(func() { ts.Check(ts.Exec("umount", dir)) })
}
