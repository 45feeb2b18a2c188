package runner_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mlops-runner/mlops/runner"
)

// TestForecastHolds compares what plan says with what run then does, over
// generated pipelines that change from run to run.
func TestForecastHolds(t *testing.T) {
	t.Parallel()
	for seed := range uint64(24) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			g := newGenerator(t, seed)
			for range 6 {
				g.change()
				g.compare()
			}
		})
	}
}

// A generator makes a pipeline and changes it.
type generator struct {
	*place
	rand    *rand.Rand
	jobs    []genJob
	files   []string
	options runner.Options
}

type genJob struct {
	id, script  string
	inputs      []string
	needs       []string
	matrix      bool
	choose      bool
	seeds       string // "" for none
	condition   string
	usesParam   bool
	folder      bool
	uncacheable bool
}

func (j genJob) output() string {
	if j.matrix && !j.choose {
		return "out/" + j.id + "-${{ matrix.k }}.txt"
	}
	if j.folder {
		return "out/" + j.id + "/"
	}
	return "out/" + j.id + ".txt"
}

// reads are the paths under which others find the output.
func (j genJob) reads() []string {
	if j.matrix && !j.choose {
		return []string{"out/" + j.id + "-1.txt", "out/" + j.id + "-2.txt"}
	}
	return []string{j.output()}
}

func newGenerator(t *testing.T, seed uint64) *generator {
	g := &generator{place: newPlace(t), rand: rand.New(rand.NewPCG(seed, 1))}
	for i := range 3 {
		g.files = append(g.files, fmt.Sprintf("in/%d.txt", i))
		g.write(g.files[i], "first\n")
	}
	g.write("params.yaml", "a: 1\n")
	for i := range 2 + g.rand.IntN(8) {
		g.jobs = append(g.jobs, g.job(i))
	}
	g.save()
	return g
}

func (g *generator) oneIn(n int) bool { return g.rand.IntN(n) == 0 }

func (g *generator) job(i int) genJob {
	j := genJob{id: fmt.Sprintf("j%d", i), script: "sum", usesParam: g.oneIn(3), folder: g.oneIn(3), uncacheable: g.oneIn(12)}
	switch {
	case g.oneIn(4):
		j.script = "const"
	case g.oneIn(9):
		j.script = "fail"
	}
	if j.matrix = g.oneIn(4); j.matrix && g.oneIn(2) {
		j.choose, j.script = true, "metric"
	}
	if g.oneIn(4) {
		j.seeds = []string{"2", "{n: 2, max: 4}"}[g.rand.IntN(2)]
	}
	j.inputs = append(j.inputs, g.files[g.rand.IntN(len(g.files))])
	for _, earlier := range g.jobs {
		switch {
		case g.oneIn(3):
			j.inputs = append(j.inputs, earlier.reads()...)
		case g.oneIn(6):
			j.needs = append(j.needs, earlier.id)
		}
	}
	if g.oneIn(6) {
		j.condition = []string{"always()", "failure()", "params.a == 1"}[g.rand.IntN(3)]
	}
	return j
}

func (g *generator) save() {
	var b strings.Builder
	b.WriteString("name: generated\nparams: params.yaml\njobs:\n")
	for _, j := range g.jobs {
		fmt.Fprintf(&b, "  %s:\n    inputs: [%s]\n    outputs: [%q]\n    run: %q\n", j.id, strings.Join(j.inputs, ", "), j.output(), j.script)
		if len(j.needs) > 0 {
			fmt.Fprintf(&b, "    needs: [%s]\n", strings.Join(j.needs, ", "))
		}
		if j.matrix {
			b.WriteString("    strategy: {fail-fast: false, matrix: {k: [1, 2]}}\n")
		}
		if j.seeds != "" {
			fmt.Fprintf(&b, "    seeds: %s\n", j.seeds)
		}
		if j.seeds != "" && !j.matrix {
			b.WriteString("    strategy: {fail-fast: false}\n")
		}
		if j.choose {
			b.WriteString("    select: best(m)\n")
		}
		if j.condition != "" {
			fmt.Fprintf(&b, "    if: %s\n", j.condition)
		}
		if j.usesParam {
			b.WriteString("    env: {A: \"${{ params.a }}\"}\n")
		}
		if j.uncacheable {
			b.WriteString("    cache: false\n")
		}
	}
	b.WriteString("metrics: {m: {better: higher}}\n")
	g.write("mlops.yaml", b.String())
}

// change does one thing that a person might do between two runs.
func (g *generator) change() {
	g.options = runner.Options{KeepGoing: true, Jobs: 1 + g.rand.IntN(3)}
	switch g.rand.IntN(7) {
	case 0, 1:
		g.write(g.files[g.rand.IntN(len(g.files))], fmt.Sprintf("content %d\n", g.rand.IntN(3)))
	case 2:
		g.write("params.yaml", fmt.Sprintf("a: %d\n", g.rand.IntN(3)))
	case 3:
		if err := os.RemoveAll(filepath.Join(g.root, "out")); err != nil {
			g.t.Fatal(err)
		}
	case 4:
		j := &g.jobs[g.rand.IntN(len(g.jobs))]
		if !j.choose {
			j.script = []string{"sum", "const", "fail"}[g.rand.IntN(3)]
		}
		g.save()
	case 5:
		g.options.Force = true
		g.options.Only = map[string]bool{g.jobs[g.rand.IntN(len(g.jobs))].id: true}
	}
}

// compare holds the forecast against the run.
func (g *generator) compare() {
	g.t.Helper()
	forecasts := g.forecast(g.options)
	became := g.run(g.options)
	failed := false
	for _, j := range became {
		failed = failed || j.Status == "failure"
	}
	for _, f := range forecasts { // a condition on how others end may skip what follows
		failed = failed || len(f.Why) > 0 && strings.HasPrefix(f.Why[0], "its condition depends")
	}
	for _, f := range forecasts {
		j, ok := became[f.Job]
		if f.Fate == runner.Chooses || !ok && f.Fate == runner.IsSkip {
			continue
		}
		if got := g.became(j); !agrees(f, got, failed) {
			text, _ := os.ReadFile(filepath.Join(g.root, "mlops.yaml"))
			g.t.Errorf("job %s: plan says %s %q, run says %s (%s)\n%s", f.Job, f.Fate, f.Why, got, j.Error, text)
		}
	}
}

func (g *generator) became(j runner.JobSummary) string {
	if j.Cached {
		return "cached"
	}
	return j.Status
}

// agrees reports whether a fate came true. A forecast takes jobs to succeed, so
// that after a failure those behind it, and those that wait for one, may differ.
func agrees(f runner.Forecast, got string, failed bool) bool {
	switch f.Fate {
	case runner.WillRun:
		return got == "success" || got == "failure" || failed && got == "skipped"
	case runner.IsCached:
		return got == "cached" || failed && got == "skipped"
	case runner.MayRun:
		return got == "success" || got == "failure" || got == "cached" || failed && got == "skipped"
	case runner.IsSkip:
		return got == "skipped" || failed && got != ""
	case runner.CannotBe:
		return got == "failure" || failed && got == "skipped"
	}
	return false
}
