package profile

import (
	"context"
	"os"
	"runtime"

	"golang.org/x/sync/errgroup"

	"github.com/mlops-runner/mlops/actions/table"
)

// Options say how a table is read. The zero value uses all processors.
type Options struct {
	Workers int // how many parts are read at once; 0 means as many as there are processors
}

// Of reads a table once and describes it, with the zero [Options].
func Of(ctx context.Context, t *table.Table) (*Profile, error) { return Options{}.Of(ctx, t) }

// maxStretches bounds how many profiles are merged: a table of more parts has
// several in each.
const maxStretches = 1024

// Of reads a table once and describes it. The profile does not depend on how
// many workers there are: stretches of the table are described each by itself
// and merged in order.
func (o Options) Of(ctx context.Context, t *table.Table) (*Profile, error) {
	stretches := stretches(t.Parts())
	profiles := make([]chan *Profile, len(stretches))
	for i := range profiles {
		profiles[i] = make(chan *Profile, 1)
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(o.workers() + 1)
	whole := NewBuilder(t.Columns()).Profile()
	g.Go(func() (err error) { whole, err = mergeAll(ctx, whole, profiles); return err })
	for i, parts := range stretches {
		if ctx.Err() != nil {
			break
		}
		g.Go(func() error {
			p, err := describe(ctx, t, parts)
			if err == nil {
				profiles[i] <- p
			}
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	return whole, nil
}

func (o Options) workers() int {
	if o.Workers > 0 {
		return o.Workers
	}
	return runtime.GOMAXPROCS(0)
}

// mergeAll merges profiles as they come, in order.
func mergeAll(ctx context.Context, whole *Profile, profiles []chan *Profile) (*Profile, error) {
	for _, next := range profiles {
		select {
		case p := <-next:
			var err error
			if whole, err = Merge(whole, p); err != nil {
				return nil, err
			}
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	for i := range whole.Files {
		f := &whole.Files[i]
		if info, err := os.Stat(f.Path); err == nil {
			f.Bytes = info.Size()
		}
	}
	return whole, nil
}

func stretches(parts []table.Part) (all [][]table.Part) {
	each := (len(parts) + maxStretches - 1) / maxStretches
	for ; len(parts) > 0; parts = parts[min(each, len(parts)):] {
		all = append(all, parts[:min(each, len(parts))])
	}
	return all
}

func describe(ctx context.Context, t *table.Table, parts []table.Part) (*Profile, error) {
	b := NewBuilder(t.Columns())
	for _, p := range parts {
		for batch, err := range p.Batches(ctx) {
			if err != nil {
				return nil, err
			}
			b.Add(batch)
		}
	}
	return b.Profile(), nil
}
