package runner

import (
	"context"
	"errors"
	"fmt"

	"github.com/mlops-runner/mlops/runner/plan"
	"github.com/mlops-runner/mlops/runner/store"
)

// An Overlay lets a run leave nothing outside of its own store, Runner.Store:
// for runs whose jobs nobody trusts. Only its place in concurrency groups is
// noted in the store at Scope, as long as it is there.
type Overlay struct {
	// Lower is a store whose results may be reused; nil means none. It is read
	// alone: open it with store.Options.ReadOnly.
	Lower *store.Dir
	// Outputs is the folder, made if missing, into which outputs are published
	// instead of Runner.Root.
	Outputs string
	// Scope is the root of the store that later runs will use: it labels
	// containers, so that they find what this one leaves, and holds the
	// concurrency groups in which this one waits for others and they for it.
	Scope string
	// Untrusted marks the tasks of the run, which are then never root's.
	Untrusted bool
	// Limits hold for the run as a whole. One that takes more is ended at once, and
	// has failed; its record says of what.
	Limits Limits
	// Params, if not nil, are read by concurrency groups in place of the plan's:
	// those of the commit that is trusted.
	Params map[string]any
}

// adopt copies a result from below, with its outputs, so that it can be used
// like one of this run. Every byte is hashed on the way. That there is none, or
// none that is whole, is no error.
func (o *Overlay) adopt(ctx context.Context, into *store.Dir, print store.Digest) error {
	if o == nil || o.Lower == nil {
		return nil
	}
	if _, err := into.Action(print); err == nil {
		return nil
	}
	data, err := o.Lower.Action(print)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	r, err := ParseResult(data)
	if err != nil {
		return nil // of another version
	}
	b, err := into.Begin(ctx)
	if err != nil {
		return err
	}
	defer b.Close()
	for _, e := range entries(r.Outputs) {
		if e.Link != "" {
			continue
		}
		if err := copyBlob(ctx, b, o.Lower, e.Digest); err != nil {
			return err
		}
	}
	b.Action(print, data)
	return b.Commit(ctx)
}

func copyBlob(ctx context.Context, b *store.Batch, from *store.Dir, dig store.Digest) error {
	f, err := from.Open(dig)
	if err != nil {
		return err
	}
	defer f.Close()
	got, _, err := b.Put(ctx, f)
	if err == nil && got != dig {
		err = fmt.Errorf("blob %s is damaged", dig.Short())
	}
	return err
}

// publishAside puts a job's outputs into the overlay's folder.
func (x *execution) publishAside(ctx context.Context, es []store.Entry) error {
	_, err := x.Store.Restore(ctx, es, x.Overlay.Outputs, store.RestoreOptions{})
	return err
}

// scope is what containers of this run are labelled with.
func (x *execution) scope() string {
	if x.Overlay != nil {
		return x.Overlay.Scope
	}
	return x.Store.Root()
}

// withholding is why a node must not run, or "".
func (x *execution) withholding(n *plan.Node) string { return x.Options.Withheld[n.ID] }
