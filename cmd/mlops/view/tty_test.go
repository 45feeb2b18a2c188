package view

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mlops-runner/mlops/runner"
)

// still is a TTY view that draws only when asked to, on a terminal of the given size.
func still(width, height int) (*tty, *terminal) {
	term := newTerminal(width, height)
	start := time.Date(2026, 3, 2, 10, 15, 0, 0, time.UTC)
	o := Options{
		Out: term, Err: term, Now: func() time.Time { return start },
		Width: func() int { return term.width }, Height: func() int { return term.height },
	}
	v := newTTY(o.withDefaults())
	close(v.done)
	return v, term
}

func (v *tty) news(e runner.Event) {
	e.Time = v.o.Now()
	v.Event(e)
}

func TestRowsLeaveHalfOfTheScreen(t *testing.T) {
	for _, c := range []struct{ height, jobs, want int }{{24, 3, 4}, {24, 50, 12}, {10, 5, 5}, {6, 9, 3}, {4, 9, 2}, {3, 9, 1}, {1, 9, 1}} {
		v, term := still(80, c.height)
		v.news(runner.Event{Kind: runner.RunStarted, Run: runID, Pipeline: "churn"})
		for i := range c.jobs {
			v.news(runner.Event{Kind: runner.JobStarted, Job: fmt.Sprintf("job-%d", i)})
		}
		v.frame()
		if got := len(v.screen.rows); got != c.want {
			t.Errorf("%d jobs on %d lines: %d rows, want %d:\n%s", c.jobs, c.height, got, c.want, term.text())
		}
		hidden := c.jobs - strings.Count(term.text(), "starting")
		if more := fmt.Sprintf("… and %d more", hidden); hidden > 0 && c.height > 3 && !strings.Contains(term.text(), more) {
			t.Errorf("%d jobs on %d lines: no %q in\n%s", c.jobs, c.height, more, term.text())
		}
	}
}

// Whatever happens, each line of output is on the screen once, in order, and
// no live row is left behind above the others.
func TestScreenAfterRandomRuns(t *testing.T) {
	for seed := range uint64(30) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		width, height := 20+rnd.IntN(100), 3+rnd.IntN(40)
		v, term := still(width, height)
		v.news(runner.Event{Kind: runner.RunStarted, Run: runID, Pipeline: "churn", Total: 9})
		next := 0
		for range 200 {
			job := fmt.Sprintf("job-%d", rnd.IntN(6))
			switch rnd.IntN(8) {
			case 0:
				v.news(runner.Event{Kind: runner.JobStarted, Job: job})
			case 1:
				v.news(runner.Event{Kind: runner.JobEnded, Job: job, Status: "success"})
			case 2:
				v.frame()
			case 3:
				term.resize(20+rnd.IntN(100), height)
			default:
				v.news(runner.Event{Kind: runner.JobOutput, Job: job, Data: fmt.Appendf(nil, "<%d 界界%s>\n", next, strings.Repeat("x", rnd.IntN(9)))})
				next++
			}
		}
		v.frame()
		if n := strings.Count(term.text(), " done"); n != 1 {
			t.Errorf("seed %d: %d status rows in\n%s", seed, n, term.text())
		}
		if err := v.Close(); err != nil {
			t.Fatal(err)
		}
		checkNumbers(t, term.text(), next)
		if strings.Contains(term.text(), " done") || len(term.unexpected) > 0 || term.hidden {
			t.Errorf("seed %d: left behind %q in\n%s", seed, term.unexpected, term.text())
		}
	}
}

// checkNumbers checks that <0 to <n-1 stand in text once each, in order.
func checkNumbers(t *testing.T, text string, n int) {
	t.Helper()
	text = strings.ReplaceAll(text, "\n", "") // lines may have been wrapped
	at := 0
	for i := range n {
		mark := fmt.Sprintf("<%d 界", i)
		p := strings.Index(text[at:], mark)
		if p < 0 || strings.Count(text, mark) != 1 {
			t.Fatalf("%d times %q, or not after the one before", strings.Count(text, mark), mark)
		}
		at += p
	}
}

// A gate is a writer that can be shut, as a terminal is with Ctrl-S.
type gate struct {
	terminal *terminal
	shut     sync.Mutex
}

func (g *gate) Write(b []byte) (int, error) {
	g.shut.Lock()
	defer g.shut.Unlock()
	return g.terminal.Write(b)
}

