package view

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"github.com/mlops-runner/mlops/runner"
	"github.com/mlops-runner/mlops/runner/forge/actions"
)

// commandsIn returns the workflow commands that GitHub's runner would obey in
// a log, by the rules of its ActionCommandManager: "::name" after white space,
// "##[name" anywhere, nothing between stop-commands and its token. Every
// line is one of the runner's lines, so CR and LF both end one.
func commandsIn(log string) (commands []string, open string) {
	token := ""
	for _, line := range strings.FieldsFunc(log, func(r rune) bool { return r == '\n' || r == '\r' }) {
		trimmed := strings.TrimLeftFunc(line, unicode.IsSpace)
		name, message, is := strings.Cut(strings.TrimPrefix(trimmed, "::"), "::")
		is = is && strings.HasPrefix(trimmed, "::")
		switch {
		case token != "":
			if is && name == token {
				token = ""
			}
		case is && name == "stop-commands":
			token = message
		case is:
			name, _, _ = strings.Cut(name, " ")
			commands = append(commands, name)
		case strings.Contains(line, "##["):
			commands = append(commands, line)
		}
	}
	return commands, token
}

// github plays a script to a GitHub view.
func githubLog(t *testing.T, s *script, env map[string]string) (stdout, stderr string) {
	t.Helper()
	var out, progress bytes.Buffer
	play(t, New(GitHub, Options{Out: &out, Err: &progress, Getenv: func(k string) string { return env[k] }}), s)
	return out.String(), progress.String()
}

func TestOutputIsNoCommand(t *testing.T) {
	for name, s := range scripts() {
		out, progress := githubLog(t, s, nil)
		if got, open := commandsIn(out); got != nil || open != "" {
			t.Errorf("%s: commands %q in the summary", name, got)
		}
		got, open := commandsIn(progress)
		ours := []string{"group", "endgroup", "error", "warning", "notice"}
		if i := slices.IndexFunc(got, func(c string) bool { return !slices.Contains(ours, c) }); i >= 0 || open != "" {
			t.Errorf("%s: commands %q, left open %q", name, got, open)
		}
	}
	_, progress := githubLog(t, hostile(), nil)
	got, _ := commandsIn(progress)
	if diff := cmp.Diff([]string{"group", "endgroup", "error", "error"}, got); diff != "" {
		t.Errorf("commands of the hostile job (-want +got):\n%s", diff)
	}
}

// Whatever text a job, a notice or a name holds, it starts no command.
func FuzzGitHub(f *testing.F) {
	f.Add("::error::x", "##[group]", "::stop-commands::x")
	f.Add("\u2003::add-mask::x", "a\r::debug::b", "\x1b[31m::error::x")
	f.Add("\n::set-output name=a::b", "\u0085::x::y", "# #[a]")
	f.Fuzz(func(t *testing.T, output, text, name string) {
		if name == "" {
			name = "train" // an event without a job is about the run
		}
		s := newScript(1)
		s.start(name, text).step(name, text).out(name, output+"\n")
		s.add(runner.Event{Kind: runner.Notice, Job: name, Level: text, Text: output, File: name})
		s.add(runner.Event{Kind: runner.ImageNews, Text: output})
		s.add(runner.Event{Kind: runner.Waiting, Text: text})
		end := runner.JobSummary{Job: name, Status: "failure", Reason: text, Error: output, Metrics: []runner.MetricValue{{Name: text, Unit: output}}}
		s.end(runner.Event{Job: name, Status: "failure", Reason: text, Error: output, Fix: text})
		s.finish(runner.Summary{Status: text, Jobs: []runner.JobSummary{end}, Record: output})
		out, progress := githubLog(t, s, nil)
		if got, open := commandsIn(out); got != nil || open != "" {
			t.Errorf("commands %q in the summary:\n%s", got, out)
		}
		got, open := commandsIn(progress)
		for _, c := range got {
			if !slices.Contains([]string{"group", "endgroup", "error", "warning", "notice"}, c) {
				t.Errorf("command %q in:\n%s", c, progress)
			}
		}
		if n := strings.Count(strings.Join(got, " ")+" ", "group "); open != "" || n != 2 {
			t.Errorf("%d group commands, left open %q in:\n%s", n, open, progress)
		}
	})
}

