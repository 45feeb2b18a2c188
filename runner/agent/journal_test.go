package agent

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mlops-runner/mlops/runner/mask"
)

func TestLogIsRaw(t *testing.T) {
	t.Parallel()
	b := newBench(t, sh(`printf 'häß 漢字\r\n\000\377\033[31mred\n:: no\n'; echo err >&2; printf 'no newline'`), sh(`printf 'at the end'`))
	r := b.want(Success, ReasonNone)
	b.wantLog("häß 漢字\r\n\x00\xff\x1b[31mred\n:: no\nerr\nno newlineat the end")
	if s := b.log(); s[r.Steps[1].LogFrom:r.Steps[1].LogTo] != "at the end" || r.LogSize != int64(len(s)) {
		t.Errorf("%+v", r)
	}
	if last := b.events[len(b.events)-1]; last.Kind != Ended || last.Offset != r.LogSize {
		t.Errorf("last event %+v", last)
	}
}

// index returns the offsets and steps of the log's index, and checks its times.
func index(t *testing.T, dir string) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, IndexFile))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	var last int64
	for line := range strings.Lines(string(text)) {
		var offset, at int64
		var step int
		if n, err := fmt.Sscanf(line, "%d %d %d\n", &offset, &at, &step); n != 3 || at < last {
			t.Fatalf("index line %q: %v", line, err)
		}
		last = at
		got = append(got, fmt.Sprint(offset, " ", step))
	}
	return got
}

func TestIndex(t *testing.T) {
	t.Parallel()
	b := newBench(t, sh("echo a; sleep 0.1; echo b"), sh(":"), sh("echo c"))
	b.want(Success, ReasonNone)
	if d := cmp.Diff([]string{"0 0", "2 0", "4 2"}, index(t, b.Control)); d != "" {
		t.Error(d)
	}
}

func TestLimitKeepsHeadAndTail(t *testing.T) {
	t.Parallel()
	b := newBench(t, sh("echo begin; yes 0123456789 | head -c 1000000"), sh("echo; echo end"))
	b.LogLimit = 100_000
	r := b.want(Success, ReasonNone)
	log := b.log()
	if !strings.HasPrefix(log, "begin\n0123456789\n") || !strings.HasSuffix(log, "\nend\n") || !strings.Contains(log, " bytes left out: the log is limited to 100000 ...\n0123456789\n") {
		t.Errorf("head %q, tail %q", log[:40], log[len(log)-40:])
	}
	if len(log) < 99_000 || len(log) > 100_100 || r.LogSize != int64(len(log)) {
		t.Errorf("%d bytes, log size %d", len(log), r.LogSize)
	}
	if got := log[r.Steps[1].LogFrom:r.Steps[1].LogTo]; got != "\nend\n" {
		t.Errorf("the second step's part is %q", got)
	}
}

// TestLimits holds the law of limits: what is kept, and what the marker says
// was left out, is all that was written; offsets point where their bytes are. So
// it is when other journals go on with the log in between.
func TestLimits(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for round := range 600 {
		limit, dir := 1+rng.Int64N(300), t.TempDir()
		em, err := openEvents(dir, &mask.Set{}, nil, false)
		if err != nil {
			t.Fatal(err)
		}
		j, err := openJournal(Spec{Control: dir, LogLimit: limit}, em, nil)
		if err != nil {
			t.Fatal(err)
		}
		var all []byte
		var starts []int64
		for step := range rng.IntN(30) {
			p := bytes.Repeat([]byte{byte('a' + step%26)}, rng.IntN(40))
			if rng.IntN(3) == 0 {
				p = append(p, '\n')
			}
			starts = append(starts, j.length())
			j.append(step, p, time.Unix(int64(step), 0))
			all = append(all, p...)
			if round%2 == 1 && rng.IntN(4) == 0 {
				j = handOn(t, j, Spec{Control: dir, LogLimit: limit})
			}
		}
		size, err := j.close(0)
		got, rerr := os.ReadFile(filepath.Join(dir, LogFile))
		if err != nil || rerr != nil || size != int64(len(got)) {
			t.Fatalf("%d bytes, size %d: %v %v", len(got), size, err, rerr)
		}
		checkKept(t, string(all), string(got), limit)
		for step, from := range starts {
			at := j.place(from)
			if at < 0 || at > size || step > 0 && at < j.place(starts[step-1]) {
				t.Fatalf("limit %d: step %d is placed at %d of %d", limit, step, at, size)
			}
			gone := from >= j.head && from < j.head+j.tail.dropped
			if !gone && from < int64(len(all)) && got[at] != all[from] {
				t.Fatalf("limit %d: offset %d became %d, where another byte is", limit, from, at)
			}
		}
	}
}

