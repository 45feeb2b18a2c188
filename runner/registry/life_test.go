package registry

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/store"
)

// TestRandomLife lets people do 400 things at random, and holds what the journal
// comes to against a plain list of where each alias was.
func TestRandomLife(t *testing.T) {
	t.Parallel()
	w, ctx := newWorld(t), context.Background()
	rng := rand.New(rand.NewPCG(3, 4))
	aliases := []string{"production", "staging", "v1.2"}
	been := map[string][]int{} // where an alias was, each once it moved
	var retired []int
	versions := 0
	for range 400 {
		alias := aliases[rng.IntN(len(aliases))]
		switch op := rng.IntN(6); {
		case op == 0 || versions == 0:
			versions++
			w.register("churn", fmt.Sprintf("%04d", versions))
		case op < 4:
			n := 1 + rng.IntN(versions)
			_, err := w.r.Move(ctx, "churn", alias, Any, n, By{})
			if (err != nil) != slices.Contains(retired, n) {
				t.Fatal(n, retired, err)
			}
			if list := been[alias]; err == nil && (len(list) == 0 || list[len(list)-1] != n) {
				been[alias] = append(list, n)
			}
		case op == 4:
			list := been[alias]
			for len(list) > 0 && (list[len(list)-1] == been[alias][len(been[alias])-1] || slices.Contains(retired, list[len(list)-1])) {
				list = list[:len(list)-1]
			}
			_, to, err := w.r.Rollback(ctx, "churn", alias, By{})
			if (err != nil) != (len(list) == 0) || err == nil && to != list[len(list)-1] {
				t.Fatalf("%s rolled back to %d, %v, want %v", alias, to, err, list)
			}
			if err == nil {
				been[alias] = list
			}
		default:
			n := 1 + rng.IntN(versions)
			used := slices.ContainsFunc(aliases, func(a string) bool { l := been[a]; return len(l) > 0 && l[len(l)-1] == n })
			if err := w.r.Retire(ctx, "churn", n, By{}); (err != nil) != used {
				t.Fatal(n, used, err)
			}
			if !used && !slices.Contains(retired, n) {
				retired = append(retired, n)
			}
		}
	}
	m := w.model("churn")
	for _, alias := range aliases {
		if want := been[alias][len(been[alias])-1]; m.Aliases[alias] != want {
			t.Errorf("%s is %d, want %d", alias, m.Aliases[alias], want)
		}
	}
	if m.Versions() != versions || len(retired) == 0 {
		t.Error(m.Versions(), versions, retired)
	}
	chained(t, w)
}

// chained computes the chain as an auditor would, who has only the documentation.
func chained(t *testing.T, w *world) {
	t.Helper()
	text, err := w.r.read("models/churn/journal.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	prev := ""
	for i, line := range bytes.SplitAfter(bytes.TrimSuffix(text, []byte("\n")), []byte("\n")) {
		var e map[string]any
		if err := json.Unmarshal(line, &e); err != nil {
			t.Fatal(err)
		}
		if got, _ := e["prev"].(string); got != prev || e["seq"] != float64(i+1) {
			t.Errorf("line %d follows %q, want %q", i+1, got, prev)
		}
		prev = fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(strings.TrimSuffix(string(line), "\n")+"\n")))
	}
	if head, err := w.r.read("models/churn/head"); err != nil || string(head) != prev+"\n" {
		t.Errorf("head %q, want %q, %v", head, prev, err)
	}
}

// TestKilled kills a process that promotes, at any moment, again and again: what
// it leaves is in order, and the next one goes on from it.
func TestKilled(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("starts processes")
	}
	w := newWorld(t)
	rng := rand.New(rand.NewPCG(5, 6))
	// Where a process takes long to begin, more of them, and later, find one at work.
	for i, none := 0, true; i < 25 || none && i < 100; i++ {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), rootVariable+"="+w.d.Root(), fmt.Sprintf("%s_NAME=%d", rootVariable, i))
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(5+rng.IntN(60)) * time.Millisecond << (i / 25))
		cmd.Process.Kill()
		cmd.Wait() // it was killed
		ps, err := w.r.Verify(context.Background(), "churn")
		none = errors.Is(err, ErrNotFound)
		if err != nil && !none || len(ps) > 0 {
			t.Fatalf("kill %d: %v %v", i, err, ps)
		}
	}
	w.register("churn", "at last")
	m := w.model("churn")
	if m.Versions() < 2 {
		t.Error("the processes registered nothing")
	}
	chained(t, w)
}

// Files with an executable bit and links are part of a model, and names differ by case.
func TestModes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	v := w.draft("Churn", "1")
	v.Files[0].Exec = true
	run := &record.Run{Jobs: []record.Job{{ID: "train", Outputs: []record.Artifact{
		{Path: "m/run.sh", Digest: v.Files[0].Digest, Size: v.Files[0].Size, Mode: 0o755},
		{Path: "m/latest", Digest: store.Sum([]byte("run.sh")), Link: "run.sh", Size: 6, Mode: 0o777},
	}}}}
	from, err := From(run, run.Job("train"), "m")
	if err != nil {
		t.Fatal(err)
	}
	from.Model = "churn"
	if _, _, err := w.r.Register(context.Background(), *from, By{}); err != nil {
		t.Fatal(err)
	}
	v.Run = ""
	if _, _, err := w.r.Register(context.Background(), v, By{}); err != nil {
		t.Fatal(err)
	}
	names, err := w.r.Names()
	if err != nil || !slices.Equal(names, []string{"Churn", "churn"}) {
		t.Error(names, err)
	}
	for _, name := range names {
		if ps := w.verified(name); len(ps) > 0 {
			t.Error(name, ps)
		}
	}
}

// FuzzJournal reads foreign journals: no panic, and one without a problem is chained.
func FuzzJournal(f *testing.F) {
	w := filled(f)
	text, err := w.r.read(journalFile("churn"))
	if err != nil {
		f.Fatal(err)
	}
	head, err := w.r.read(headFile("churn"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text, head)
	f.Add([]byte("{}\n\n"), []byte(nil))
	f.Add([]byte(`{"seq":1,"model":"churn","action":"rollback","version":-3,"alias":"a"}`+"\n"), head)
	f.Fuzz(func(t *testing.T, text, head []byte) {
		j := parseJournal("churn", text, head)
		settle("churn", j).Named(1)
		for _, p := range j.wrong {
			if p.Line < 1 {
				t.Error(p)
			}
		}
		if len(j.wrong) > 0 || j.behind || len(text) == 0 {
			return
		}
		lines := bytes.SplitAfter(text, []byte("\n"))
		if last := lines[len(lines)-2]; string(head) != fmt.Sprintf("sha256:%x\n", sha256.Sum256(last)) {
			t.Errorf("head %q does not fit", head)
		}
	})
}

// BenchmarkMove moves an alias of a model whose journal has a thousand lines.
func BenchmarkMove(b *testing.B) {
	w := newWorld(b)
	w.register("churn", "1")
	w.register("churn", "2")
	for i := range 1000 {
		w.move("churn", "production", 1+i%2)
	}
	for i := 0; b.Loop(); i++ {
		w.move("churn", "production", 1+i%2)
	}
}
