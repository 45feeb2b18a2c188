package agent

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// promptly fails a test that hangs, with what it hung on: all of these jobs lay
// traps at which an agent could wait for ever.
func (b *bench) promptly(s Status, r Reason) Result {
	b.t.Helper()
	done := make(chan Result, 1)
	go func() {
		// Unlike see, this does not read the log, which may be a pipe.
		r, err := Run(context.Background(), b.Spec, func(e Event) { b.events = append(b.events, e) })
		if err != nil {
			b.t.Error(err)
		}
		done <- r
	}()
	select {
	case got := <-done:
		if got.Status != s || got.Reason != r {
			b.t.Fatalf("status %s, reason %q, error %q", got.Status, got.Reason, got.Error)
		}
		return got
	case <-time.After(30 * time.Second):
		b.t.Fatal("the agent waits for something that the job left")
		return Result{}
	}
}

// TestTrapsInTheControlDirectory shows that what a step leaves under the names
// of the agent's own files is neither followed nor waited for.
func TestTrapsInTheControlDirectory(t *testing.T) {
	t.Parallel()
	long := ": " + strings.Repeat("x", longScript)
	for name, trap := range map[string]string{
		"pipe":   "mkfifo",
		"link":   "ln -s $OUTSIDE",
		"folder": "mkdir -p",
	} {
		for _, file := range []string{ResultFile, "." + ResultFile, "script-1.sh", "inputs-2.json"} {
			t.Run(name+" "+file, func(t *testing.T) {
				t.Parallel()
				b := newBench(t)
				outside := filepath.Join(t.TempDir(), "outside")
				write(t, outside, "precious")
				b.Env = append(b.Env, Var{"OUTSIDE", outside}, Var{"C", b.Control})
				b.Steps = []Step{
					sh("cd $C && rm -rf " + file + "; " + trap + " " + file),
					{Name: "long", Shell: "sh", Run: long},
					{Name: "action", Uses: "echo", With: map[string]any{"long": strings.Repeat("x", maxInlineInputs)}},
				}
				b.promptly(Success, ReasonNone)
				if text, err := os.ReadFile(outside); err != nil || string(text) != "precious" {
					t.Errorf("%s was written to: %v", outside, err)
				}
				if r, err := loadResult(b.Control); err != nil || r.Status != Success {
					t.Errorf("%+v, %v", r, err)
				}
			})
		}
	}
}

// TestForgedResultDoesNotStay shows that a result which a step wrote is gone
// also where the agent has no room for its own.
func TestForgedResultDoesNotStay(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, filepath.Join(dir, ResultFile), `{"version":2,"status":"success"}`)
	write(t, filepath.Join(dir, "."+ResultFile, "in the way"), "x")
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := saveResult(dir, &Result{Version: Version, Status: Failure}); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, LogFile), "")
	if r, err := loadResult(dir); err != nil || r.Status != Failure {
		t.Errorf("%+v, %v", r, err)
	}
}

// TestLogIsOurs shows what becomes of a job that lays hands on its log.
func TestLogIsOurs(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, script, says, log string }{
		{"removed", "rm $C/log", "the job removed or replaced its log file", "before\nafter\n"},
		{"a link", "rm $C/log; ln -s /etc/passwd $C/log", "the job removed or replaced its log file", "before\nafter\n"},
		{"a pipe", "rm $C/log; mkfifo $C/log", "the job removed or replaced its log file", "before\nafter\n"},
		{"a forged one", "rm $C/log; echo fine >$C/log", "the job removed or replaced its log file", "before\nafter\n"},
		{"the index", "rm $C/log.index; mkfifo $C/log.index", "the job removed or replaced its log.index file", "before\nafter\n"},
		{"emptied", ": >$C/log", "the job wrote to its log file: it has 6 bytes and not 13", "after\n"},
		{"longer", "echo more >>$C/log", "the job wrote to its log file: it has 18 bytes and not 13", "before\nmore\nafter\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, sh("echo before"), sh(tt.script), sh("echo after"))
			b.Env = append(b.Env, Var{"C", b.Control})
			r := b.promptly(Failure, ReasonConfig)
			if !strings.Contains(r.Error, tt.says) {
				t.Errorf("error %q", r.Error)
			}
			b.wantLog(tt.log)
			if _, err := loadResult(b.Control); err != nil {
				t.Errorf("no proof: %v", err)
			}
		})
	}
}

