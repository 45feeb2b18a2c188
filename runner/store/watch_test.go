package store

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
	"time"
)

// looks counts how often a watch asks to look within a time.
func looks(w *Watch, during time.Duration) (n int) {
	end := time.After(during)
	for {
		select {
		case <-w.C:
			n++
		case <-end:
			return n
		}
	}
}

// onlyNews is of a watch that asks to look because of news alone.
var onlyNews = pace{first: time.Hour, told: time.Hour, guessed: time.Hour}

// calm takes in that a watch was set.
func calm(w *Watch) { <-w.C }

func needsNews(t *testing.T, dir string) {
	t.Helper()
	n := listen(dir, nil)
	if n == nil {
		t.Skip("this system tells nothing of the folder")
	}
	n.close()
}

// take takes a lock and announces it.
func take(t *testing.T, path string) *QuietLock {
	t.Helper()
	l, err := TryQuietLock(path)
	if err != nil || l == nil {
		t.Fatalf("lock %s: %v, %v", path, l, err)
	}
	if err := l.Announce(); err != nil {
		t.Fatal(err)
	}
	return l
}

// Who waits looks again as soon as a lock is given back, and not while others only try.
func TestWatchHearsRelease(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	needsNews(t, dir)
	path := filepath.Join(dir, "lock")
	l := take(t, path)
	w := watch(dir, nil, onlyNews)
	defer w.Close()
	calm(w)
	for range 100 {
		if other, err := TryQuietLock(path); other != nil || err != nil {
			t.Fatalf("a second lock: %v, %v", other, err)
		}
		quiet, err := TryQuietLock(path + " of nobody")
		if err != nil || quiet == nil {
			t.Fatalf("a lock of nobody: %v", err)
		}
		quiet.Release()
	}
	if n := looks(w, 300*time.Millisecond); n > 0 {
		t.Errorf("%d looks because others tried", n)
	}
	l.Release()
	<-w.C // nothing else fills it within the hour
	if l, err := TryQuietLock(path); l == nil {
		t.Errorf("not free when it is told: %v", err)
	} else {
		l.Release()
	}
}

// Only files that count are heard of.
func TestWatchHeeds(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	needsNews(t, dir)
	w := watch(dir, func(name string) bool { return name != "noise" }, onlyNews)
	defer w.Close()
	calm(w)
	write := func(name string) {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("noise")
	if n := looks(w, 300*time.Millisecond); n > 0 {
		t.Errorf("%d looks because of noise", n)
	}
	write("news")
	<-w.C // nothing else fills it within the hour
}

// A process that is killed gives its locks back, and who waits gets them.
func TestWatchHearsDeath(t *testing.T) {
	if path := os.Getenv("MLOPS_TEST_HOLD"); path != "" {
		take(t, path)
		os.Stdout.WriteString("held\n")
		select {}
	}
	t.Parallel()
	dir := t.TempDir()
	needsNews(t, dir)
	path := filepath.Join(dir, "lock")
	c := exec.Command(os.Args[0], "-test.run", "^TestWatchHearsDeath$")
	c.Env = append(os.Environ(), "MLOPS_TEST_HOLD="+path)
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "held\n" {
		t.Fatalf("%q, %v", line, err)
	}
	w := watch(dir, nil, pace{first: 10 * time.Millisecond, told: time.Hour})
	defer w.Close()
	calm(w)
	if l, _ := TryQuietLock(path); l != nil {
		t.Fatal("a lock that another process has was taken")
	}
	began := time.Now()
	if err := c.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	for range w.C {
		l, err := TryQuietLock(path)
		if err != nil {
			t.Fatal(err)
		}
		if l != nil {
			l.Release()
			break
		}
	}
	if took := time.Since(began); took > 30*time.Second {
		t.Errorf("the lock of a killed process was free after %v", took)
	}
	_ = c.Wait()
}

// Where the system tells nothing a watch asks to look all the same, and then more
// and more seldom.
func TestWatchWithoutNews(t *testing.T) {
	t.Parallel()
	w := WatchFolder(filepath.Join(t.TempDir(), "missing"), nil)
	defer w.Close()
	if n := looks(w, 3*time.Second); n < 2 || n > 12 {
		t.Errorf("%d looks in 3 s, want some, and few", n)
	}
}

// A watch leaves nothing behind.
func TestWatchCloses(t *testing.T) {
	dir := t.TempDir()
	before := runtime.NumGoroutine()
	for range 50 {
		WatchFolder(dir, nil).Close()
	}
	// A goroutine that has said that it ends is counted until it has ended.
	for began := time.Now(); runtime.NumGoroutine() > before; time.Sleep(time.Millisecond) {
		if time.Since(began) > 10*time.Second {
			t.Fatalf("%d goroutines more", runtime.NumGoroutine()-before)
		}
	}
}
