package runner_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mlops-runner/mlops/runner"
	"github.com/mlops-runner/mlops/runner/agent"
	"github.com/mlops-runner/mlops/runner/plan"
	"github.com/mlops-runner/mlops/runner/store"
	"github.com/mlops-runner/mlops/runner/worktree"
	"github.com/mlops-runner/mlops/spec"
)

// fake runs jobs without processes. A job's script is one word: "sum" writes
// the digest of all that the job sees into each output, "const" writes the same
// whatever it sees, "fail" fails, "metric" also reports the matrix value k as the metric m.
type fake struct {
	mu  sync.Mutex
	ran []string
}

func (f *fake) Name() string { return "fake" }

func (f *fake) Run(_ context.Context, t runner.Task, _ func(agent.Event)) (agent.Result, error) {
	f.mu.Lock()
	f.ran = append(f.ran, t.Spec.Job)
	f.mu.Unlock()
	word, _, _ := strings.Cut(strings.TrimSpace(t.Spec.Steps[0].Run), " ")
	r := agent.Result{Version: agent.Version, Status: agent.Success, Failed: -1, Started: time.Now(), Wall: time.Millisecond}
	if err := os.WriteFile(filepath.Join(t.Control, agent.LogFile), nil, 0o600); err != nil {
		return r, err
	}
	content := "const\n"
	switch word {
	case "fail":
		r.Status, r.Reason, r.Exit, r.Failed = agent.Failure, agent.ReasonExit, 1, 0
		r.Steps = []agent.StepResult{{Name: "fail", Outcome: agent.Failure, Conclusion: agent.Failure, Reason: agent.ReasonExit, Exit: 1}}
		return r, nil
	case "metric":
		r.MetricText = fmt.Sprintf("m=%v\n", t.Spec.Contexts["matrix"].(map[string]any)["k"])
		fallthrough
	case "sum":
		content = digestOf(t)
	}
	for _, o := range t.Spec.Outputs {
		a, err := write(t.Workspace, o, content)
		if err != nil {
			return r, err
		}
		r.Artifacts = append(r.Artifacts, a)
	}
	return r, nil
}

func write(workspace, output, content string) (agent.Artifact, error) {
	name := output
	if strings.HasSuffix(name, "/") {
		name += "file.txt"
	}
	path := filepath.Join(workspace, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return agent.Artifact{}, err
	}
	err := os.WriteFile(path, []byte(content), 0o644)
	return agent.Artifact{Path: name, Digest: store.Sum([]byte(content)).String(), Size: int64(len(content)), Mode: 0o644}, err
}

// digestOf sums up everything that a job can see.
func digestOf(t runner.Task) string {
	h := sha256.New()
	fmt.Fprint(h, t.Spec.Env, t.Spec.Contexts["params"], t.Spec.Contexts["matrix"])
	_ = filepath.WalkDir(t.Workspace, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			text, _ := os.ReadFile(path)
			rel, _ := filepath.Rel(t.Workspace, path)
			fmt.Fprintf(h, "%s %q\n", rel, text)
		}
		return err
	})
	return fmt.Sprintf("%x\n", h.Sum(nil))
}

// place is a repository folder with its own store.
type place struct {
	t    testing.TB
	root string
	fake *fake
}

func newPlace(t testing.TB) *place { return &place{t, t.TempDir(), &fake{}} }

func (p *place) write(name, text string) {
	p.t.Helper()
	path := filepath.Join(p.root, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		p.t.Fatal(err)
	}
}

// runner makes a fresh Runner of the present mlops.yaml.
func (p *place) runner(o runner.Options) (*runner.Runner, func()) {
	p.t.Helper()
	src, err := os.ReadFile(filepath.Join(p.root, "mlops.yaml"))
	if err != nil {
		p.t.Fatal(err)
	}
	f, ds := spec.Parse("mlops.yaml", src, spec.Options{ReadFile: func(name string) ([]byte, error) { return os.ReadFile(filepath.Join(p.root, name)) }})
	if err := ds.Err(); err != nil {
		p.t.Fatalf("%v\n%s", err, src)
	}
	pl, err := plan.New(f, plan.Options{})
	if err != nil {
		p.t.Fatalf("%v\n%s", err, src)
	}
	s, err := store.Open(filepath.Join(p.root, ".mlops"))
	if err != nil {
		p.t.Fatal(err)
	}
	tree, err := worktree.Open(p.root, worktree.Options{Index: filepath.Join(p.root, ".mlops", "worktrees", "index")})
	if err != nil {
		p.t.Fatal(err)
	}
	r := &runner.Runner{Root: p.root, Plan: pl, Store: s, Tree: tree, Executor: p.fake, Options: o}
	r.Options.Header.Pipeline = pl.Pipeline
	return r, func() {
		if err := tree.Close(); err != nil {
			p.t.Error(err)
		}
	}
}

// run runs the pipeline and returns what became of each job.
func (p *place) run(o runner.Options) map[string]runner.JobSummary {
	p.t.Helper()
	r, done := p.runner(o)
	defer done()
	f, err := r.Run(context.Background(), context.Background())
	if err != nil {
		p.t.Fatal(err)
	}
	out := map[string]runner.JobSummary{}
	for _, j := range f.Summary.Jobs {
		out[j.Job] = j
	}
	return out
}

func (p *place) forecast(o runner.Options) []runner.Forecast {
	p.t.Helper()
	r, done := p.runner(o)
	defer done()
	fs, err := r.Forecast(context.Background())
	if err != nil {
		p.t.Fatal(err)
	}
	return fs
}

func (p *place) remove(name string) {
	p.t.Helper()
	if err := os.Remove(filepath.Join(p.root, filepath.FromSlash(name))); err != nil {
		p.t.Fatal(err)
	}
}
