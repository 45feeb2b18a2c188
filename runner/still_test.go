package runner_test

import (
	"context"
	"testing"

	"github.com/mlops-runner/mlops/runner"
)

// A finished run says whether all that it looked at is as it was: an edit that
// came later, and a file that joined a folder, are no part of what it decided.
func TestStill(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*place){
		"nothing":            nil,
		"an input edited":    func(p *place) { p.write("in/a.txt", "other") },
		"a file that joined": func(p *place) { p.write("in/sub/new.txt", "x") },
		"an output edited":   func(p *place) { p.remove("out.txt"); p.write("out.txt", "mine") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPlace(t)
			p.write("in/a.txt", "a")
			p.write("mlops.yaml", "jobs: {j: {inputs: [in/], outputs: [out.txt], run: sum}}\n")
			r, done := p.runner(runner.Options{})
			defer done()
			f, err := r.Run(context.Background(), context.Background())
			if err != nil || !f.Settled {
				t.Fatalf("%+v, %v", f, err)
			}
			if change != nil {
				change(p)
			}
			if got := f.Still(context.Background()); got != (change == nil) {
				t.Errorf("still is %v", got)
			}
		})
	}
}
