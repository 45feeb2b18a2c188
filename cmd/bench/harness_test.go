package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// fake is a contestant with given samples; it appends its name to log.
func fake(name string, r role, log *[]string, values ...float64) contestant {
	next := 0
	return contestant{name: name, role: r, sample: func(context.Context) (measurement, error) {
		*log = append(*log, name)
		v := values[next%len(values)]
		next++
		return measurement{Value: v}, nil
	}}
}

func testBench(t *testing.T) *bench {
	return &bench{ctx: t.Context(), temp: t.TempDir(), mlops: "/bin/true", progress: io.Discard}
}

func rowOf(c contest) row {
	return row{"row", "work", seconds, func(*bench) (contest, error) { return c, nil }}
}

func TestRoundsAreInterleaved(t *testing.T) {
	var log []string
	c := contest{contestants: []contestant{fake("a", ours, &log, 1), fake("b", peer, &log, 1)}}
	res := testBench(t).measure(rowOf(c), 3)
	want := []string{"a", "b", "a", "b", "a", "b", "a", "b"} // the first two are not recorded
	if diff := cmp.Diff(want, log); diff != "" {
		t.Error(diff)
	}
	if got := len(res.Contestants[1].Samples); got != 3 {
		t.Errorf("%d samples, want 3", got)
	}
}

func TestRoundsByDuration(t *testing.T) {
	var log []string
	c := contest{contestants: []contestant{fake("a", ours, &log, 1)}}
	if res := testBench(t).measure(rowOf(c), 0); len(res.Contestants[0].Samples) != 15 {
		t.Errorf("%d samples of a fast row, want 15", len(res.Contestants[0].Samples))
	}
	if got := affordable(2e9); got != 5 {
		t.Errorf("%d rounds of two seconds, want 5", got)
	}
}

func TestVerdicts(t *testing.T) {
	var log []string
	c := contest{
		contestants: []contestant{
			fake("mine", ours, &log, 9, 3, 3, 4), // the warm-up's 9 does not count
			fake("slow", peer, &log, 6),
			fake("fast", floor, &log, 2),
			skipped("gone", peer, errors.New("not installed")),
		},
		targets: []target{{"slow", 0.5}, {"fast", 1.2}, {"gone", 1}, {"", 3}, {"", 2.9}},
	}
	res := testBench(t).measure(rowOf(c), 3)
	var got []string
	for _, v := range res.Verdicts {
		got = append(got, v.Outcome)
	}
	if diff := cmp.Diff([]string{"ok", "MISS", "SKIP", "ok", "MISS"}, got); diff != "" {
		t.Error(diff)
	}
	if v := res.Verdicts[1].Value; v != 1.5 {
		t.Errorf("ratio %v, want 3/2", v)
	}
}

func TestSkippedOursIsNoPass(t *testing.T) {
	var log []string
	c := contest{
		contestants: []contestant{skipped("mine", ours, errors.New("no engine")), fake("theirs", peer, &log, 1)},
		targets:     []target{{"theirs", 100}, {"", 100}},
	}
	res := testBench(t).measure(rowOf(c), 1)
	for _, v := range res.Verdicts {
		if v.Outcome != "SKIP" {
			t.Errorf("verdict %+v, want SKIP", v)
		}
	}
	var out bytes.Buffer
	res.write(&out)
	if !strings.Contains(out.String(), "SKIP ours mine: no engine") {
		t.Errorf("the reason is not shown:\n%s", out.String())
	}
	if err := writeJSON(filepath.Join(t.TempDir(), "out.json"), facts{}, []result{res}); err != nil {
		t.Error(err)
	}
}

func TestFailureIsShown(t *testing.T) {
	broken := contestant{name: "mine", role: ours, sample: func(context.Context) (measurement, error) {
		return measurement{}, errors.New("exit status 3")
	}}
	res := testBench(t).measure(rowOf(contest{contestants: []contestant{broken}}), 1)
	var out bytes.Buffer
	res.write(&out)
	if failed := writeSummary(&out, []result{res}); failed != 1 {
		t.Errorf("%d failed rows, want 1", failed)
	}
	if !strings.Contains(out.String(), "ERROR mine: exit status 3") {
		t.Errorf("the cause is not shown:\n%s", out.String())
	}
}

