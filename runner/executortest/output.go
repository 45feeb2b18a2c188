package executortest

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/mlops-runner/mlops/runner/agent"
)

// outputCases are about the log.
func outputCases() []testCase {
	return []testCase{
		{"order of both streams", "", orderOfBothStreams},
		{"last line without newline", "", func(s *suite) {
			tr := s.steps("printf 'no newline'", "printf 'at the end'")
			r := tr.succeed()
			equal(s, "log", tr.log, "no newlineat the end")
			equal(s, "first step's end", r.Steps[0].LogTo, int64(len("no newline")))
		}},
		{"ten megabytes", "", tenMegabytes},
		{"long lines", "", longLines},
		{"bytes are kept as they are", "", func(s *suite) {
			tr := s.steps(`printf 'häß 漢字 🎉\r\n\000\001\377\376\033[31mred\033[0m\n\n\n:: not a command\n::nor this\n'`)
			tr.succeed()
			equal(s, "log", tr.log, "häß 漢字 🎉\r\n\x00\x01\xff\xfe\x1b[31mred\x1b[0m\n\n\n:: not a command\n::nor this\n")
		}},
		{"half of a command line", "", func(s *suite) {
			tr := s.steps(`printf ':'; sleep 0.2; printf ':warning::in '; sleep 0.2; printf 'parts\n::'`)
			tr.succeed()
			equal(s, "log", tr.log, "::warning::in parts\n::")
			equal(s, "notice", tr.notices(), "warning in parts")
		}},
		{"index", "", logIndex},
		{"stream", Streaming, func(s *suite) {
			tr := s.steps("echo a; echo b >&2", "yes | head -c 3000000", "printf end")
			tr.Spec.Stream = true
			tr.succeed()
			equal(s, "digest of what was streamed", sha256.Sum256(tr.seen), sha256.Sum256([]byte(tr.log)))
		}},
		{"limit", "", logLimit},
		{"held output", "", heldOutput},
	}
}

// notices joins the levels and texts of all notices.
func (tr *trial) notices() string {
	var out []string
	for _, e := range tr.events {
		if e.Kind == agent.Notice {
			out = append(out, e.Level+" "+e.Text)
		}
	}
	return strings.Join(out, "; ")
}

// heldOutput leaves processes behind that keep the pipe open, inside the step's
// group and outside of it.
func heldOutput(s *suite) {
	tr := s.steps("sleep 300 & echo started", "echo next")
	r := tr.succeed()
	equal(s, "log", tr.log, "started\nnext\n")
	s.contains("notices", tr.notices(), "held its output")
	if r.Steps[0].Wall.Seconds() > 20 {
		s.Errorf("the step took %v", r.Steps[0].Wall)
	}
	tr = s.steps("setsid sleep 300 & echo started", "echo next")
	r = tr.succeed()
	equal(s, "log", tr.log, "started\nnext\n")
	if r.Steps[0].Wall.Seconds() > 20 {
		s.Errorf("the step took %v", r.Steps[0].Wall)
	}
	tr = s.steps("(sleep 0.5; echo late) & echo early")
	tr.succeed()
	equal(s, "log", tr.log, "early\nlate\n")
}

func orderOfBothStreams(s *suite) {
	tr := s.steps(`i=0; while [ $i -lt 500 ]; do echo out $i; echo err $i >&2; i=$((i+1)); done`)
	tr.succeed()
	var want strings.Builder
	for i := range 500 {
		fmt.Fprintf(&want, "out %d\nerr %d\n", i, i)
	}
	if tr.log != want.String() {
		s.Errorf("lines are out of order or missing: %d bytes, want %d", len(tr.log), want.Len())
	}
}

func tenMegabytes(s *suite) {
	const line = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde\n" // 64 bytes
	tr := s.steps(fmt.Sprintf("yes %s | head -c %d", strings.TrimSpace(line), 10<<20))
	r := tr.succeed()
	equal(s, "bytes", len(tr.log), 10<<20)
	equal(s, "log size", r.LogSize, int64(10<<20))
	if tr.log != strings.Repeat(line, 10<<20/len(line)) {
		s.Error("content differs")
	}
}

func longLines(s *suite) {
	tr := s.steps(`line() { head -c $1 /dev/zero | tr '\0' x; }
		line 1048576; echo; line 1048576; echo; printf '::warning::'; line 1048576; echo; printf '::'; line 1048576`)
	tr.succeed()
	long := strings.Repeat("x", 1<<20)
	if tr.log != long+"\n"+long+"\n::warning::"+long+"\n::"+long {
		s.Errorf("the log has %d bytes or other ones", len(tr.log))
	}
	equal(s, "bytes of notices", len(tr.notices()), 0) // a line that long is no command
}

func logIndex(s *suite) {
	tr := s.steps("echo a; sleep 0.1; echo b", "echo c")
	tr.succeed()
	b, err := os.ReadFile(filepath.Join(tr.Control, agent.IndexFile))
	if err != nil {
		s.Fatal(err)
	}
	var got []string
	for line := range strings.Lines(string(b)) {
		f := strings.Fields(line)
		got = append(got, f[0]+" "+f[2])
	}
	equal(s, "offsets and steps", strings.Join(got, ", "), "0 0, 2 0, 4 1")
}

func logLimit(s *suite) {
	tr := s.steps("echo begin; yes 0123456789 | head -c 1000000", "echo; echo end")
	tr.Spec.LogLimit = 100_000
	r := tr.succeed()
	s.contains("log", tr.log, "begin\n")
	s.contains("log", tr.log, "left out")
	equal(s, "last step's part", tr.log[r.Steps[1].LogFrom:r.Steps[1].LogTo], "\nend\n")
	equal(s, "log size", r.LogSize, int64(len(tr.log)))
	if len(tr.log) > 100_100 {
		s.Errorf("the log has %d bytes", len(tr.log))
	}
}
