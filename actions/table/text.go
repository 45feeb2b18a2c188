package table

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"math"
	"os"
	"slices"
	"strconv"
	"sync"
)

// sampleRows is how many rows at least, if the first window holds them, tell the
// kinds of columns.
const sampleRows = 10_000

// A textFile is a file of delimited fields or of JSON objects.
type textFile struct {
	path      string
	info      fs.FileInfo
	options   Options
	encoding  encoding
	mark      int  // bytes of the byte order mark
	converted bool // the encoding is not UTF-8
	dialect   dialect
	json      bool
	array     bool // of JSON objects

	mu    sync.Mutex
	cols  []Column // guarded by mu once the file is open
	whole bool     // cols is true of all rows; guarded by mu
}

func openText(path string, info fs.FileInfo, o Options) (file, error) {
	t := &textFile{path: path, info: info, options: o}
	src, err := t.open()
	if err != nil {
		return nil, err
	}
	defer src.close()
	w := newWindow(src.r, src.most)
	w.read()
	if w.failed != nil {
		return nil, readError(path, w.failed)
	}
	head := w.buf[w.pos:w.end]
	t.encoding, t.mark = encodingOf(head, w.eof)
	t.converted = t.encoding != utf8Text
	w.pos += t.mark
	if t.converted {
		w = newWindow(t.encoding.decode(io.MultiReader(bytes.NewReader(head[t.mark:]), src.r)), 3*src.most)
		w.read()
	}
	head = w.buf[w.pos:w.end]
	t.json, t.array = isJSON(head)
	blank := len(bytes.TrimSpace(head)) == 0 && w.eof
	if !t.json && jsonName(path) && (blank || head[0] != '[' && head[0] != '{') {
		t.json = true
	}
	if blank && !t.json {
		return nil, &Error{File: path, Reason: "is empty", Fix: "write at least a line with the names of the columns"}
	}
	return t, t.look(w)
}

func jsonName(path string) bool {
	return named(path, ".jsonl") || named(path, ".ndjson") || named(path, ".json")
}

// look finds out the dialect and the columns from the first window.
func (t *textFile) look(w *window) error {
	if !t.json {
		t.dialect = dialectOf(w.buf[w.pos:w.end], w.eof, t.path)
		names, err := t.header(w)
		if err != nil {
			return err
		}
		for _, name := range names {
			t.cols = append(t.cols, Column{name, t.options.kind(name)})
		}
	}
	p := t.pass(w, t.cols, t.cols, true)
	columns := slices.Clone(p.columns)
	var err error
	if t.whole, err = p.settle(context.Background(), sampleRows); err != nil {
		return err
	}
	t.learn(columns, p.found)
	return nil
}

// learn takes over what a pass found out about columns.
func (t *textFile) learn(known, found []*builder) {
	for _, v := range known {
		if v.field >= 0 && !v.asked {
			t.cols[v.field].Kind = v.Kind
		}
	}
	for _, v := range found {
		t.cols = append(t.cols, Column{v.name, v.Kind})
	}
}

// grows reports whether rows may have columns that those before lacked.
func (t *textFile) grows() bool { return t.json }

// header reads the names of the columns from the first row, if it is a header,
// and leaves the window behind it.
func (t *textFile) header(w *window) ([]string, error) {
	c := newCSVCutter(t.dialect, 0)
	c.skipEmpty(w)
	var b block
	var n int
	for {
		var next int
		var err error
		if n, next, _, err = c.row(w, nil); err == nil && next < 0 && !w.eof {
			if err = w.tooLong(w.end - w.pos); err == nil && w.failed != nil {
				return nil, readError(t.path, w.failed)
			}
			if err == nil {
				w.grow()
				continue
			}
		}
		if err != nil {
			return nil, t.cutFailed(err)
		}
		break
	}
	if n > maxColumns {
		return nil, t.tooMany(n, w.line)
	}
	c.width = n
	if !t.dialect.header {
		return numbered(n), nil
	}
	if err := c.cut(w, &b, 1); err != nil {
		return nil, t.cutFailed(err)
	}
	names := make([]string, n)
	for i, s := range b.spans {
		text := b.text(s)
		if s.is(escaped) {
			text = c.unescape(text)
		}
		if reason, fix := notText(text); reason != "" {
			return nil, &Error{File: t.path, Line: b.lines[0], Reason: reason + " in the name of column " + strconv.Itoa(i+1), Fix: fix}
		}
		if names[i] = string(bytes.TrimSpace(text)); names[i] == "" {
			names[i] = "c" + strconv.Itoa(i+1)
		}
	}
	return names, t.unique(names, b.lines[0])
}

func (t *textFile) tooMany(n int, line int64) error {
	return &Error{File: t.path, Line: line, Reason: fmt.Sprintf("%d columns, more than %d", n, maxColumns), Fix: "write one row for each value instead"}
}

func (t *textFile) cutFailed(err error) error {
	var c *cutError
	if errors.As(err, &c) {
		return &Error{File: t.path, Line: c.line, Reason: c.reason, Fix: c.fix}
	}
	return err
}

func numbered(n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = "c" + strconv.Itoa(i+1)
	}
	return names
}

