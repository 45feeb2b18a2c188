package profile

import (
	"context"
	"iter"
	"os"
	"runtime"
	"slices"

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
	all := job{table: t, stretches: stretches(parts), upTo: len(t.Columns())}
	step := max(1, all.upTo)
	if all.upTo > manyColumns && !slices.ContainsFunc(parts, func(p table.Part) bool { return !p.Columnar() }) {
		step = someColumns
	}
	for range min(o.workers(), len(all.stretches)) {
		all.scratches = append(all.scratches, &scratch{})
	}
	var whole *Profile
	for from := 0; whole == nil || from < all.upTo; from += step {
		j := all
		j.from, j.upTo = from, min(from+step, all.upTo)
		some, err := j.describe(ctx)
		if err != nil {
			return nil, err
		}
		if whole == nil {
			whole = some
		} else {
			whole.Columns = append(whole.Columns, some.Columns...)
		}
	}
	whole.measure()
	return whole, nil
}

// Of a table of more columns than this, whose files keep them apart, some are
// read and described at a time: each takes memory while that goes on.
const (
	manyColumns = 256
	someColumns = 64
)

// A job is to describe the columns of a table from one place up to another.
type job struct {
	table      *table.Table
	stretches  [][]table.Part
	from, upTo int
	scratches  []*scratch // one for each worker
}

// describe describes the stretches and merges them.
func (j *job) describe(ctx context.Context) (*Profile, error) {
	stretches := j.stretches
	profiles := make([]chan *Profile, len(stretches))
	todo := make(chan int, len(stretches))
	for i := range profiles {
		profiles[i] = make(chan *Profile, 1)
		todo <- i
	}
	close(todo)
	g, ctx := errgroup.WithContext(ctx)
	for _, s := range j.scratches {
		g.Go(func() error {
			for i := range todo {
				p, err := j.stretch(ctx, stretches[i], s)
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
		whole = NewBuilder(j.columns()).Profile() // no parts, no rows
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

// columns are those of the job, whose kinds are certain once a row was read.
func (j *job) columns() []table.Column { return j.table.Columns()[j.from:j.upTo] }

// batches reads the columns of the job.
func (j *job) batches(ctx context.Context, p table.Part) iter.Seq2[*table.Batch, error] {
	if p.Columnar() {
		return p.CodedOf(ctx, j.from, j.upTo)
	}
	return p.Coded(ctx)
}

// stretch describes parts that lie one behind the other.
func (j *job) stretch(ctx context.Context, parts []table.Part, s *scratch) (*Profile, error) {
	var b *Builder
	for _, p := range parts {
		for batch, err := range j.batches(ctx, p) {
			if err != nil {
				return nil, err
			}
			if b == nil {
				b = newBuilder(j.columns(), s)
			}
			b.Add(batch)
		}
	}
	if b == nil {
		b = newBuilder(j.columns(), s)
	}
	return b.Profile(), nil
}
