package registry

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/mlops-runner/mlops/runner/store"
)

const rootVariable = "MLOPS_TEST_REGISTRY"

// TestMain promotes where a parent test says so, and runs the tests otherwise.
func TestMain(m *testing.M) {
	if root := os.Getenv(rootVariable); root != "" {
		os.Exit(promoter(root, os.Getenv(rootVariable+"_NAME")))
	}
	os.Exit(m.Run())
}

// rounds is how often two processes meet.
const rounds = 20

// promoter registers models of its own and one that the other registers as
// well, and takes alias after alias that nobody has yet: it prints those that it got.
func promoter(root, name string) int {
	d, err := store.Open(root)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	w := &world{d: d, r: Open(d, nil)}
	for i := range rounds {
		for _, content := range []string{fmt.Sprintf("same %d", i), fmt.Sprintf("%d of %s", i, name)} {
			dig, err := d.PutBytes(context.Background(), []byte(content))
			if err != nil {
				fmt.Fprintln(os.Stderr, err)
				return 1
			}
			v, _, err := w.r.Register(context.Background(), Version{Model: "churn", Files: []File{{Path: "m", Digest: dig, Size: int64(len(content))}}}, By{Actor: name})
			if err == nil {
				_, err = w.r.Move(context.Background(), "churn", fmt.Sprintf("round-%d", i), 0, v.Version, By{Actor: name})
			}
			var lost *ConflictError
			switch {
			case err == nil:
				fmt.Printf("round-%d %d\n", i, v.Version)
			case !errors.As(err, &lost) || lost.Actor == "":
				fmt.Fprintln(os.Stderr, err)
				return 1
			}
		}
	}
	return 0
}

// Of two processes that take an alias at once one gets it, what both register is one
// version, and the journal is intact.
func TestTwoProcesses(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("starts processes")
	}
	w := newWorld(t)
	outs := make([]strings.Builder, 2)
	cmds := make([]*exec.Cmd, 2)
	for i := range cmds {
		cmds[i] = exec.Command(os.Args[0])
		cmds[i].Env = append(os.Environ(), rootVariable+"="+w.d.Root(), rootVariable+"_NAME="+strconv.Itoa(i))
		cmds[i].Stdout, cmds[i].Stderr = &outs[i], os.Stderr
		if err := cmds[i].Start(); err != nil {
			t.Fatal(err)
		}
	}
	won := map[string]int{}
	for i, cmd := range cmds {
		if err := cmd.Wait(); err != nil {
			t.Errorf("process %d: %v", i, err)
		}
		for line := range strings.Lines(outs[i].String()) {
			alias, version, _ := strings.Cut(strings.TrimSpace(line), " ")
			n, _ := strconv.Atoi(version)
			if was, ok := won[alias]; ok && was != n { // both may have moved it to the same
				t.Errorf("%s was won with %d and with %d", alias, was, n)
			}
			won[alias] = n
		}
	}
	m := w.model("churn")
	if m.Versions() != 3*rounds || len(m.Aliases) != rounds || len(m.Journal) != 4*rounds {
		t.Errorf("%d versions, %d aliases, %d lines", m.Versions(), len(m.Aliases), len(m.Journal))
	}
	for alias, n := range won {
		if m.Aliases[alias] != n {
			t.Errorf("%s is %d, want %d", alias, m.Aliases[alias], n)
		}
	}
	if ps := w.verified("churn"); len(ps) > 0 {
		t.Error(ps)
	}
}

// Of many who promote at once, having seen the same, one wins; the others are told
// who it was.
func TestManyPromoters(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.register("churn", "first")
	w.move("churn", "production", 1)
	var wins atomic.Int64
	var winner atomic.Value
	var mu sync.Mutex // guards lost
	var lost []*ConflictError
	var wg sync.WaitGroup
	for i := range 24 {
		wg.Go(func() {
			name := fmt.Sprintf("p%d", i)
			v, _, err := w.r.Register(context.Background(), w.draft("churn", name), By{Actor: name})
			if err != nil {
				t.Error(err)
				return
			}
			_, err = w.r.Move(context.Background(), "churn", "production", 1, v.Version, By{Actor: name})
			var conflict *ConflictError
			switch {
			case err == nil:
				wins.Add(1)
				winner.Store(name)
			case errors.As(err, &conflict):
				mu.Lock()
				lost = append(lost, conflict)
				mu.Unlock()
			default:
				t.Error(err)
			}
		})
		wg.Go(func() { // readers see a whole journal at any time
			if _, err := w.r.Model("churn"); err != nil {
				t.Error("read meanwhile:", err)
			}
		})
	}
	wg.Wait()
	if wins.Load() != 1 || len(lost) != 23 {
		t.Fatalf("%d won, %d lost", wins.Load(), len(lost))
	}
	for _, c := range lost {
		if c.Actor != winner.Load() {
			t.Errorf("%v, but %v won", c, winner.Load())
		}
	}
	m := w.model("churn")
	if got := m.Versions(); got != 25 {
		t.Error(got, "versions")
	}
	for _, p := range w.verified("churn") {
		t.Error(p)
	}
}
