package table

import (
	"context"
	"fmt"
	"io"
	"iter"
	"sync"
)

// A parquetFile is a file of Apache Parquet. Of parquet-go the description of
// the format and the decoders of its encodings are used, and not the package
// that reads files: it trusts sizes and counts that a file claims, copies each
// page, and makes every start of the program slower by the packages behind it.
//
// Nested columns are named by their path. Of a list or map there is one column,
// which holds how many elements each row has.
type parquetFile struct {
	path   string
	r      io.ReaderAt
	footer *parquetFooter
	leaves []leaf
	places map[string]int // of leaves, by name
	misfit func(Misfit)

	mu      sync.Mutex
	free    [sharedScratches][]*scratch // memory that no reader uses, by leaf; guarded by mu
	presses []*press                    // likewise; guarded by mu
}

// sharedScratches is how many leaves in a row have memory of their own: pages need
// more and less of it, but of very many columns some are read at a time.
const sharedScratches = 64

// openParquet looks at the footer of a file. It closes r, if it can be, when
// that fails; a file that is open needs r as long as it is read.
func openParquet(path string, r io.ReaderAt, size int64, o Options) (f file, err error) {
	defer func() {
		if c, ok := r.(io.Closer); ok && err != nil {
			c.Close()
		}
	}()
	defer guardLibrary(path, &err)
	footer, err := readParquetFooter(r, size)
	if err != nil {
		return nil, parquetError(path, err)
	}
	p := &parquetFile{path: path, r: r, footer: footer, misfit: o.Misfit}
	if p.leaves, err = footer.leaves(); err != nil {
		return nil, parquetError(path, err)
	}
	p.places = make(map[string]int, len(p.leaves))
	for i := range p.leaves {
		p.places[p.leaves[i].name] = i
	}
	return p, nil
}

// scratch returns memory for a reader of a leaf.
func (f *parquetFile) scratch(leaf int) *scratch {
	f.mu.Lock()
	defer f.mu.Unlock()
	return last(&f.free[leaf%sharedScratches])
}

// press returns one that nobody uses.
func (f *parquetFile) press() *press {
	f.mu.Lock()
	defer f.mu.Unlock()
	return last(&f.presses)
}

// last takes the last of those that are free, or a new one.
func last[T any](free *[]*T) *T {
	n := len(*free)
	if n == 0 {
		return new(T)
	}
	one := (*free)[n-1]
	*free = (*free)[:n-1]
	return one
}

// giveBack takes the memory of readers that are done.
func (f *parquetFile) giveBack(readers []*columnReader, p *press) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, r := range readers {
		if r.leaf != nil {
			free := &f.free[r.place%sharedScratches]
			*free = append(*free, r.scratch)
		}
	}
	f.presses = append(f.presses, p)
}

// parquetError says of which file err is, unless it does already.
func parquetError(path string, err error) error {
	if e, ok := err.(*Error); ok {
		e.File = path
		return e
	}
	return &Error{File: path, Reason: "not readable as Parquet", Err: err}
}

// guardLibrary turns a panic of the library over a damaged file into an error.
func guardLibrary(path string, err *error) {
	if r := recover(); r != nil {
		*err = &Error{File: path, Reason: "not readable as Parquet", Err: fmt.Errorf("damaged: %v", r)}
	}
}

func (f *parquetFile) columns() []Column {
	cs := make([]Column, len(f.leaves))
	for i, l := range f.leaves {
		cs[i] = Column{Name: l.name, Kind: l.kind}
	}
	return cs
}

// parts are the row groups.
func (f *parquetFile) parts() []part {
	ps := make([]part, 0, len(f.footer.meta.RowGroups))
	row := int64(1)
	for i, g := range f.footer.meta.RowGroups {
		if g.NumRows > 0 {
			ps = append(ps, &rowGroup{file: f, index: i, first: row, rows: g.NumRows})
		}
		row += g.NumRows
	}
	return ps
}

// A rowGroup is a part of a Parquet file.
type rowGroup struct {
	file        *parquetFile
	index       int
	first, rows int64
}

func (g *rowGroup) batches(ctx context.Context, want []Column) iter.Seq2[*Batch, error] {
	return g.read(ctx, want, false)
}

// coded implements coder.
func (g *rowGroup) coded(ctx context.Context, want []Column) iter.Seq2[*Batch, error] {
	return g.read(ctx, want, true)
}

func (g *rowGroup) read(ctx context.Context, want []Column, coded bool) iter.Seq2[*Batch, error] {
	return func(yield func(*Batch, error) bool) {
		p := g.file.press()
		readers, err := g.open(want, coded, p)
		defer func() { g.file.giveBack(readers, p) }()
		for row := int64(0); err == nil && row < g.rows; {
			var b *Batch
			if err = ctx.Err(); err == nil {
				b, err = g.next(readers, row)
			}
			if err == nil {
				if !yield(b, nil) {
					return
				}
				row += int64(b.Rows)
			}
		}
		if err != nil {
			yield(nil, err)
		}
	}
}

// open returns a reader for each wanted column.
func (g *rowGroup) open(want []Column, coded bool, p *press) (readers []*columnReader, err error) {
	defer guardLibrary(g.file.path, &err)
	for _, c := range want {
		r := g.reader(c, p)
		r.numbers = coded && r.narrow == nil
		readers = append(readers, r)
	}
	return readers, nil
}

// maxBatch is how many rows a batch has at most.
const maxBatch = 8192

// next returns the rows that all columns have at hand from a row on. Vectors are
// windows on pages, of which nothing is copied.
func (g *rowGroup) next(readers []*columnReader, row int64) (b *Batch, err error) {
	defer guardLibrary(g.file.path, &err)
	at := g.first + row
	n := int(min(g.rows-row, maxBatch))
	for _, r := range readers {
		have, err := r.fill()
		if err != nil {
			return nil, &Error{File: g.file.path, Row: at, Column: r.leaf.name, Reason: "not readable as Parquet", Err: err}
		}
		n = min(n, have)
	}
	b = &Batch{File: g.file.path, Row: at, Rows: n, Columns: make([]Vector, len(readers))}
	for i, r := range readers {
		if b.Columns[i], err = r.take(n, at); err != nil {
			return nil, err
		}
	}
	return b, nil
}
