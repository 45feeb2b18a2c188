package table

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"
)

// Options say how a table is read. The zero value reads all columns of all
// files and finds out their kinds.
type Options struct {
	Columns []string        // read these alone, in this order; nil reads all
	Kinds   map[string]Kind // kinds that are known; a value of another kind is an error that names it; a name that no file has does nothing
	Text    bool            // read every column of text files as Text, whatever it looks like
	Nulls   []string        // what stands for a missing value in text files beside an empty unquoted field; nil means NA, NaN, null, NULL, None
	Misfit  func(Misfit)    // if set, a value that is not of the kind named in Kinds is null and told here instead of an error; parts that are read at once call it at once
}

// kind returns what is known of the kind of a text file's column.
func (o Options) kind(name string) Kind {
	if k, ok := o.Kinds[name]; ok {
		return k
	}
	if o.Text {
		return Text
	}
	return Unknown
}

// A Misfit is a value that is not of the kind that [Options] name.
type Misfit struct {
	File   string
	Row    int64  // from 1, a header is not a row
	Line   int64  // on which the row starts, from 1; 0 where a file has no lines
	Column string // its name
	Kind   Kind   // which was wanted
	Text   string // the value, at most 40 characters of it
}

// A Table is one or more files with the same columns. It is safe for
// concurrent use; each call of Batches reads the files anew.
type Table struct {
	options Options
	paths   []string
	files   []file

	mu      sync.Mutex
	columns []Column // guarded by mu
	settled bool     // columns is true of all rows; guarded by mu
}

// Open looks at the heads of the files, in this order, and says what columns
// they have together: a file that lacks a column has nulls there. It fails with
// an [Error] if a file cannot be read as a table.
func Open(paths []string, o Options) (*Table, error) {
	t := &Table{options: o, paths: paths}
	if len(paths) == 0 {
		return nil, errors.New("a table of no files")
	}
	for _, path := range paths {
		f, err := openFile(path, o)
		if err != nil {
			return nil, err
		}
		t.files = append(t.files, f)
	}
	var err error
	if t.columns, err = t.union(); err != nil && t.grows() {
		t.columns, err = t.settle(context.Background()) // a column may come up behind the head
	}
	if err != nil {
		return nil, err
	}
	return t, nil
}

// grows reports whether rows behind the head of a file may have more columns.
func (t *Table) grows() bool {
	return slices.ContainsFunc(t.files, func(f file) bool {
		text, ok := f.(*textFile)
		return ok && text.grows()
	})
}

// union brings the columns of the files together.
func (t *Table) union() ([]Column, error) {
	var all []Column
	place := map[string]int{}
	for _, f := range t.files {
		for _, c := range f.columns() {
			i, known := place[c.Name]
			if !known {
				place[c.Name] = len(all)
				all = append(all, c)
				continue
			}
			all[i].Kind = join(all[i].Kind, c.Kind)
		}
	}
	for i, c := range all {
		if k, ok := t.options.Kinds[c.Name]; ok {
			all[i].Kind = k
		}
	}
	if t.options.Columns == nil {
		return all, nil
	}
	chosen := make([]Column, 0, len(t.options.Columns))
	for _, name := range t.options.Columns {
		i, ok := place[name]
		if !ok {
			return nil, &Error{File: strings.Join(t.paths, ", "), Column: name, Reason: "there is no such column", Fix: "the columns are " + nameList(all)}
		}
		chosen = append(chosen, all[i])
	}
	return chosen, nil
}

// nameList lists the first names.
func nameList(cs []Column) string {
	var names []string
	for _, c := range cs[:min(len(cs), 30)] {
		names = append(names, c.Name)
	}
	if len(cs) > 30 {
		names = append(names, fmt.Sprintf("and %d more", len(cs)-30))
	}
	return strings.Join(names, ", ")
}

// Columns returns the columns in the order of the first file; those that only
// later files have come last. Before the first batch was read, the kinds in text
// files that were not named in [Options] are those of the first rows.
func (t *Table) Columns() []Column {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.columns)
}

// Certain reports whether Columns is true of all rows: the files say so, or they
// were read. Else the first of [Table.Batches] or [Part.Batches] reads text files.
func (t *Table) Certain() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.settled || !slices.ContainsFunc(t.files, func(f file) bool { _, ok := f.(settler); return ok })
}

