package executortest

import (
	"os"
	"path/filepath"

	"github.com/mlops-runner/mlops/runner"
	"github.com/mlops-runner/mlops/runner/agent"
)

// placeCases are about what surrounds the steps; some places cannot give it.
func placeCases() []testCase {
	return []testCase{
		{"mounts", "", func(s *suite) {
			tr := s.steps("cat data/in/f; echo new >cache/g")
			tr.Mounts = []runner.Mount{
				{Source: s.folder("f", "mounted\n"), Target: "data/in"},
				{Source: s.folder("", ""), Target: "cache", Writable: true},
			}
			tr.succeed()
			equal(s, "log", tr.log, "mounted\n")
			b, _ := os.ReadFile(filepath.Join(tr.Mounts[1].Source, "g"))
			equal(s, "file in the writable mount", string(b), "new\n")
		}},
		{"read-only mounts", ReadOnlyMounts, func(s *suite) {
			tr := s.steps("echo x >data/f && echo written || echo refused")
			tr.Mounts = []runner.Mount{{Source: s.folder("f", "mounted\n"), Target: "data"}}
			tr.succeed()
			s.contains("log", tr.log, "refused")
			b, _ := os.ReadFile(filepath.Join(tr.Mounts[0].Source, "f"))
			equal(s, "file", string(b), "mounted\n")
		}},
		{"no network", NetworkNone, func(s *suite) {
			tr := s.steps("grep -c : /proc/net/dev")
			tr.succeed()
			equal(s, "interfaces", tr.log, "1\n")
		}},
		{"out of memory", MemoryLimit, outOfMemory},
		{"too many processes", PidsLimit, func(s *suite) {
			tr := s.steps("i=0; while [ $i -lt 200 ]; do sleep 5 & i=$((i+1)); done; echo all")
			tr.Resources.Pids = 50
			r := tr.fail(agent.ReasonExit)
			if r.Exit == 0 {
				s.Error("200 processes could be started")
			}
		}},
		{"no capabilities", NoCapabilities, func(s *suite) {
			tr := s.steps("grep -E 'CapEff|CapBnd|NoNewPrivs' /proc/self/status | tr -d ' \\t'")
			tr.succeed()
			equal(s, "status", tr.log, "CapEff:0000000000000000\nCapBnd:0000000000000000\nNoNewPrivs:1\n")
		}},
		{"the agent is out of reach", NoCapabilities, agentOutOfReach},
	}
}

// agentOutOfReach runs a step that wants to kill the agent and to speak in its
// place. With capabilities it could do both, so only places that drop them are
// asked. A process number 1 cannot be killed from inside its namespace; another
// agent could be, and is spared.
func agentOutOfReach(s *suite) {
	const forged = `{"kind":"end","result":{"version":2,"status":"success"}}`
	tr := s.steps(`exec 2>/dev/null; [ $PPID != 1 ] || kill -KILL 1
		(echo '` + forged + `' >/proc/$PPID/fd/1) && echo forged
		exit 5`)
	equal(s, "exit", tr.fail(agent.ReasonExit).Exit, 5)
	equal(s, "log", tr.log, "")
}

// folder makes a folder outside the workspace, with one file.
func (s *suite) folder(name, content string) string {
	s.Helper()
	dir := s.TempDir()
	if name != "" {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			s.Fatal(err)
		}
	}
	return dir
}

// hungry asks for 300 MB at once and fills it.
const hungry = "dd if=/dev/zero of=/dev/null bs=300000000 count=1 2>/dev/null"

func outOfMemory(s *suite) {
	tr := s.steps("echo small", hungry+"; echo survived")
	tr.Resources.Memory = 100 << 20
	r := tr.fail(agent.ReasonOOM)
	equal(s, "failed", r.Failed, 1)
	equal(s, "exit", r.Exit, 137)
	equal(s, "kills in step 0", r.Steps[0].OOMKills, 0)
	if r.Steps[1].OOMKills < 1 || r.Steps[1].PeakMemory < 50<<20 {
		s.Errorf("step 1: %d kills, peak %d", r.Steps[1].OOMKills, r.Steps[1].PeakMemory)
	}
	tr = s.steps(hungry + " || echo caught")
	tr.Resources.Memory = 100 << 20
	r = tr.succeed()
	equal(s, "log", tr.log, "caught\n")
	s.contains("notices", tr.notices(), "lack of memory")
}