// A terminal that takes nothing does not stop the run, and afterwards every
// line was either shown or counted.
func TestStoppedTerminalDropsWithACount(t *testing.T) {
	g := &gate{terminal: newTerminal(200, 24)}
	v := New(TTY, Options{Out: g, Err: g})
	v.Event(runner.Event{Kind: runner.RunStarted, Run: runID, Pipeline: "churn"})
	g.shut.Lock()
	const chunks, lines = 400, 1000
	chunk := bytes.Repeat([]byte("a line of thirty-two characters\n"), lines)
	start := time.Now()
	for i := range chunks {
		for _, job := range []string{"train", "evaluate"} {
			v.Event(runner.Event{Kind: runner.JobOutput, Job: job, Data: chunk})
		}
		if i == chunks/2 {
			v.Event(runner.Event{Kind: runner.JobEnded, Job: "train", Status: "success", Wall: time.Second})
		}
	}
	if took := time.Since(start); took > 20*time.Second {
		t.Errorf("the run was held up for %v", took)
	}
	g.shut.Unlock()
	if err := v.Close(); err != nil {
		t.Fatal(err)
	}
	text := g.terminal.text()
	for _, job := range []string{"train", "evaluate"} {
		shown := int64(strings.Count(text, job+" │ a line of thirty-two characters\n"))
		hidden := notShown(t, text, job)
		if shown+hidden != chunks*lines || hidden == 0 || shown == 0 {
			t.Errorf("%s: %d lines shown, %d counted as not shown, of %d", job, shown, hidden, chunks*lines)
		}
	}
	if !strings.Contains(text, "✓ train: ran in 1 s") {
		t.Error("the end of a job was dropped")
	}
}

// notShown adds up the lines of a job that the screen says were dropped.
func notShown(t *testing.T, text, job string) (sum int64) {
	for _, m := range regexp.MustCompile(job+` │ … ([0-9,]+) lines? not shown \(mlops logs `+runID+` `+job+`\)`).FindAllStringSubmatch(text, -1) {
		n, err := strconv.ParseInt(strings.ReplaceAll(m[1], ",", ""), 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		sum += n
	}
	return sum
}

// However often something happens, nothing is drawn more than ten times a
// second; and what happens last is drawn soon.
func TestAtMostTenFramesASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		term := newTerminal(80, 24)
		v := New(TTY, Options{Out: term, Err: term})
		v.Event(runner.Event{Kind: runner.JobStarted, Job: "train"})
		for i := range 5000 { // of a millisecond each
			v.Event(runner.Event{Kind: runner.JobOutput, Job: "train", Data: fmt.Appendf(nil, "line %d\n", i)})
			time.Sleep(time.Millisecond)
		}
		synctest.Wait()
		if term.frames() < 45 || term.frames() > 51 {
			t.Errorf("%d frames in 5 s, want 50", term.frames())
		}
		time.Sleep(frameTime)
		synctest.Wait()
		if !strings.Contains(term.text(), "line 4999\n") {
			t.Error("the last line is not shown a tenth of a second later")
		}
		if err := v.Close(); err != nil {
			t.Fatal(err)
		}
	})
}

// The clocks of the rows go on while nothing happens, once a second, and after
// ten seconds a row says what is awaited.
func TestClocksGoOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		term := newTerminal(80, 24)
		v := New(TTY, Options{Out: term, Err: term})
		v.Event(runner.Event{Kind: runner.RunStarted, Run: runID, Pipeline: "churn", Total: 2})
		v.Event(runner.Event{Kind: runner.JobStarted, Job: "train"})
		v.Event(runner.Event{Kind: runner.StepStarted, Job: "train", Text: "fit"})
		for after, want := range []string{9: "train     9 s  fit\n", 12: "train    12 s  fit  no output for 12 s\n", 20: "churn  0/2 done, 1 running  20 s\n"} {
			synctest.Wait()
			if !strings.Contains(term.text(), want) {
				t.Errorf("after %d s no %q in\n%s", after, want, term.text())
			}
			time.Sleep(time.Second)
		}
		writes := term.frames()
		time.Sleep(time.Minute)
		synctest.Wait()
		if n := term.frames() - writes; n < 59 || n > 61 {
			t.Errorf("%d frames in a minute of silence, want 60", n)
		}
		v.Event(runner.Event{Kind: runner.Waiting, Job: "train", Text: "the container to answer"})
		time.Sleep(time.Second)
		synctest.Wait()
		if want := "fit  no output for 1m22s, the container to answer"; !strings.Contains(term.text(), want) {
			t.Errorf("no %q in\n%s", want, term.text())
		}
		if err := v.Close(); err != nil {
			t.Fatal(err)
		}
	})
}

