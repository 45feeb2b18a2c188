package runner_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/mlops-runner/mlops/runner"
	"github.com/mlops-runner/mlops/runner/agent"
	"github.com/mlops-runner/mlops/runner/record"
)

// meanwhile is a fake during whose job something else happens.
type meanwhile struct {
	*fake
	job  string
	then func()
}

func (m *meanwhile) Run(ctx context.Context, t runner.Task, watch func(agent.Event)) (agent.Result, error) {
	if t.Spec.Job == m.job {
		m.then()
	}
	return m.fake.Run(ctx, t, watch)
}

// Of two runs that cross in one folder, the one that ends last leaves its outputs
// there if it was successful. One that failed leaves those of the other.
func TestPublishAgain(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, last string // what the last job of the first run does
		status     record.Status
		first      bool // whose output is there in the end
	}{
		{"a run that succeeds publishes again", "const", record.Success, true},
		{"a run that failed does not", "fail", record.Failure, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := newPlace(t)
			p.write("in", "1")
			p.write("mlops.yaml", "jobs:\n  a: {inputs: [in], outputs: [a.txt], run: sum}\n  b: {inputs: [a.txt], outputs: [b.txt], run: "+c.last+"}\n")
			r, done := p.runner(runner.Options{})
			defer done()
			var firstText, secondText string
			r.Executor = &meanwhile{p.fake, "b", func() {
				firstText = p.read("a.txt")
				p.write("in", "2")
				p.run(runner.Options{Selected: []bool{true, false}})
				secondText = p.read("a.txt")
			}}
			f, err := r.Run(context.Background(), context.Background())
			if err != nil {
				t.Fatal(err)
			}
			if f.Record.Status != c.status || firstText == secondText {
				t.Fatalf("the first run: %s; a.txt %q, then %q", f.Record.Status, firstText, secondText)
			}
			want := secondText
			if c.first {
				want = firstText
			}
			if got := p.read("a.txt"); got != want {
				t.Errorf("a.txt is %q, want %q; the first run wrote %q", got, want, firstText)
			}
		})
	}
}

func (p *place) read(name string) string {
	p.t.Helper()
	text, err := os.ReadFile(filepath.Join(p.root, name))
	if err != nil {
		p.t.Fatal(err)
	}
	return string(text)
}
