package concurrency

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// TestMain lets a test start this binary as another process that joins a group
// and stays in it.
func TestMain(m *testing.M) {
	if root := os.Getenv("MLOPS_TEST_GROUP"); root != "" {
		if _, err := At(root).Join(context.Background(), Request{Group: "g", Member: Member{Pipeline: "child", Folder: "/child"}}); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Println("in")
		select {}
	}
	os.Exit(m.Run())
}

// member makes one; a name with stranger in it is that of somebody nobody knows.
func member(name string) Member {
	return Member{Run: name, Pipeline: name, Folder: "/" + name, Untrusted: strings.Contains(name, "stranger")}
}

// joining is a member on its way into a group.
type joining struct {
	waits chan Member
	seat  chan *Seat
	err   chan error
}

func join(t *testing.T, p *Place, name string, cancel bool) joining {
	t.Helper()
	j := joining{make(chan Member, 9), make(chan *Seat, 1), make(chan error, 1)}
	ctx, stop := context.WithCancel(t.Context())
	t.Cleanup(stop)
	go func() {
		s, err := p.Join(ctx, Request{Group: "g", Member: member(name), Cancel: cancel, Wait: func(m Member, _ bool) { j.waits <- m }})
		j.seat <- s
		j.err <- err
	}()
	return j
}

// within receives, or fails after ten seconds.
func within[T any](t *testing.T, c <-chan T) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(10 * time.Second):
		t.Fatal("nothing happened for ten seconds")
		panic("unreachable")
	}
}

func in(t *testing.T, j joining) *Seat {
	t.Helper()
	s := within(t, j.seat)
	if err := within(t, j.err); err != nil {
		t.Fatal(err)
	}
	return s
}

func leave(t *testing.T, s *Seat) {
	t.Helper()
	if err := s.Leave(); err != nil {
		t.Fatal(err)
	}
}

func TestOneAfterTheOther(t *testing.T) {
	p := At(t.TempDir())
	a := in(t, join(t, p, "a", false))
	b := join(t, p, "b", false)
	if at := within(t, b.waits); at.Pipeline != "a" || at.Process.PID != os.Getpid() || at.Since.IsZero() {
		t.Errorf("b waits for %+v", at)
	}
	leave(t, a)
	seat := in(t, b)
	leave(t, seat)
	if es, err := os.ReadDir(p.dir); err != nil || len(es) != 1 || es[0].Name() != "lock" {
		t.Errorf("left behind: %v, %v", es, err)
	}
}

// The newest pending member replaces the one before it, which learns by whom.
func TestReplaced(t *testing.T) {
	p := At(t.TempDir())
	a := in(t, join(t, p, "a", false))
	b := join(t, p, "b", false)
	within(t, b.waits)
	c := join(t, p, "c", false)
	within(t, c.waits)
	if s := within(t, b.seat); s != nil {
		t.Fatal("the replaced one is in")
	}
	var replaced *ReplacedError
	if err := within(t, b.err); !errors.As(err, &replaced) || replaced.By.Pipeline != "c" {
		t.Fatalf("%v", err)
	}
	if want := `a newer one waits for the concurrency group "g" instead: c in /c, pid `; !strings.HasPrefix(replaced.Error(), want) {
		t.Errorf("%s\nwant %s", replaced, want)
	}
	leave(t, a)
	leave(t, in(t, c))
}

// Who was pending when a seat became free goes before who comes then.
func TestPendingGoesFirst(t *testing.T) {
	p := At(t.TempDir())
	a := in(t, join(t, p, "a", false))
	b := join(t, p, "b", false)
	within(t, b.waits)
	leave(t, a)
	c := join(t, p, "c", false) // perhaps before b has looked
	leave(t, in(t, b))
	leave(t, in(t, c))
}

func TestAskedToStop(t *testing.T) {
	p := At(t.TempDir())
	a := in(t, join(t, p, "a", false))
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if by := a.Asked(ctx); by != nil {
		t.Fatalf("asked by %v", by)
	}
	b := join(t, p, "b", true)
	if by := a.Asked(t.Context()); by == nil || by.Pipeline != "b" {
		t.Fatalf("asked by %v", by)
	}
	select {
	case <-b.seat:
		t.Fatal("b is in before a has gone")
	case <-time.After(600 * time.Millisecond):
	}
	leave(t, a)
	s := in(t, b)
	if by := s.Asked(ctx); by != nil {
		t.Errorf("b is asked by %v", by)
	}
	leave(t, s)
}