// TestLogOfAnEarlierJob shows that a control directory that is lent again does
// not lead the next job elsewhere.
func TestLogOfAnEarlierJob(t *testing.T) {
	t.Parallel()
	b := newBench(t, sh("echo hello"))
	outside := filepath.Join(t.TempDir(), "outside")
	write(t, outside, "precious")
	for _, name := range []string{LogFile, EventsFile} {
		if err := os.Symlink(outside, filepath.Join(b.Control, name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := unix.Mkfifo(filepath.Join(b.Control, IndexFile), 0o644); err != nil {
		t.Fatal(err)
	}
	b.promptly(Success, ReasonNone)
	b.wantLog("hello\n")
	if text, _ := os.ReadFile(outside); string(text) != "precious" {
		t.Errorf("the link was followed: %q", text)
	}
}

func TestHostileOutputs(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, script, says string
		reason             Reason
	}{
		{"a socket", `perl -MIO::Socket::UNIX -e 'IO::Socket::UNIX->new(Local => "out/s", Listen => 1) or die'`, "out/s is a socket, which cannot be kept", ReasonConfig},
		{"a sparse terabyte", "truncate -s 1T out/big", "with out/big, which claims 1.0 TiB, the outputs have more than 256.0 GiB", ReasonDiskFull},
		{"many sparse files", "for i in 1 2 3; do truncate -s 100G out/$i; done", "the outputs have more than 256.0 GiB", ReasonDiskFull},
		{"too many files", "touch out/1 out/2 out/3 out/4", "output out/: holds more than 3 files", ReasonDiskFull},
		{"a name that a terminal would obey", `mkfifo "$(printf 'out/\033[2J')"`, `"out/\x1b[2J" is a named pipe`, ReasonConfig},
		{"a name that is not UTF-8", `touch "$(printf 'out/b\272')"`, `the name "out/b\xba" is not UTF-8`, ReasonConfig},
		{"a deep nest", "cd out; for i in $(seq 250); do mkdir d; cd -P d; done; touch f", "nested deeper than 200", ReasonConfig},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, sh("mkdir out; "+tt.script))
			b.Outputs = []string{"out/"}
			b.OutputFiles = 3
			r := b.promptly(Failure, tt.reason)
			if !strings.Contains(r.Error, tt.says) || len(r.Artifacts) > 0 {
				t.Errorf("error %q, artifacts %v", r.Error, r.Artifacts)
			}
		})
	}
}

// TestNamesAreKept shows that a name with a line break is one like any other.
func TestNamesAreKept(t *testing.T) {
	t.Parallel()
	b := newBench(t, sh("mkdir out; touch \"out/a\nb\" \"$(printf 'out/\\033[2J')\""))
	b.Outputs = []string{"out/"}
	r := b.promptly(Success, ReasonNone)
	if len(r.Artifacts) != 2 || r.Artifacts[0].Path != "out/\x1b[2J" || r.Artifacts[1].Path != "out/a\nb" {
		t.Errorf("%+v", r.Artifacts)
	}
}

// TestTooManyMatches shows the limit for patterns.
func TestTooManyMatches(t *testing.T) {
	t.Parallel()
	b := newBench(t, sh("touch 1 2 3 4"))
	b.Outputs, b.OutputFiles = []string{"*"}, 3
	if r := b.promptly(Failure, ReasonDiskFull); !strings.Contains(r.Error, "more than 3 files") || r.Fix == "" {
		t.Errorf("error %q, fix %q", r.Error, r.Fix)
	}
}

// TestSetuidIsDropped shows that a mode is kept without its privileges.
func TestSetuidIsDropped(t *testing.T) {
	t.Parallel()
	b := newBench(t, sh("echo x >s; chmod 7755 s"))
	b.Outputs = []string{"s"}
	if r := b.promptly(Success, ReasonNone); r.Artifacts[0].Mode != 0o755 {
		t.Errorf("mode %o", r.Artifacts[0].Mode)
	}
}

// TestOutputsThatMove shows what happens to files that are not, when they are
// read, what they were when they were listed.
func TestOutputsThatMove(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		move func(path string) error
		says string
	}{
		{"it grew", func(p string) error { return os.WriteFile(p, []byte("longer than before"), 0o644) }, "changed while it was read"},
		{"it shrank", func(p string) error { return os.Truncate(p, 1) }, "changed while it was read"},
		{"a link to another file", func(p string) error {
			return errors.Join(os.Remove(p), os.Symlink("other", p))
		}, "is a symbolic link and not a file"},
		{"a link out", func(p string) error { return errors.Join(os.Remove(p), os.Symlink("/etc/passwd", p)) }, "is a symbolic link and not a file"},
		{"a pipe", func(p string) error { return errors.Join(os.Remove(p), unix.Mkfifo(p, 0o644)) }, "is a named pipe and not a file"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			write(t, filepath.Join(dir, "f"), "before")
			write(t, filepath.Join(dir, "other"), "before")
			root, err := os.OpenRoot(dir)
			if err != nil {
				t.Fatal(err)
			}
			defer root.Close()
			c := newCollector(root, &Spec{})
			if n, err := c.add("f"); n != 1 || err != nil {
				t.Fatal(n, err)
			}
			if err := tt.move(filepath.Join(dir, "f")); err != nil {
				t.Fatal(err)
			}
			if err := c.hash(t.Context()); err == nil || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("error %v", err)
			}
		})
	}
}

