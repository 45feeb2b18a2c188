package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// crowd is how many processes run at once.
const crowd = 8

// TestRunsTogether starts eight runs at once, again and again: of one
// repository, and of two checkouts that share a store. All end well, outputs
// are what the oracle says, and each job was executed once.
func TestRunsTogether(t *testing.T) {
	t.Parallel()
	for _, checkouts := range []int{1, 2} {
		t.Run(fmt.Sprintf("%d checkouts", checkouts), func(t *testing.T) {
			t.Parallel()
			l := newKillLoop(t, checkouts > 1, "")
			worlds := l.checkouts(checkouts)
			for round := range 2 {
				l.change(l.r)
				for _, w := range worlds[1:] {
					w.inputs, w.salts = l.inputs, l.salts
					w.write()
				}
				l.together(func(i int) (dir, file string) { return worlds[i%checkouts].dir, "mlops.yaml" })
				l.onceEach(round)
				for _, w := range worlds {
					if want, _ := l.expect(); !maps.Equal(w.published(), want) {
						t.Errorf("round %d: %s holds %q, want %q", round, w.dir, w.published(), want)
					}
				}
				l.clean()
			}
		})
	}
}

// TestVersionsTogether starts runs of two versions of the file at once, which
// publish into one folder: in the end all of it is of one version.
func TestVersionsTogether(t *testing.T) {
	t.Parallel()
	l := newKillLoop(t, false, "")
	for round := range 3 {
		var versions [2]map[string]string
		for v := range versions {
			for i := range l.salts {
				l.salts[i] = 10*round + v
			}
			versions[v], _ = l.expect()
			name := filepath.Join(l.dir, fmt.Sprintf("version%d.yaml", v))
			if err := os.WriteFile(name, []byte(l.file()), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		l.together(func(i int) (dir, file string) { return l.dir, fmt.Sprintf("version%d.yaml", i%2) })
		if got := l.published(); !maps.Equal(got, versions[0]) && !maps.Equal(got, versions[1]) {
			t.Errorf("round %d: outputs are of neither version: %q\n%q\n%q", round, got, versions[0], versions[1])
		}
		l.onceEach(round)
		l.clean()
	}
}

// checkouts returns n worlds with equal pipelines, the first of which is l's own.
func (l *killLoop) checkouts(n int) []*world {
	l.t.Helper()
	worlds := []*world{l.world}
	for len(worlds) < n {
		w := *l.world
		w.dir += fmt.Sprint(len(worlds))
		if err := os.MkdirAll(filepath.Join(w.dir, "in"), 0o755); err != nil {
			l.t.Fatal(err)
		}
		worlds = append(worlds, &w)
	}
	return worlds
}

// together starts the crowd and waits for all.
func (l *killLoop) together(of func(i int) (dir, file string)) {
	l.t.Helper()
	var wg sync.WaitGroup
	for i := range crowd {
		c := l.command("run", "--output", "plain")
		dir, file := of(i)
		c.Dir = dir
		c.Args = append(c.Args, "-f", file)
		wg.Go(func() {
			if out, err := c.CombinedOutput(); err != nil {
				l.t.Errorf("run %d: %v\n%s", i, err, out)
			}
		})
	}
	wg.Wait()
}

// onceEach makes sure that no job was executed twice with the same inputs.
func (l *killLoop) onceEach(round int) {
	l.t.Helper()
	l.again()
	times := map[string]int{}
	text, err := os.ReadFile(l.log)
	if err != nil {
		l.t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "begin ") {
			times[line]++
		}
	}
	for job, n := range times {
		if n > 1 {
			l.t.Errorf("round %d: %d times: %s", round, n, job)
		}
	}
	if len(times) < len(l.jobs) {
		l.t.Errorf("round %d: only %d jobs ran", round, len(times))
	}
}
