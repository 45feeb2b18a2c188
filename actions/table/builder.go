package table

// batchRows is how many rows a batch has at most.
const batchRows = 4096

// A builder makes one column of a batch from fields.
type builder struct {
	Vector
	reading
	name   string
	field  int // its place in the file's rows; -1 if the file lacks it
	asked  bool
	nulls  *nulls
	cutter cutter

	bits  []bool // what Nulls is a part of
	dirty bool   // bits has true elements
}

// hold makes the builder one of values of kind k, for batches of so many rows.
func (v *builder) hold(k Kind, rows int) {
	v.Vector, v.reading.kind = Vector{Kind: k}, k
	switch k {
	case Unknown:
	case Text:
		v.Texts = make([][]byte, rows)
	case Float:
		v.Floats = make([]float64, rows)
	default:
		v.Ints = make([]int64, rows)
	}
	v.bits = make([]bool, rows)
	if v.dirty = v.field < 0; v.dirty {
		for i := range v.bits {
			v.bits[i] = true
		}
	}
}

// start begins a new batch.
func (v *builder) start() {
	if v.dirty && v.field >= 0 {
		clear(v.bits)
		v.dirty = false
	}
}

// vector returns the first n rows of the batch.
func (v *builder) vector(n int) Vector {
	u := Vector{Kind: v.Kind}
	if v.dirty {
		u.Nulls = v.bits[:n]
	}
	switch v.Kind {
	case Unknown:
	case Text:
		u.Texts = v.Texts[:n]
	case Float:
		u.Floats = v.Floats[:n]
	default:
		u.Ints = v.Ints[:n]
	}
	return u
}

func (v *builder) null(row int) {
	v.bits[row] = true
	v.dirty = true
	if v.Kind == Text {
		v.Texts[row] = nil
	}
}

// add reads the values of b from its row i on into the rows from at on. It
// returns the row of b whose value is of another kind, b.rows if there is none.
func (v *builder) add(b *block, i, at int) int {
	if v.field < 0 {
		return b.rows
	}
	switch v.Kind {
	case Text:
		v.texts(b, i, at)
		return b.rows
	case Float:
		return v.floats(b, i, at)
	case Int:
		return v.ints(b, i, at)
	case Unknown:
		return v.unknowns(b, i, at)
	}
	return v.others(b, i, at)
}

func (v *builder) texts(b *block, i, at int) {
	buf, spans, words := b.buf, b.spans, v.nulls
	texts := v.Texts[at : at+b.rows-i]
	for j, k := 0, i*b.width+v.field; j < len(texts); j, k = j+1, k+b.width {
		s := spans[k]
		t := buf[s.from:s.end():s.end()]
		switch {
		case s.from == s.to || s.to < escaped && words.first[t[0]] && words.has(t):
			v.null(at + j)
		case s.is(escaped):
			texts[j] = v.unescape(b, k)
		default:
			texts[j] = t
		}
	}
}

// unescape takes the escapes out of the field k of b, if there are some, and
// returns its text.
func (v *builder) unescape(b *block, k int) []byte {
	s := b.spans[k]
	t := b.text(s)
	if s.is(escaped) {
		t = v.cutter.unescape(t)
		b.spans[k].to = s.from + uint32(len(t)) | quoted
	}
	return t[:len(t):len(t)]
}

func (v *builder) ints(b *block, i, at int) int {
	buf, spans := b.buf, b.spans
	for k := i*b.width + v.field; i < b.rows; i, at, k = i+1, at+1, k+b.width {
		s := spans[k]
		if x, ok := shortInt(buf, s); ok {
			v.Ints[at] = x
		} else if s.from == s.to {
			v.null(at)
		} else if x, ok = v.value(buf, s); ok {
			v.Ints[at] = x
		} else if !v.odd(b, k, at) {
			return i
		}
	}
	return i
}

// others reads booleans, dates and times.
func (v *builder) others(b *block, i, at int) int {
	buf, spans := b.buf, b.spans
	for k := i*b.width + v.field; i < b.rows; i, at, k = i+1, at+1, k+b.width {
		s := spans[k]
		if s.from == s.to {
			v.null(at)
		} else if x, ok := v.value(buf, s); ok {
			v.Ints[at] = x
		} else if !v.odd(b, k, at) {
			return i
		}
	}
	return i
}

// odd reads a value that has blanks around it, escapes or a word for null into
// the row at. It reports whether the value is of the column's kind.
func (v *builder) odd(b *block, k, at int) (ok bool) {
	s, null := v.bare(b, k)
	if null {
		v.null(at)
		return true
	}
	if v.Kind == Float {
		v.Floats[at], ok = v.float(b.buf, s)
	} else {
		v.Ints[at], ok = v.value(b.buf, s)
	}
	return ok
}

// bare returns the field k of b without escapes and blanks around it, and
// whether it stands for null, whatever the kind but Text.
func (v *builder) bare(b *block, k int) (s span, null bool) {
	v.unescape(b, k)
	s = trim(b.buf, b.spans[k])
	if v.typed {
		return s, b.spans[k].from == b.spans[k].to
	}
	return s, s.len() == 0 || v.nulls.has(b.text(s))
}

func (v *builder) floats(b *block, i, at int) int {
	buf, spans := b.buf, b.spans
	for k := i*b.width + v.field; i < b.rows; i, at, k = i+1, at+1, k+b.width {
		s := spans[k]
		if s.from == s.to {
			v.null(at)
		} else if x, ok := shortFloat(buf, s); ok {
			v.Floats[at] = x
		} else if x, ok = v.float(buf, s); ok {
			v.Floats[at] = x
		} else if !v.odd(b, k, at) {
			return i
		}
	}
	return i
}

// unknowns takes nulls alone.
func (v *builder) unknowns(b *block, i, at int) int {
	for k := i*b.width + v.field; i < b.rows; k += b.width {
		if _, null := v.bare(b, k); !null {
			return i
		}
		v.null(at)
		i, at = i+1, at+1
	}
	return i
}