// No row is wider than the screen, whatever its names and output are.
func TestRowsFitTheirScreen(t *testing.T) {
	for width := 1; width <= 120; width++ {
		v, term := still(width, 24)
		v.news(runner.Event{Kind: runner.RunStarted, Run: runID, Pipeline: "解約予測", Total: 3})
		v.news(runner.Event{Kind: runner.JobStarted, Job: "学習@深さ=4"})
		v.news(runner.Event{Kind: runner.StepStarted, Job: "学習@深さ=4", Text: "実行 🎉 python"})
		v.news(runner.Event{Kind: runner.JobOutput, Job: "学習@深さ=4", Data: []byte("損失 0.41 " + strings.Repeat("界", 100))})
		v.news(runner.Event{Kind: runner.Waiting, Text: strings.Repeat("e\u0301界", 60)})
		v.frame()
		for _, w := range v.screen.rows {
			if w >= max(width, 2) {
				t.Errorf("a row of %d columns on a screen of %d:\n%s", w, width, term.text())
			}
		}
	}
}

// A bar that is redrawn with carriage returns moves in its row, and only its
// last state scrolls.
func TestProgressBarStaysInItsRow(t *testing.T) {
	v, term := still(60, 24)
	v.news(runner.Event{Kind: runner.RunStarted, Run: runID, Pipeline: "churn"})
	v.news(runner.Event{Kind: runner.JobStarted, Job: "train"})
	for i := range 100 {
		v.news(runner.Event{Kind: runner.JobOutput, Job: "train", Data: fmt.Appendf(nil, "\r%3d%%|%s", i, strings.Repeat("█", i/10))})
		v.frame()
	}
	if got := term.text(); strings.Count(got, "%|") != 1 || !strings.Contains(got, "99%|█████████") {
		t.Errorf("while it runs:\n%s", got)
	}
	v.news(runner.Event{Kind: runner.JobOutput, Job: "train", Data: []byte("\r100%|██████████\n")})
	if err := v.Close(); err != nil {
		t.Fatal(err)
	}
	if got, want := term.text(), "churn: run "+runID+"\ntrain │ 100%|██████████\n"; got != want {
		t.Errorf("at the end %q, want %q", got, want)
	}
}

func TestSilentJobSaysSo(t *testing.T) {
	v, term := still(80, 24)
	now := v.o.Now()
	v.o.Now = func() time.Time { return now }
	v.news(runner.Event{Kind: runner.RunStarted, Run: runID, Pipeline: "churn"})
	v.news(runner.Event{Kind: runner.JobStarted, Job: "train"})
	v.news(runner.Event{Kind: runner.StepStarted, Job: "train", Text: "fit"})
	now = now.Add(40 * time.Second)
	v.frame()
	if want := "train    40 s  fit  no output for 40 s\n"; !strings.Contains(term.text(), want) {
		t.Errorf("no %q in\n%s", want, term.text())
	}
}

func TestLongLineIsCut(t *testing.T) {
	v, term := still(80, 24)
	v.news(runner.Event{Kind: runner.JobOutput, Job: "train", Data: append(bytes.Repeat([]byte("x"), 50_000), '\n')})
	v.frame()
	if n := strings.Count(term.text(), "x"); n != maxShown-1 || !strings.Contains(term.text(), "…") {
		t.Errorf("%d characters shown, want %d and …", n, maxShown-1)
	}
}

// The terminal is never left without its cursor, at whatever write a process dies.
func TestEveryWriteLeavesTheCursor(t *testing.T) {
	v, term := still(80, 24)
	for _, e := range matrix().events {
		v.Event(e)
		v.frame()
		if term.hidden {
			t.Fatalf("hidden after %s", e.Kind)
		}
	}
	if !strings.Contains(term.sent(), hideCursor) {
		t.Error("the cursor is not hidden while a frame is drawn")
	}
}

// Events from many goroutines at once, while frames are drawn.
func TestConcurrentEvents(t *testing.T) {
	for _, kind := range Kinds() {
		out, progress := newTerminal(200, 24), newTerminal(200, 24)
		v := New(kind, Options{Out: out, Err: progress})
		v.Event(runner.Event{Kind: runner.RunStarted, Run: runID, Pipeline: "churn", Total: 8})
		var wg sync.WaitGroup
		for i := range 8 {
			job := fmt.Sprintf("job-%d", i)
			wg.Go(func() {
				v.Event(runner.Event{Kind: runner.JobStarted, Job: job})
				for range 100 {
					v.Event(runner.Event{Kind: runner.JobOutput, Job: job, Data: []byte("payload\n")})
				}
				v.Event(runner.Event{Kind: runner.JobEnded, Job: job, Status: "success"})
			})
		}
		wg.Wait()
		v.Event(runner.Event{Kind: runner.RunEnded, Summary: &runner.Summary{Status: "success", Pipeline: "churn"}})
		if err := v.Close(); err != nil {
			t.Error(err)
		}
		if n := strings.Count(out.text()+progress.text(), "payload"); n != 800 && kind != Quiet {
			t.Errorf("%s: %d times the payload, want 800", kind, n)
		}
	}
}
