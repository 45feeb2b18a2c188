package runner

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/mlops-runner/mlops/runner/agent"
	"github.com/mlops-runner/mlops/runner/plan"
	"github.com/mlops-runner/mlops/runner/store"
)

// publishing keeps runs apart that publish into one repository folder. While
// one of a run's jobs publishes, no other run does; and the run that ends last
// leaves the outputs of all of its jobs, so that files of two versions never
// stay side by side. A file in the store names the run that published last.
type publishing struct {
	mu      sync.Mutex // guards all below
	active  int        // jobs of this run that publish now
	release func()
	last    string // the run that is expected to have published last
	crossed bool   // another did
}

// place is what runs that publish into the same folder have in common.
func (x *execution) place() store.Digest { return store.Sum([]byte("publish " + x.Root)) }

func (x *execution) publisherFile() string { return "publishers/" + x.place().Hex()[:16] }

func (x *execution) publisher() string {
	id, err := os.ReadFile(filepath.Join(x.Store.Root(), filepath.FromSlash(x.publisherFile())))
	if err != nil {
		return ""
	}
	return string(id)
}

// occupy waits until no other run publishes here. Every call is followed by one of vacate.
func (x *execution) occupy(ctx context.Context) error {
	p := &x.publishing
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.active == 0 {
		release, err := x.Store.Claim(ctx, x.place(), nil)
		if err != nil {
			return err
		}
		p.release = release
		last := x.publisher()
		p.crossed = p.crossed || last != p.last
		if p.last = x.writer.ID(); last != p.last {
			if err := x.Store.WriteFile(x.publisherFile(), []byte(p.last)); err != nil {
				release()
				return err
			}
		}
	}
	p.active++
	return nil
}

func (x *execution) vacate() {
	p := &x.publishing
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.active--; p.active == 0 {
		p.release()
	}
}

// publish puts a job's outputs into the repository folder, unless they are
// there already.
func (x *execution) publish(ctx context.Context, n *plan.Node, es []store.Entry) error {
	if err := x.bring(ctx, es); err != nil { // of a leg that was selected
		return err
	}
	if x.Overlay != nil {
		return x.publishAside(ctx, es)
	}
	x.used.add(es)
	if x.Tree.Current(ctx, es) && !slices.ContainsFunc(n.Outputs, isFolder) {
		return nil
	}
	if err := x.occupy(ctx); err != nil {
		return err
	}
	defer x.vacate()
	return x.replace(ctx, n, es)
}

func (x *execution) replace(ctx context.Context, n *plan.Node, es []store.Entry) error {
	outputs := slices.Concat(n.Outputs, n.Metrics)
	if err := x.setAside(ctx, n, outputs, es); err != nil {
		return err
	}
	_, err := x.Tree.Publish(ctx, x.Store, outputs, es)
	return err
}

// publishAgain is done at the end of a run in whose time another has published
// here too. A run that failed leaves what the other one has put there.
func (x *execution) publishAgain(ctx context.Context) error {
	if x.Overlay != nil || !x.publishing.crossed && x.publisher() == x.publishing.last {
		return nil
	}
	if slices.ContainsFunc(x.outcomes, func(o *outcome) bool {
		return o != nil && (o.status == agent.Failure && !o.soft || o.status == agent.Canceled)
	}) {
		return nil
	}
	if err := x.occupy(ctx); err != nil {
		return err
	}
	defer x.vacate()
	for i, n := range x.Plan.Nodes {
		o := x.outcomes[i]
		if o == nil || o.product == nil || !n.Publish {
			continue
		}
		if err := x.replace(ctx, n, o.product.outputs); err != nil {
			return err
		}
	}
	return nil
}