func (t *textFile) unique(names []string, line int64) error {
	seen := make(map[string]int, len(names))
	for i, name := range names {
		if j, twice := seen[name]; twice {
			return &Error{File: t.path, Line: line, Column: name, Reason: fmt.Sprintf("the %s and the %s column have this name", ordinal(j+1), ordinal(i+1)), Fix: "rename one"}
		}
		seen[name] = i
	}
	return nil
}

func ordinal(n int) string {
	switch {
	case n%100 >= 11 && n%100 <= 13:
	case n%10 == 1:
		return fmt.Sprintf("%dst", n)
	case n%10 == 2:
		return fmt.Sprintf("%dnd", n)
	case n%10 == 3:
		return fmt.Sprintf("%drd", n)
	}
	return fmt.Sprintf("%dth", n)
}

// A stream is the text of a file, from its beginning.
type stream struct {
	r     io.Reader
	most  int64 // bytes of it, as far as is known
	close func()
}

func (t *textFile) open() (*stream, error) {
	f, info, err := openRegular(t.path)
	if err != nil {
		return nil, err
	}
	if !os.SameFile(info, t.info) || info.Size() != t.info.Size() || !info.ModTime().Equal(t.info.ModTime()) {
		f.Close()
		return nil, &Error{File: t.path, Reason: changedReason, Fix: changedFix}
	}
	r, closer, err := unpack(f)
	if err != nil {
		f.Close()
		e := readError(t.path, err)
		e.Reason = "unpack"
		return nil, e
	}
	most := info.Size()
	if r != io.Reader(f) {
		most = math.MaxInt64 / 4 // nobody knows what is packed
	}
	return &stream{r, most, func() { closer(); f.Close() }}, nil
}

// pass reads the wanted of the columns cols in the rows from w on. A first pass
// learns of all columns, whatever is wanted.
func (t *textFile) pass(w *window, cols, want []Column, first bool) *pass {
	p := &pass{file: t, window: w, fields: cols, width: len(cols), row: 1, limit: batchLimit(len(cols))}
	if t.json {
		var skip func([]byte) bool
		if chosen := t.options.Columns; chosen != nil && !first {
			skip = func(name []byte) bool { return !slices.Contains(chosen, string(name)) }
		}
		p.cutter = newJSONCutter(t.array, cols, skip)
		p.nulls = newNulls([]string{}) // it has null
	} else {
		p.cutter = newCSVCutter(t.dialect, p.width)
		p.nulls = newNulls(t.options.Nulls)
	}
	fields := make(map[string]int, len(cols))
	for i, c := range cols {
		fields[c.Name] = i
	}
	for _, c := range want {
		i, ok := fields[c.Name]
		if !ok {
			i = -1
		}
		p.columns = append(p.columns, t.builder(c, i, p))
	}
	return p
}

func (t *textFile) builder(c Column, field int, p *pass) *builder {
	v := &builder{name: c.Name, field: field, cutter: p.cutter, nulls: p.nulls}
	_, v.asked = t.options.Kinds[c.Name]
	v.free, v.typed = v.asked, t.json
	v.hold(c.Kind, p.limit)
	return v
}

// columns implements file. A key of JSON whose values are objects or null is no
// column.
func (t *textFile) columns() []Column {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.json {
		return slices.Clone(t.cols)
	}
	above := map[string]bool{}
	for _, c := range t.cols {
		for i := range len(c.Name) {
			if c.Name[i] == '.' {
				above[c.Name[:i]] = true
			}
		}
	}
	return slices.DeleteFunc(slices.Clone(t.cols), func(c Column) bool { return c.Kind == Unknown && above[c.Name] })
}

// settle implements settler.
func (t *textFile) settle(ctx context.Context, want []Column) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.whole {
		return nil
	}
	p, done, err := t.start(slices.Clone(t.cols), want)
	if err != nil {
		return err
	}
	defer done()
	columns := slices.Clone(p.columns)
	if _, err := p.settle(ctx, int64(^uint64(0)>>1)); err != nil {
		return err
	}
	t.learn(columns, p.found)
	t.whole = true
	return nil
}

// start begins to read the rows of the file, which has the columns cols.
func (t *textFile) start(cols, want []Column) (*pass, func(), error) {
	src, err := t.open()
	if err != nil {
		return nil, nil, err
	}
	w := newWindow(src.r, src.most)
	if _, err := io.CopyN(io.Discard, src.r, int64(t.mark)); err != nil {
		src.close()
		return nil, nil, readError(t.path, err)
	}
	w.src = t.encoding.decode(src.r)
	w.read()
	if t.dialect.header {
		if _, err := t.header(w); err != nil {
			src.close()
			return nil, nil, err
		}
	}
	return t.pass(w, cols, want, false), src.close, nil
}

func (t *textFile) parts() []part { return []part{textPart{t}} }

// A textPart is the whole of a text file: where a row starts is known only when
// those before it were read.
type textPart struct{ file *textFile }

func (t textPart) batches(ctx context.Context, want []Column) iter.Seq2[*Batch, error] {
	return func(yield func(*Batch, error) bool) {
		t.file.mu.Lock()
		cols := slices.Clone(t.file.cols)
		t.file.mu.Unlock()
		p, done, err := t.file.start(cols, want)
		if err != nil {
			yield(nil, err)
			return
		}
		defer done()
		for {
			b, err := p.next(ctx)
			if err != nil {
				yield(nil, err)
				return
			}
			if b == nil || !yield(b, nil) {
				return
			}
		}
	}
}