// TestFileThatGrowsForEver shows that hashing ends although its file does not.
func TestFileThatGrowsForEver(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	f, err := os.Create(filepath.Join(dir, "f"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.Write(make([]byte, 64<<10)); err != nil {
		t.Fatal(err)
	}
	c := newCollector(root, &Spec{})
	if _, err := c.add("f"); err != nil {
		t.Fatal(err)
	}
	grow := &growing{Context: t.Context(), f: f}
	buf := make([]byte, 4<<10)
	if err := c.digest(grow, c.found["f"], buf); err == nil || !strings.Contains(err.Error(), "changed while it was read") {
		t.Errorf("error %v", err)
	}
	if grow.times > 100 {
		t.Errorf("read on %d times", grow.times)
	}
}

// growing makes the file longer each time the reader looks whether to go on.
type growing struct {
	context.Context
	f     *os.File
	times int
}

func (g *growing) Err() error {
	if g.times++; g.times > 1000 {
		return errors.New("it would never have ended")
	}
	_, err := g.f.Write(make([]byte, 8<<10))
	return err
}

// TestHashFilesOfAPipe shows that an expression does not wait for a pipe.
func TestHashFilesOfAPipe(t *testing.T) {
	t.Parallel()
	b := newBench(t, sh("mkfifo pipe"), Step{Name: "hash", Shell: "sh", Run: ":", Env: []Var{{"H", "${{ hashFiles('pipe') }}"}}})
	if r := b.promptly(Failure, ReasonConfig); !strings.Contains(r.Error, "is a named pipe and not a file") {
		t.Errorf("error %q", r.Error)
	}
}

func TestDiskLimit(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, script, largest string }{
		{"while it runs", "head -c 3000000 /dev/zero >a; head -c 9000000 /dev/zero >big; sleep 60", "workspace/big with 8.6 MiB"},
		{"in the control directory", "head -c 9000000 /dev/zero >$C/big; sleep 60", "control/big with 8.6 MiB"},
		{"before anybody looked", "head -c 9000000 /dev/zero >big", "workspace/big with 8.6 MiB"},
		{"in many files", "for i in $(seq 3000); do echo x >$i; done; sleep 60", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, sh(tt.script), Step{Name: "always", Shell: "sh", If: "always()", Run: "echo not any more"})
			b.Env = append(b.Env, Var{"C", b.Control})
			b.Disk = 8 << 20
			begin := time.Now()
			r := b.promptly(Failure, ReasonDiskFull)
			if time.Since(begin) > 20*time.Second {
				t.Errorf("took %v", time.Since(begin))
			}
			for _, want := range []string{b.Workspace + " takes ", " more than resources.disk allows (8.0 MiB)", tt.largest} {
				if !strings.Contains(r.Error, want) {
					t.Errorf("error %q does not hold %q", r.Error, want)
				}
			}
			if !strings.Contains(r.Fix, "raise resources.disk") {
				t.Errorf("fix %q", r.Fix)
			}
		})
	}
}

// TestDiskLimitIsNotPassed shows that what a job may take does not end it: the
// log has a limit of its own, and a second name for a file takes nothing.
func TestDiskLimitIsNotPassed(t *testing.T) {
	t.Parallel()
	b := newBench(t, sh("head -c 6000000 /dev/zero >a; for i in 1 2 3; do ln a a$i; done; yes 0123456789 | head -c 9000000; truncate -s 7M hole; sleep 1.5"))
	b.Disk, b.Outputs = 8<<20, []string{"hole"}
	b.promptly(Success, ReasonNone)
}

func TestDiskFloor(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("needs a file system of its own")
	}
	b := newBench(t, sh("head -c 8200000 /dev/zero >big; sleep 60"))
	if err := unix.Mount("tmpfs", b.Workspace, "tmpfs", 0, "size=8m"); err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { _ = unix.Unmount(b.Workspace, unix.MNT_DETACH) })
	b.DiskFloor = 512 << 20
	r := b.promptly(Failure, ReasonDiskFull)
	for _, want := range []string{"the file system of " + b.Workspace + " has ", " less than the 409.6 KiB that must stay"} {
		if !strings.Contains(r.Error, want) {
			t.Errorf("error %q does not hold %q", r.Error, want)
		}
	}
}

// TestManyMasks shows that masks do not pile up without end.
func TestManyMasks(t *testing.T) {
	t.Parallel()
	last := 100000 + maxMasks + 50
	b := newBench(t, sh(fmt.Sprintf("seq 100001 %d | sed 's/^/::add-mask::/'; echo first 100001, last %d", last, last)))
	b.promptly(Success, ReasonNone)
	said := false
	for _, e := range b.events {
		said = said || e.Kind == Notice && e.Level == "error" && strings.Contains(e.Text, "further values are not hidden")
	}
	text := b.log()
	if want := fmt.Sprintf("first ***, last %d", last); !said || !strings.Contains(text, want) {
		t.Errorf("said: %v, the log ends %q", said, text[max(0, len(text)-60):])
	}
}