// parseOutputs reads a GITHUB_OUTPUT file as the runner does.
func parseOutputs(t *testing.T, path string) map[string]string {
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]string{}
	lines := strings.Split(strings.TrimSuffix(string(b), "\n"), "\n")
	for i := 0; i < len(lines); i++ {
		name, delimiter, ok := strings.Cut(lines[i], "<<")
		if !ok {
			t.Fatalf("line %d of the outputs: %q", i+1, lines[i])
		}
		end := i + 1 + slices.Index(lines[i+1:], delimiter)
		values[name] = strings.Join(lines[i+1:end], "\n")
		i = end
	}
	return values
}

func TestOutputs(t *testing.T) {
	path := filepath.Join(t.TempDir(), "output")
	githubLog(t, hostile(), map[string]string{"GITHUB_OUTPUT": path})
	want := map[string]string{"status": "failure", "run": runID, "metrics": `{"train":{"a|b` + "`" + `\u003cb\u003e\u001b[2J":"NaN","promote\nstatus=x":"-Infinity"}}`}
	if diff := cmp.Diff(want, parseOutputs(t, path)); diff != "" {
		t.Errorf("outputs (-want +got):\n%s", diff)
	}
}

func TestTooLargeOutputIsNotSet(t *testing.T) {
	path := filepath.Join(t.TempDir(), "output")
	s := newScript(1)
	sum := runner.Summary{Status: "success"}
	for i := range 50_000 {
		sum.Jobs = append(sum.Jobs, runner.JobSummary{Job: fmt.Sprintf("train@seed=%d", i), Status: "success", Metrics: auc(0.5, 0.5)})
	}
	_, progress := githubLog(t, s.finish(sum), map[string]string{"GITHUB_OUTPUT": path})
	if !strings.Contains(progress, `output "metrics" is not set: `) || parseOutputs(t, path)["metrics"] != "" || parseOutputs(t, path)["run"] != runID {
		t.Errorf("no word about it, or still set:\n%.300s", progress)
	}
}

func TestSummaryFitsItsLimit(t *testing.T) {
	path := filepath.Join(t.TempDir(), "summary")
	if err := os.WriteFile(path, bytes.Repeat([]byte("x"), 200_000), 0o600); err != nil {
		t.Fatal(err)
	}
	s := newScript(1)
	sum := runner.Summary{Status: "failure"}
	for i := range 3000 {
		job := fmt.Sprintf("train@seed=%d", i)
		s.out(job, strings.Repeat(strings.Repeat("`", 99)+"\n", 20))
		sum.Jobs = append(sum.Jobs, runner.JobSummary{Job: job, Status: "failure", Error: strings.Repeat("e", 500)})
	}
	githubLog(t, s.finish(sum), map[string]string{"GITHUB_STEP_SUMMARY": path})
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if len(b) > actions.MaxSummary || len(b) < actions.MaxSummary*9/10 || !bytes.Contains(b, []byte("more parts left out for their size")) {
		t.Errorf("%d bytes, ends with %q", len(b), b[len(b)-200:])
	}
	githubLog(t, matrix(), map[string]string{"GITHUB_STEP_SUMMARY": path})
	if b, _ := os.ReadFile(path); len(b) > actions.MaxSummary {
		t.Errorf("a second run makes it %d bytes", len(b))
	}
}

func TestAnnotationsWorstFirst(t *testing.T) {
	s := newScript(1)
	for i := range 30 {
		s.add(runner.Event{Kind: runner.Notice, Job: "check", Level: "warning", Text: fmt.Sprintf("warning %d", i)})
		s.add(runner.Event{Kind: runner.Notice, Job: "check", Level: "error", Text: fmt.Sprintf("error %d", i)})
	}
	s.add(runner.Event{Kind: runner.Notice, Level: "debug", Text: strings.Repeat("ä", 5000)})
	s.finish(runner.Summary{Status: "failure", Jobs: []runner.JobSummary{{Job: "train", Status: "failure", Reason: "timeout"}}})
	_, progress := githubLog(t, s, nil)
	var got []string
	_, after, _ := strings.Cut(progress, "::endgroup::\n") // of the notices in the job's block
	for line := range strings.Lines(after) {
		got = append(got, strings.TrimSpace(line))
	}
	if len(got) != 21 || got[0] != "::error title=train failed::timed out after 0 s" || got[1] != "::error title=check::error 0" ||
		got[9] != "::error::and 22 more errors; see the log" || got[19] != "::warning::and 21 more warnings; see the log" {
		t.Errorf("%d annotations: %q", len(got), got)
	}
	if n := len([]rune(strings.TrimPrefix(got[20], "::notice::"))); n != actions.MaxMessage {
		t.Errorf("the notice has %d characters", n)
	}
}