func checkKept(t *testing.T, all, got string, limit int64) {
	t.Helper()
	if int64(len(all)) <= limit {
		if got != all {
			t.Fatalf("limit %d: %q became %q", limit, all, got)
		}
		return
	}
	head, rest, ok := strings.Cut(got, "\n... ")
	var dropped, told int
	n, _ := fmt.Sscanf(rest, "%d bytes left out: the log is limited to %d ...", &dropped, &told)
	_, tail, _ := strings.Cut(rest, "...\n")
	if !ok || n != 2 || int64(told) != limit || len(head)+dropped+len(tail) != len(all) || !strings.HasPrefix(all, head) || !strings.HasSuffix(all, tail) {
		t.Fatalf("limit %d: %q became %q", limit, all, got)
	}
}

// FuzzCapture holds the law of capturing: however the bytes arrive, the log
// and the commands are those of the whole.
func FuzzCapture(f *testing.F) {
	f.Add([]byte("a\n::error::x\n:b\n::"), uint64(3), false)
	f.Add([]byte("::add-mask::s\r\n\n:::\n::notice::end"), uint64(9), true)
	f.Fuzz(func(t *testing.T, text []byte, seed uint64, whole bool) {
		rng := rand.New(rand.NewPCG(seed, 1))
		dir := t.TempDir()
		em, err := openEvents(dir, &mask.Set{}, nil, false)
		if err != nil {
			t.Fatal(err)
		}
		j, err := openJournal(Spec{Control: dir}, em, nil)
		if err != nil {
			t.Fatal(err)
		}
		var commands []string
		c := &capture{out: newVeil(j, 0, &mask.Set{}), command: func(b []byte) { commands = append(commands, string(b)) }, whole: whole}
		for rest := text; len(rest) > 0; {
			n := 1 + rng.IntN(len(rest))
			c.write(bytes.Clone(rest[:n]), time.Now())
			rest = rest[n:]
		}
		c.flush(time.Now())
		c.out.end()
		if _, err := j.close(0); err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(filepath.Join(dir, LogFile))
		if err != nil || !bytes.Equal(got, text) {
			t.Fatalf("%q became %q: %v", text, got, err)
		}
		var want []string
		for line := range bytes.Lines(text) {
			line = bytes.TrimSuffix(line, []byte("\n"))
			if bytes.HasPrefix(line, []byte("::")) && len(line) < maxHeld {
				want = append(want, string(bytes.TrimSuffix(line, []byte("\r"))))
			}
		}
		if d := cmp.Diff(want, commands); d != "" && len(text) < maxHeld {
			t.Errorf("%q: %s", text, d)
		}
	})
}

func TestLogGrows(t *testing.T) {
	t.Parallel()
	b := newBench(t, sh("echo a; mkfifo p; read x <p"))
	// The step waits until somebody has seen its line, so that its success
	// shows that lines are announced while a step runs.
	b.when("a\n", func() {
		for _, err := os.Stat(filepath.Join(b.Workspace, "p")); err != nil; _, err = os.Stat(filepath.Join(b.Workspace, "p")) {
			time.Sleep(time.Millisecond)
		}
		go func() { _ = os.WriteFile(filepath.Join(b.Workspace, "p"), []byte("x\n"), 0) }()
	})
	b.want(Success, ReasonNone)
	var last int64
	for _, e := range b.events {
		if e.Kind == LogGrew {
			if e.Offset <= last {
				t.Errorf("grew from %d to %d", last, e.Offset)
			}
			last = e.Offset
		}
	}
	if last != int64(len(b.log())) {
		t.Errorf("announced %d bytes of %d", last, len(b.log()))
	}
	kept, err := os.ReadFile(filepath.Join(b.Control, EventsFile))
	if err != nil || strings.Contains(string(kept), `"kind":"log"`) || strings.Count(string(kept), "\n") != 3 {
		t.Errorf("kept events: %v\n%s", err, kept)
	}
}
