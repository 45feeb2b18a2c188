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
// several in each. Closing a stretch and merging it costs as much as some ten
// thousand rows.
const maxStretches = 32

// Of reads a table once and describes it. The profile does not depend on how
// many workers there are: stretches of the table are described each by itself
// and merged in order.
func (o Options) Of(ctx context.Context, t *table.Table) (*Profile, error) {
	parts := t.Parts()
	if len(parts) == 1 && !t.Certain() {
		return whole(ctx, t)
	}
	stretches := stretches(parts)
	profiles := make([]chan *Profile, len(stretches))
	todo := make(chan int, len(stretches))
	for i := range profiles {
		profiles[i] = make(chan *Profile, 1)
		todo <- i
	}
	close(todo)
	g, ctx := errgroup.WithContext(ctx)
	for range min(o.workers(), len(stretches)) {
		g.Go(func() error {
			s := &scratch{}
			for i := range todo {
				p, err := describe(ctx, t, stretches[i], s)
				if err != nil {
					return err
				}
				profiles[i] <- p
			}
			return nil
		})
	}
	var whole *Profile
	g.Go(func() (err error) { whole, err = mergeAll(ctx, profiles); return err })
	err := g.Wait()
	if err == nil && whole == nil {
		whole = NewBuilder(t.Columns()).Profile() // no parts, no rows
	}
	return whole, err
}

// whole describes a table of one part, a text file. It is mostly read once only: the kinds of
// a text file's columns are certain at its end, and seldom others than they seem
// at its head.
func whole(ctx context.Context, t *table.Table) (*Profile, error) {
	s := &scratch{}
	var b *Builder
	err := t.Read(ctx, func(columns []table.Column) func(*table.Batch) error {
		b = newBuilder(columns, s)
		return func(batch *table.Batch) error { b.Add(batch); return nil }
	})
	if err != nil {
		return nil, err
	}
	p := b.Profile()
	p.measure()
	return p, nil
}

func (o Options) workers() int {
	if o.Workers > 0 {
		return o.Workers
	}
	return runtime.GOMAXPROCS(0)
}

// mergeAll merges profiles as they come, in order.
func mergeAll(ctx context.Context, profiles []chan *Profile) (whole *Profile, err error) {
	for _, next := range profiles {
		select {
		case p := <-next:
			if whole == nil {
				whole = p
			} else if whole, err = Merge(whole, p); err != nil {
				return nil, err
			}
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	if whole != nil {
		whole.measure()
	}
	return whole, nil
}

// measure fills in how large the files are.
func (p *Profile) measure() {
	for i := range p.Files {
		if info, err := os.Stat(p.Files[i].Path); err == nil {
			p.Files[i].Bytes = info.Size()
		}
	}
}

func stretches(parts []table.Part) (all [][]table.Part) {
	each := (len(parts) + maxStretches - 1) / maxStretches
	for ; len(parts) > 0; parts = parts[min(each, len(parts)):] {
		all = append(all, parts[:min(each, len(parts))])
	}
	return all
}

func describe(ctx context.Context, t *table.Table, parts []table.Part, s *scratch) (*Profile, error) {
	var b *Builder
	for _, p := range parts {
		for batch, err := range p.Coded(ctx) {
			if err != nil {
				return nil, err
			}
			if b == nil {
				b = newBuilder(t.Columns(), s) // whose kinds are certain only now
			}
			b.Add(batch)
		}
	}
	if b == nil {
		b = newBuilder(t.Columns(), s)
	}
	return b.Profile(), nil
}