func TestNothingDoneIsNoPass(t *testing.T) {
	for name, mine := range map[string]float64{"a negative duration": -1e-6, "less than half of a floor": 0.9} {
		var log []string
		c := contest{
			contestants: []contestant{fake("mine", ours, &log, mine), fake("least", floor, &log, 2)},
			targets:     []target{{"", 1}},
		}
		if res := testBench(t).measure(rowOf(c), 1); res.Error == "" || len(res.Verdicts) > 0 {
			t.Errorf("%s passed: %+v", name, res.Verdicts)
		}
	}
}

func TestQuantile(t *testing.T) {
	for _, c := range []struct{ q, want float64 }{{0, 1}, {0.25, 1.75}, {0.5, 2.5}, {0.75, 3.25}, {1, 4}} {
		if got := quantile([]float64{4, 1, 3, 2}, c.q); got != c.want {
			t.Errorf("quantile %v is %v, want %v", c.q, got, c.want)
		}
	}
	if got := quantile(nil, 0.5); !math.IsNaN(got) {
		t.Errorf("median of nothing is %v, want NaN", got)
	}
}

func TestSlope(t *testing.T) {
	var log []string
	k := slope("per step", ours, fake("few", ours, &log, 2), fake("many", ours, &log, 12), 5)
	m, err := k.sample(t.Context())
	if err != nil || m.Value != 2 {
		t.Errorf("slope %v, %v; want (12-2)/5", m.Value, err)
	}
}

func TestExecuteReportsUsage(t *testing.T) {
	u, err := execute(t.Context(), "", "sh", "-c", "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; echo done")
	if err != nil {
		t.Fatal(err)
	}
	if u.wall <= 0 || u.cpu <= 0 || u.memory <= 0 || string(u.stdout) != "done\n" {
		t.Errorf("usage %+v", u)
	}
	_, err = execute(t.Context(), "", "sh", "-c", "echo cause >&2; exit 3")
	if err == nil || !strings.Contains(err.Error(), "exit status 3: cause") {
		t.Errorf("error %v, want the status and the command's words", err)
	}
}

func TestFloors(t *testing.T) {
	dir := t.TempDir()
	source := filepath.Join(dir, "source")
	paths, err := writeFiles(source, 250, func(i int) []byte { return block(i, 100) })
	if err != nil {
		t.Fatal(err)
	}
	kept, target := filepath.Join(dir, "store"), filepath.Join(dir, "target")
	tree, err := keep(t.Context(), source, kept)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		args []string
	}{
		{"read-files", []string{source}},
		{"link-blobs", []string{kept, tree.String(), target}},
		{"fork-exec", []string{"2"}},
	} {
		if took, err := workloads()[c.name].run(c.args); err != nil || took <= 0 {
			t.Errorf("%s: %v, %v", c.name, took, err)
		}
	}
	for _, path := range paths {
		want, _ := os.ReadFile(filepath.Join(source, path))
		got, err := os.ReadFile(filepath.Join(target, path))
		if err != nil || !bytes.Equal(got, want) || len(got) != 100 {
			t.Fatalf("%s: %d bytes, %v", path, len(got), err)
		}
	}
	if bytes.Equal(block(1, 100), block(2, 100)) {
		t.Error("two blocks are equal")
	}
}

func TestRowNamesAreUnique(t *testing.T) {
	var names []string
	for _, r := range rows() {
		names = append(names, r.name)
	}
	slices.Sort(names)
	if len(slices.Compact(slices.Clone(names))) != len(names) {
		t.Errorf("two rows share a name: %q", names)
	}
}

func TestWrongUsage(t *testing.T) {
	for _, args := range [][]string{{"-only", "("}, {"extra"}, {insideCommand}, {insideCommand, "nothing"}} {
		if code := run(t.Context(), args, io.Discard, io.Discard); code != 2 {
			t.Errorf("%q exits %d, want 2", args, code)
		}
	}
}