// A stranger waits as everybody does, and stops and displaces strangers alone.
func TestStrangers(t *testing.T) {
	p := At(t.TempDir())
	ended, stop := context.WithCancel(t.Context())
	stop()
	a := in(t, join(t, p, "a", false))
	one := join(t, p, "stranger-1", true)
	within(t, one.waits)
	if by := a.Asked(ended); by != nil {
		t.Errorf("a stranger asked a to stop: %v", by)
	}
	two := join(t, p, "stranger-2", false) // in the place of the first
	within(t, two.waits)
	var replaced *ReplacedError
	if err := within(t, one.err); !errors.As(err, &replaced) || replaced.By.Pipeline != "stranger-2" {
		t.Errorf("%v", err)
	}
	b := join(t, p, "b", false) // in the place of the second
	within(t, b.waits)
	if err := within(t, two.err); !errors.As(err, &replaced) || replaced.By.Pipeline != "b" {
		t.Errorf("%v", err)
	}
	three := join(t, p, "stranger-3", false)
	want := `a trusted one waits for the concurrency group "g" already, and a stranger does not take its place: b in /b, pid `
	if err := within(t, three.err); !errors.As(err, &replaced) || !strings.HasPrefix(replaced.Error(), want) {
		t.Errorf("%v\nwant %s", err, want)
	}
	leave(t, a)
	leave(t, in(t, b))

	four := in(t, join(t, p, "stranger-4", false))
	c := join(t, p, "c", true)
	if by := four.Asked(t.Context()); by == nil || by.Pipeline != "c" {
		t.Errorf("asked by %v", by)
	}
	leave(t, four)
	leave(t, in(t, c))
}

// A member that gives up waiting is not in the way of others.
func TestWaitingEnds(t *testing.T) {
	p := At(t.TempDir())
	a := in(t, join(t, p, "a", false))
	ctx, stop := context.WithCancelCause(t.Context())
	stop(errors.New("enough"))
	if _, err := p.Join(ctx, Request{Group: "g", Member: member("b")}); err == nil || !strings.Contains(err.Error(), "enough") {
		t.Errorf("%v", err)
	}
	leave(t, a)
	leave(t, in(t, join(t, p, "c", false)))
}

func TestNamesFoldCaseAndAreApart(t *testing.T) {
	p := At(t.TempDir())
	a, err := p.Join(t.Context(), Request{Group: "GPU-0", Member: member("a")})
	if err != nil {
		t.Fatal(err)
	}
	other, err := p.Join(t.Context(), Request{Group: "gpu-1", Member: member("x")})
	if err != nil {
		t.Fatal(err)
	}
	leave(t, other)
	ctx, stop := context.WithTimeout(t.Context(), 400*time.Millisecond)
	defer stop()
	if _, err := p.Join(ctx, Request{Group: "gpu-0", Member: member("b")}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v", err)
	}
	leave(t, a)
}

// kill -9 frees a group, whether who died was at work or pending.
func TestKilled(t *testing.T) {
	root := t.TempDir()
	child := func() (*exec.Cmd, *bufio.Reader) {
		c := exec.Command(os.Args[0])
		c.Env = append(os.Environ(), "MLOPS_TEST_GROUP="+root)
		out, err := c.StdoutPipe()
		if err == nil {
			err = c.Start()
		}
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Process.Kill() })
		return c, bufio.NewReader(out)
	}
	first, out := child()
	if line, err := out.ReadString('\n'); line != "in\n" {
		t.Fatal(line, err)
	}
	p := At(root)
	a := join(t, p, "a", false)
	if at := within(t, a.waits); at.Process.PID != first.Process.Pid {
		t.Errorf("a waits for %v, not for %d", at, first.Process.Pid)
	}
	first.Process.Kill()
	first.Wait()
	seat := in(t, a)

	second, _ := child() // pending
	for {
		if st, err := p.read("g"); err == nil && st.Pending != nil {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	second.Process.Kill()
	second.Wait()
	leave(t, seat)
	leave(t, in(t, join(t, p, "b", false)))
	if es, err := os.ReadDir(p.dir); err != nil || len(es) != 1 {
		t.Errorf("left behind: %v, %v", es, err)
	}
}

// Never are two at work, however many come and go.
func TestNeverTwo(t *testing.T) {
	p := At(t.TempDir())
	var working, worked, replaced atomic.Int32
	var wg sync.WaitGroup
	for i := range 12 {
		wg.Go(func() {
			s, err := p.Join(t.Context(), Request{Group: "g", Member: member(fmt.Sprint(i))})
			var r *ReplacedError
			if errors.As(err, &r) {
				replaced.Add(1)
				return
			}
			if err != nil {
				t.Error(err)
				return
			}
			if n := working.Add(1); n != 1 {
				t.Errorf("%d are at work", n)
			}
			time.Sleep(20 * time.Millisecond)
			working.Add(-1)
			worked.Add(1)
			if err := s.Leave(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if worked.Load()+replaced.Load() != 12 || worked.Load() < 2 {
		t.Errorf("%d worked, %d were replaced", worked.Load(), replaced.Load())
	}
}