func TestHeartbeat(t *testing.T) {
	var progress bytes.Buffer
	now := time.Date(2026, 3, 2, 10, 15, 0, 0, time.UTC)
	g := newGitHub(Options{Err: &progress, Now: func() time.Time { return now }}.withDefaults())
	close(g.done)
	g.Event(runner.Event{Kind: runner.JobStarted, Job: "train"})
	g.Event(runner.Event{Kind: runner.StepStarted, Job: "train", Text: "fit"})
	g.Event(runner.Event{Kind: runner.JobOutput, Job: "train", Data: []byte("::error::x\nepoch 1\n ##[group]epoch 2\n")})
	for _, after := range []time.Duration{30, 30, 30, 31} {
		now = now.Add(after * time.Second)
		g.beats(now)
	}
	want := "train: started\n" +
		"train: running for 1m00s, step \"fit\", 3 lines of output, last: ## [group]epoch 2\n" +
		"train: running for 2m01s, step \"fit\", 3 lines of output, last: ## [group]epoch 2\n"
	if got := progress.String(); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// A job that runs for long is heard of once a minute, without any event.
func TestHeartbeatByItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var progress bytes.Buffer
		v := New(GitHub, Options{Err: &progress})
		v.Event(runner.Event{Kind: runner.JobStarted, Job: "train"})
		time.Sleep(5*time.Minute + time.Second)
		synctest.Wait()
		if err := v.Close(); err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(progress.String(), "train: running for "); n != 5 {
			t.Errorf("%d lines in five minutes:\n%s", n, progress.String())
		}
	})
}

// A run that is killed before its end still shows what its jobs printed.
func TestCloseWritesOpenBlocks(t *testing.T) {
	s := newScript(2).start("b").out("b", "half a li").start("a").out("a", "one\n")
	s.add(runner.Event{Kind: runner.Notice, Job: "a", Level: "warning", Text: "careful"})
	_, progress := githubLog(t, s, nil)
	want := "churn: run " + runID + ", 2 jobs\nb: started\na: started\n" +
		"::group::a: output so far\n::stop-commands::TOKEN\none\n── warning: careful\n::TOKEN::\n::endgroup::\n" +
		"::group::b: output so far\n::stop-commands::TOKEN\nhalf a li\n::TOKEN::\n::endgroup::\n" +
		"::warning title=a::careful\n"
	if diff := cmp.Diff(want, tokens.ReplaceAllString(progress, "TOKEN")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestLargeOutputIsComplete(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	s := newScript(1).start("train")
	want := 0
	for range 300 {
		s.out("train", strings.Repeat("a line of thirty-two characters\n", 500))
		want += 500
	}
	s.end(runner.Event{Job: "train", Status: "success"})
	_, progress := githubLog(t, s, nil)
	if n := strings.Count(progress, "a line of thirty-two characters\n"); n != want {
		t.Errorf("%d lines, want %d", n, want)
	}
	if left, _ := os.ReadDir(os.TempDir()); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// Without a place for the file, lines are counted.
func TestSpoolWithoutDisk(t *testing.T) {
	t.Setenv("TMPDIR", filepath.Join(t.TempDir(), "missing"))
	s := newScript(1).start("train")
	for range 20 {
		s.out("train", strings.Repeat("a line of thirty-two characters\n", 1000))
	}
	s.end(runner.Event{Job: "train", Status: "success"})
	_, progress := githubLog(t, s, nil)
	shown := strings.Count(progress, "a line of thirty-two characters\n")
	if said := fmt.Sprintf("… %s not shown (mlops logs %s train)", plural(20_000-shown, "line"), runID); shown == 0 || !strings.Contains(progress, said) {
		t.Errorf("%d lines and no %q", shown, said)
	}
}

func TestWriteErrorIsReported(t *testing.T) {
	broken := errors.New("broken pipe")
	for _, kind := range Kinds() {
		v := New(kind, Options{Out: failing{broken}, Err: failing{broken}})
		for _, e := range oom().events {
			v.Event(e)
		}
		if err := v.Close(); !errors.Is(err, broken) {
			t.Errorf("%s: Close() = %v, want %v", kind, err, broken)
		}
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }
