package executortest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/mlops-runner/mlops/runner/agent"
)

// fileCases are about outputs and the workspace.
func fileCases() []testCase {
	return []testCase{
		{"outputs", "", outputs},
		{"missing output", "", missingOutput},
		{"failed jobs have no outputs", "", func(s *suite) {
			tr := s.steps("echo x >out; exit 1")
			tr.Spec.Outputs = []string{"out"}
			equal(s, "artifacts", len(tr.fail(agent.ReasonExit).Artifacts), 0)
		}},
		{"links that lead out", "", linksOut},
		{"special files", "", func(s *suite) {
			tr := s.steps("mkdir out; mkfifo out/pipe")
			tr.Spec.Outputs = []string{"out/"}
			s.contains("error", tr.fail(agent.ReasonConfig).Error, "out/pipe is a named pipe")
		}},
		{"files belong to the caller", "", filesBelongToTheCaller},
		{"workspace has the files that were there", "", workspaceHasTheFilesThatWereThere},
	}
}

func outputs(s *suite) {
	big := strings.Repeat("0123456789", 1<<18)
	tr := s.steps(
		`mkdir -p model/deep 'other dir'; echo weights >model/deep/w.bin; ln -s deep/w.bin model/latest; chmod 700 model/deep/w.bin; chmod 644 model/deep/w.bin
		 echo '{}' >metrics.json; : >empty; echo a >p1.csv; echo b >p2.csv; echo c >'other dir/ünï.csv'`,
		`yes 0123456789 | tr -d '\n' | head -c 2621440 >big`)
	tr.Spec.Outputs = []string{"model/", "empty", "*.csv", "other dir/**", "./big"}
	tr.Spec.Metrics = []string{"metrics.json", "none.json"}
	r := tr.succeed()
	var got []string
	for _, a := range r.Artifacts {
		got = append(got, fmt.Sprintf("%s %d %o %s", a.Path, a.Size, a.Mode, a.Link))
	}
	want := []string{"big 2621440 644 ", "empty 0 644 ", "metrics.json 3 644 ", "model/deep/w.bin 8 644 ", "model/latest 10 0 deep/w.bin", "other dir/ünï.csv 2 644 ", "p1.csv 2 644 ", "p2.csv 2 644 "}
	equal(s, "artifacts", strings.Join(got, "\n"), strings.Join(want, "\n"))
	for path, content := range map[string]string{"big": big, "empty": "", "model/latest": "deep/w.bin", "p1.csv": "a\n"} {
		for _, a := range r.Artifacts {
			if a.Path == path {
				equal(s, "digest of "+path, a.Digest, fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(content))))
			}
		}
	}
}

func linksOut(s *suite) {
	for name, script := range map[string]string{
		"absolute":      "ln -s /etc/passwd out/l",
		"relative":      "ln -s ../../x out/l",
		"sibling":       "echo x >other; ln -s ../other out/l",
		"by a way back": "mkdir -p out/a/b; ln -s ../.. out/a/b/up; ln -s a/b/up/../other out/l",
		"the folder":    "rmdir out; ln -s /etc out",
		"in the way":    "rmdir out; mkdir real; ln -s real out",
	} {
		tr := s.steps("mkdir out; echo x >out/f; rm -f out/f; " + script)
		tr.Spec.Outputs = []string{"out/"}
		r := tr.fail(agent.ReasonConfig)
		s.contains("error of "+name, r.Error, "symbolic link")
	}
	tr := s.steps("ln -s / way; echo x >x")
	tr.Spec.Outputs = []string{"way/etc/passwd"}
	s.contains("error", tr.fail(agent.ReasonConfig).Error, "way/etc/passwd")
	tr = s.steps("echo x >../x || true")
	tr.Spec.Outputs = []string{"../x"}
	s.contains("error", tr.fail(agent.ReasonConfig).Error, "outside the workspace")
}

// noProcessLeft starts processes that try to survive the job.
func noProcessLeft(s *suite) {
	const script = `
		sh -c 'sleep 300; :' MARK-background >/dev/null 2>&1 &
		setsid sh -c 'sleep 300; :' MARK-session >/dev/null 2>&1 </dev/null &
		(setsid sh -c '(sh -c "sleep 300; :" MARK-daemon &) ; exit 0' >/dev/null 2>&1 </dev/null &); sleep 0.2
		setsid sh -c 'trap "" TERM HUP INT; sleep 300; :' MARK-deaf >/dev/null 2>&1 &
		echo ready; `
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	for end, ctx := range map[string]context.Context{"exit 0": context.Background(), "exit 1": context.Background(), "wait": ctx} {
		mark := fmt.Sprintf("left-%08x", rand.Uint32())
		tr := s.steps(strings.ReplaceAll(script, "MARK", mark) + end)
		tr.Spec.Grace = time.Second
		if end == "wait" {
			tr.when("ready", cancel)
		}
		tr.runContext(ctx)
		equal(s, "log", tr.log, "ready\n")
		for _, how := range []string{"background", "session", "daemon", "deaf"} {
			if pids := processesNamed(mark + "-" + how); len(pids) > 0 {
				s.Errorf("%s, %s: processes %v are left", end, how, pids)
			}
		}
	}
}

// processesNamed lists the processes of this machine with an argument of that name.
func processesNamed(arg string) []string {
	var pids []string
	files, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err == nil && bytes.Contains(b, []byte("\x00"+arg+"\x00")) {
			pids = append(pids, filepath.Base(filepath.Dir(f)))
		}
	}
	return pids
}

func missingOutput(s *suite) {
	tr := s.steps("mkdir models; echo x >models/a.bin")
	tr.Spec.Outputs = []string{"model/", "models/a.bin"}
	r := tr.fail(agent.ReasonConfig)
	equal(s, "missing", strings.Join(r.Missing, ","), "model/")
	s.contains("error", r.Error, "output model/ was not produced by train; produced instead: models/")
	equal(s, "artifacts", len(r.Artifacts), 0)
	tr = s.steps("mkdir empty")
	tr.Spec.Outputs = []string{"empty/", "*.csv"}
	r = tr.fail(agent.ReasonConfig)
	equal(s, "missing", strings.Join(r.Missing, ","), "empty/,*.csv")
}

func filesBelongToTheCaller(s *suite) {
	tr := s.steps("mkdir -p d/e; echo x >d/e/f; ln -s f d/e/l")
	tr.succeed()
	err := filepath.WalkDir(tr.Workspace, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		st, err := d.Info()
		if err == nil && int(st.Sys().(*syscall.Stat_t).Uid) != os.Getuid() {
			s.Errorf("%s belongs to user %d", p, st.Sys().(*syscall.Stat_t).Uid)
		}
		return err
	})
	if err != nil {
		s.Error(err)
	}
	for _, name := range []string{agent.LogFile, agent.ResultFile, agent.EventsFile} {
		st, err := os.Stat(filepath.Join(tr.Control, name))
		if err != nil || int(st.Sys().(*syscall.Stat_t).Uid) != os.Getuid() {
			s.Errorf("%s: %v", name, err)
		}
	}
}

func workspaceHasTheFilesThatWereThere(s *suite) {
	tr := s.steps("cat in/a; echo changed >in/a")
	tr.Spec.Outputs = []string{"in/a"}
	if err := os.MkdirAll(filepath.Join(tr.Workspace, "in"), 0o755); err != nil {
		s.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(tr.Workspace, "in/a"), []byte("given\n"), 0o644); err != nil {
		s.Fatal(err)
	}
	tr.succeed()
	equal(s, "log", tr.log, "given\n")
	equal(s, "file", tr.read("in/a"), "changed\n")
}