// settle makes columns true of all rows.
func (t *Table) settle(ctx context.Context) ([]Column, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.settled {
		return t.columns, nil
	}
	for _, f := range t.files {
		if s, ok := f.(settler); ok {
			if err := s.settle(ctx, t.columns); err != nil {
				return nil, err
			}
		}
	}
	columns, err := t.union()
	if err != nil {
		return nil, err
	}
	t.columns, t.settled = columns, true
	return columns, nil
}

// Batches reads the rows of all files in order. The kind of a column is the
// same in every batch, and true of all rows. Text files that are larger than
// what Open looked at are read once before the first batch for that, unless
// kinds were named for all columns; [Table.Read] mostly avoids it. It stops at
// the first error, which is an [Error] or the context's.
func (t *Table) Batches(ctx context.Context) iter.Seq2[*Batch, error] {
	return func(yield func(*Batch, error) bool) {
		for _, p := range t.Parts() {
			for b, err := range p.Batches(ctx) {
				if !yield(b, err) || err != nil {
					return
				}
			}
		}
	}
}

// Read reads the rows of all files in order and gives each batch to what begin
// returned. It takes the columns to be as the heads of the files tell. If a row
// shows otherwise, begin is called again, with other columns, and all rows are
// read anew: what was made of the batches before, and of misfits, is void then.
// The last columns that begin was given are true of all rows.
func (t *Table) Read(ctx context.Context, begin func([]Column) func(*Batch) error) error {
	err := t.read(ctx, t.Columns(), begin)
	var w *widening
	if errors.As(err, &w) {
		var columns []Column
		if columns, err = t.settle(ctx); err != nil {
			return err
		}
		return changed(t.read(ctx, columns, begin))
	}
	if err == nil {
		t.mu.Lock()
		t.settled = true
		t.mu.Unlock()
	}
	return err
}

func (t *Table) read(ctx context.Context, columns []Column, begin func([]Column) func(*Batch) error) error {
	do := begin(slices.Clone(columns))
	for _, f := range t.files {
		for _, p := range f.parts() {
			for b, err := range p.batches(ctx, columns) {
				if err == nil {
					err = do(b)
				}
				if err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// changed turns the sign that columns are others than all rows said before into
// an error for people.
func changed(err error) error {
	var w *widening
	if errors.As(err, &w) {
		return &Error{File: w.file, Column: w.column, Reason: changedReason, Fix: changedFix}
	}
	return err
}

const (
	changedReason = "the file changed while it was read"
	changedFix    = "run again when nothing writes it"
)

// A Part is a stretch of rows of one file of a table. Different parts may be
// read at once.
type Part struct {
	table *Table
	part  part
}

// Parts returns the stretches of which the table consists, in order.
func (t *Table) Parts() []Part {
	var ps []Part
	for _, f := range t.files {
		for _, p := range f.parts() {
			ps = append(ps, Part{t, p})
		}
	}
	return ps
}

// Batches reads the rows of the part in order, as [Table.Batches] does.
func (p Part) Batches(ctx context.Context) iter.Seq2[*Batch, error] {
	return p.read(ctx, p.part.batches)
}

// Coded does what Batches does, but numbers too come as codes where the file has
// a dictionary of few of them.
func (p Part) Coded(ctx context.Context) iter.Seq2[*Batch, error] {
	if c, ok := p.part.(coder); ok {
		return p.read(ctx, c.coded)
	}
	return p.Batches(ctx)
}

// Columnar reports whether columns of the part can be read each by itself.
func (p Part) Columnar() bool { _, ok := p.part.(coder); return ok }

// CodedOf does what Coded does for the columns of the table from one place up to
// another alone. The part is [Part.Columnar].
func (p Part) CodedOf(ctx context.Context, from, upTo int) iter.Seq2[*Batch, error] {
	return p.read(ctx, func(ctx context.Context, columns []Column) iter.Seq2[*Batch, error] {
		return p.part.(coder).coded(ctx, columns[from:upTo])
	})
}

func (p Part) read(ctx context.Context, batches func(context.Context, []Column) iter.Seq2[*Batch, error]) iter.Seq2[*Batch, error] {
	return func(yield func(*Batch, error) bool) {
		columns, err := p.table.settle(ctx)
		if err != nil {
			yield(nil, err)
			return
		}
		for b, err := range batches(ctx, columns) {
			if !yield(b, changed(err)) || err != nil {
				return
			}
		}
	}
}
